"""What a fault is, told so that a person can judge and mend it."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Finding", "graded"]


class Finding(NamedTuple):
    """One fault of a picture."""

    name: str  # not-finite, grid, border, seam, clipping, fog or noise
    severity: float  # 0 invisible to 1 ruined; below about 0.3 most people do not notice
    where: str  # in words, for people
    advice: str  # what usually helps


def graded(value: float, tolerable: float, ruinous: float) -> float:
    """Return a severity that rises evenly from 0 at a tolerable value to 1 at a ruinous one."""
    return min(1.0, max(0.0, (value - tolerable) / (ruinous - tolerable)))
