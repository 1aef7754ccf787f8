"""Content losses: values known by hand, masks, and what normalization forgives."""

from __future__ import annotations

import torch

from impasto import losses


def test_content_loss_by_hand() -> None:
    x = torch.tensor([1.0, 2.0, 3.0, 4.0]).view(1, 2, 1, 2)
    assert losses.content_loss(x, torch.zeros_like(x)).item() == (1 + 4 + 9 + 16) / 4


def test_a_mask_restricts_the_comparison() -> None:
    x, y = torch.rand(2, 3, 6, 5), torch.rand(2, 3, 6, 5)
    mask = torch.zeros(1, 1, 6, 5)
    mask[..., 2:5, 1:] = 1
    inside = losses.content_loss(x[..., 2:5, 1:], y[..., 2:5, 1:])
    torch.testing.assert_close(losses.content_loss(x, y, mask), inside)
    torch.testing.assert_close(losses.content_loss(x, y, 0.5 * mask), inside)


def test_a_soft_mask_weighs_positions() -> None:
    x = torch.tensor([1.0, 2.0]).view(1, 1, 1, 2)
    weight = torch.tensor([3.0, 1.0]).view(1, 1, 1, 2)
    assert losses.content_loss(x, torch.zeros_like(x), weight).item() == (3 * 1 + 1 * 4) / 4


def test_an_empty_mask_asks_for_nothing() -> None:
    x = torch.rand(1, 3, 4, 4, requires_grad=True)
    value = losses.content_loss(x, torch.rand(1, 3, 4, 4), torch.zeros(1, 1, 4, 4))
    (slope,) = torch.autograd.grad(value, x)
    assert value == 0
    assert (slope == 0).all()


def test_normalized_content_forgives_contrast_and_brightness_of_each_channel() -> None:
    x = torch.rand(1, 3, 8, 8, dtype=torch.float64)
    gain = torch.tensor([0.5, 2.0, 3.0], dtype=torch.float64).view(1, 3, 1, 1)
    assert losses.normalized_content_loss(gain * x + 0.2, x) < 1e-6
    assert losses.content_loss(gain * x + 0.2, x) > 0.1


def test_normalized_content_is_two_minus_twice_the_correlation() -> None:
    x, y = torch.rand(1, 1, 8, 8, dtype=torch.float64), torch.rand(1, 1, 8, 8, dtype=torch.float64)
    correlation = torch.corrcoef(torch.stack([x.flatten(), y.flatten()]))[0, 1]
    value = losses.normalized_content_loss(100 * x, 100 * y)
    torch.testing.assert_close(value, 2 - 2 * correlation, rtol=1e-6, atol=0)
    torch.testing.assert_close(losses.normalized_content_loss(100 * x, -100 * x), torch.tensor(4.0).double())
