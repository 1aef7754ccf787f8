"""Options are declared once, in the configs: flags, docs and recipes follow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from impasto import config
from impasto.apps.methods import preset_values
from impasto.apps.options import COMMON_PANEL, config_from, default_text, flags_of, value_of
from impasto.apps.reference import options_page
from impasto.config import EncoderTraining, MethodOptions, Optimize, fields_of, option
from impasto.engine.recipe import deciding_options
from impasto.errors import OptionError


@dataclass(frozen=True, kw_only=True)
class Scribble(MethodOptions):
    """Draw with a made-up pencil."""

    wobble: float = option(0.25, "How unsteady the hand is.", minimum=0, maximum=2, unit="mm")
    steps: int = option(7, "Lines to draw.", minimum=1)


@pytest.fixture
def scribble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(config.METHODS, "scribble", Scribble)


def field_of(cls: type, name: str) -> config.Field:
    return next(field for field in fields_of(cls) if field.name == name)


@pytest.mark.parametrize("command", [["stylize"], ["sweep"]])
def test_every_option_of_every_method_is_a_flag(impasto, command):
    assert impasto(*command, "--help") == 0
    for method in config.METHODS.values():
        for field in fields_of(method):
            assert f"--{field.name.replace('_', '-')} " in impasto.out


def test_a_new_option_appears_in_help_docs_and_recipe(scribble, impasto):
    assert impasto("stylize", "--help") == 0
    assert "--wobble" in impasto.out
    assert "How unsteady the hand is. (0 to 2 mm; default: 0.25)" in impasto.out
    assert "| `--wobble` | number, 0 to 2 mm | `0.25` | How unsteady the hand is. |" in options_page()
    assert deciding_options(Scribble(wobble=1.5))["wobble"] == 1.5


def test_an_option_that_methods_declare_differently_is_told_for_each(scribble):
    flags = {flag.name: flag for flag in flags_of(config.METHODS)}
    assert flags["steps"].panel == "Options of optimize and scribble"
    assert flags["strength"].panel == COMMON_PANEL
    assert "scribble: Lines to draw. (1 or more; default: 7)" in flags["steps"].help
    assert "optimize: Steps altogether" in flags["steps"].help
    assert flags["wobble"].panel == "Options of scribble"


def test_a_flag_of_another_method_is_refused_with_the_methods_that_have_it(scribble):
    with pytest.raises(OptionError, match="--tv-weight is not an option of scribble; optimize has it"):
        config_from(Scribble, {"tv_weight": "1"}, owner="scribble", start={})


@pytest.mark.parametrize(
    ("cls", "name", "typed", "value"),
    [
        (Optimize, "size", "512", 512),
        (Optimize, "strength", "45.5", 45.5),
        (Optimize, "style_weights", "2, 1", (2.0, 1.0)),
        (Optimize, "style_layers", "relu1_1,relu2_1=0.5", ("relu1_1", "relu2_1=0.5")),
        (Optimize, "mask", ["a,b.png", "c.png"], (Path("a,b.png"), Path("c.png"))),
        (Optimize, "protect", "face.png", Path("face.png")),
        (Optimize, "keep_color", False, False),
        (Optimize, "keep_color", "yes", True),
        (Optimize, "device", "cpu", "cpu"),
        (EncoderTraining, "teacher", ["a.safetensors"], (Path("a.safetensors"),)),
    ],
)
def test_what_is_typed_becomes_the_type_of_the_field(cls, name, typed, value):
    found = value_of(field_of(cls, name), typed)
    assert found == value
    assert getattr(config_from(cls, {name: typed}, owner="it", start={}), name) == value


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("size", "big", "--size is 'big'; allowed is a whole number, 1 to 100000."),
        ("strength", "101", "--strength is 101; allowed is a number, 0 to 100."),
        ("tv_weight", "-1", "--tv-weight is -1; allowed is a number, 0 or more."),
        ("style_weights", "1,x", "--style-weights is 'x'; allowed is a number, 0 or more."),
        ("optimizer", "adm", "--optimizer is 'adm' (did you mean 'adam'?); allowed are adam, lbfgs."),
    ],
)
def test_a_wrong_value_is_refused_in_the_config_s_words_and_the_flag_s_spelling(name, typed, sentence):
    with pytest.raises(OptionError) as refusal:
        config_from(Optimize, {name: typed}, owner="optimize", start={})
    assert str(refusal.value) == sentence


def test_options_that_contradict_each_other_are_named_as_flags():
    with pytest.raises(OptionError, match="--keep-color and --color-only contradict each other"):
        config_from(Optimize, {"keep_color": True, "color_only": True}, owner="optimize", start={})


def test_flags_win_over_a_preset():
    quick = preset_values("optimize", "quick")
    made = config_from(Optimize, {"steps": "9"}, owner="optimize", start=quick)
    assert (made.size, made.steps) == (quick["size"], 9)


def test_an_unknown_preset_is_refused_with_those_there_are():
    with pytest.raises(OptionError, match=r"--preset is 'quik' \(did you mean 'quick'\?\); optimize has quick, "):
        preset_values("optimize", "quik")


@pytest.mark.parametrize("cls", [*config.METHODS.values(), EncoderTraining])
def test_every_default_can_be_typed(cls):
    for field in fields_of(cls):
        text = default_text(field)
        if text:
            typed = text.split(",") if field.item_type is Path else text
            assert value_of(field, typed) == field.default, field.name
