"""AdaIN: any style in one pass, by giving the photo's features the mean and deviation of the painting's.

Huang & Belongie, "Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization" (ICCV 2017, arXiv
1703.06868): an encoder (the normalised VGG-19 up to relu4_1), the exchange of statistics, and a decoder that mirrors
the encoder. Read are the PyTorch pair of N. Inoue and the 8-bit pair of penny4860's Android app, both of which were
converted from the authors' own weights or trained as theirs.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.errors import WeightsError
from impasto.models.extending import mirrored, whole_cells
from impasto.models.frozen import FrozenConvolution
from impasto.models.layouts import VGGWeights, vgg_from_tensors
from impasto.models.normalizing import Reading, Statistics
from impasto.models.reading import Tensors, read_weights
from impasto.models.vgg import VGG

__all__ = ["LAYER", "Adain", "adain_from_files"]

LAYER = "relu4_1"
CELL = 8  # pixels that one position of that layer stands for
WIDTHS = (512, 256, 256, 256, 256, 128, 128, 64, 64, 3)  # of the decoder's convolutions
DOUBLED_AFTER = (0, 4, 6)  # the convolutions that are followed by a doubling

ANDROID_NAMES = (
    "block4_conv1_decode",
    *(f"block3_conv{number}_decode" for number in (1, 2, 3, 4)),
    *(f"block{scale}_conv{number}_decode" for scale in (2, 1) for number in (1, 2)),
)
# Positions of VGG-19's convolutions in N. Inoue's Sequential; at 0 lies the change of RGB to what VGG takes.
INOUE_CONVOLUTIONS = dict(
    zip(("1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "3_4", "4_1"), (2, 5, 9, 12, 16, 19, 22, 25, 29), strict=True)
)


class Adain(nn.Module):
    """The network: ``code`` reads a painting, and the module itself paints."""

    margin = 96  # pixels of surroundings that decide a pixel, see the tests
    stride = CELL

    def __init__(self, encoder: nn.Module, decoder: list[tuple[Tensor, Tensor]]) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = nn.ModuleList(FrozenConvolution(weight, bias, "reflect") for weight, bias in decoder)
        self.eval()

    def code(self, painting: Tensor) -> Tensor:
        """Return the means of a painting's channels, then their deviations: (1, 1024)."""
        return torch.cat(_statistics(self._features(painting))[LAYER], 1).flatten(1)

    def look(self, photo: Tensor) -> Statistics:
        """Return the mean and deviation of a photo's features, for painting its tiles."""
        return _statistics(self._features(_whole(photo)))

    def forward(self, photo: Tensor, code: Tensor, reading: Reading | None = None) -> Tensor:
        """Return the painting (B, 3, H, W), not yet clamped to [0, 1], of a photo in the style of a code."""
        size = (photo.shape[-2], photo.shape[-1])
        features = self._features(_whole(photo))
        mean, deviation = code.to(features.dtype)[..., None, None].chunk(2, 1)
        x = (reading or Reading()).normalize(LAYER, features, deviation, mean)
        for number, convolution in enumerate(self.decoder):
            x = convolution(x)
            if number < len(self.decoder) - 1:
                x = F.relu(x)
            if number in DOUBLED_AFTER:
                x = F.interpolate(x, scale_factor=2, mode="nearest")
        return x[..., : size[0], : size[1]]

    def _features(self, picture: Tensor) -> Tensor:
        found: Tensor = self.encoder(picture)[LAYER]
        return found


def _statistics(features: Tensor) -> Statistics:
    reading = Reading()
    reading.normalize(LAYER, features)
    return reading.found


def _whole(photo: Tensor) -> Tensor:
    return mirrored(photo, whole_cells((photo.shape[-2], photo.shape[-1]), CELL, least=2))


def adain_from_files(encoder: Path, decoder: Path) -> Adain:
    """Return AdaIN with the weights of two files, of either of the known pairs."""
    weights = _read_encoder(encoder)
    if "4_1" not in weights.convolutions:
        raise WeightsError(f"{encoder} ends before {LAYER}, which AdaIN looks at; give the normalised VGG-19.")
    return Adain(VGG(weights, [LAYER], depth=19, padding="reflect"), _read_decoder(decoder))


def _read_encoder(path: Path) -> VGGWeights:
    tensors, metadata = read_weights(path, purpose="adain-encoder", wanted=_is_within_reach)
    if tensors.get("0.weight", torch.empty(0)).shape == (3, 3, 1, 1):
        return _from_inoue(tensors, path, metadata)
    return vgg_from_tensors(tensors, source=str(path), metadata=metadata)


def _is_within_reach(name: str) -> bool:
    """Say whether a tensor may be needed: of the long Sequential only its beginning is."""
    numbered = re.match(r"(\d+)\.", name)
    return numbered is None or int(numbered[1]) <= max(INOUE_CONVOLUTIONS.values())


def _from_inoue(tensors: Tensors, path: Path, metadata: dict[str, str]) -> VGGWeights:
    """Fold the first 1x1 convolution, which turns RGB in [0, 1] into what VGG takes, into the first real one."""
    try:
        change, offset = tensors["0.weight"].float().flatten(1), tensors["0.bias"].float()
        found = {
            f"conv{number}.{part}": tensors[f"{position}.{part}"].float()
            for number, position in INOUE_CONVOLUTIONS.items()
            for part in ("weight", "bias")
        }
        inverse = torch.linalg.inv(change)
    except (KeyError, RuntimeError) as fault:
        raise WeightsError(f"{path} is not the whole normalised VGG-19 of pytorch-AdaIN; get it again.") from fault
    # The Caffe reader expects BGR in 0 to 255, so what it will do is undone here.
    first = torch.einsum("ochw,ci->oihw", found["conv1_1.weight"], change)
    found["conv1_1.weight"] = first.flip(1) / 255
    weights = vgg_from_tensors(found, source=str(path), metadata=metadata)
    red, green, blue = (-(inverse @ offset)).tolist()
    return VGGWeights(19, weights.convolutions, (red, green, blue), metadata)


def _read_decoder(path: Path) -> list[tuple[Tensor, Tensor]]:
    tensors, _ = read_weights(path, purpose="adain-decoder")
    if f"{ANDROID_NAMES[0]}.bias" in tensors:
        names = list(ANDROID_NAMES)
    else:  # N. Inoue's Sequential: numbers in the order of computation
        numbers = {int(match[1]) for name in tensors if (match := re.fullmatch(r"(\d+)\.weight", name))}
        names = [str(number) for number in sorted(numbers)]
    shapes = [(width, width_in, 3, 3) for width_in, width in itertools.pairwise(WIDTHS)]
    try:
        found = [(_kernels(tensors, name), tensors[f"{name}.bias"].float()) for name in names]
    except KeyError as missing:
        raise WeightsError(f"{path} lacks {missing.args[0]}; give AdaIN's decoder, whole.") from missing
    fits = [tuple(weight.shape) for weight, _ in found] == shapes
    if not fits or any(len(bias) != len(weight) for weight, bias in found):
        raise WeightsError(f"{path} is not AdaIN's decoder; give decoder.pth of pytorch-AdaIN or its 8-bit version.")
    if not all(weight.isfinite().all() and bias.isfinite().all() for weight, bias in found):
        raise WeightsError(f"{path} holds numbers that are not finite; get it again.")
    return found


def _kernels(tensors: Tensors, name: str) -> Tensor:
    """Return the kernels of a layer (O, I, 3, 3), unpacked where they are kept in 8 bits."""
    if f"{name}.q" in tensors:
        return (tensors[f"{name}.q"].float() + tensors[f"{name}.zero"].float()) * tensors[f"{name}.scale"].float()
    return tensors[f"{name}.weight"].float()
