"""Making a picture larger at its lower and right edge, for networks that take only certain sizes."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["mirrored", "whole_cells"]


def mirrored(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Return ``x`` (B, C, H, W) continued to ``size`` (height, width) by mirroring, as often as it takes."""
    for dimension, side in ((-2, size[0]), (-1, size[1])):
        have = x.shape[dimension]
        if have == side:
            continue
        period = max(1, 2 * have - 2)  # there and back; the edge itself stands once
        position = torch.arange(side, device=x.device) % period
        x = x.index_select(dimension, torch.minimum(position, period - position))
    return x


def whole_cells(size: tuple[int, int], cell: int, *, least: int = 1) -> tuple[int, int]:
    """Return the least size that both holds ``size`` and is made of whole cells, at least so many each way."""
    height, width = (side + -side % cell for side in size)  # for whole sides plainly themselves, also when traced
    return (max(height, least * cell)), (max(width, least * cell))
