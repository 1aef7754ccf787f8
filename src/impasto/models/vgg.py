"""VGG-16 and VGG-19 (Simonyan & Zisserman, arXiv 1409.1556): the features that style transfer looks at.

Any layer by its name: ``conv1_1`` before rectification, ``relu1_1`` after it, ``pool1`` after the scale.
Nothing deeper than the deepest layer asked for is computed, or even held.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, cast, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.errors import InputError, OptionError, WeightsError, did_you_mean
from impasto.models.frozen import FrozenConvolution, Padding
from impasto.models.layouts import CONVOLUTIONS, VGGWeights, read_vgg
from impasto.weights import OnProgress, choose, obtain

__all__ = [
    "VGG",
    "Padding",
    "Pooling",
    "layer_names",
    "normalize_activations",
    "vgg16",
    "vgg19",
    "vgg_from_file",
]

Pooling = Literal["max", "average"]


def layer_names(depth: int) -> tuple[str, ...]:
    """Return the names of all layers of VGG-16 or VGG-19, in the order they are computed."""
    names: list[str] = []
    for number, following in zip(CONVOLUTIONS[depth], (*CONVOLUTIONS[depth][1:], "6_1"), strict=True):
        names += [f"conv{number}", f"relu{number}"]
        if following[0] != number[0]:
            names.append(f"pool{number[0]}")
    return tuple(names)


class VGG(nn.Module):
    """Give the features of a picture by layer name; the weights never learn.

    Departures from the network as it was trained, all customary in style transfer: ``padding`` repeats the
    border instead of surrounding the picture with black, which shows as a frame in paintings;
    ``pooling="average"`` is what Gatys et al. (arXiv 1508.06576, section 2) found to look a little smoother
    (unscaled, as theirs); and pooling keeps an odd last row or column, so pictures of any size, even one
    pixel, have every layer.
    """

    def __init__(
        self,
        weights: VGGWeights,
        layers: Sequence[str],
        *,
        depth: int | None = None,
        pooling: Pooling = "max",
        padding: Padding = "replicate",
    ) -> None:
        super().__init__()
        self.depth = depth or weights.depth or 19
        _check_names(layers, self.depth)
        _check_choice("pooling", pooling, get_args(Pooling))
        _check_choice("padding", padding, get_args(Padding))
        self.layers = tuple(layers)
        self.steps = _up_to_deepest(layers, self.depth)  #: what is computed, in this order
        _check_held(self.steps, weights)
        self.pooling = pooling
        self.mean = weights.mean
        self.metadata = dict(weights.metadata)  #: where the weights are from, with their ``sha256``
        numbers = [step[4:] for step in self.steps if step.startswith("conv")]
        self.convolutions = nn.ModuleDict(
            {number: FrozenConvolution(*weights.convolutions[number], padding) for number in numbers}
        )
        self.eval()

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Return the features of ``image`` (B, 3, H, W), RGB in [0, 1], for each of ``self.layers``."""
        if image.ndim != 4 or image.shape[1] != 3 or 0 in image.shape:
            raise InputError(f"VGG was given a tensor of shape {tuple(image.shape)}; it takes (B, 3, H, W).")
        x = self.centered(image)
        found: dict[str, Tensor] = {}
        for step in self.steps:
            x = self.take(step, x)
            if step in self.layers:
                found[step] = x
        return {layer: found[layer] for layer in self.layers}

    def centered(self, image: Tensor) -> Tensor:
        """Return what the first convolution takes: ``image`` minus the mean, in the weights' precision."""
        # Subtracted in the picture's own precision, and not held as a buffer: bfloat16 would round the mean.
        channels = [image[:, i : i + 1] - mean for i, mean in enumerate(self.mean)]
        return torch.cat(channels, dim=1).to(self.convolution("conv1_1").weight.dtype)

    def take(self, step: str, x: Tensor) -> Tensor:
        """Go one of ``self.steps`` further from ``x``, which a rectifier may overwrite."""
        if step.startswith("conv"):
            features: Tensor = self.convolution(step)(x)
            return features
        if step.startswith("relu"):  # in place, unless someone asked for the unrectified values
            return F.relu(x) if step.replace("relu", "conv") in self.layers else F.relu_(x)
        pool = F.max_pool2d if self.pooling == "max" else F.avg_pool2d
        return pool(x, kernel_size=2, ceil_mode=True)

    def convolution(self, step: str) -> FrozenConvolution:
        """Return the convolution called ``step``, such as ``conv3_1``."""
        return cast("FrozenConvolution", self.convolutions[step.removeprefix("conv")])


def vgg19(
    layers: Sequence[str],
    *,
    weights: Path | None = None,
    pooling: Pooling = "max",
    padding: Padding = "replicate",
    on_progress: OnProgress | None = None,
) -> VGG:
    """Return VGG-19 giving ``layers``, from ``weights`` or the published file, fetched when missing."""
    _check_names(layers, 19)  # before anything is fetched
    held = _weights_of(19, weights, on_progress)
    return VGG(held, layers, depth=19, pooling=pooling, padding=padding)


def vgg16(
    layers: Sequence[str],
    *,
    weights: Path | None = None,
    pooling: Pooling = "max",
    padding: Padding = "replicate",
    on_progress: OnProgress | None = None,
) -> VGG:
    """Return VGG-16 giving ``layers``, from ``weights`` or the published file, fetched when missing."""
    _check_names(layers, 16)  # before anything is fetched
    held = _weights_of(16, weights, on_progress)
    return VGG(held, layers, depth=16, pooling=pooling, padding=padding)


def vgg_from_file(
    path: Path, layers: Sequence[str], *, pooling: Pooling = "max", padding: Padding = "replicate"
) -> VGG:
    """Return the VGG that the file holds, 16 or 19, whatever its layout."""
    return VGG(read_vgg(path), layers, pooling=pooling, padding=padding)


@torch.no_grad()
def normalize_activations(vgg: VGG, images: Iterable[Tensor]) -> VGG:
    """Return ``vgg`` rescaled so that each rectified layer has a mean activation of 1 over ``images``.

    This is the normalised network of Gatys et al. (CVPR 2016, section 2). A positive factor passes through
    rectifier and pooling, so dividing one layer and multiplying the weights of the next changes the scale of
    the features and nothing else. Published weights are not normalised: their layers differ in scale by a
    factor of ten and more.
    """
    normalized = copy.deepcopy(vgg)
    features, incoming = [normalized.centered(image) for image in images], 1.0
    for step in normalized.steps:
        if step.startswith("conv"):
            incoming = _normalize(normalized.convolution(step), features, incoming)
        features = [normalized.take(step, x) for x in features]
    normalized.metadata["normalized"] = "mean activation 1"
    return normalized


def _normalize(convolution: FrozenConvolution, features: Sequence[Tensor], incoming: float) -> float:
    """Undo the factor ``incoming`` of the layer before, set the mean activation to 1, return the factor."""
    convolution.weight.mul_(incoming)
    means = [F.relu(convolution(x)).float().mean().item() for x in features]
    mean = sum(means) / max(1, len(means))
    if mean <= 0:
        raise InputError("a layer of VGG sees nothing in these pictures; give others to normalize it with.")
    convolution.weight.div_(mean)
    convolution.bias.div_(mean)
    return mean


def _weights_of(depth: int, path: Path | None, on_progress: OnProgress | None) -> VGGWeights:
    if path is None:
        entry, path = choose(f"vgg{depth}")
        path = path or obtain(entry, on_progress=on_progress)
    weights = read_vgg(path)
    if weights.depth not in (depth, None):
        raise WeightsError(f"{path} holds VGG-{weights.depth} where VGG-{depth} is asked for; give its own file.")
    return weights


def _check_names(layers: Sequence[str], depth: int) -> None:
    known = layer_names(depth)
    for layer in layers:
        if layer not in known:
            hint = did_you_mean(layer, known)
            raise OptionError(f"VGG-{depth} has no layer {layer!r}{hint}; {_layers_in_short(depth)}.")
    if not layers:
        raise OptionError(f"no layer of VGG-{depth} is asked for; {_layers_in_short(depth)}.")


def _layers_in_short(depth: int) -> str:
    return f"it has conv and relu {' '.join(CONVOLUTIONS[depth])} (as in relu3_1) and pool1 to pool5"


def _up_to_deepest(layers: Sequence[str], depth: int) -> tuple[str, ...]:
    known = layer_names(depth)
    return known[: max(known.index(layer) for layer in layers) + 1]


def _check_held(steps: Sequence[str], weights: VGGWeights) -> None:
    """Refuse layers that lie deeper than what the file holds."""
    needed = [step.removeprefix("conv") for step in steps if step.startswith("conv")]
    if needed[-1] not in weights.convolutions:
        last = f"relu{list(weights.convolutions)[-1]}"
        file = weights.metadata.get("file", "the file of weights")
        raise WeightsError(f"{file} ends at {last} before {steps[-1]}; ask for layers up to {last} or give all of VGG.")


def _check_choice(option: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        hint = did_you_mean(value, allowed)
        raise OptionError(f"{option} is {value!r}{hint}; allowed are {', '.join(allowed)}.")
