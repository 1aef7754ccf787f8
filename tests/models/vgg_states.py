"""Seeded VGGs in every layout that is read, all of the same function."""

from __future__ import annotations

import torch
from torch import Tensor

from impasto.models.layouts import CONVOLUTIONS, VGGWeights, vgg_from_tensors

WIDTHS = {"1": 64, "2": 128, "3": 256, "4": 512, "5": 512}
# Where torchvision's `features` has its convolutions, as its documentation prints them.
TORCHVISION_16 = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
TORCHVISION_19 = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
DEVIATION = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def caffe_state(depth: int = 19, last: str = "5_4") -> dict[str, Tensor]:
    """A random network in the Caffe layout, its convolutions up to ``last``."""
    generator, width, state = torch.Generator().manual_seed(depth), 3, {}
    for number in CONVOLUTIONS[depth]:
        if number > last:
            break
        wide = WIDTHS[number[0]]
        # Small first weights, for values of 0 to 255; the rest keep their scale through the rectifiers.
        gain = 0.02 if number == "1_1" else (2 / (9 * width)) ** 0.5
        state[f"conv{number}.weight"] = torch.randn(wide, width, 3, 3, generator=generator) * gain
        state[f"conv{number}.bias"] = torch.randn(wide, generator=generator) * 0.1
        width = wide
    return state


def as_torchvision(caffe: dict[str, Tensor], positions: tuple[int, ...]) -> dict[str, Tensor]:
    """The same convolutions under torchvision's names; the first takes RGB over its deviation."""
    state = {}
    for number, position in zip(sorted({name[4:7] for name in caffe}), positions, strict=False):
        for role in ("weight", "bias"):
            state[f"features.{position}.{role}"] = caffe[f"conv{number}.{role}"].clone()
    state["features.0.weight"] = state["features.0.weight"].flip(1) * 255 * DEVIATION
    return state


def as_keras(caffe: dict[str, Tensor], *, new_names: bool = False) -> dict[str, Tensor]:
    """The same network with Keras' names and kernels in HWIO order."""
    state = {}
    for name, tensor in caffe.items():
        layer = f"block{name[4]}_conv{name[6]}"
        is_weight = name.endswith("weight")
        old = f"{layer}/{layer}_{'W' if is_weight else 'b'}_1:0"
        new = f"{layer}/{layer}/{'kernel' if is_weight else 'bias'}:0"
        state[new if new_names else old] = tensor.permute(2, 3, 1, 0).contiguous() if is_weight else tensor
    return state


def random_vgg(depth: int = 19, last: str = "5_4") -> VGGWeights:
    return vgg_from_tensors(caffe_state(depth, last))
