"""What files of published networks hold, with random numbers."""

from __future__ import annotations

import torch
from torch import Tensor

from impasto.training.teachers import DistilledVGG19


def random_convolutions(shapes: dict[str, tuple[int, int, int]]) -> dict[str, Tensor]:
    """Weights and biases by name from (width in, width, kernel)."""
    generator, state = torch.Generator().manual_seed(4), {}
    for name, (width_in, width, kernel) in shapes.items():
        weight = torch.randn(width, width_in, kernel, kernel, generator=generator)
        state[f"{name}.weight"] = weight * (2 / (width_in * kernel**2)) ** 0.5
        state[f"{name}.bias"] = 0.1 * torch.randn(width, generator=generator)
    return state


def distilled() -> dict[str, Tensor]:
    widths = {"1": 16, "2": 32, "3": 64, "4": 128, "5": 128}
    shapes, width_in = {"conv0": (3, 3, 1)}, 3
    for name in DistilledVGG19.STACK:
        if name != "M":
            shapes[f"conv{name}"], width_in = (width_in, widths[name[0]], 3), widths[name[0]]
    return random_convolutions({**shapes, "conv51_aux": (128, 512, 1)})


def squeezenet() -> dict[str, Tensor]:
    shapes, width_in = {"conv1": (3, 64, 3)}, 64
    for name, squeezed, expanded in (("fire2", 16, 64), ("fire3", 16, 64), ("fire4", 32, 128), ("fire5", 32, 128)):
        shapes[f"{name}/squeeze1x1"] = (width_in, squeezed, 1)
        shapes[f"{name}/expand1x1"] = (squeezed, expanded, 1)
        shapes[f"{name}/expand3x3"] = (squeezed, expanded, 3)
        width_in = 2 * expanded
    state = random_convolutions(shapes)
    state["conv1.weight"] *= 0.02  # it takes values of 0 to 255
    return state


def vgg() -> dict[str, Tensor]:
    shapes, width_in = {}, 3
    for number in ("1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "3_4", "4_1"):
        width = {"1": 64, "2": 128, "3": 256, "4": 512}[number[0]]
        shapes[f"conv{number}"], width_in = (width_in, width, 3), width
    return random_convolutions(shapes)
