"""How the picture is painted: the moments of features compared, position forgotten.

Each loss takes features (B, C, H, W) or :class:`~impasto.losses.sums.Moments` on either side, reads only
moments, and returns a mean over the batch. A target of batch 1 serves any batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from impasto.losses.numerics import decomposable, full_precision, safe_divide, safe_sqrt, square_root, symmetric
from impasto.losses.sums import Moments, Projected, measured, moments, projected_moments

__all__ = ["Gaussian", "gaussian", "gram_loss", "moments_loss", "wasserstein2_loss", "wasserstein2_losses"]


def gram_loss(features: Tensor | Moments, target: Tensor | Moments, *, exact: bool = False) -> Tensor:
    """Return the squared difference of two Gram matrices.

    Gatys et al. 2016, "Image Style Transfer Using Convolutional Neural Networks", equation 4:
    E = 1 / (4 N² M²) Σ (G - A)², with N channels, M positions, and G, A sums over positions.

    Departure: each Gram matrix is divided by its own number of positions, E = 1 / (4 N²) Σ (G/M - A/M_a)², so
    pictures of any two sizes can be compared. For equal sizes this is the same number as the paper's.
    ``exact=True`` is the letter of the paper, with the M of ``features``: a larger style picture then asks
    for more of everything.
    """
    x, a = measured(features), measured(target)
    if exact:
        M = x.weight[:, None, None]
        difference = safe_divide(x.gram - a.gram, M)
    else:
        difference = x.second - a.second
    return difference.square().mean() / 4  # the mean over (C, C) is the sum / N²


def moments_loss(features: Tensor | Moments, target: Tensor | Moments) -> Tensor:
    """Return the squared difference of each channel's mean and standard deviation, averaged over channels.

    Li et al. 2017, "Demystifying Neural Style Transfer" (matching batch-norm statistics); the
    same statistics as AdaIN's style loss in Huang & Belongie 2017, "Arbitrary Style Transfer in Real-time
    with Adaptive Instance Normalization". Departure from the latter: squares instead of norms, smooth at the
    goal.
    """
    x, s = measured(features), measured(target)
    return ((x.mean - s.mean).square() + (x.deviation - s.deviation).square()).mean()


class Gaussian(NamedTuple):
    """What :func:`wasserstein2_loss` needs of its target, made once because the root is costly."""

    mean: Tensor  # (B, C)
    axes: Tensor  # (B, C, K) orthonormal: the directions along which it is compared in full
    covariance: Tensor  # (B, K, K) along the axes, blurred
    root: Tensor  # (B, K, K) float64, root @ root = covariance
    beyond: Tensor  # (B,) variance along all other directions together, blurred
    blur: Tensor  # (B,) variance added in every direction

    def measure(self, features: Tensor, weight: Tensor | None = None) -> Moments | Projected:
        """Return the moments of features (B, C, H, W), those along the axes alone where these are few."""
        channels, directions = self.axes.shape[-2:]
        is_worth_it = 2 * directions < channels  # else the sums cost no less
        return projected_moments(features, self.axes, weight) if is_worth_it else moments(features, weight)

    def to(self, device: torch.device) -> Gaussian:
        """Return the same on another device; the root stays on the CPU where that has no float64."""
        moved = Gaussian(*(part if part is self.root else part.to(device) for part in self))
        has_float64 = device.type != "mps"
        return moved._replace(root=self.root.to(device) if has_float64 else self.root.cpu())


def gaussian(target: Tensor | Moments, blur: float = 1e-4, *, directions: int | None = None) -> Gaussian:
    """Return the Gaussian with the moments of ``target``, prepared for :func:`wasserstein2_loss`.

    With fewer ``directions`` than channels, it is compared in full along those in which the target varies most, and in
    the sum of the variance along all others.
    """
    t = measured(target)
    axes = _principal(t.covariance, directions)
    along, beyond = _split(t, axes)
    amount = blur * along.diagonal(dim1=-2, dim2=-1).mean(-1).clamp(min=0)  # (B,) of the variance along the axes
    along, beyond = _blurred(along, beyond, axes, amount)
    return Gaussian(t.mean, axes, along, square_root(along), beyond, amount)


def wasserstein2_loss(
    features: Tensor | Moments | Projected, target: Tensor | Moments | Gaussian, blur: float = 1e-4
) -> Tensor:
    """Return the squared 2-Wasserstein distance of the Gaussians with the two sides' mean and covariance.

    W² = |m₁ - m₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₂^½ Σ₁ Σ₂^½)^½), the Bures metric (Olkin & Pukelsheim 1982, "The
    Distance between Two Random Matrices with Given Dispersion Matrices"), as in Mroueh 2020, "Wasserstein
    Style Transfer".

    Departures: divided by the number of channels, so that layers are comparable (for uncorrelated channels it
    is then :func:`moments_loss`); both covariances are blurred, by ``blur`` times the target's mean variance
    along the directions compared, since the slope of the distance is infinite where features are flat. Roots are taken
    in float64: small eigenvalues drown in float32. Give ``gaussian(target)`` to compute the target's root
    only once, or ``gaussian(target, directions=K)`` to compare K directions in full and the variance along all others
    as one number: never more than the whole distance, and soon nearly all of it, for a K³ instead of a C³.
    """
    t = target if isinstance(target, Gaussian) else gaussian(target, blur)
    return wasserstein2_losses([t.measure(features) if isinstance(features, Tensor) else features], [t])[0]


def wasserstein2_losses(sides: Sequence[Moments | Projected], targets: Sequence[Gaussian]) -> Tensor:
    """Return :func:`wasserstein2_loss` of each side to its target, (n,): much quicker together than one by one."""
    pairs = list(zip(sides, targets, strict=True))
    blurred = (_blurred(*_split(x, t.axes), t.axes, t.blur) for x, t in pairs)
    along, beyond = zip(*blurred, strict=True)
    bures = _bures(along, [t.covariance for t in targets], [t.root for t in targets])
    others = (safe_sqrt(torch.stack(beyond)) - safe_sqrt(torch.stack([t.beyond for t in targets]))).square()
    shift = torch.stack([(x.mean - t.mean).square().sum(-1) for x, t in pairs])  # (n, B)
    channels = shift.new_tensor([x.mean.shape[-1] for x in sides])
    return (shift + others + bures.to(shift)).mean(-1) / channels


def _bures(covariances: Sequence[Tensor], targets: Sequence[Tensor], roots: Sequence[Tensor]) -> Tensor:
    """Return tr(S + T - 2 (T^½ S T^½)^½) of each covariance S and its target T, (n, B)."""
    S, T, root = (symmetric(_stacked(matrices)) for matrices in (covariances, targets, roots))  # (n, B, K, K)
    eigenvalues = torch.linalg.eigvalsh(decomposable(symmetric(root @ S @ root)))  # (n, B, K), ascending
    rounding = torch.finfo(eigenvalues.dtype).eps * eigenvalues[..., -1:].detach()
    return _trace(S + T) - 2 * safe_sqrt(eigenvalues, rounding).sum(-1)


def _stacked(matrices: Sequence[Tensor]) -> Tensor:
    """Return matrices (B, K, K) as one; smaller ones get zeros, which add nothing to a trace or to a root."""
    K = max(matrix.shape[-1] for matrix in matrices)
    gaps = [K - matrix.shape[-1] for matrix in matrices]
    padded = (functional.pad(one, (0, gap, 0, gap)) if gap else one for one, gap in zip(matrices, gaps, strict=True))
    return torch.stack(list(padded))


def _principal(covariance: Tensor, directions: int | None) -> Tensor:
    """Return the directions (B, C, K) of the largest variances; all of them, as they are, where they are no fewer."""
    channels = covariance.shape[-1]
    if directions is None or directions >= channels:
        return torch.eye(channels, dtype=covariance.dtype, device=covariance.device).expand_as(covariance)
    _, vectors = torch.linalg.eigh(decomposable(symmetric(covariance.detach())))  # ascending
    principal: Tensor = vectors[..., -directions:]
    return principal.to(covariance)


def _split(x: Moments | Projected, axes: Tensor) -> tuple[Tensor, Tensor]:
    """Return the covariance (B, K, K) along the axes, and the variance (B,) along all other directions together."""
    if isinstance(x, Projected):
        with full_precision(x.second):
            along = x.covariance(axes)
        return along, (x.variance.sum(-1) - _trace(along)).clamp_min(0)
    covariance = x.covariance
    if axes.shape[-1] == axes.shape[-2]:  # the channels themselves
        return covariance, torch.zeros_like(x.mean[:, 0])
    with full_precision(x.second):
        along = axes.mT @ covariance @ axes
    return along, (_trace(covariance) - _trace(along)).clamp_min(0)


def _blurred(along: Tensor, beyond: Tensor, axes: Tensor, amount: Tensor) -> tuple[Tensor, Tensor]:
    """Return what :func:`_split` gave with a variance (B,) more in every direction."""
    channels, directions = axes.shape[-2:]
    amount = amount.to(along)
    one = torch.eye(directions, dtype=along.dtype, device=along.device)
    return along + amount[:, None, None] * one, beyond + (channels - directions) * amount


def _trace(matrices: Tensor) -> Tensor:
    return matrices.diagonal(dim1=-2, dim2=-1).sum(-1)
