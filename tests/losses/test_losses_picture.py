"""Smoothness and color: values known by hand."""

from __future__ import annotations

import pytest
import torch

from impasto import losses
from impasto.errors import OptionError


def test_total_variation_by_hand() -> None:
    image = torch.tensor([[0.0, 1.0], [2.0, 5.0]]).view(1, 1, 2, 2)  # dy = 2, 4; dx = 1, 3
    assert losses.total_variation(image, "squared").item() == (4 + 16) / 2 + (1 + 9) / 2
    assert losses.total_variation(image, "absolute").item() == (2 + 4) / 2 + (1 + 3) / 2
    assert losses.total_variation(image, "isotropic").item() == pytest.approx(5**0.5)


def test_huber_is_squared_for_grain_and_absolute_for_edges() -> None:
    def step(height: float) -> float:
        return losses.total_variation(torch.tensor([0.0, height]).view(1, 1, 1, 2), "huber").item()

    assert step(0.02) / step(0.01) == pytest.approx(4)
    assert step(0.8) - step(0.4) == pytest.approx(0.4)


@pytest.mark.parametrize("kind", ["squared", "absolute", "isotropic", "huber"])
def test_total_variation_does_not_depend_on_size(kind: losses.Variation) -> None:
    def stripes(height: int, width: int) -> torch.Tensor:
        return (torch.arange(height)[:, None] % 2 + torch.arange(width) % 2 * 0.5).view(1, 1, height, width)

    values = [losses.total_variation(stripes(*size), kind) for size in ((4, 6), (8, 12), (33, 5))]
    torch.testing.assert_close(values[1:], values[:1] * 2)


@pytest.mark.parametrize("kind", ["squared", "absolute", "isotropic", "huber"])
def test_a_single_row_still_has_horizontal_variation(kind: losses.Variation) -> None:
    row = torch.tensor([0.0, 1.0, 0.0]).view(1, 1, 1, 3)
    assert losses.total_variation(row, kind) > 0.5
    assert losses.total_variation(row.mT, kind) == losses.total_variation(row, kind)


def test_an_unknown_kind_is_answered_with_the_near_one() -> None:
    with pytest.raises(OptionError, match="did you mean 'squared'"):
        losses.total_variation(torch.zeros(1, 3, 2, 2), "square")


def test_color_moments_loss_by_hand() -> None:
    grey = torch.full((1, 3, 4, 4), 0.5)
    stripes = torch.tensor([0.0, 0.5]).repeat(2).expand(1, 3, 4, 4)  # mean ¼, every covariance 1/16
    value = losses.color_moments_loss(stripes, grey).item()
    assert value == pytest.approx(0.25**2 + (1 / 16) ** 2)


def test_color_moments_ignore_where_colors_are() -> None:
    image = torch.rand(1, 3, 4, 5)
    assert losses.color_moments_loss(image.flip(2, 3), image) < 1e-12
    assert losses.color_moments_loss(image.flip(1), image) > 1e-6
