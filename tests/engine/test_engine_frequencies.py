"""Following the coarse part of a slope first."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from impasto.engine.frequencies import CoarseFirst

SIZES = [(1, 1), (1, 7), (8, 1), (5, 6), (33, 20)]


@pytest.mark.parametrize("size", SIZES)
def test_it_is_symmetric_and_positive(size: tuple[int, int]) -> None:
    """What a preconditioner has to be, or L-BFGS may walk uphill."""
    one, other = torch.randn(2, 1, 3, *size)
    weaken = CoarseFirst(one)
    torch.testing.assert_close((weaken(one) * other).sum(), (one * weaken(other)).sum(), rtol=1e-4, atol=1e-4)
    assert (weaken(one) * one).sum() > 0


@pytest.mark.parametrize("size", SIZES)
def test_what_is_even_everywhere_is_left_alone(size: tuple[int, int]) -> None:
    even = torch.full((1, 3, *size), 0.7)
    torch.testing.assert_close(CoarseFirst(even)(even), even)


def test_the_finer_the_weaker() -> None:
    def wave(period: int) -> Tensor:
        return torch.cos(torch.arange(64) * 2 * torch.pi / period).expand(1, 3, 64, 64)

    left = [float(CoarseFirst(wave(period))(wave(period)).std() / wave(period).std()) for period in (64, 16, 4, 2)]
    assert left == sorted(left, reverse=True)
    assert left[0] > 0.5
    assert left[-1] < 0.06


def test_one_edge_has_nothing_to_do_with_the_other() -> None:
    spot = torch.zeros(1, 1, 64, 64)
    spot[..., 32, 0] = 1
    spread = CoarseFirst(spot)(spot)
    assert spread[..., 32, 1] > 20 * spread[..., 32, 63].abs()
