"""One door, three verbs: list, load, call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import impasto
from impasto import engine
from impasto.config import DEFAULT_METHOD, METHODS, EncoderTraining, MethodOptions, Optimize, name_of
from impasto.engine.door import loaded
from impasto.errors import OptionError, WeightsError

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


def test_what_is_no_method_at_all_is_refused(photo: Tensor) -> None:
    with pytest.raises(OptionError, match="a float was given as config; it takes a method's name or a method's config"):
        engine.stylize(photo, photo, 0.5)  # type: ignore[arg-type]


def test_a_method_is_loaded_from_whatever_names_it(tmp_path: Path) -> None:
    (tmp_path / "mine.bin").touch()
    assert name_of(loaded(None, {}).config) == DEFAULT_METHOD
    assert loaded("optimize", {"steps": 3}).config == Optimize(steps=3)
    config = Optimize(steps=3, strength=60)
    assert loaded(config, {"steps": 5}).config == Optimize(steps=5, strength=60)
    assert config.steps == 3
    stylizer = engine.load("optimize", steps=3)
    assert loaded(stylizer, {}) is stylizer
    with pytest.raises(OptionError, match="steps, seed cannot be changed in a method that is loaded already"):
        loaded(stylizer, {"steps": 5, "seed": 1})
    with pytest.raises(WeightsError, match=r"mine\.bin"):
        loaded(tmp_path / "mine.bin", {})  # a path is a model


def test_every_config_has_the_name_of_its_method() -> None:
    class Mine(Optimize):
        """A method from elsewhere."""

    assert [name_of(kind()) for kind in METHODS.values()] == list(METHODS)
    assert name_of(Mine()) == "Mine"


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
    result = engine.stylize(photo, painting, engine.load("optimize", steps=2))
    assert isinstance(result, impasto.Result)
    assert result.image.shape == photo.shape
    assert result.image.dtype == torch.float32
    assert result.image.min() >= 0
    assert result.image.max() <= 1
    assert not result.image.requires_grad
    assert result.seconds > 0
    assert result.stopped == "finished"
    assert len(result.losses["total"]) == 2
