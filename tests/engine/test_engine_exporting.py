"""Models as ONNX: they paint as ours do, or no file appears."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from impasto.config.exporting import Exporting, Storage
from impasto.engine import exporting
from impasto.engine.exporting import TOLERANCE, Agreement, export, files_of
from impasto.errors import OptionError, OutputError, WeightsError
from impasto.images import brushwork, harbour, read
from impasto.models.fast_style import FastStyle
from impasto.models.johnson import Johnson
from impasto.models.onnx_files import OnnxFile
from impasto.models.style_network import StyleNetwork
from impasto.models.trained import load_model, save_model
from impasto.models.unet import UNet

really = pytest.mark.skipif(find_spec("onnxscript") is None, reason="the extra export is not installed")

ABOUT = {"source": "drawn in a test", "licence": "MIT"}
SMALL: dict[str, tuple[Callable[..., nn.Module], dict[str, object]]] = {
    "johnson": (Johnson, {"width": 4, "blocks": 1}),
    "lengstrom": (Johnson, {"tool": "lengstrom", "width": 4, "blocks": 1}),
    "style": (StyleNetwork, {"width": 4, "blocks": 1}),
    "unet": (UNet, {"width": 4, "depth": 2, "blocks": 1}),
    "transposing unet": (UNet, {"width": 4, "depth": 2, "blocks": 1, "decoder": "transpose"}),
    "fast-style": (FastStyle, {}),
}
KINDS = {"lengstrom": "johnson", "transposing unet": "unet"}


def model_of(name: str, folder: Path) -> Path:
    """Save a small network of this kind with random weights that paint something."""
    build, config = SMALL[name]
    network = build(**config).requires_grad_(False)
    generator = torch.Generator().manual_seed(6)
    for value in network.parameters():
        value.copy_(torch.randn(value.shape, generator=generator) * 0.2)
    path = folder / f"{name.replace(' ', '-')}.safetensors"
    save_model(path, network, KINDS.get(name, name), config, ABOUT)
    return path


@pytest.fixture
def without_onnx(monkeypatch: pytest.MonkeyPatch) -> dict[str, Tensor]:
    """Let writing be quick, and reading give what the network gave, plus an error that a test chooses."""
    wrong = {"by": torch.zeros(())}

    class File:
        def __init__(self, path: Path) -> None:
            self.network = written[path]

        def __call__(self, *inputs: Tensor) -> Tensor:
            return self.network(*inputs) + wrong["by"]

    written: dict[Path, nn.Module] = {}

    def write(path: Path, network: nn.Module, *_: object, **__: object) -> None:
        written[path] = network
        path.write_bytes(b"ONNX")

    monkeypatch.setattr(exporting, "write_onnx", write)
    monkeypatch.setattr(exporting, "OnnxFile", File)
    return wrong


def test_a_file_that_agrees_is_kept_with_how_well(without_onnx: dict[str, Tensor], tmp_path: Path) -> None:
    without_onnx["by"] = torch.tensor(0.5 / 255)
    (made,) = export(model_of("johnson", tmp_path), tmp_path / "mine.onnx")
    assert (made.path, made.size, list(made.inputs)) == (tmp_path / "mine.onnx", 4, ["photo", "strength"])
    assert made.agreement.mean == pytest.approx(0.5 / 255, rel=1e-3)
    assert str(made.agreement) == "mean 0.500/255, worst 0.50/255"


def test_a_file_that_paints_otherwise_never_appears(without_onnx: dict[str, Tensor], tmp_path: Path) -> None:
    without_onnx["by"] = torch.tensor(2 / 255)
    model = model_of("johnson", tmp_path)
    with pytest.raises(WeightsError, match=r"paint otherwise than here \(mean 2\.000/255"):
        export(model, tmp_path / "mine.onnx")
    assert [path.name for path in tmp_path.iterdir()] == [model.name]


def test_a_photo_of_the_user_is_compared_too(
    without_onnx: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: Path
) -> None:
    seen = []
    monkeypatch.setattr(exporting, "read", lambda path: seen.append(path) or read(path))
    export(model_of("johnson", tmp_path), tmp_path / "mine.onnx", check=files / "photo.png")
    assert seen == [files / "photo.png"]


def test_the_published_tolerance_of_float32_is_what_is_promised() -> None:
    assert TOLERANCE["float32"] == Agreement(1 / 255, 6 / 255)


@pytest.mark.parametrize("name", ["mine.pb", "mine"])
def test_another_ending_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"does not end in \.onnx"):
        export("fast", tmp_path / name)


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="give fast, or the path of a model"):
        export("optimize", tmp_path / "a.onnx")
    with pytest.raises(WeightsError, match="cannot be read"):
        export(tmp_path / "missing.safetensors", tmp_path / "a.onnx")


def test_an_unknown_storage_is_refused() -> None:
    with pytest.raises(OptionError, match="allowed are float32, float16, int8"):
        Exporting(storage="int4")  # type: ignore[arg-type]


def test_the_fast_method_becomes_two_files(tmp_path: Path) -> None:
    assert [path.name for path in files_of("fast", tmp_path / "a.onnx")] == ["a.onnx", "a-style.onnx"]
    assert [path.name for path in files_of("mine.safetensors", tmp_path / "a.onnx")] == ["a.onnx"]


@really
def test_one_kind_of_model_really_agrees(tmp_path: Path) -> None:
    _agrees("johnson", "float32", tmp_path)


@really
@pytest.mark.long
@pytest.mark.parametrize("name", SMALL)
def test_every_kind_of_model_really_agrees(name: str, tmp_path: Path) -> None:
    _agrees(name, "float32", tmp_path)


@really
@pytest.mark.long
@pytest.mark.parametrize("storage", ["float16", "int8"])
def test_smaller_weights_really_agree(storage: Storage, tmp_path: Path) -> None:
    _agrees("style", storage, tmp_path)


def _agrees(name: str, storage: Storage, tmp_path: Path) -> None:
    """Export, and compare the file with our network at a size that the exporter did not look at."""
    model = model_of(name, tmp_path)
    (made,) = export(model, tmp_path / "mine.onnx", storage=storage)
    assert made.agreement.within(TOLERANCE[storage])
    network, _ = load_model(model)
    file, photo, strength = OnnxFile(made.path), harbour((64, 8 * 17)), torch.full((1, 1), 0.6)
    apart = (file(photo, strength) - network(photo, strength).clamp(0, 1)).abs()
    assert apart.mean() <= TOLERANCE[storage].mean
    assert apart.max() <= TOLERANCE[storage].worst
    assert file.metadata["licence"] == "MIT"
    assert file.metadata["sides_are_multiples_of"] == str(network.stride)


@really
@pytest.mark.long
@pytest.mark.parametrize("storage", ["float32", "float16", "int8"])
def test_the_fast_method_really_agrees(storage: Storage, tmp_path: Path) -> None:
    """Both files together paint what the painter of the method paints in float32."""
    from impasto.engine.fast import FastPainter
    from impasto.engine.inputs import Style
    from impasto.images import Picture

    painter, reader = (OnnxFile(one.path) for one in export("fast", tmp_path / "fast.onnx", storage=storage))
    ours = FastPainter(torch.device("cpu"), torch.float32)
    photo, painting = harbour((264, 376)), brushwork((384, 512))  # of the size that the method reads paintings at
    with torch.inference_mode():
        code = ours.code(Style("painting", (Picture(painting),)))
        expected = ours.paint(photo, code, None).clamp(0, 1)
    apart = (painter(photo, reader(painting)) - expected).abs()
    assert apart.mean() <= TOLERANCE[storage].mean
    assert apart.max() <= TOLERANCE[storage].worst


@pytest.fixture(autouse=True)
def _the_shipped_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fast method is exported with the encoder it was trained with, not with the tests' untrained one."""
    if "fast_method" in request.node.name:
        monkeypatch.undo()
