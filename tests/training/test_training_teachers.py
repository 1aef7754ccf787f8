"""Teachers, read from files of random numbers in the shapes of the published ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from impasto.errors import WeightsError
from impasto.models.encoder import HEAD_WIDTHS
from impasto.training.teachers import DistilledVGG19, SqueezeNet, load_teacher


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


TEACHERS = {
    "distilled": (distilled, {"relu5_1": (512, 4)}),
    "squeezenet": (squeezenet, {"fire5": (256, 8)}),
    "vgg": (vgg, {"relu1_1": (64, 64), "relu2_1": (128, 32), "relu3_1": (256, 16), "relu4_1": (512, 8)}),
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("name", TEACHERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_teacher_is_known_by_its_tensors_and_shows_its_layers(name: str, dtype: torch.dtype, tmp_path: Path) -> None:
    state, expected = TEACHERS[name]
    save_file(state(), tmp_path / "weights.safetensors")
    shown = load_teacher(tmp_path / "weights.safetensors", dtype)(torch.rand(1, 3, 64, 64).to(dtype))
    assert set(shown) == set(expected)
    for layer, value in shown.items():
        width, side = expected[layer]
        assert value.shape[1] == width
        assert abs(value.shape[2] - side) <= 1
        assert value.dtype == dtype
        assert value.isfinite().all()
        assert (value >= 0).all()
        assert value.float().std() > 0


def test_together_they_teach_every_head() -> None:
    shown = {layer for _, layers in TEACHERS.values() for layer in layers}
    assert shown >= set(HEAD_WIDTHS)


def test_squeezenet_takes_blue_green_red() -> None:
    """Its mean colors stand in that order; a picture of them is black to it."""
    mean = torch.tensor(SqueezeNet.MEAN).flip(0).view(1, 3, 1, 1) / 255
    biases = {name: value * 0 if name.endswith("bias") else value for name, value in squeezenet().items()}
    assert SqueezeNet(biases)(mean.expand(1, 3, 32, 32))["fire5"].abs().max() < 1e-4


def test_anything_else_is_refused(tmp_path: Path) -> None:
    save_file({"fc.weight": torch.zeros(2)}, tmp_path / "resnet.safetensors")
    with pytest.raises(WeightsError, match=r"resnet\.safetensors is none of the teachers"):
        load_teacher(tmp_path / "resnet.safetensors", torch.float32)
