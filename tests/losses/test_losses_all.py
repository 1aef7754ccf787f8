"""What holds for every loss: true gradients, 0 at the goal, no NaN, no dependence on size or precision."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from impasto import losses


def sliced(features: Tensor, target: Tensor) -> Tensor:
    return losses.sliced_wasserstein_loss(features, target, projections=5, generator=torch.Generator().manual_seed(1))


def exact_gram(features: Tensor, target: Tensor) -> Tensor:
    return losses.gram_loss(features, target, exact=True)


POSITIONAL = [losses.content_loss, losses.normalized_content_loss]
STATISTICAL = [
    losses.gram_loss,
    losses.moments_loss,
    losses.wasserstein2_loss,
    losses.color_moments_loss,
    losses.histogram_loss,
    sliced,
]
WITH_TARGET = [*POSITIONAL, *STATISTICAL, exact_gram]
VARIATIONS = ["squared", "absolute", "isotropic", "huber"]
Loss = Callable[[Tensor, Tensor], Tensor]


def features(*shape: int, scale: float = 1.0, dtype: torch.dtype = torch.float64) -> Tensor:
    return (scale * torch.randn(shape, dtype=torch.float64)).to(dtype)


@pytest.mark.parametrize("loss", WITH_TARGET)
def test_gradients_of_both_sides_are_those_of_the_formula(loss: Loss) -> None:
    x = features(2, 3, 4, 5).requires_grad_()
    y = features(2, 3, 4, 5).requires_grad_()
    assert torch.autograd.gradcheck(loss, (x, y))


@pytest.mark.parametrize("loss", STATISTICAL)
def test_gradients_for_a_target_of_another_size_shared_by_the_batch(loss: Loss) -> None:
    y = features(1, 3, 3, 6)
    assert torch.autograd.gradcheck(lambda x: loss(x, y), (features(2, 3, 4, 5).requires_grad_(),))


@pytest.mark.parametrize("kind", VARIATIONS)
def test_gradients_of_total_variation(kind: losses.Variation) -> None:
    x = features(2, 3, 4, 5, scale=0.05).requires_grad_()
    assert torch.autograd.gradcheck(lambda image: losses.total_variation(image, kind), (x,))


@pytest.mark.parametrize("loss", WITH_TARGET)
def test_zero_at_the_goal_and_positive_elsewhere(loss: Loss) -> None:
    x = features(1, 4, 6, 5)
    assert loss(x, x).abs() < 1e-12
    assert loss(x, 2 * x.flip(1) + 1) > 1e-3


@pytest.mark.parametrize("loss", WITH_TARGET)
def test_the_slope_vanishes_at_the_goal(loss: Loss) -> None:
    x = features(1, 4, 6, 5)
    (slope,) = torch.autograd.grad(loss(x.requires_grad_(), x.detach()), x)
    assert slope.abs().max() < 1e-10


@pytest.mark.parametrize("loss", [*POSITIONAL, *STATISTICAL, exact_gram])
def test_symmetric_for_equal_sizes(loss: Loss) -> None:
    x, y = features(1, 3, 6, 5), 2 * features(1, 3, 6, 5)
    # The Wasserstein loss is blurred by a hair of its target's variance, which is not the same both ways.
    torch.testing.assert_close(loss(x, y), loss(y, x), rtol=1e-3, atol=0)


@pytest.mark.parametrize("loss", STATISTICAL)
def test_a_texture_repeated_is_the_same_texture(loss: Loss) -> None:
    x, y = features(1, 3, 4, 6), features(1, 3, 5, 5)
    expected = loss(x, y)
    torch.testing.assert_close(loss(x.repeat(1, 1, 2, 2), y), expected)
    torch.testing.assert_close(loss(x, y.repeat(1, 1, 1, 2)), expected)


@pytest.mark.parametrize("loss", POSITIONAL)
def test_content_repeated_on_both_sides_is_the_same_content(loss: Loss) -> None:
    x, y = features(1, 3, 4, 6), features(1, 3, 4, 6)
    torch.testing.assert_close(loss(x.repeat(1, 1, 2, 2), y.repeat(1, 1, 2, 2)), loss(x, y))


@pytest.mark.parametrize("loss", WITH_TARGET)
def test_a_batch_is_the_mean_of_its_pictures(loss: Loss) -> None:
    x, y = features(3, 4, 5, 5), features(3, 4, 5, 5)
    each = torch.stack([loss(x[i : i + 1], y[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(loss(x, y), each.mean())


@pytest.mark.parametrize("loss", WITH_TARGET)
@pytest.mark.parametrize("shape", [(1, 3, 1, 1), (1, 3, 1, 7), (1, 3, 4, 4)])
@pytest.mark.parametrize("level", [0.0, 0.3])
def test_flat_pictures_give_no_nan(loss: Loss, shape: tuple[int, ...], level: float) -> None:
    x = torch.full(shape, level, requires_grad=True)
    for target in (torch.full(shape, level), torch.full(shape, 0.7), torch.rand(shape)):
        value = loss(x, target)
        (slope,) = torch.autograd.grad(value, x)
        assert torch.isfinite(value)
        assert torch.isfinite(slope).all()
        (slope,) = torch.autograd.grad(loss(target.requires_grad_(), x.detach()), target)
        assert torch.isfinite(slope).all()


@pytest.mark.parametrize("kind", VARIATIONS)
@pytest.mark.parametrize("shape", [(1, 3, 1, 1), (1, 3, 1, 7), (1, 3, 7, 1), (1, 3, 4, 4)])
def test_flat_pictures_have_no_variation(kind: losses.Variation, shape: tuple[int, ...]) -> None:
    x = torch.full(shape, 0.3, requires_grad=True)
    value = losses.total_variation(x, kind)
    (slope,) = torch.autograd.grad(value, x)
    assert value == 0
    assert (slope == 0).all()


@pytest.mark.parametrize("loss", WITH_TARGET)
def test_bfloat16_features_are_close_to_float32_and_keep_their_layout(loss: Loss) -> None:
    x = features(1, 8, 24, 20, dtype=torch.bfloat16).relu().to(memory_format=torch.channels_last)
    y = features(1, 8, 24, 20, dtype=torch.bfloat16).relu() * 2
    wide = x.float().requires_grad_()
    x = x.requires_grad_()
    value, reference = loss(x, y), loss(wide, y.float())
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, reference, rtol=1e-5, atol=1e-7)
    slope, expected = torch.autograd.grad(value, x)[0], torch.autograd.grad(reference, wide)[0]
    assert slope.dtype == torch.bfloat16
    assert (slope.float() - expected).norm() < 0.01 * expected.norm()


@pytest.mark.parametrize("loss", WITH_TARGET)
def test_autocast_around_a_loss_does_not_narrow_it(loss: Loss) -> None:
    x, y = (
        features(1, 8, 6, 5, dtype=torch.float32).requires_grad_(),
        features(1, 8, 6, 5, dtype=torch.float32),
    )
    (expected,) = torch.autograd.grad(loss(x, y), x)
    with torch.autocast("cpu", torch.bfloat16):
        value = loss(x, y)
    (slope,) = torch.autograd.grad(value, x)
    torch.testing.assert_close(value, loss(x, y))
    torch.testing.assert_close(slope, expected)


# All but the sliced loss, whose random directions differ with the precision.
@pytest.mark.parametrize("loss", [loss for loss in WITH_TARGET if loss is not sliced])
def test_float32_is_close_to_float64(loss: Loss) -> None:
    x, y = (
        features(1, 32, 4, 4),
        features(1, 32, 4, 4),
    )  # fewer positions than channels: a singular covariance
    torch.testing.assert_close(loss(x.float(), y.float()).double(), loss(x, y), rtol=1e-4, atol=1e-6)
