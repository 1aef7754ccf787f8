"""VGG weights as others wrote them, turned into one form.

Three layouts are told apart by the names of their tensors: torchvision's ``features.N.weight``; the Caffe
family (``conv1_1.weight``, BGR in 0 to 255 minus a mean), 8-bit layers included; and Keras' HDF5
(``block1_conv1…``, the Caffe network with kernels in HWIO order). What each expects of its input is folded
into the first convolution, so that every network here takes RGB in [0, 1] minus a mean. Only the subtraction
stays: it has to happen before padding.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from impasto.errors import WeightsError
from impasto.models.reading import Tensors, read_weights

__all__ = ["CONVOLUTIONS", "VGGWeights", "read_vgg", "vgg_from_tensors"]

# Convolutions of the five scales (configurations D and E of Simonyan & Zisserman, arXiv 1409.1556, table 1).
_PER_SCALE = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
_WIDTHS = (64, 128, 256, 512, 512)
CONVOLUTIONS = {
    depth: tuple(f"{scale}_{n}" for scale, count in enumerate(counts, 1) for n in range(1, count + 1))
    for depth, counts in _PER_SCALE.items()
}  #: the numbers of the convolutions by depth: ``1_1`` … ``5_4``

_CAFFE_MEAN = (123.68 / 255, 116.779 / 255, 103.939 / 255)  # RGB
_TORCHVISION_MEAN = (0.485, 0.456, 0.406)
_TORCHVISION_DEVIATION = (0.229, 0.224, 0.225)

_TORCHVISION = re.compile(r"(?:.*\.)?features\.(\d+)\.(weight|bias)")
_CAFFE = re.compile(r"(?:conv)?([1-5]_[1-4])\.(weight|bias|q|zero|scale)")
_KERAS = re.compile(r"(?!optimizer)(?:.*/)?block([1-5])_conv([1-4])/.*")

Layers = dict[str, Tensors]  # the tensors of each convolution by their role: weight, bias, q, …


@dataclass(frozen=True)
class VGGWeights:
    """The convolutions that a file holds, from the first on without a gap."""

    depth: int | None  #: 16 or 19, or None where the file ends before they differ
    convolutions: Mapping[str, tuple[Tensor, Tensor]]  #: ``1_1`` → weight (O, I, 3, 3) and bias (O,)
    mean: tuple[float, float, float]  #: what they expect subtracted from RGB in [0, 1]
    metadata: Mapping[str, str] = field(default_factory=dict)


def read_vgg(path: Path) -> VGGWeights:
    """Read VGG-16 or VGG-19, whole or its beginning, from a file of any known layout."""
    tensors, metadata = read_weights(path, purpose="vgg", wanted=lambda name: not name.startswith("classifier."))
    return vgg_from_tensors(tensors, source=str(path), metadata=metadata)


def vgg_from_tensors(
    tensors: Tensors, *, source: str = "the given tensors", metadata: Mapping[str, str] | None = None
) -> VGGWeights:
    """Turn tensors of any known layout into one form; ``source`` names them in errors."""
    for pattern, arrange in _LAYOUTS:
        matches = {name: found for name in tensors if (found := pattern.fullmatch(name))}
        if matches:
            layers, depth, mean = arrange(tensors, matches, source)
            return VGGWeights(depth, _checked(layers, depth, source), mean, metadata or {})
    raise WeightsError(f"{source} is not VGG in a known layout; give VGG-16 or VGG-19 of torchvision, Keras or Caffe.")


Arranged = tuple[Layers, int | None, tuple[float, float, float]]
Matches = Mapping[str, "re.Match[str]"]


def _from_torchvision(tensors: Tensors, matches: Matches, source: str) -> Arranged:
    if any(tensors[name].ndim == 1 for name, found in matches.items() if found[2] == "weight"):
        raise WeightsError(f"{source} is VGG with batch normalisation, which does not suit; give it without.")
    indices = {int(found[1]) for found in matches.values()}
    # Position 16 is conv3_4 of VGG-19 and the pooling of VGG-16, whose next convolution is at 17.
    depth = 19 if 16 in indices else 16 if 17 in indices else None
    numbers = _torchvision_numbers(depth or 19)
    layers: Layers = {}
    for name, found in matches.items():
        if int(found[1]) in numbers:
            layers.setdefault(numbers[int(found[1])], {})[found[2]] = tensors[name].float()
    if "weight" in layers.get("1_1", {}):
        deviation = torch.tensor(_TORCHVISION_DEVIATION).view(1, 3, 1, 1)
        layers["1_1"]["weight"] = layers["1_1"]["weight"] / deviation
    return layers, depth, _TORCHVISION_MEAN


def _torchvision_numbers(depth: int) -> dict[int, str]:
    """Return which convolution is where in torchvision's sequence, in which poolings and rectifiers count."""
    positions, position = {}, 0
    for number in CONVOLUTIONS[depth]:
        position += 1 if number.endswith("_1") and number != "1_1" else 0  # the pooling before it
        positions[position] = number
        position += 2
    return positions


def _from_caffe(tensors: Tensors, matches: Matches, _source: str) -> Arranged:
    layers: Layers = {}
    for name, found in matches.items():
        layers.setdefault(found[1], {})[found[2]] = tensors[name].float()
    for layer in layers.values():
        if {"q", "zero", "scale"} <= set(layer):
            layer["weight"] = (layer["q"] + layer["zero"]) * layer["scale"]
    return _for_rgb(layers), _depth_told_by(layers), _CAFFE_MEAN


def _from_keras(tensors: Tensors, matches: Matches, source: str) -> Arranged:
    layers: Layers = {}
    for name, found in matches.items():
        tensor, layer = tensors[name].float(), layers.setdefault(f"{found[1]}_{found[2]}", {})
        if tensor.ndim == 4 and tensor.shape[0] != 3:
            raise WeightsError(f"{source} has Theano's kernels; give the file named …_tf_dim_ordering_tf_kernels….")
        if tensor.ndim == 4:
            layer["weight"] = tensor.permute(3, 2, 0, 1).contiguous()  # HWIO → OIHW
        elif tensor.ndim == 1:
            layer["bias"] = tensor
    return _for_rgb(layers), _depth_told_by(layers), _CAFFE_MEAN


_LAYOUTS = ((_TORCHVISION, _from_torchvision), (_CAFFE, _from_caffe), (_KERAS, _from_keras))


def _for_rgb(layers: Layers) -> Layers:
    """Make a network that takes BGR in 0 to 255 take RGB in [0, 1]."""
    if layers.get("1_1", {}).get("weight") is not None:
        layers["1_1"]["weight"] = layers["1_1"]["weight"].flip(1) * 255
    return layers


def _depth_told_by(layers: Layers) -> int | None:
    if any(number.endswith("_4") for number in layers):
        return 19
    return 16 if "weight" in layers.get("4_1", {}) else None


def _checked(layers: Layers, depth: int | None, source: str) -> dict[str, tuple[Tensor, Tensor]]:
    """Return the convolutions from the first on without a gap, each of the right shape."""
    found: dict[str, tuple[Tensor, Tensor]] = {}
    width = 3
    for number in CONVOLUTIONS[depth or 19]:
        layer = layers.get(number, {})
        if "weight" not in layer or "bias" not in layer:
            break
        weight, bias = layer["weight"], layer["bias"]
        expected = (_WIDTHS[int(number[0]) - 1], width, 3, 3)
        if tuple(weight.shape) != expected or tuple(bias.shape) != expected[:1]:
            raise WeightsError(f"{source} has conv{number} of shape {tuple(weight.shape)}; VGG's is {expected}.")
        if not (weight.isfinite().all() and bias.isfinite().all()):
            raise WeightsError(f"{source} has numbers in conv{number} that are not finite; get it again.")
        found[number], width = (weight, bias), expected[0]
    if not found:
        raise WeightsError(
            f"{source} does not hold the first convolution of VGG; give a file that begins with conv1_1."
        )
    return found
