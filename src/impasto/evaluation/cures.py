"""From a fault to the option that cures it, told from how the picture was painted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from impasto.engine import Recipe
from impasto.evaluation.findings import Finding

__all__ = ["Cure", "cures"]


@dataclass(frozen=True)
class Cure:
    """A change to try."""

    option: str  # of the method's config, or "method"
    value: Any
    was: Any


class Rule(NamedTuple):
    """An option that may help, and how to change it."""

    option: str
    better: Callable[[Any], Any]  # from the value that was to the one to try; None: this one is spent
    matters: Callable[[Recipe], bool] = lambda _: True  # whether it changes what the recipe's method paints


def cures(finding: Finding, recipe: Recipe) -> list[Cure]:
    """Return the changes that usually help against a fault, the likeliest first; those that the method has.

    Without any, the finding's own advice is all there is.
    """
    found = []
    for rule in _RULES.get(finding.name, ()):
        was = recipe.options.get(rule.option)
        value = rule.better(was) if was is not None and rule.matters(recipe) else None
        if value is not None:
            found.append(Cure(rule.option, value, was))
    if finding.name in _BY_OTHER_MEANS and recipe.method != "optimize" and recipe.styles:
        found.append(Cure("method", "optimize", recipe.method))
    return found


def _more(least: float, factor: float) -> Callable[[Any], Any]:
    """Multiply a weight, at least to where it begins to be seen."""
    return lambda was: max(least, was * factor)


def _weaker(was: float) -> float | None:
    return round(was * 0.75) if was > 20 else None


def _stronger(was: float) -> float | None:
    return min(100, round(was + 25)) if was < 100 else None


def _next(was: int) -> int:
    return was + 1


def _doubled(was: int) -> int:
    return 2 * was


def _draws(recipe: Recipe) -> bool:
    """Whether chance has a part in a picture: from the photo on, painting in steps is the same with every seed."""
    draws = recipe.options.get("init") in {"noise", "fast"} or recipe.options.get("style_term") == "sliced"
    return recipe.method == "fast" or (recipe.method == "optimize" and draws)


def _pads(recipe: Recipe) -> bool:
    """Whether the network that judges can be told how to go on beyond the edge; the embedded one reflects."""
    return recipe.options.get("backbone") != "embedded"


def _padding(was: str) -> str | None:
    return {"zeros": "replicate", "replicate": "reflect"}.get(was)


_RULES: Mapping[str, Sequence[Rule]] = {
    "not-finite": (Rule("precision", lambda was: None if was == "float32" else "float32"), Rule("seed", _next, _draws)),
    "grid": (Rule("steps", _doubled), Rule("seed", _next, _draws)),
    "border": (Rule("padding", _padding, _pads),),
    "seam": (Rule("tile", _doubled), Rule("seed", _next, _draws)),
    "clipping": (Rule("strength", _weaker), Rule("content_weight", _more(1, 2))),
    "fog": (Rule("strength", _stronger), Rule("color_weight", _more(1, 2)), Rule("steps", _doubled)),
    "noise": (
        Rule("init", lambda was: "photo" if was == "noise" else None),
        Rule("tv_weight", _more(100, 10)),
        Rule("steps", _doubled),
        Rule("strength", _weaker),
    ),
}
_BY_OTHER_MEANS = ("grid", "not-finite", "border")  # what a trained network has, another setting seldom cures
