"""Magenta's pair: what goes into the two networks and what comes out, with a stand-in and with the real ones."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from impasto.errors import MissingExtraError, WeightsError
from impasto.images import brushwork, harbour, resize
from impasto.models.magenta import CODE_LENGTH, SIDE, STYLE_SIDE, Magenta


class Interpreter:
    """Stands in for LiteRT's: reads a painting as its colors, and paints a photo in the color it is given."""

    def __init__(self, model_path: str, num_threads: int) -> None:
        self.reads = "prediction" in model_path
        self.given: dict[int, Any] = {}
        if "damaged" in model_path:
            raise ValueError("Model provided has model identifier 'PK', should be 'TFL3'")

    def allocate_tensors(self) -> None:
        pass

    def get_input_details(self) -> list[dict[str, Any]]:
        if self.reads:
            return [{"index": 0, "shape": np.array([1, STYLE_SIDE, STYLE_SIDE, 3])}]
        vector = {"index": 4, "shape": np.array([1, 1, 1, CODE_LENGTH])}
        return [vector, {"index": 7, "shape": np.array([1, SIDE, SIDE, 3])}]  # not in the order one might expect

    def get_output_details(self) -> list[dict[str, Any]]:
        return [{"index": 9}]

    def set_tensor(self, index: int, value: Any) -> None:
        wanted = next(one for one in self.get_input_details() if one["index"] == index)
        assert value.shape == tuple(wanted["shape"])
        assert value.dtype == np.float32
        self.given[index] = value.copy()

    def invoke(self) -> None:
        pass

    def get_tensor(self, index: int) -> Any:
        if self.reads:
            colors = self.given[0].mean((0, 1, 2))
            return np.resize(colors, (1, 1, 1, CODE_LENGTH)).astype(np.float32)
        photo, code = self.given[7], self.given[4][0, 0, 0, :3]
        return (0.5 * photo + 0.5 * code).astype(np.float32)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    package, module = ModuleType("ai_edge_litert"), ModuleType("ai_edge_litert.interpreter")
    module.Interpreter = Interpreter  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ai_edge_litert", package)
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", module)


@pytest.fixture
def pair(stand_in: None) -> Magenta:
    return Magenta(Path("prediction.tflite"), Path("transfer.tflite"))


def test_a_painting_is_read_whole_in_a_square(pair: Magenta) -> None:
    painting = brushwork((40, 90))
    code = pair.code(painting)
    assert code.shape == (1, CODE_LENGTH)
    assert torch.allclose(code[0, :3], resize(painting, (STYLE_SIDE, STYLE_SIDE)).mean((0, 2, 3)), atol=1e-5)


@pytest.mark.parametrize("size", [(SIDE, SIDE), (288, SIDE), (SIDE, 100), (1, SIDE), (7, 9)])
def test_a_photo_fills_the_square_and_comes_out_at_its_size(pair: Magenta, size: tuple[int, int]) -> None:
    photo, code = harbour(size), torch.full((1, CODE_LENGTH), 0.25)
    painted = pair(photo, code)
    assert painted.shape == photo.shape
    assert torch.allclose(painted, 0.5 * photo + 0.125, atol=1e-6)


def test_a_file_that_litert_cannot_run_is_one_sentence(stand_in: None) -> None:
    with pytest.raises(WeightsError, match="cannot be run by LiteRT"):
        Magenta(Path("damaged-prediction.tflite"), Path("transfer.tflite"))


def test_without_the_extra_the_sentence_carries_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'impasto\[magenta\]'"):
        Magenta(Path("prediction.tflite"), Path("transfer.tflite"))


@pytest.mark.kit
def test_the_real_pair_runs_quietly(kit: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("ai_edge_litert", reason="the extra magenta is not installed")
    folder = kit / "reference" / "magenta_tflite_int8"
    pair = Magenta(folder / "prediction.tflite", folder / "transfer.tflite")
    code = pair.code(brushwork((64, 64)))
    painted = pair(harbour((64, 96)), code)
    assert code.abs().max() > 0.1
    assert 0 <= painted.min() < painted.max() <= 1
    assert capfd.readouterr() == ("", "")
