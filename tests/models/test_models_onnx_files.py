"""ONNX files: any size of whole cells, weights kept in fewer bytes, and one sentence where something is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from impasto.config.exporting import Storage
from impasto.errors import MissingExtraError, WeightsError
from impasto.models.grain import grain
from impasto.models.onnx_files import Input, OnnxFile, write_onnx

onnx = pytest.importorskip("onnx", reason="the extra export is not installed")


class Small(nn.Module):
    """A picture and how much of it is blurred; enough convolution to be worth keeping small."""

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Conv2d(3, 16, 3, padding=1)
        self.narrow = nn.Conv2d(16, 3, 3, padding=1)

    def forward(self, photo: Tensor, strength: Tensor) -> Tensor:
        halved = torch.nn.functional.avg_pool2d(torch.relu(self.wide(photo)), 2)
        doubled = torch.nn.functional.interpolate(halved, scale_factor=2.0, mode="bilinear")
        return photo.lerp(self.narrow(doubled), strength[..., None, None])


@pytest.fixture(scope="module")
def network() -> Small:
    torch.manual_seed(2)
    return Small().requires_grad_(False).eval()


@pytest.fixture(scope="module")
def files(network: Small, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("onnx")
    inputs = [Input("photo", torch.rand(1, 3, 16, 24), 8), Input("strength", torch.ones(1, 1))]
    storages: tuple[Storage, ...] = ("float32", "float16", "int8")
    for storage in storages:
        path = folder / f"{storage}.onnx"
        write_onnx(path, network, inputs, "painting", metadata={"licence": "MIT"}, storage=storage)
    return {path.stem: path for path in folder.iterdir()}


@pytest.mark.parametrize("size", [(16, 16), (16, 24), (40, 8 * 30)])
def test_a_file_paints_any_size_of_whole_cells(files: dict[str, Path], network: Small, size: tuple[int, int]) -> None:
    photo, strength = torch.rand(1, 3, *size), torch.full((1, 1), 0.7)
    assert torch.allclose(OnnxFile(files["float32"])(photo, strength), network(photo, strength), atol=1e-5)


class Field(nn.Module):
    """The noise that strokes grow from, as a network of ours asks for it."""

    def forward(self, photo: Tensor) -> Tensor:
        return grain((photo.shape[-2] // 4, photo.shape[-1] // 4), seed=3)


def test_a_file_counts_as_we_do_at_every_size(tmp_path: Path) -> None:
    """Whole numbers are divided otherwise in ONNX below zero; a field of noise is full of such counting."""
    path = tmp_path / "field.onnx"
    write_onnx(path, Field(), [Input("photo", torch.rand(1, 3, 64, 96), 8)], "noise", metadata={})
    file = OnnxFile(path)
    for cells in range(3, 12):
        photo = torch.zeros(1, 3, 8 * cells, 8 * (20 - cells))
        assert torch.allclose(file(photo), Field()(photo), atol=1e-5)


@pytest.mark.parametrize(("storage", "tolerance"), [("float16", 2e-3), ("int8", 3e-2)])
def test_smaller_weights_paint_nearly_alike(
    files: dict[str, Path], network: Small, storage: str, tolerance: float
) -> None:
    photo, strength = torch.rand(1, 3, 32, 40), torch.ones(1, 1)
    apart = (OnnxFile(files[storage])(photo, strength) - network(photo, strength)).abs().max()
    assert 0 < apart < tolerance


def test_smaller_weights_take_fewer_bytes(files: dict[str, Path]) -> None:
    kernels = {storage: kernel_bytes(path) for storage, path in files.items()}
    assert kernels["float16"] == kernels["float32"] / 2
    assert kernels["int8"] == kernels["float32"] / 4


def kernel_bytes(path: Path) -> int:
    tensors = onnx.load(path).graph.initializer
    return sum(onnx.numpy_helper.to_array(one).nbytes for one in tensors if len(one.dims) == 4)


def test_a_file_says_what_it_is_and_names_its_inputs(files: dict[str, Path]) -> None:
    assert OnnxFile(files["int8"]).metadata == {"licence": "MIT"}
    model = onnx.load(files["int8"])
    assert [one.name for one in model.graph.input] == ["photo", "strength"]
    assert [one.name for one in model.graph.output] == ["painting"]


def test_no_file_names_this_computer(files: dict[str, Path]) -> None:
    for path in files.values():
        assert str(Path(__file__).parent).encode() not in path.read_bytes()
        assert b"site-packages" not in path.read_bytes()


def test_a_damaged_file_is_one_sentence(files: dict[str, Path], tmp_path: Path) -> None:
    whole = files["float32"].read_bytes()
    (tmp_path / "cut.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsError, match="cannot be run by ONNX Runtime"):
        OnnxFile(tmp_path / "cut.onnx")


def test_without_the_extra_the_sentence_carries_the_line_that_installs_it(
    network: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'impasto\[export\]'"):
        write_onnx(tmp_path / "a.onnx", network, [], "painting", metadata={})
    assert not list(tmp_path.iterdir())
