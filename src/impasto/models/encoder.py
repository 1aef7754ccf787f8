"""The embedded encoder: a small network that sees like VGG-19.

VGG-19 (Simonyan & Zisserman, arXiv 1409.1556) is the network whose features make style transfer look good, and it is
80 MB to download. This one was distilled from it: a plain stack of the same kind (3x3 convolutions, rectifiers, max
pooling) with about a tenth of the weights. Its own features serve the style and content losses directly; a 1x1
convolution per layer, the *head*, turns them into an estimate of VGG-19's full-width layer where a loss wants that.

It is plain on purpose: no skip connections and no strided convolutions, because gradients through those paint
checkerboards into an optimised picture.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from importlib import resources
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.errors import OptionError, WeightsError, did_you_mean
from impasto.models.frozen import FrozenConvolution
from impasto.models.padding import convolved, pad_by_one

__all__ = ["HEAD_WIDTHS", "WEIGHTS_FILE", "Encoder", "embedded_encoder"]

# Convolutions by name and width; a new first digit begins a scale, half the size of the one before.
WIDTHS = {
    "1_1": 16,
    "1_2": 24,
    "2_1": 64,
    "2_2": 64,
    "3_1": 128,
    "3_2": 128,
    "4_1": 192,
    "4_2": 144,
    "4_3": 160,
    "5_1": 192,
}
HEAD_WIDTHS = {"relu1_1": 64, "relu2_1": 128, "relu3_1": 256, "relu4_1": 512, "relu5_1": 512}  # VGG-19's own
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
WEIGHTS_FILE = resources.files("impasto.models") / "data" / "encoder.safetensors"


class PaddedConvolution(nn.Conv2d):
    """A 3x3 convolution that reflects the border by one pixel."""

    def forward(self, x: Tensor) -> Tensor:
        """Return a map of the same size, or of a part of it where it goes in steps."""
        return convolved(pad_by_one(x), self.weight, self.bias, stride=self.stride[0])


class Encoder(nn.Module):
    """Give the features of a picture by layer name (``relu1_1`` … ``relu5_1``).

    ``layers`` are the ones returned, those of ``through_heads`` as estimates of VGG-19's; nothing deeper than the
    deepest of them is computed.
    """

    def __init__(self, layers: Sequence[str] = tuple(HEAD_WIDTHS), through_heads: Collection[str] = ()) -> None:
        super().__init__()
        self.layers, self.through_heads = _known(layers), frozenset(through_heads)
        self.convs = nn.ModuleDict(
            {
                name: PaddedConvolution(width_in, width, 3)
                for (name, width), width_in in zip(WIDTHS.items(), (3, *WIDTHS.values()), strict=False)
            }
        )
        self.heads = nn.ModuleDict(
            {layer: nn.Conv2d(WIDTHS[layer[4:]], width, 1) for layer, width in HEAD_WIDTHS.items()}
        )

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Return the features of ``image`` (B, 3, H, W), RGB in [0, 1], for each of ``self.layers``."""
        wanted, found = set(self.layers), {}
        # One channel at a time, since a buffer would be rounded by `.to(bfloat16)`.
        channels = [(image[:, i : i + 1] - MEAN[i]) / DEVIATION[i] for i in range(3)]
        x = torch.cat(channels, 1).to(next(self.convs.parameters()).dtype)
        scale = "1"
        for name, conv in self.convs.items():
            if name[0] != scale:
                scale, x = name[0], F.max_pool2d(x, 2, ceil_mode=True)  # ceil: odd sizes lose no border
            x = F.relu_(conv(x))
            if (layer := f"relu{name}") in wanted:
                found[layer] = self._estimate(layer, x) if layer in self.through_heads else x
                if len(found) == len(wanted):
                    break
        return found

    def as_vgg(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
        """Turn this network's features into estimates of VGG-19's, for the layers that have a head."""
        return {layer: self._estimate(layer, x) for layer, x in features.items() if layer in self.heads}

    def _estimate(self, layer: str, x: Tensor) -> Tensor:
        return F.relu(self.heads[layer](x))


def embedded_encoder(
    layers: Sequence[str] = tuple(HEAD_WIDTHS), *, through_heads: Collection[str] = (), weights: Path | None = None
) -> Encoder:
    """Return the encoder with the weights that come with the package (or those in ``weights``), frozen."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    with torch.device("meta"):  # no numbers are drawn for weights that are read in a moment
        encoder = Encoder(layers, through_heads)
    file = weights or WEIGHTS_FILE
    try:
        tensors = {name: value.float() for name, value in load(file.read_bytes()).items()}
        encoder.load_state_dict(tensors, assign=True)
    except (OSError, SafetensorError, RuntimeError) as fault:
        raise WeightsError(
            f"the encoder's weights ({file.name}) are missing or damaged; install Impasto again, "
            "or use a VGG as backbone."
        ) from fault
    encoder.convs = nn.ModuleDict(
        {
            name: FrozenConvolution(conv.get_parameter("weight"), conv.get_parameter("bias"), "reflect")
            for name, conv in encoder.convs.items()
        }
    )
    return encoder.eval().requires_grad_(requires_grad=False)


def _known(layers: Iterable[str]) -> tuple[str, ...]:
    allowed = [f"relu{name}" for name in WIDTHS]
    for layer in layers:
        if layer not in allowed:
            hint = did_you_mean(layer, allowed)
            raise OptionError(f"the embedded encoder has no layer {layer!r}{hint}; it has {', '.join(allowed)}.")
    return tuple(layers)
