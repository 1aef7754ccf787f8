"""Sums over the positions of a feature map, each with a slope that is cheaper than the one autograd would find.

Here are the sums only; what they are good for is said in :mod:`impasto.losses.sums`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from impasto.losses.numerics import full_precision, widened

__all__ = ["added_up", "added_up_along", "added_up_in_pairs"]

# Positions added up at once: half-precision features are widened block by block, never as a whole.
_BLOCK = 2**14


def added_up(f: Tensor, w: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the sums of w f and w f fᵀ over the positions of f (B, C, N), each counted by w (B or 1, 1, N)."""
    first, second = _Sums.apply(f, w)  # type: ignore[no-untyped-call]
    return first, second


def added_up_along(f: Tensor, A: Tensor, w: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """Return the sums of w f, of w f f for each channel, and of w y yᵀ for y = Aᵀ f along axes A (B or 1, C, K)."""
    first, square, second, _ = _ProjectedSums.apply(f, A, w)  # type: ignore[no-untyped-call]
    return first, square, second


def added_up_in_pairs(f: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
    """Return, for each channel of two maps (1, C, H, W), the sums of f and p (C, 2) and of their products (C, 2, 2)."""
    first, second = _PairedSums.apply(f, p)  # type: ignore[no-untyped-call]
    return first, second


class _Sums(Function):
    """One matrix product back, where plain autograd makes two."""

    @staticmethod
    def forward(f: Tensor, w: Tensor | None) -> tuple[Tensor, Tensor]:
        B, C, _ = f.shape
        first = f.new_zeros((B, C), dtype=widened(f[..., :0]).dtype)
        second = first.new_zeros((B, C, C))
        for x, wx in _weighted_blocks(f, w):
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
        slope = _affine(G + G.mT, f, g, like=f)
        return (slope if w is None else slope * w.to(f.dtype)), None


class _ProjectedSums(Function):
    """With few axes, a fraction of the work of all products."""

    @staticmethod
    def forward(f: Tensor, A: Tensor, w: Tensor | None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        (B, C, _), K = f.shape, A.shape[-1]
        first = f.new_zeros((B, C), dtype=widened(f[..., :0]).dtype)
        square, second, along = torch.zeros_like(first), first.new_zeros((B, K, K)), []
        for x, wx in _weighted_blocks(f, w):
            first, square = first + wx.sum(-1), square + (wx * x).sum(-1)
            with full_precision(f):
                y = A.mT @ x
                second = torch.baddbmm(second, y if w is None else A.mT @ wx, y.mT)
            along.append(y)
        return first, square, second, torch.cat(along, -1)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor | None], output: tuple[Tensor, ...]) -> None:
        ctx.save_for_backward(*inputs, output[-1])
        ctx.mark_non_differentiable(output[-1])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor, s: Tensor, G: Tensor, _: Tensor) -> tuple[Tensor, None, None]:
        f, A, w, y = ctx.saved_tensors
        slope = _affine(A @ (G + G.mT), y, g, like=f).addcmul_(f, (2 * s).unsqueeze(-1).to(f.dtype))
        return (slope if w is None else slope * w.to(f.dtype)), None, None


class _PairedSums(Function):
    """Channel by channel; hundreds of matrices of two by two would be far slower."""

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


def _weighted_blocks(f: Tensor, w: Tensor | None) -> Iterator[tuple[Tensor, Tensor]]:
    """Give features (B, C, n) block by block, in full precision: as they are, and times their weight."""
    for start in range(0, f.shape[-1], _BLOCK):
        x = widened(f[..., start : start + _BLOCK])
        yield x, x if w is None else x * w[..., start : start + _BLOCK].to(x.dtype)


def _affine(matrix: Tensor, x: Tensor, constant: Tensor, *, like: Tensor) -> Tensor:
    """Return matrix @ x + constant, (B, C, N), in the precision and memory layout of ``like``.

    Of its layout, so that channels-last networks are not handed a gradient to rearrange.
    """
    matrix, x, constant = (part.to(like.dtype) for part in (matrix, x, constant))
    with full_precision(like):
        if like.mT.is_contiguous():
            return torch.baddbmm(constant.unsqueeze(-2), x.mT, matrix.mT).mT
        return torch.baddbmm(constant.unsqueeze(-1), matrix, x)
