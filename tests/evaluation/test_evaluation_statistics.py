"""How far the mean of a few measurements can be trusted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.errors import InputError, OptionError
from impasto.evaluation import mean_interval


def bounds(values: list[float], level: float = 0.95) -> tuple[float, float]:
    low, _, high = mean_interval(values, level)
    assert low is not None
    assert high is not None
    return low, high


@pytest.mark.parametrize("count", [2, 3, 8, 30])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_interval_holds_the_mean_as_often_as_it_says(count: int, level: float) -> None:
    draws = np.random.default_rng(count).normal(3, 1, (4000, count))
    held = [low <= 3 <= high for low, high in (bounds(values, level) for values in draws.tolist())]
    assert np.mean(held) == pytest.approx(level, abs=0.02)


@pytest.mark.parametrize(
    ("count", "level", "student"),
    [
        (2, 0.95, 12.7062),
        (3, 0.95, 4.3027),
        (4, 0.95, 3.1824),
        (5, 0.95, 2.7764),
        (6, 0.99, 4.0321),
        (31, 0.95, 2.0423),
        (121, 0.9, 1.6577),
        (1001, 0.95, 1.9623),
    ],
)
def test_the_bounds_are_those_of_the_tables(count: int, level: float, student: float) -> None:
    values = np.linspace(-1, 1, count)
    standard_error = values.std(ddof=1) / count**0.5
    assert bounds(values.tolist(), level)[1] / standard_error == pytest.approx(student, rel=1e-4)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_the_mean_lies_in_the_middle(values: list[float]) -> None:
    low, high = bounds(values)
    assert low <= mean_interval(values).mean <= high
    assert (low + high) / 2 == pytest.approx(np.mean(values), abs=1e-6)


def test_more_values_are_trusted_more_and_one_says_nothing() -> None:
    (low, high), (lower, higher) = (bounds([1.0, 2.0, 3.0, 4.0] * times) for times in (16, 1))
    assert high - low < 0.4 * (higher - lower)
    assert bounds([2.0, 2.0]) == (2, 2)
    assert mean_interval([2.5]) == (None, 2.5, None)


def test_what_cannot_be_averaged_is_said() -> None:
    with pytest.raises(InputError, match="at least one"):
        mean_interval([])
    with pytest.raises(OptionError, match="level is 1"):
        mean_interval([1.0], level=1)
