"""A style is additive sums: the moments of a feature map, which can be pooled, mixed and back-propagated.

What Gatys et al. (2016, "Image Style Transfer Using Convolutional Neural Networks") call the style of a
picture are sums over its positions: how often features fire together. Sums of tiles add up to the sums of the
picture, sums under a mask are the style of a region, and a weighted mean of two pictures' sums is a style
between them. Every style loss of :mod:`impasto.losses.style` reads these sums and nothing else, so all of
them can be tiled, masked and mixed alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from impasto.errors import InputError, OptionError
from impasto.losses.numerics import safe_divide, safe_sqrt
from impasto.losses.summing import added_up, added_up_along, added_up_in_pairs

__all__ = [
    "AnySums",
    "Moments",
    "Projected",
    "combine",
    "measured",
    "mix",
    "moments",
    "paired_moments",
    "projected_moments",
]


class Moments(NamedTuple):
    """What a style loss knows of a feature map f: how many positions, their mean, their mean product.

    A tuple of plain tensors, so it can be saved, moved and differentiated like any other.
    """

    weight: Tensor  # (B,) number of positions, or the sum of the mask
    mean: Tensor  # (B, C) E[f]
    second: Tensor  # (B, C, C) E[f fᵀ]

    @property
    def gram(self) -> Tensor:
        """The Gram matrix G = F Fᵀ of Gatys et al., a sum over the positions, (B, C, C)."""
        return self.weight[:, None, None] * self.second

    @property
    def covariance(self) -> Tensor:
        """E[(f - E f)(f - E f)ᵀ], (B, C, C)."""
        return self.second - self.mean.unsqueeze(-1) * self.mean.unsqueeze(-2)

    @property
    def deviation(self) -> Tensor:
        """The standard deviation of each channel, (B, C); 0 with slope 0 where a channel is constant."""
        second = self.second.diagonal(dim1=-2, dim2=-1)
        # A difference this small is rounding, whose root would be noise with an enormous slope.
        rounding = 4 * torch.finfo(second.dtype).eps * second.detach()
        return safe_sqrt(second - self.mean.square(), floor=rounding)

    def detach(self) -> Moments:
        """Return the same values without their history."""
        return Moments(*(part.detach() for part in self))


class Projected(NamedTuple):
    """What is left of :class:`Moments` where only a few axes A (C, K) are of interest: much less to add up."""

    weight: Tensor  # (B,) number of positions, or the sum of the mask
    mean: Tensor  # (B, C) E[f]
    square: Tensor  # (B, C) E[f²]
    second: Tensor  # (B, K, K) E[y yᵀ] of y = Aᵀ f

    @property
    def variance(self) -> Tensor:
        """The variance of each channel, (B, C)."""
        return self.square - self.mean.square()

    def covariance(self, axes: Tensor) -> Tensor:
        """E[(y - E y)(y - E y)ᵀ] along the axes with which these were made, (B, K, K)."""
        y = (axes.mT @ self.mean.unsqueeze(-1)).squeeze(-1)
        return self.second - y.unsqueeze(-1) * y.unsqueeze(-2)


AnySums = TypeVar("AnySums", Moments, Projected)


def moments(features: Tensor, weight: Tensor | None = None) -> Moments:
    """Return the moments of features (B, C, H, W), each position counted by ``weight`` (B or 1, 1, H, W).

    Half-precision features are added up in float32. Their gradient is computed in their own precision and
    memory layout, and no widened copy is kept. The weight is a given, not something to learn: no gradient
    flows into it.
    """
    _check(features, weight)
    f, w = _flattened(features, weight)
    first, second = added_up(f, w)
    total, count = _total(f, w, first)
    return Moments(total, first / count, second / count.unsqueeze(-1))


def projected_moments(features: Tensor, axes: Tensor, weight: Tensor | None = None) -> Projected:
    """Return the moments of features (B, C, H, W) along orthonormal ``axes`` (B or 1, C, K), as :func:`moments` does.

    Axes and weight are given, not something to learn.
    """
    _check(features, weight)
    f, w = _flattened(features, weight)
    first, square, second = added_up_along(f, axes.detach(), w)
    total, count = _total(f, w, first)
    return Projected(total, first / count, square / count, second / count.unsqueeze(-1))


def paired_moments(features: Tensor, others: Tensor) -> Moments:
    """Return, for every channel, the moments of what two maps (1, C, H, W) hold there: a picture of two channels.

    The weight is (C,), the mean (C, 2) and the second moments (C, 2, 2); the others are given, not something to learn.
    """
    if features.ndim != 4 or features.shape[0] != 1 or features.shape != others.shape:
        raise InputError(
            f"Maps of the shapes {tuple(features.shape)} and {tuple(others.shape)} were given; "
            "allowed are two alike of (1, C, H, W)."
        )
    first, second = added_up_in_pairs(features, others.detach())
    N = features.shape[2] * features.shape[3]
    return Moments(torch.full_like(first[:, 0], float(N)), first / N, second / N)


def measured(features: Tensor | Moments, weight: Tensor | None = None) -> Moments:
    """Return moments as they are, and features as their moments."""
    return features if isinstance(features, Moments) else moments(features, weight)


def combine(pieces: Sequence[AnySums]) -> AnySums:
    """Pool the moments of the pieces of a picture: the result is exactly the whole picture's."""
    if not pieces:
        raise InputError("No moments were given to combine; give those of at least one piece.")
    total = torch.stack([piece.weight for piece in pieces]).sum(0)  # (B,)
    return _blend(pieces, [safe_divide(piece.weight, total) for piece in pieces], total)


def mix(styles: Sequence[Moments], weights: Sequence[float]) -> Moments:
    """Return the style between styles: their moments averaged with ``weights``, whatever the pictures' sizes.

    These are the moments of a collage that takes its positions from each picture in those proportions, so
    they are always valid (the covariance never has a negative eigenvalue). With a photo's and a style's
    moments this is a dial for the strength.
    """
    if len(styles) != len(weights):
        raise OptionError(f"{len(weights)} weights were given for {len(styles)} styles; give one for each.")
    if min(weights, default=0) < 0 or not sum(weights) > 0:
        raise OptionError(f"The weights are {list(weights)}; allowed are numbers of 0 or more, at least one above 0.")
    parts = [styles[0].weight.new_full((1,), weight / sum(weights)) for weight in weights]
    total = sum((part * style.weight for part, style in zip(parts, styles, strict=True)), parts[0].new_zeros(()))
    return _blend(styles, parts, total)


def _blend(pieces: Sequence[AnySums], parts: Sequence[Tensor], total: Tensor) -> AnySums:
    """Return the pieces' averages averaged, each counted by its part (B,)."""
    averages = []
    for ones in zip(*(piece[1:] for piece in pieces), strict=True):
        shared = (part.view(-1, *[1] * (one.ndim - 1)) * one for part, one in zip(parts, ones, strict=True))
        averages.append(sum(shared, total.new_zeros(())))
    return type(pieces[0])(total, *averages)


def _flattened(features: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Return features as (B, C, N), a view in either memory layout, and the weight as (B or 1, 1, N)."""
    return features.flatten(2), None if weight is None else weight.detach().flatten(2)


def _total(f: Tensor, w: Tensor | None, like: Tensor) -> tuple[Tensor, Tensor]:
    """Return what all positions of f (B, C, N) count together, (B,), and what to divide sums by, (B, 1): never 0."""
    B, _, N = f.shape
    total = like.new_full((B,), float(N)) if w is None else w.sum((1, 2), dtype=like.dtype).expand(B)
    return total, torch.where(total > 0, total, 1).unsqueeze(-1)


def _check(features: Tensor, weight: Tensor | None) -> None:
    if features.ndim != 4:
        raise InputError(f"Features have the shape {tuple(features.shape)}; allowed is (B, C, H, W).")
    if weight is None:
        return
    B, _, H, W = features.shape
    if weight.ndim != 4 or weight.shape[0] not in (1, B) or weight.shape[1:] != (1, H, W):
        raise InputError(
            f"The weight has the shape {tuple(weight.shape)}; for these features it is (1, 1, {H}, {W}), "
            f"or one map for each of the {B} pictures."
        )
