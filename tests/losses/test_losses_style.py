"""Style losses: values known by hand, and the Wasserstein distance against numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from impasto import losses
from impasto.losses.numerics import square_root


def diagonal(mean: list[float], deviation: list[float]) -> losses.Moments:
    m, s = (torch.tensor([values], dtype=torch.float64) for values in (mean, deviation))
    second = torch.diag_embed(s.square()) + m.unsqueeze(-1) * m.unsqueeze(-2)
    return losses.Moments(torch.ones(1, dtype=torch.float64), m, second)


def gaussian_features(C: int, N: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    A = torch.randn(C, C, generator=generator, dtype=torch.float64)
    return (A @ torch.randn(1, C, N, generator=generator, dtype=torch.float64) + A[:, :1]).view(1, C, 1, N)


def test_gram_loss_by_hand() -> None:
    x = torch.tensor([1.0, 2.0]).view(1, 2, 1, 1)  # G = [[1, 2], [2, 4]]
    a = torch.tensor([1.0, 0.0]).view(1, 2, 1, 1)  # A = [[1, 0], [0, 0]]
    assert losses.gram_loss(x, a).item() == (2**2 + 2**2 + 4**2) / (4 * 2**2)


def test_gram_loss_is_the_letter_of_gatys() -> None:
    x, a = torch.rand(1, 5, 4, 6), torch.rand(1, 5, 4, 6)
    F, P, N, M = x.flatten(2), a.flatten(2), 5, 24
    expected = (F @ F.mT - P @ P.mT).square().sum() / (4 * N**2 * M**2)
    torch.testing.assert_close(losses.gram_loss(x, a), expected)
    torch.testing.assert_close(losses.gram_loss(x, a, exact=True), expected)


def test_exact_gram_loss_compares_sums() -> None:
    x = torch.rand(1, 5, 4, 6)
    assert losses.gram_loss(x, x.repeat(1, 1, 1, 2)) < 1e-12
    G = losses.moments(x).gram
    expected = (G - 2 * G).square().sum() / (4 * 5**2 * 24**2)
    torch.testing.assert_close(losses.gram_loss(x, x.repeat(1, 1, 1, 2), exact=True), expected)


def test_moments_loss_by_hand() -> None:
    value = losses.moments_loss(diagonal([0, 1], [1, 2]), diagonal([2, 1], [1, 5]))
    assert value.item() == pytest.approx((2**2 + 3**2) / 2)


def test_wasserstein_of_uncorrelated_channels_is_the_moments_loss() -> None:
    x, y = diagonal([0, 1, 2], [1, 2, 0.5]), diagonal([2, 1, -1], [1, 5, 3])
    exact = losses.wasserstein2_loss(x, y, blur=0)
    torch.testing.assert_close(exact, losses.moments_loss(x, y))
    torch.testing.assert_close(losses.wasserstein2_loss(x, y), exact, rtol=1e-3, atol=0)


def test_wasserstein_agrees_with_numpy() -> None:
    x, y = gaussian_features(5, 40, seed=1), gaussian_features(5, 30, seed=2)
    X, Y = x[0, :, 0].numpy(), y[0, :, 0].numpy()
    S1, S2 = np.cov(X, bias=True), np.cov(Y, bias=True)
    # tr (S2^½ S1 S2^½)^½ is the sum of the roots of the eigenvalues of S1 S2.
    cross = np.sqrt(np.linalg.eigvals(S1 @ S2).real).sum()
    expected = ((X.mean(1) - Y.mean(1)) ** 2).sum() + np.trace(S1) + np.trace(S2) - 2 * cross
    assert losses.wasserstein2_loss(x, y, blur=0).item() * 5 == pytest.approx(expected, rel=1e-9)


def test_wasserstein_of_a_shift_is_its_length() -> None:
    x = gaussian_features(4, 30, seed=3)
    d = torch.tensor([1.0, 2.0, 0.0, -1.0], dtype=torch.float64).view(1, 4, 1, 1)
    assert losses.wasserstein2_loss(x + d, x).item() == pytest.approx(6 / 4)


def test_wasserstein_slopes_are_finite_where_features_are_flat() -> None:
    x = torch.rand(1, 16, 1, 5).requires_grad_()  # rank 4 of 16
    y = torch.rand(1, 16, 8, 8)
    (slope,) = torch.autograd.grad(losses.wasserstein2_loss(x, y), x)
    assert torch.isfinite(slope).all()
    assert slope.abs().max() < 10


def test_a_prepared_target_gives_the_same_loss() -> None:
    x, y = gaussian_features(4, 20, seed=4), gaussian_features(4, 25, seed=5)
    prepared = losses.gaussian(y)
    torch.testing.assert_close(losses.wasserstein2_loss(x, prepared), losses.wasserstein2_loss(x, y))
    torch.testing.assert_close(prepared.root @ prepared.root, prepared.covariance)


def test_along_fewer_directions_the_rest_counts_as_one_number() -> None:
    x, y = diagonal([0, 0, 0, 0], [1, 2, 3, 4]), diagonal([1, 0, 0, 0], [9, 8, 1, 2])
    along_two = losses.wasserstein2_loss(x, losses.gaussian(y, blur=0, directions=2))
    others = (np.hypot(3, 4) - np.hypot(1, 2)) ** 2
    assert along_two.item() == pytest.approx((1**2 + 8**2 + 6**2 + others) / 4)


@pytest.mark.parametrize("directions", [1, 3, 6, 8, 20])
def test_fewer_directions_never_see_more(directions: int) -> None:
    x, y = gaussian_features(8, 40, seed=1), gaussian_features(8, 30, seed=2)
    whole, part = losses.wasserstein2_loss(x, y), losses.wasserstein2_loss(x, losses.gaussian(y, directions=directions))
    assert (part <= whole * (1 + 1e-9)) if directions < 8 else part == whole
    assert losses.wasserstein2_loss(y, losses.gaussian(y, directions=directions)) < 1e-9


def test_the_slope_along_fewer_directions_is_right_and_finite() -> None:
    y = losses.gaussian(gaussian_features(5, 30, seed=2), directions=2)
    x = gaussian_features(5, 12, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: losses.wasserstein2_loss(x, y), (x,))
    flat = torch.zeros(1, 5, 1, 12, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(losses.wasserstein2_loss(flat, y), flat)
    assert slope.isfinite().all()


def test_many_distances_at_once_are_those_one_by_one() -> None:
    """Of layers with many and with few channels, of one picture and of a batch, in full and along few directions."""
    sides = [gaussian_features(channels, 30, seed=channels) for channels in (2, 7, 4)]
    goals = [gaussian_features(channels, 20, seed=9) for channels in (2, 7, 4)]
    targets = [losses.gaussian(goal, directions=3) for goal in goals]
    together = losses.wasserstein2_losses(
        [target.measure(x) for x, target in zip(sides, targets, strict=True)], targets
    )
    alone = [losses.wasserstein2_loss(losses.moments(x), target) for x, target in zip(sides, targets, strict=True)]
    torch.testing.assert_close(together, torch.stack(alone))


def test_features_are_measured_along_the_axes_alone_where_these_are_few() -> None:
    x = gaussian_features(7, 30, seed=1)
    assert isinstance(losses.gaussian(x, directions=3).measure(x), losses.Projected)
    assert isinstance(losses.gaussian(x, directions=4).measure(x), losses.Moments)
    assert isinstance(losses.gaussian(x).measure(x), losses.Moments)


@pytest.mark.parametrize("loss", [losses.gram_loss, losses.moments_loss, losses.wasserstein2_loss])
def test_moments_and_features_are_interchangeable(loss: losses.MomentsLoss) -> None:
    x, y = gaussian_features(3, 12, seed=6), gaussian_features(3, 9, seed=7)
    torch.testing.assert_close(loss(losses.moments(x), losses.moments(y)), loss(x, y))
    torch.testing.assert_close(loss(x, losses.moments(y)), loss(x, y))


def test_square_root_has_the_right_slope_even_for_equal_eigenvalues() -> None:
    basis = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64))[0]
    S = basis @ torch.diag(torch.tensor([3.0, 3.0, 1.0, 0.5], dtype=torch.float64)) @ basis.mT
    assert torch.autograd.gradcheck(square_root, (S.requires_grad_(),))
    R = square_root(S.detach())
    torch.testing.assert_close(R @ R, S.detach())


def test_square_root_of_zero_is_zero_with_a_finite_slope() -> None:
    S = torch.zeros(1, 3, 3, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(square_root(S).sum(), S)
    assert (slope == 0).all()
