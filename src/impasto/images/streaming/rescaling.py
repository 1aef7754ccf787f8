"""Rows of a resized picture, computed from the few rows of the original that they need.

The same cubic convolution as :func:`impasto.images.resize`, widened when shrinking so that nothing aliases: across the
rows torch does it, from row to row its weights are applied here, so that no more than a window has to be in memory.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import interpolate

__all__ = ["Rescaled", "Rows", "resized_rows"]

Rows = Callable[[int, int], Tensor]
"""From a first row to the one behind the last: ``(1, C, N, W)`` values in [0, 1]."""

_A = -0.5  # Keys 1981; what torch takes when it guards against aliasing
_REACH = 2  # rows of the original to each side, when enlarging
_ROWS = 256  # of the original that should be in memory at once


class Rescaled:
    """A picture at another size, of which rows are made when they are asked for."""

    def __init__(self, rows: Rows, size: tuple[int, int], new_size: tuple[int, int]) -> None:
        self._rows, self._size, self.size = rows, size, new_size

    def rows(self, top: int, bottom: int) -> Tensor:
        """Return rows ``top`` up to but without ``bottom`` of the resized picture."""
        return resized_rows(self._rows, self._size, self.size, top, bottom)

    def whole(self) -> Tensor:
        """Return all of it; for sizes that fit into memory."""
        height, scale = self.size[0], self._size[0] / self.size[0]
        step = max(1, round(_ROWS / scale - 2 * _REACH))
        return torch.cat([self.rows(top, min(top + step, height)) for top in range(0, height, step)], dim=2)


def resized_rows(rows: Rows, size: tuple[int, int], new_size: tuple[int, int], top: int, bottom: int) -> Tensor:
    """Return rows ``top`` to ``bottom`` of what ``resize(whole, new_size)`` would be."""
    if tuple(size) == tuple(new_size):
        return rows(top, bottom)
    first, weights = _weights(size[0], new_size[0], top, bottom)
    window = rows(first, first + weights.shape[1])
    if size[1] != new_size[1]:
        across = (window.shape[-2], new_size[1])
        window = interpolate(window, size=across, mode="bicubic", align_corners=False, antialias=True)
    return torch.einsum("oi,bciw->bcow", weights, window).clamp(0, 1)


def _weights(length: int, new_length: int, top: int, bottom: int) -> tuple[int, Tensor]:
    """Return the first row that is needed, and the weight of each needed row in each wanted one."""
    scale = length / new_length
    widening = max(scale, 1.0)
    centers = (torch.arange(top, bottom, dtype=torch.float64) + 0.5) * scale
    reach = _REACH * widening
    begin = (centers - reach + 0.5).long().clamp(min=0)
    end = (centers + reach + 0.5).long().clamp(max=length)
    first, last = int(begin[0]), int(end[-1])
    places = torch.arange(first, last)
    distance = (places + 0.5 - centers[:, None]) / widening
    inside = (places >= begin[:, None]) & (places < end[:, None])
    weights = torch.where(inside, _cubic(distance.abs()), 0.0)
    return first, (weights / weights.sum(1, keepdim=True)).float()


def _cubic(x: Tensor) -> Tensor:
    near = ((_A + 2) * x - (_A + 3)) * x * x + 1
    far = ((_A * x - 5 * _A) * x + 8 * _A) * x - 4 * _A
    return torch.where(x < 1, near, torch.where(x < 2, far, 0.0))
