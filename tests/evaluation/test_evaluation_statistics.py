"""How far the mean of a few measurements can be trusted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import InputError, OptionError
from impasto.evaluation import mean_interval


def test_the_interval_holds_the_mean_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    hits = 0
    for _ in range(200):
        interval = mean_interval(random.normal(3, 1, 30).tolist(), level=0.9, resamples=400)
        hits += interval.low <= 3 <= interval.high
    assert 0.82 <= hits / 200 <= 0.95


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_the_interval_lies_within_the_values(values: list[float]) -> None:
    interval = mean_interval(values, resamples=50)
    assert min(values) - 1e-6 <= interval.low <= interval.high <= max(values) + 1e-6
    assert interval == mean_interval(values, resamples=50)


def test_more_values_are_trusted_more_and_one_says_nothing() -> None:
    few, many = (mean_interval([1.0, 2.0, 3.0, 4.0] * times) for times in (1, 16))
    assert many.high - many.low < 0.4 * (few.high - few.low)
    assert mean_interval([2.5]) == (2.5, 2.5, 2.5)


def test_what_cannot_be_averaged_is_said() -> None:
    with pytest.raises(InputError, match="at least one"):
        mean_interval([])
    with pytest.raises(OptionError, match="level is 1"):
        mean_interval([1.0], level=1)
