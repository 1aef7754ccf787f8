"""One door, three verbs: list, load, call."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import impasto
from impasto import engine
from impasto.config import METHODS, EncoderTraining, MethodOptions, Optimize
from impasto.errors import OptionError

NEED_A_FILE = ("magenta-hub", "trained")


def test_every_method_is_listed_has_a_config_and_loads() -> None:
    assert engine.methods() == list(METHODS)
    for method in engine.methods():
        kind = engine.config_of(method)
        assert issubclass(kind, MethodOptions)
        if method in NEED_A_FILE:
            with pytest.raises(OptionError, match="model"):
                engine.load(method)
        else:
            assert engine.load(method).config == kind()


@pytest.mark.parametrize("verb", [engine.config_of, engine.load, lambda name: engine.stylize("a", "b", name)])
def test_an_unknown_method_gets_a_suggestion(verb: Any) -> None:
    with pytest.raises(OptionError, match=r"there is no method 'optimise' .did you mean 'optimize'"):
        verb("optimise")


def test_an_unknown_option_gets_a_suggestion_everywhere(photo: Tensor) -> None:
    for verb in (
        lambda: engine.load("optimize", strenght=5),
        lambda: engine.stylize(photo, photo, strenght=5),
        lambda: engine.stylize(photo, photo, Optimize(), strenght=5),
        lambda: engine.plan(photo, photo, "optimize", strenght=5),
        lambda: engine.load("optimize")(photo, photo, strenght=5),
    ):
        with pytest.raises(OptionError, match="did you mean 'strength'"):
            verb()


def test_a_config_of_no_method_is_refused(photo: Tensor) -> None:
    for config in (MethodOptions(), EncoderTraining()):
        with pytest.raises(OptionError, match="config"):
            engine.stylize(photo, photo, config)  # type: ignore[arg-type]


def test_the_shortcut_only_wraps_load_and_call(photo: Tensor, painting: Tensor) -> None:
    options = {"steps": 3, "seed": 2, "strength": 60.0}
    called = engine.load("optimize", **options)(photo, painting)
    for result in (
        engine.stylize(photo, painting, "optimize", **options),
        engine.stylize(photo, painting, Optimize(**options)),  # type: ignore[arg-type]
        engine.stylize(photo, painting, Optimize(steps=3, strength=5), seed=2, strength=60.0),
        engine.load("optimize")(photo, painting, **options),
    ):
        assert torch.equal(result.image, called.image)
        assert result.config == called.config


def test_a_call_leaves_no_trace(photo: Tensor, painting: Tensor) -> None:
    stylizer = engine.load("optimize", steps=3)
    before, pixels = stylizer.config, photo.clone()
    first = stylizer(photo, painting)
    changed = stylizer(photo, painting, strength=20, seed=5, precision="float32", tile=64)
    second = stylizer(photo, painting)
    assert stylizer.config == before
    assert changed.config.strength == 20
    assert torch.equal(first.image, second.image)
    assert torch.equal(photo, pixels)
    assert first.losses == second.losses


def test_what_results_hold(photo: Tensor, painting: Tensor) -> None:
    result = engine.stylize(photo, painting, "optimize", steps=2)
    assert isinstance(result, impasto.Result)
    assert result.image.shape == photo.shape
    assert result.image.dtype == torch.float32
    assert result.image.min() >= 0
    assert result.image.max() <= 1
    assert not result.image.requires_grad
    assert result.seconds > 0
    assert result.stopped == "finished"
    assert len(result.losses["total"]) == 2
