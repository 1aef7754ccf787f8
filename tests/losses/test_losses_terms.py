"""Sums over layers and relative values."""

from __future__ import annotations

import pytest
import torch

from impasto import losses
from impasto.errors import OptionError


def layers() -> dict[str, torch.Tensor]:
    return {"relu1_1": torch.rand(1, 3, 4, 4), "relu2_1": torch.rand(1, 5, 2, 2)}


def test_over_layers_is_a_weighted_mean() -> None:
    x, y = layers(), layers()
    one, two = (losses.gram_loss(x[name], y[name]) for name in x)
    torch.testing.assert_close(losses.over_layers(losses.gram_loss, x, y), (one + two) / 2)
    weighted = losses.over_layers(losses.gram_loss, x, y, {"relu1_1": 3, "relu2_1": 1})
    torch.testing.assert_close(weighted, (3 * one + two) / 4)
    only = losses.over_layers(losses.gram_loss, x, {"relu2_1": losses.moments(y["relu2_1"])})
    torch.testing.assert_close(only, two)


def test_a_missing_layer_is_named() -> None:
    with pytest.raises(OptionError, match="did you mean 'relu1_1'"):
        losses.over_layers(losses.gram_loss, layers(), {"relu1_l": torch.rand(1, 3, 2, 2)})


def test_no_weight_at_all_is_refused() -> None:
    with pytest.raises(OptionError, match="weight 0"):
        losses.over_layers(losses.gram_loss, layers(), layers(), {"relu1_1": 0.0})


def test_relative_is_one_at_the_reference_and_zero_at_the_goal() -> None:
    photo, style = torch.rand(1, 3, 4, 4), torch.rand(1, 3, 4, 4)
    reference = losses.gram_loss(photo, style)
    assert losses.relative(losses.gram_loss(photo, style), reference) == 1
    assert losses.relative(losses.gram_loss(style, style), reference) == 0


def test_relative_values_do_not_depend_on_the_scale_of_features() -> None:
    x, photo, style = (torch.rand(1, 3, 4, 4) for _ in range(3))

    def value(scale: float) -> torch.Tensor:
        return losses.relative(
            losses.gram_loss(scale * x, scale * style), losses.gram_loss(scale * photo, scale * style)
        )

    torch.testing.assert_close(value(1), value(20))


def test_a_reference_of_zero_is_no_danger() -> None:
    x = torch.rand(1, 3, 4, 4, requires_grad=True)
    value = losses.relative(losses.content_loss(x, torch.zeros(1, 3, 4, 4)), 0.0)
    (slope,) = torch.autograd.grad(value, x)
    torch.testing.assert_close(value, losses.content_loss(x, torch.zeros(1, 3, 4, 4)))
    assert torch.isfinite(slope).all()
