"""Magenta's TF-Hub folder: its signature, with a stand-in for TensorFlow, and with TensorFlow where it is installed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from impasto.errors import MissingExtraError, WeightsError
from impasto.images import brushwork, harbour
from impasto.models.magenta_hub import MagentaModule


class Signature:
    """What TF-Hub's model offers: two nameless inputs and one output, in pictures (1, H, W, 3)."""

    structured_input_signature = ((), {"placeholder_1": None, "placeholder": None})

    def __call__(self, **given: Any) -> dict[str, Any]:
        photo, painting = given["placeholder"], given["placeholder_1"]
        painted = 0.5 * photo + 0.5 * painting.mean((1, 2), keepdims=True)
        grown = [(0, 0), (0, -photo.shape[1] % 4), (0, -photo.shape[2] % 4), (0, 0)]  # as the real one's halvings do
        return {"output_0": SimpleNamespace(numpy=lambda: np.pad(painted, grown))}


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    signatures: dict[str, Any] = {"serving_default": Signature()}
    loaded = SimpleNamespace(signatures=signatures)
    module = SimpleNamespace(saved_model=SimpleNamespace(load=lambda folder: loaded), constant=np.asarray)
    monkeypatch.setitem(sys.modules, "tensorflow", module)
    return signatures


@pytest.mark.parametrize("size", [(16, 24), (17, 30)])
def test_photo_and_painting_go_where_the_signature_wants_them(stand_in: dict[str, Any], size: tuple[int, int]) -> None:
    photo, painting = harbour(size), brushwork((32, 20))
    painted = MagentaModule(Path("folder"))(photo, painting)
    assert torch.allclose(painted, 0.5 * photo + 0.5 * painting.mean((2, 3), keepdim=True), atol=1e-6)


def test_another_signature_is_refused(stand_in: dict[str, Any]) -> None:
    stand_in["serving_default"] = SimpleNamespace(structured_input_signature=((), {"image": None}))
    with pytest.raises(WeightsError, match="a photo and a painting in, a picture out"):
        MagentaModule(Path("folder"))


def test_without_tensorflow_the_sentence_carries_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'impasto\[tensorflow\]'"):
        MagentaModule(Path("folder"))


@pytest.mark.long
@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed")
def test_a_real_saved_model_of_the_same_signature_runs(tmp_path: Path) -> None:
    import tensorflow as tf

    names = ("placeholder", "placeholder_1")  # as the real one's signature calls photo and painting
    signature = [tf.TensorSpec((None, None, None, 3), tf.float32, name=name) for name in names]

    def paint(content: Any, style: Any) -> Any:
        return 0.5 * content + 0.5 * tf.reduce_mean(style, [1, 2], keepdims=True)

    module = tf.Module()
    module.paint = tf.function(paint, input_signature=signature)
    tf.saved_model.save(module, str(tmp_path / "hub"), signatures=module.paint)
    photo, painting = harbour((18, 24)), brushwork((20, 20))
    painted = MagentaModule(tmp_path / "hub")(photo, painting)
    assert torch.allclose(painted, 0.5 * photo + 0.5 * painting.mean((2, 3), keepdim=True), atol=1e-5)
    with pytest.raises(WeightsError, match="is no SavedModel"):
        MagentaModule(tmp_path)
