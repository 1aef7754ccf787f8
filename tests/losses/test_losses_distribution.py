"""Losses on whole distributions: ranks, masks, sizes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from impasto import losses


def row(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64).view(1, 1, 1, -1)


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def test_histogram_loss_by_hand() -> None:
    assert losses.histogram_loss(row(3, 1, 2), row(5, 1, 0)).item() == pytest.approx((1 + 1 + 4) / 3)


def test_position_does_not_matter() -> None:
    x = torch.rand(1, 4, 6, 6)
    shuffled = x.flatten(2)[..., torch.randperm(36)].view_as(x)
    assert losses.histogram_loss(x, shuffled) == 0
    assert losses.sliced_wasserstein_loss(x, shuffled, generator=seeded()) < 1e-12


def test_values_are_paired_by_quantile_when_sizes_differ() -> None:
    # Each value of the smaller side meets half of the values of the larger one.
    assert losses.histogram_loss(row(1, 2, 8, 9), row(1, 8)).item() == pytest.approx((0 + 1 + 0 + 1) / 4)


def test_masks_restrict_both_sides() -> None:
    x, y = torch.rand(1, 3, 4, 6), torch.rand(1, 3, 5, 5)
    inside_x, inside_y = torch.zeros(1, 1, 4, 6), torch.zeros(1, 1, 5, 5)
    inside_x[..., :3, 2:] = 1
    inside_y[..., 1:, :] = 1
    cropped_x, cropped_y = x[..., :3, 2:], y[..., 1:, :]
    masked = losses.histogram_loss(x, y, weight=inside_x, target_weight=inside_y)
    torch.testing.assert_close(masked, losses.histogram_loss(cropped_x, cropped_y))
    masked = losses.sliced_wasserstein_loss(x, y, weight=inside_x, target_weight=inside_y, generator=seeded())
    torch.testing.assert_close(masked, losses.sliced_wasserstein_loss(cropped_x, cropped_y, generator=seeded()))


def test_a_mask_of_ones_changes_nothing() -> None:
    x, y = torch.rand(2, 3, 4, 6), torch.rand(1, 3, 7, 5)
    ones = torch.ones(1, 1, 4, 6)
    torch.testing.assert_close(losses.histogram_loss(x, y, weight=ones), losses.histogram_loss(x, y))


def test_masked_gradients_are_those_of_the_formula() -> None:
    x, y = torch.rand(1, 2, 3, 4, dtype=torch.float64), torch.rand(1, 2, 3, 3, dtype=torch.float64)
    w = torch.rand(1, 1, 3, 4, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda f: losses.histogram_loss(f, y, weight=w), (x.requires_grad_(),))


def test_an_empty_mask_asks_for_nothing() -> None:
    x = torch.rand(1, 3, 4, 4, requires_grad=True)
    value = losses.histogram_loss(x, torch.rand(1, 3, 4, 4), weight=torch.zeros(1, 1, 4, 4))
    (slope,) = torch.autograd.grad(value, x)
    assert value == 0
    assert (slope == 0).all()


def test_sliced_wasserstein_of_a_shift_is_its_mean_square() -> None:
    x = torch.rand(1, 4, 6, 6, dtype=torch.float64)
    d = torch.tensor([1.0, 2.0, 0.0, -1.0], dtype=torch.float64).view(1, 4, 1, 1)
    value = losses.sliced_wasserstein_loss(x + d, x, projections=4000, generator=seeded())
    assert value.item() == pytest.approx(6 / 4, rel=0.1)


def test_sliced_wasserstein_sees_what_moments_do_not() -> None:
    x = torch.tensor([-1.0, 1.0]).repeat(50).view(1, 1, 1, 100)
    y = torch.randn(1, 1, 1, 100)
    y = (y - y.mean()) / y.std(correction=0)  # the same mean and deviation
    assert losses.wasserstein2_loss(x, y) < 1e-6
    assert losses.sliced_wasserstein_loss(x, y) > 0.1


def test_the_generator_repeats_the_loss() -> None:
    x, y = torch.rand(1, 4, 3, 3), torch.rand(1, 4, 3, 3)
    first, again = (losses.sliced_wasserstein_loss(x, y, generator=seeded()) for _ in range(2))
    assert first == again
    generator = seeded()
    first, other = (losses.sliced_wasserstein_loss(x, y, generator=generator) for _ in range(2))
    assert first != other
