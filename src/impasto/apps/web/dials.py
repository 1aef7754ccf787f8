"""What a visitor has dialled: it goes to the engine as options, and into a link that can be shared.

A link holds settings only. Pictures never are in it, so a painting of the visitor's own is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from impasto.config import MethodOptions, fields_of

__all__ = ["MOST_STYLES", "Dials", "dials_from_link", "link_of"]

MOST_STYLES = 4
_LIMITS = {field.name: field for field in fields_of(MethodOptions)}


@dataclass(frozen=True)
class Dials:
    """Styles with their shares, and the three dials of every method."""

    styles: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()  # adding up to 1; empty: equal parts
    strength: float = 100.0
    stroke: float = 1.0
    keep_color: bool = False

    def options(self) -> dict[str, Any]:
        """Return them as the engine's options."""
        weights = list(self.weights()) if len(self.styles) > 1 else []
        return {
            "strength": self.strength,
            "stroke": self.stroke,
            "keep_color": self.keep_color,
            "style_weights": weights,
        }

    def weights(self) -> tuple[float, ...]:
        """Return one share for each style."""
        count = len(self.styles)
        return self.shares if len(self.shares) == count and any(self.shares) else (1 / max(1, count),) * count

    def with_styles(self, names: Collection[str]) -> Dials:
        """Choose other styles, in equal parts."""
        return replace(self, styles=tuple(names)[:MOST_STYLES], shares=())


def link_of(dials: Dials, known: Collection[str]) -> dict[str, str]:
    """Return the query of a link to these settings; what stands at its default is left out."""
    query: dict[str, str] = {}
    named = [(name, share) for name, share in zip(dials.styles, dials.weights(), strict=True) if name in known]
    if named:
        query["style"] = ",".join(name for name, _ in named)
    if len(named) > 1 and dials.shares:
        query["mix"] = ",".join(f"{round(100 * share)}" for _, share in named)
    default = Dials()
    for name in ("strength", "stroke"):
        if getattr(dials, name) != getattr(default, name):
            query[name] = f"{getattr(dials, name):g}"
    if dials.keep_color:
        query["keep_color"] = "1"
    return query


def dials_from_link(query: Mapping[str, str], known: Collection[str]) -> Dials:
    """Read a link; whatever in it is unknown or out of bounds stays at its default."""
    styles = tuple(name for name in dict.fromkeys(query.get("style", "").split(",")) if name in known)[:MOST_STYLES]
    parts = [_number(text) for text in query.get("mix", "").split(",")]
    shares = tuple(part / 100 for part in parts if part is not None and 0 <= part <= 100)
    is_whole = len(shares) == len(styles) > 1 and sum(shares) > 0
    return Dials(
        styles=styles,
        shares=tuple(share / sum(shares) for share in shares) if is_whole else (),
        strength=_within("strength", query.get("strength", "")),
        stroke=_within("stroke", query.get("stroke", "")),
        keep_color=query.get("keep_color") == "1",
    )


def _within(name: str, text: str) -> float:
    value, field = _number(text), _LIMITS[name]
    assert field.minimum is not None
    assert field.maximum is not None
    is_allowed = value is not None and field.minimum <= value <= field.maximum
    return float(value if is_allowed and value is not None else field.default)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value == value and abs(value) < 1e9 else None  # noqa: PLR0124 - NaN is not itself
