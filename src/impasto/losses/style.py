"""How the picture is painted: the moments of features compared, position forgotten.

Each loss takes features (B, C, H, W) or :class:`~impasto.losses.sums.Moments` on either side, reads only
moments, and returns a mean over the batch. A target of batch 1 serves any batch.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from impasto.losses.numerics import decomposable, full_precision, safe_divide, safe_sqrt, square_root, symmetric
from impasto.losses.sums import Moments, measured

__all__ = ["Gaussian", "gaussian", "gram_loss", "moments_loss", "wasserstein2_loss"]


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
    with full_precision(t.covariance):
        amount = blur * (axes * (t.covariance @ axes)).sum(-2).mean(-1).clamp(min=0)  # (B,) of the variance along them
    along, beyond = _split(t, axes, amount)
    return Gaussian(t.mean, axes, along, square_root(along), beyond, amount)


def wasserstein2_loss(features: Tensor | Moments, target: Tensor | Moments | Gaussian, blur: float = 1e-4) -> Tensor:
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
    x, t = measured(features), target if isinstance(target, Gaussian) else gaussian(target, blur)
    along, beyond = _split(x, t.axes, t.blur)
    S1, S2, T = (symmetric(S) for S in (along, t.covariance, t.root))
    eigenvalues = torch.linalg.eigvalsh(decomposable(symmetric(T @ S1 @ T)))  # (B, K), ascending
    rounding = torch.finfo(eigenvalues.dtype).eps * eigenvalues[..., -1:].detach()
    bures = (S1 + S2).diagonal(dim1=-2, dim2=-1).sum(-1) - 2 * safe_sqrt(eigenvalues, rounding).sum(-1)
    others = (safe_sqrt(beyond) - safe_sqrt(t.beyond)).square()
    shift = (x.mean - t.mean).square().sum(-1)
    return (shift + others + bures.to(shift)).mean() / x.mean.shape[-1]


def _principal(covariance: Tensor, directions: int | None) -> Tensor:
    """Return the directions (B, C, K) of the largest variances; all of them, as they are, where they are no fewer."""
    channels = covariance.shape[-1]
    if directions is None or directions >= channels:
        return torch.eye(channels, dtype=covariance.dtype, device=covariance.device).expand_as(covariance)
    _, vectors = torch.linalg.eigh(decomposable(symmetric(covariance.detach())))  # ascending
    principal: Tensor = vectors[..., -directions:]
    return principal.to(covariance)


def _split(x: Moments, axes: Tensor, amount: Tensor) -> tuple[Tensor, Tensor]:
    """Return the covariance (B, K, K) along the axes, and the variance (B,) along all other directions; blurred."""
    channels, directions = axes.shape[-2:]
    covariance, amount = x.covariance, amount.to(x.second)
    with full_precision(covariance):
        along = axes.mT @ covariance @ axes
    whole, inside = (one.diagonal(dim1=-2, dim2=-1).sum(-1) for one in (covariance, along))
    one = torch.eye(directions, dtype=along.dtype, device=along.device)
    beyond = (whole - inside).clamp_min(0) if directions < channels else torch.zeros_like(whole)
    return along + amount[:, None, None] * one, beyond + (channels - directions) * amount
