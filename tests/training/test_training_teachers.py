"""Teachers, read from files of random numbers in the shapes of the published ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from teacher_files import distilled, squeezenet, vgg

from impasto.errors import WeightsError
from impasto.models.encoder import HEAD_WIDTHS
from impasto.training.teachers import SqueezeNet, load_teacher

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
