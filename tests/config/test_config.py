"""Options: said once, checked when a config is made, the same in and out of JSON."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.config import (
    METHODS,
    PRESETS,
    EncoderTraining,
    Field,
    Magenta,
    MethodOptions,
    Optimize,
    fields_of,
    from_dict,
    option,
    to_dict,
)
from impasto.errors import OptionError

CONFIGS: list[type] = [*METHODS.values(), EncoderTraining]


def values_of(field: Field) -> st.SearchStrategy[Any]:
    """Values that an option allows."""
    kind = field.item_type or field.plain_type
    low, high = field.minimum, field.maximum
    words = st.text("abcdefgh-_.1", min_size=1, max_size=8)
    one: st.SearchStrategy[Any]
    if field.choices:
        one = st.sampled_from(field.choices)
    elif kind is bool:
        one = st.booleans()
    elif kind is int:
        one = st.integers(None if low is None else int(low), None if high is None else int(high))
    elif kind is float:
        one = st.floats(low, high, allow_nan=False, allow_infinity=False)
    elif field.words:
        one = st.sampled_from(field.words) | words
    else:
        one = words.map(Path) if kind is Path else words
    if field.item_type is not None:
        one = st.lists(one, max_size=3).map(tuple)
    return st.none() | one if field.optional else one


def configs(cls: type) -> st.SearchStrategy[Any]:
    """Dictionaries of options that make a config, those that contradict each other left out."""

    def fits(values: dict[str, Any]) -> bool:
        if values.get("keep_color") and values.get("color_only"):
            return False
        if values.get("balance") == "classic" and values.get("style_term", "auto") not in ("auto", "gram"):
            return False
        if cls is Magenta and values.get("stroke", 1) < 1:
            return False
        weights = values.get("style_weights", ())
        return not weights or any(weights)

    return st.fixed_dictionaries({}, optional={field.name: values_of(field) for field in fields_of(cls)}).filter(fits)


@pytest.mark.parametrize("cls", CONFIGS)
@given(data=st.data())
def test_json_gives_back_the_same_config(cls: type, data: st.DataObject) -> None:
    config = cls(**data.draw(configs(cls)))
    assert from_dict(cls, json.loads(json.dumps(to_dict(config)))) == config


@pytest.mark.parametrize("cls", CONFIGS)
@given(data=st.data())
def test_whatever_is_given_is_taken_or_refused_in_one_sentence(cls: type, data: st.DataObject) -> None:
    anything = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=5)
        | st.lists(st.floats() | st.text(max_size=3), max_size=2)
        | st.dictionaries(st.text(max_size=2), st.integers(), max_size=1)
        | st.just(10**400)
    )
    name, value = data.draw(st.sampled_from([field.name for field in fields_of(cls)])), data.draw(anything)
    try:
        taken = json.dumps(to_dict(from_dict(cls, {name: value})))
    except OptionError as refusal:
        taken = str(refusal)
    assert name in taken
    assert "\n" not in taken


def numbers_with_limits() -> list[tuple[type, Field]]:
    return [
        (cls, field)
        for cls in CONFIGS
        for field in fields_of(cls)
        if (cls, field.name) != (Magenta, "stroke")  # its network has one size of strokes, see there
        if field.plain_type in (int, float) and (field.minimum is not None or field.maximum is not None)
    ]


@pytest.mark.parametrize(("cls", "field"), numbers_with_limits(), ids=lambda part: getattr(part, "name", "in"))
def test_limits_are_inside_and_what_lies_beyond_is_refused_with_them(cls: type, field: Field) -> None:
    kind = field.plain_type
    for limit, beyond in ((field.minimum, -1), (field.maximum, 1)):
        if limit is None:
            continue
        assert getattr(cls(**{field.name: kind(limit)}), field.name) == limit
        with pytest.raises(OptionError, match=f"{field.name} is .*{field.limits.split()[0]}"):
            cls(**{field.name: kind(limit) + beyond})


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"strength": float("nan")}, "strength is nan"),
        ({"style_weight": float("inf")}, "style_weight is inf"),
        ({"strength": "much"}, "strength is 'much'; allowed is a number, 0 to 100"),
        ({"strength": True}, "strength is True"),
        ({"strength": None}, "strength was not given a value"),
        ({"steps": 1.5}, "steps is 1.5; allowed is a whole number"),
        ({"keep_color": "yes"}, "keep_color is 'yes'; allowed is True or False"),
        ({"optimizer": "adm"}, r"optimizer is 'adm' \(did you mean 'adam'\?\); allowed are adam, lbfgs"),
        ({"optimizer": 5}, "allowed are adam, lbfgs"),
        ({"style_weights": 5.0}, "style_weights is 5.0; it takes a list"),
        ({"style_weights": (1.0, -1.0)}, "style_weights is -1; allowed is a number, 0 or more"),
        ({"style_weights": (0.0, 0.0)}, "style_weights are all 0"),
        ({"style_layers": "relu1_1"}, "style_layers is 'relu1_1'; it takes a list"),
        ({"protect": 5}, "protect is 5; allowed is a path"),
        ({"keep_color": True, "color_only": True}, "keep_color and color_only contradict"),
        ({"tile": 63}, "tile is 63; allowed is a whole number, 64 to"),
        ({"seed": -1}, "seed is -1; allowed is a whole number, 0 to 4294967295"),
        ({"balance": "classic", "style_term": "moments"}, "balance classic compares Gram matrices, so style_term"),
    ],
)
def test_refusals_say_what_was_given_and_what_is_allowed(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        Optimize(**values)


def test_the_classic_balance_says_nothing_against_its_own_term() -> None:
    assert Optimize(balance="classic", style_term="gram").balance == "classic"
    assert Optimize(balance="classic").style_term == "auto"


def test_limits_are_shown_with_all_their_digits() -> None:
    limits = {field.name: field.limits for field in fields_of(Optimize)}
    assert limits["seed"] == "0 to 4294967295"
    assert limits["learning_rate"] == "1e-05 to 1"


def test_an_unknown_option_gets_a_suggestion() -> None:
    with pytest.raises(OptionError, match=r"'sterngth' is not an option of Optimize \(did you mean 'strength'\?\)"):
        from_dict(Optimize, {"sterngth": 3})


def test_lists_and_text_are_taken_for_tuples_and_paths() -> None:
    config = Optimize(style_weights=[2, 1], mask=["a.png", Path("b.png")], protect="c.png", style_layers=["relu1_1"])
    assert config.style_weights == (2, 1)
    assert config.mask == (Path("a.png"), Path("b.png"))
    assert config.protect == Path("c.png")
    assert hash(config)


def test_a_config_cannot_be_changed_only_replaced() -> None:
    config = Optimize()
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.strength = 5.0  # type: ignore[misc]
    assert dataclasses.replace(config, strength=5.0).strength == 5.0
    with pytest.raises(OptionError):
        dataclasses.replace(config, strength=500.0)
    with pytest.raises(TypeError):
        Optimize(512)  # type: ignore[misc]


@pytest.mark.parametrize("cls", CONFIGS)
def test_every_option_says_what_it_is_for(cls: type) -> None:
    for field in fields_of(cls):
        assert field.help.endswith((".", "?")), field.name
        assert field.help[0].isupper() or field.help.split()[0].islower(), field.name
        assert getattr(cls(), field.name) == field.default


@pytest.mark.parametrize("method", METHODS)
def test_presets_are_valid_and_differ(method: str) -> None:
    made = {name: from_dict(METHODS[method], values) for name, values in PRESETS.get(method, {}).items()}
    assert len(set(made.values())) == len(made)
    if made:
        assert set(made) == {"quick", "balanced", "print", "subtle"}
        assert made["balanced"] == METHODS[method]()


def test_presets_belong_to_methods() -> None:
    assert set(PRESETS) <= set(METHODS)


def test_every_method_shares_the_common_options() -> None:
    common = [field.name for field in fields_of(MethodOptions)]
    for cls in METHODS.values():
        assert [field.name for field in fields_of(cls)][: len(common)] == common


# --- what a field tells of itself --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Extended(Optimize):
    """A config with one more option, as somebody would add it."""

    sparkle: Literal["none", "some"] = option("none", "How much it sparkles.")
    glow: float | None = option(None, "How much it glows.", minimum=0, unit="cd")
    stencil: str = option("none", "A stencil, or a file.", is_input=True, words=("none",))


def test_one_more_field_is_one_more_option_everywhere() -> None:
    fields = {field.name: field for field in fields_of(Extended)}
    assert fields["sparkle"].choices == ("none", "some")
    assert to_dict(Extended(sparkle="some"))["sparkle"] == "some"
    assert from_dict(Extended, {"glow": 2.0}).glow == 2.0
    with pytest.raises(OptionError, match="did you mean 'some'"):
        Extended(sparkle="som")
    with pytest.raises(OptionError, match="glow is -1"):
        Extended(glow=-1.0)
    with pytest.raises(OptionError, match="did you mean 'sparkle'"):
        from_dict(Extended, {"sparkel": "some"})


def test_one_more_field_reaches_the_recipe() -> None:
    from impasto.engine.recipe import deciding_options

    options = deciding_options(Extended(sparkle="some", stencil="none"))
    assert (options["sparkle"], options["stencil"]) == ("some", "none")
    assert "stencil" not in deciding_options(Extended(stencil="folder/stencil.png"))


def test_a_field_knows_its_kind() -> None:
    fields = {field.name: field for field in fields_of(Extended)}
    assert (fields["glow"].plain_type, fields["glow"].optional) == (float, True)
    assert (fields["glow"].limits, fields["glow"].unit) == ("0 or more", "cd")
    assert fields["strength"].limits == "0 to 100"
    assert fields["optimizer"].limits == "adam, lbfgs"
    assert fields["backbone"].limits == ""
    assert fields["mask"].item_type is Path
    assert fields["mask"].choices == ()
    assert not fields["strength"].optional


@pytest.mark.parametrize(
    ("name", "value", "files"),
    [
        ("mask", (Path("a.png"), Path("b.png")), ("a.png", "b.png")),
        ("mask", (), ()),
        ("protect", None, ()),
        ("protect", Path("a.png"), ("a.png",)),
        ("stencil", "none", ()),
        ("stencil", "a.png", ("a.png",)),
        ("strength", 5.0, ()),
    ],
)
def test_which_files_an_option_names(name: str, value: Any, files: tuple[str, ...]) -> None:
    field = next(field for field in fields_of(Extended) if field.name == name)
    assert field.files_in(value) == tuple(Path(file) for file in files)
