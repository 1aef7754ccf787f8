"""A fault leads to the option that cures it, as far as the method has one."""

from __future__ import annotations

import dataclasses
from typing import Any

from impasto import engine, images
from impasto.config import Optimize, fields_of
from impasto.engine import Ingredient, Recipe
from impasto.engine.recipe import deciding_options
from impasto.evaluation import Finding, cures, lint
from impasto.evaluation.cures import _RULES


def recipe(method: str = "optimize", **options: Any) -> Recipe:
    values = deciding_options(Optimize(**options)) if method == "optimize" else {"strength": 100.0, "seed": 0} | options
    return Recipe(method=method, options=values, photo=Ingredient("p", ""), styles=[[Ingredient("s", "")]])


def proposed(name: str, made: Recipe) -> dict[str, Any]:
    return {cure.option: cure.value for cure in cures(Finding(name, 1.0, "", ""), made)}


def test_what_is_proposed_starts_from_how_it_was_painted() -> None:
    assert proposed("noise", recipe()) == {"tv_weight": 100, "steps": 480, "strength": 75}
    assert proposed("noise", recipe(tv_weight=50.0, strength=10))["tv_weight"] == 500
    assert "strength" not in proposed("noise", recipe(strength=10))
    assert proposed("fog", recipe(strength=60))["strength"] == 85
    assert "strength" not in proposed("fog", recipe())  # there is no more than all of it
    assert proposed("border", recipe(padding="zeros", backbone="vgg19")) == {"padding": "replicate"}
    assert "precision" not in proposed("not-finite", recipe(precision="float32"))


def test_only_options_that_the_method_has_are_proposed() -> None:
    assert proposed("clipping", recipe("fast")) == {"strength": 75}
    assert proposed("grid", recipe("fast")) == {"seed": 1, "method": "optimize"}
    assert proposed("seam", recipe("fast")) == {"seed": 1}


def test_nothing_is_proposed_that_would_change_nothing() -> None:
    assert proposed("seam", recipe()) == {}, "what begins with the photo is the same with every seed"
    assert proposed("seam", recipe(init="noise")) == {"seed": 1}
    assert proposed("grid", recipe(style_term="sliced")) == {"steps": 480, "seed": 1}
    assert proposed("seam", recipe("adain")) == {}
    assert proposed("border", recipe(padding="zeros")) == {}, "the embedded encoder has one way to pad"
    model = dataclasses.replace(recipe("trained"), styles=[])
    assert proposed("grid", model) == {}, "painting in steps needs a style, and a model names none"


def test_every_rule_names_an_option_that_exists() -> None:
    known = {field.name for field in fields_of(Optimize)}
    assert {rule.option for rules in _RULES.values() for rule in rules} <= known


def test_the_first_cure_of_noise_cures_it() -> None:
    """Painted from noise in too few steps, a picture is grainy; painted again as lint proposes, it is not."""
    photo = images.harbour((48, 64))
    style = images.resize(images.resize(photo.flip(1), (12, 16)), (48, 64))
    ill = engine.stylize(photo, style, "optimize", size=64, steps=5, init="noise", scales=1)
    fault = next(finding for finding in lint(ill.image, photo, style) if finding.name == "noise")
    assert fault.severity > 0.3
    first = cures(fault, ill.recipe)[0]
    healed = engine.stylize(photo, style, ill.config, **{first.option: first.value})
    assert "noise" not in [finding.name for finding in lint(healed.image, photo, style)]


def test_without_a_rule_the_advice_is_all_there_is() -> None:
    assert cures(Finding("unknown", 1.0, "", "Paint anew."), recipe()) == []
