"""Exact gradients, tile by tile: a picture of any size in the memory of one tile.

A style loss needs the whole picture at once, but only through its moments, and those are sums over tiles. By
the chain rule, dL/dx = Σ_tiles <dL/d(moments of the picture), d(moments of the picture)/dx of this tile>. So
two passes suffice, and nothing is approximated:

1. without gradients, add up the moments of all tiles; the total gives the loss and its slope over them;
2. tile by tile, with gradients, the moments again; their inner product with that slope is this tile's share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from impasto.losses.numerics import safe_divide
from impasto.losses.sums import Moments, combine

__all__ = ["Slope", "TileReading", "linearize", "tiled_backward"]


class TileReading(NamedTuple):
    """What one tile says, of its inner part only: margins are cut off before."""

    moments: Mapping[str, Moments]  # by any names, such as layers
    local: Tensor | None = None  # scalar: content, smoothness; whatever is a plain sum over tiles


class Slope(NamedTuple):
    """How much a loss changes with the moments of the whole picture."""

    weight: Tensor  # (B,) the whole picture's
    mean: Tensor  # (B, C) dL/d mean
    second: Tensor  # (B, C, C) dL/d second

    def share(self, tile: Moments) -> Tensor:
        """Return the scalar whose gradient is this tile's share of the loss's gradient."""
        along = (self.mean * tile.mean).sum(-1) + (self.second * tile.second).sum((-2, -1))  # (B,)
        return (safe_divide(tile.weight, self.weight) * along).sum()


def linearize(
    loss: Callable[[Mapping[str, Moments]], Tensor], totals: Mapping[str, Moments]
) -> tuple[Tensor, dict[str, Slope]]:
    """Return the value of ``loss`` at the whole picture's moments and its slope over each of them."""
    points = {
        name: Moments(total.weight.detach(), *(part.detach().requires_grad_() for part in total[1:]))
        for name, total in totals.items()
    }
    with torch.enable_grad():
        value = loss(points)
    inputs = [part for point in points.values() for part in point[1:]]
    slopes = iter(torch.autograd.grad(value, inputs, allow_unused=True, materialize_grads=True))
    return value.detach(), {name: Slope(point.weight, next(slopes), next(slopes)) for name, point in points.items()}


def tiled_backward(
    tiles: Sequence[Callable[[], TileReading]], loss: Callable[[Mapping[str, Moments]], Tensor]
) -> Tensor:
    """Back-propagate a loss of the whole picture with one tile in memory at a time, and return its value.

    Each of ``tiles`` reads one tile of the picture when called, and is called twice. ``loss`` reads the
    moments of the whole picture. The value is ``loss`` plus all local terms; gradients arrive in ``.grad``,
    as with ``backward()``.
    """
    with torch.no_grad():
        totals: dict[str, Moments] = {}
        for read in tiles:
            for name, piece in read().moments.items():
                totals[name] = combine([totals[name], piece]) if name in totals else piece
    value, slopes = linearize(loss, totals)
    for read in tiles:
        reading = read()
        share = torch.stack([slopes[name].share(piece) for name, piece in reading.moments.items()]).sum()
        if reading.local is not None:
            share = share + reading.local
            value = value + reading.local.detach()
        share.backward()  # type: ignore[no-untyped-call]
    return value
