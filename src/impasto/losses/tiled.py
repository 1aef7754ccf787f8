"""Exact gradients, tile by tile: a picture of any size in the memory of one tile.

A style loss needs the whole picture at once, but only through its moments, and those are sums over tiles. By
the chain rule, dL/dx = Σ_tiles <dL/d(moments of the picture), d(moments of the picture)/dx of this tile>. So
two passes suffice, and nothing is approximated:

1. without gradients, add up the moments of all tiles; the total gives the loss and its slope over them;
2. tile by tile, with gradients, the moments again; their inner product with that slope is this tile's share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from impasto.losses.numerics import safe_divide
from impasto.losses.sums import AnySums, combine

__all__ = ["Readings", "TileReading", "linearize", "tiled_backward"]

Readings = Mapping[str, Any]  # Moments or Projected by any names, such as layers


class TileReading(NamedTuple):
    """What one tile says, of its inner part only: margins are cut off before."""

    moments: Readings
    local: Tensor | None = None  # scalar: content, smoothness; whatever is a plain sum over tiles


def linearize(loss: Callable[[Readings], Tensor], totals: Readings) -> tuple[Tensor, dict[str, Any]]:
    """Return the value of ``loss`` at the whole picture's moments, and its slope over each: moments of slopes."""
    points = {
        name: type(total)(total.weight.detach(), *(part.detach().requires_grad_() for part in total[1:]))
        for name, total in totals.items()
    }
    with torch.enable_grad():
        value = loss(points)
    inputs = [part for point in points.values() for part in point[1:]]
    found = iter(torch.autograd.grad(value, inputs, allow_unused=True, materialize_grads=True))
    slopes = {name: type(point)(point.weight, *(next(found) for _ in point[1:])) for name, point in points.items()}
    return value.detach(), slopes


def _share(slope: AnySums, tile: AnySums) -> Tensor:
    """Return the scalar whose gradient is a tile's share of the loss's gradient."""
    along = [(each * part).flatten(1).sum(1) for each, part in zip(slope[1:], tile[1:], strict=True)]  # (B,)
    return (safe_divide(tile.weight, slope.weight) * torch.stack(along).sum(0)).sum()


def tiled_backward(tiles: Sequence[Callable[[], TileReading]], loss: Callable[[Readings], Tensor]) -> Tensor:
    """Back-propagate a loss of the whole picture with one tile in memory at a time, and return its value.

    Each of ``tiles`` reads one tile of the picture when called, and is called twice. ``loss`` reads the
    moments of the whole picture. The value is ``loss`` plus all local terms; gradients arrive in ``.grad``,
    as with ``backward()``.
    """
    with torch.no_grad():
        totals: dict[str, Any] = {}
        for read in tiles:
            for name, piece in read().moments.items():
                totals[name] = combine([totals[name], piece]) if name in totals else piece
    value, slopes = linearize(loss, totals)
    for read in tiles:
        reading = read()
        share = torch.stack([_share(slopes[name], piece) for name, piece in reading.moments.items()]).sum()
        if reading.local is not None:
            share = share + reading.local
            value = value + reading.local.detach()
        share.backward()  # type: ignore[no-untyped-call]
    return value
