"""How far the mean of a few measurements can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from impasto.errors import InputError, OptionError

__all__ = ["Interval", "mean_interval"]


class Interval(NamedTuple):
    """A mean, between the bounds where it probably lies."""

    low: float
    mean: float
    high: float


def mean_interval(values: Sequence[float], level: float = 0.95, *, resamples: int = 2000, seed: int = 0) -> Interval:
    """Return the mean of a few measurements and the bounds that hold it with the probability ``level``.

    The percentile interval of Efron 1979, "Bootstrap Methods: Another Look at the Jackknife": what the mean
    would be had the same values been drawn anew. It is seeded, so the same values give the same bounds; of one
    value alone it says nothing and both bounds are that value.
    """
    data = np.asarray(values, dtype=np.float64)
    if data.ndim != 1 or not data.size:
        raise InputError("No values were given to average; give at least one.")
    if not 0 < level < 1:
        raise OptionError(f"level is {level:g}; allowed is a number between 0 and 1.")
    draws = np.random.default_rng(seed).integers(data.size, size=(resamples, data.size))
    tail = (1 - level) / 2
    low, high = np.quantile(data[draws].mean(axis=1), [tail, 1 - tail])
    return Interval(float(low), float(data.mean()), float(high))
