"""A padded 3x3 convolution with frozen weights that keeps nothing for the backward pass.

PyTorch's own keeps its input, because it might be asked for the gradient of the weights; with padding that
input is a copy, so every layer of a network is held twice. Here the weights never learn and the gradient of
the picture needs them alone: the adjoint of a convolution is the transposed convolution, the adjoint of
padding adds every border pixel to the pixel it was copied from. That halves the memory of painting by
optimisation and saves a pass over the data.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from impasto.models.padding import Edge, edge_for, pad_by_one

__all__ = ["FrozenConvolution", "Padding"]

Padding = Literal["replicate", "reflect", "zeros"]


class FrozenConvolution(nn.Module):
    """Convolve (B, C, H, W) with 3x3 kernels that never learn; the result has the size of the input."""

    def __init__(self, weight: Tensor, bias: Tensor, padding: Padding = "replicate") -> None:
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.bias = nn.Parameter(bias, requires_grad=False)
        self.padding = padding

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution of ``x``, whose borders are padded by one pixel."""
        if self.padding == "zeros":
            return F.conv2d(x, self.weight, self.bias, padding=1)
        edge = edge_for(x, self.padding)
        result: Tensor = _PaddedConvolution.apply(x, self.weight, self.bias, edge)  # type: ignore[no-untyped-call]
        return result


class _PaddedConvolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, edge: Edge) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.edge = edge
        return F.conv2d(pad_by_one(x, edge), weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        (weight,) = ctx.saved_tensors
        padded = F.conv_transpose2d(gradient, weight)  # (B, C, H + 2, W + 2)
        return _fold_borders(padded, ctx.edge), None, None, None


def _fold_borders(padded: Tensor, edge: Edge) -> Tensor:
    """Add the border to the pixels it was copied from, in place, and return what lies inside it."""
    source = 1 if edge == "replicate" else 2  # row 0 is a copy of row 1, or mirrors row 2
    padded[:, :, source] += padded[:, :, 0]
    padded[:, :, -1 - source] += padded[:, :, -1]
    inside = padded[:, :, 1:-1]
    inside[..., source] += inside[..., 0]
    inside[..., -1 - source] += inside[..., -1]
    return inside[..., 1:-1]
