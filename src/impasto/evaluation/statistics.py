"""How far the mean of a few measurements can be trusted."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from impasto.errors import InputError, OptionError

__all__ = ["Interval", "mean_interval"]

_ANGLES = 20_001  # so fine that the bounds of up to 100,000 values are right to 0.01 %


class Interval(NamedTuple):
    """A mean, between the bounds where it probably lies; None where there was one value alone, which tells none."""

    low: float | None
    mean: float
    high: float | None


def mean_interval(values: Sequence[float], level: float = 0.95) -> Interval:
    """Return the mean of a few measurements and the bounds that hold it with the probability ``level``.

    The interval of Student 1908, "The Probable Error of a Mean". Drawing the same few values anew (the bootstrap)
    would promise too much: of two values it can tell no bounds beyond these two.
    """
    data = np.asarray(values, dtype=np.float64)
    if data.ndim != 1 or not data.size:
        raise InputError("No values were given to average; give at least one.")
    if not 0 < level < 1:
        raise OptionError(f"level is {level:g}; allowed is a number between 0 and 1.")
    mean = float(data.mean())
    if data.size == 1:
        return Interval(None, mean, None)
    reach = _student(level, data.size - 1) * float(data.std(ddof=1)) / math.sqrt(data.size)
    return Interval(mean - reach, mean, mean + reach)


@functools.cache
def _student(level: float, freedom: int) -> float:
    """Return the t that Student's distribution stays within, on both sides of 0, with the probability ``level``.

    With t = sqrt(freedom) tan(angle) its density is a power of the cosine, which ends at a right angle and is summed.
    """
    angles = np.linspace(0, math.pi / 2, _ANGLES)
    density = np.cos(angles) ** (freedom - 1)
    share = np.concatenate([[0], np.cumsum(density[1:] + density[:-1])])  # trapezoids
    return math.sqrt(freedom) * math.tan(float(np.interp(level, share / share[-1], angles)))
