"""Losses that read the picture itself: its smoothness and its colors."""

from __future__ import annotations

import typing
from typing import Literal

from torch import Tensor
from torch.nn import functional

from impasto.errors import OptionError, did_you_mean
from impasto.losses.numerics import safe_sqrt, widened
from impasto.losses.sums import Moments, measured

__all__ = ["Variation", "color_moments_loss", "total_variation"]

Variation = Literal["squared", "absolute", "isotropic", "huber"]

# Where "huber" turns from squared (grain) to absolute (edges): about eight steps of an 8-bit picture.
_EDGE = 0.03


def total_variation(image: Tensor, kind: Variation = "squared") -> Tensor:
    """Return how much neighboring pixels of an image (B, C, H, W) differ.

    ``squared``: Σ dx² + dy² (Mahendran & Vedaldi 2015, "Understanding Deep Image Representations by Inverting
    Them", beta = 2), blurs everything. ``absolute``: Σ |dx| + |dy|, keeps edges, prefers upright ones.
    ``isotropic``: Σ √(dx² + dy²) (Rudin, Osher & Fatemi 1992, "Nonlinear Total Variation Based Noise Removal
    Algorithms"), keeps edges of every direction. ``huber``: squared for grain, absolute for edges. Departure,
    all: means instead of sums, so that the value does not depend on the picture's size.
    """
    if kind not in typing.get_args(Variation):
        allowed = typing.get_args(Variation)
        hint = did_you_mean(str(kind), allowed)
        raise OptionError(f"The total variation's kind is {kind!r}{hint}; allowed are {', '.join(allowed)}.")
    x = widened(image)
    dy, dx = x.diff(dim=2), x.diff(dim=3)  # (B, C, H - 1, W) and (B, C, H, W - 1)
    if kind == "isotropic" and dy.numel() and dx.numel():
        return safe_sqrt(dy[..., :, :-1].square() + dx[..., :-1, :].square()).mean()
    return sum((_mean(_size(d, kind)) for d in (dy, dx)), x.new_zeros(()))


def color_moments_loss(image: Tensor | Moments, target: Tensor | Moments) -> Tensor:
    """Return how far the mean color and the covariance of the colors (R, G, B) are from the target's.

    The statistics of Gatys et al. 2017, "Controlling Perceptual Factors in Neural Style Transfer", as a loss
    instead of a recoloring: the mean squared difference of each. For a distance in units of color, use
    ``wasserstein2_loss(image, target)``.
    """
    x, t = measured(image), measured(target)
    return (x.mean - t.mean).square().mean() + (x.covariance - t.covariance).square().mean()


def _size(d: Tensor, kind: Variation) -> Tensor:
    if kind == "squared":
        return d.square()
    if kind == "huber":
        # Divided by the turning point, so that edges weigh as much as with "absolute".
        return functional.huber_loss(d, d.new_zeros(()).expand_as(d), reduction="none", delta=_EDGE) / _EDGE
    return d.abs()  # also "isotropic" for a picture of one row or column, which has no second direction


def _mean(values: Tensor) -> Tensor:
    return values.sum() / max(values.numel(), 1)  # a picture of one row has no vertical neighbors
