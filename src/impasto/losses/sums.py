"""A style is additive sums: the moments of a feature map, which can be pooled, mixed and back-propagated.

What Gatys et al. (2016, "Image Style Transfer Using Convolutional Neural Networks") call the style of a
picture are sums over its positions: how often features fire together. Sums of tiles add up to the sums of the
picture, sums under a mask are the style of a region, and a weighted mean of two pictures' sums is a style
between them. Every style loss of :mod:`impasto.losses.style` reads these sums and nothing else, so all of
them can be tiled, masked and mixed alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function

from impasto.errors import InputError, OptionError
from impasto.losses.numerics import full_precision, safe_divide, safe_sqrt, widened

__all__ = ["Moments", "combine", "measured", "mix", "moments", "paired_moments"]

# Positions added up at once: half-precision features are widened block by block, never as a whole.
_BLOCK = 2**14


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


def moments(features: Tensor, weight: Tensor | None = None) -> Moments:
    """Return the moments of features (B, C, H, W), each position counted by ``weight`` (B or 1, 1, H, W).

    Half-precision features are added up in float32. Their gradient is computed in their own precision and
    memory layout, and no widened copy is kept. The weight is a given, not something to learn: no gradient
    flows into it.
    """
    _check(features, weight)
    f = features.flatten(2)  # (B, C, N), a view for channels-first and channels-last alike
    w = None if weight is None else weight.detach().flatten(2)  # (B or 1, 1, N)
    first, second = _Sums.apply(f, w)  # type: ignore[no-untyped-call]
    if w is None:
        total = torch.full((f.shape[0],), float(f.shape[2]), dtype=first.dtype, device=first.device)
    else:
        total = w.sum((1, 2), dtype=first.dtype).expand(f.shape[0])
    return Moments(total, safe_divide(first, total[:, None]), safe_divide(second, total[:, None, None]))


def paired_moments(features: Tensor, others: Tensor) -> Moments:
    """Return, for every channel, the moments of what two maps (1, C, H, W) hold there: a picture of two channels.

    The weight is (C,), the mean (C, 2) and the second moments (C, 2, 2); the others are given, not something to learn.
    """
    if features.ndim != 4 or features.shape[0] != 1 or features.shape != others.shape:
        raise InputError(
            f"Maps of the shapes {tuple(features.shape)} and {tuple(others.shape)} were given; "
            "allowed are two alike of (1, C, H, W)."
        )
    first, second = _PairedSums.apply(features, others.detach())  # type: ignore[no-untyped-call]
    N = features.shape[2] * features.shape[3]
    return Moments(torch.full_like(first[:, 0], float(N)), first / N, second / N)


def measured(features: Tensor | Moments, weight: Tensor | None = None) -> Moments:
    """Return moments as they are, and features as their moments."""
    return features if isinstance(features, Moments) else moments(features, weight)


def combine(pieces: Sequence[Moments]) -> Moments:
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


def _blend(pieces: Sequence[Moments], parts: Sequence[Tensor], total: Tensor) -> Moments:
    pairs = list(zip(parts, pieces, strict=True))
    zero = total.new_zeros(())
    mean = sum((part[:, None] * piece.mean for part, piece in pairs), zero)
    second = sum((part[:, None, None] * piece.second for part, piece in pairs), zero)
    return Moments(total, mean, second)


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


class _Sums(Function):
    """Sums of w f and w f fᵀ over the positions; one matrix product back, where plain autograd makes two."""

    @staticmethod
    def forward(f: Tensor, w: Tensor | None) -> tuple[Tensor, Tensor]:
        B, C, N = f.shape
        first = f.new_zeros((B, C), dtype=widened(f[..., :0]).dtype)
        second = first.new_zeros((B, C, C))
        for start in range(0, N, _BLOCK):
            x = widened(f[..., start : start + _BLOCK])  # (B, C, n)
            wx = x if w is None else x * w[..., start : start + _BLOCK].to(x.dtype)
            first = first + wx.sum(-1)
            with full_precision(f):
                second = torch.baddbmm(second, wx, x.mT)
        return first, second

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor | None], output: tuple[Tensor, Tensor]) -> None:  # noqa: ARG004
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, g: Tensor, G: Tensor) -> tuple[Tensor, None]:
        f, w = ctx.saved_tensors
        g, G = g.to(f.dtype), (G + G.mT).to(f.dtype)
        # In the memory layout of f, so that channels-last networks are not handed a gradient to rearrange.
        with full_precision(f):
            if f.mT.is_contiguous():
                slope = torch.baddbmm(g.unsqueeze(-2), f.mT, G).mT
            else:
                slope = torch.baddbmm(g.unsqueeze(-1), G, f)
        return (slope if w is None else slope * w.to(f.dtype)), None


class _PairedSums(Function):
    """Sums of f, p, f f, f p and p p for each channel; hundreds of matrices of two by two would be far slower."""

    @staticmethod
    def forward(f: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
        first = f.new_zeros((f.shape[1], 2), dtype=widened(f[..., :0]).dtype)
        second = first.new_zeros((f.shape[1], 4))
        flat = [one.flatten(2)[0] for one in (f, p)]  # each (C, N)
        for start in range(0, flat[0].shape[1], _BLOCK):
            x, y = (widened(one[:, start : start + _BLOCK]) for one in flat)
            xy = (x * y).sum(-1)
            first = first + torch.stack([x.sum(-1), y.sum(-1)], -1)
            second = second + torch.stack([(x * x).sum(-1), xy, xy, (y * y).sum(-1)], -1)
        return first, second.view(-1, 2, 2)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: tuple[Tensor, Tensor]) -> None:  # noqa: ARG004
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, g: Tensor, G: Tensor) -> tuple[Tensor, None]:
        f, p = ctx.saved_tensors
        of_f, of_p = 2 * G[:, 0, 0], G[:, 0, 1] + G[:, 1, 0]
        constant, of_f, of_p = (slope.to(f.dtype)[None, :, None, None] for slope in (g[:, 0], of_f, of_p))
        return torch.addcmul(torch.addcmul(constant, f, of_f), p, of_p), None
