"""Padding by one pixel, so that a 3x3 convolution returns what is as large as its input, and what convolves it."""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["Edge", "convolved", "edge_for", "pad_by_one"]

Edge: TypeAlias = Literal["reflect", "replicate"]


def pad_by_one(x: Tensor, edge: Edge = "reflect") -> Tensor:
    """Add one pixel at every edge of ``x`` (B, C, H, W), in its own precision."""
    edge = edge_for(x, edge)
    if not torch.is_autocast_enabled(x.device.type):
        return F.pad(x, (1, 1, 1, 1), mode=edge)
    # Autocast takes this for arithmetic and would make float32 of a bfloat16 map: a tenth of a training step's time.
    with torch.autocast(x.device.type, enabled=False):
        return F.pad(x, (1, 1, 1, 1), mode=edge)


def convolved(x: Tensor, kernels: Tensor, bias: Tensor | None = None, *, stride: int = 1) -> Tensor:
    """Convolve what is padded already.

    In half precision, where the result is a single column wide, PyTorch's steps of two read beyond the end of ``x``
    (2.13 on a processor): numbers come out that differ from call to call, or none. There a second column is made.
    """
    is_half = x.dtype != torch.float32 or torch.is_autocast_enabled(x.device.type)
    if stride == 1 or not is_half or x.shape[3] >= kernels.shape[3] + stride:
        return F.conv2d(x, kernels, bias, stride=stride)
    return F.conv2d(F.pad(x, (0, stride, 0, 0)), kernels, bias, stride=stride)[..., :1]


def edge_for(x: Tensor, wanted: Edge) -> Edge:
    """Return how the edges of ``x`` can be padded: one pixel alone has no neighbour to reflect, so it is repeated."""
    return wanted if min(x.shape[2:]) > 1 else "replicate"
