"""From a fault to the option that cures it, told from how the picture was painted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from impasto.engine import Recipe
from impasto.evaluation.findings import Finding

__all__ = ["Cure", "cures"]

Rule = tuple[str, Callable[[Any], Any]]  # an option, and the value to try instead of the old; None: this one is spent


@dataclass(frozen=True)
class Cure:
    """A change to try."""

    option: str  # of the method's config, or "method"
    value: Any
    was: Any


def cures(finding: Finding, recipe: Recipe) -> list[Cure]:
    """Return the changes that usually help against a fault, the likeliest first; those that the method has.

    Without any, the finding's own advice is all there is.
    """
    found = []
    for option, better in _RULES.get(finding.name, ()):
        was = recipe.options.get(option)
        value = None if was is None else better(was)
        if value is not None:
            found.append(Cure(option, value, was))
    if finding.name in _BY_OTHER_MEANS and recipe.method != "optimize":
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


def _padding(was: str) -> str | None:
    return {"zeros": "replicate", "replicate": "reflect"}.get(was)


_RULES: Mapping[str, Sequence[Rule]] = {
    "not-finite": (("precision", lambda was: None if was == "float32" else "float32"), ("seed", _next)),
    "grid": (("steps", _doubled), ("seed", _next)),
    "border": (("padding", _padding),),
    "seam": (("tile", _doubled), ("seed", _next)),
    "clipping": (("strength", _weaker), ("content_weight", _more(1, 2))),
    "fog": (("strength", _stronger), ("color_weight", _more(1, 2)), ("steps", _doubled)),
    "noise": (
        ("init", lambda was: "photo" if was == "noise" else None),
        ("tv_weight", _more(100, 10)),
        ("steps", _doubled),
        ("strength", _weaker),
    ),
}
_BY_OTHER_MEANS = ("grid", "not-finite", "border")  # what a trained network has, another setting seldom cures
