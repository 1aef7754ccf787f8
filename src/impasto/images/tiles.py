"""Cutting a picture into overlapping tiles: pure geometry.

Each tile has an *inner* part, and the inner parts cover the picture exactly, every pixel once. Around it
lies a margin, cut off at the picture's edges: what a network computes near a tile's own edge is wrong, so it
is computed and dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from impasto.errors import OptionError

__all__ = ["Tile", "split"]


@dataclass(frozen=True)
class Span:
    """A run of rows or columns: the inner part and, around it, the outer one."""

    outer: slice
    inner: slice

    @property
    def inner_in_outer(self) -> slice:
        """Where the inner part lies, counted from the start of the outer one."""
        return slice(self.inner.start - self.outer.start, self.inner.stop - self.outer.start)


@dataclass(frozen=True)
class Tile:
    """One tile, as slices ``(rows, columns)`` of the last two dimensions."""

    rows: Span
    columns: Span

    @property
    def outer(self) -> tuple[slice, slice]:
        """What to cut out and work on."""
        return self.rows.outer, self.columns.outer

    @property
    def inner(self) -> tuple[slice, slice]:
        """What this tile contributes to the whole."""
        return self.rows.inner, self.columns.inner

    @property
    def inner_in_outer(self) -> tuple[slice, slice]:
        """Where the contribution lies inside the cut-out."""
        return self.rows.inner_in_outer, self.columns.inner_in_outer

    def cut(self, x: Tensor) -> Tensor:
        """Return the outer part of ``(..., H, W)``, without copying."""
        return x[(..., *self.outer)]

    def paste(self, whole: Tensor, worked: Tensor) -> None:
        """Put the inner part of a worked cut-out (the size of :attr:`outer`) into the whole."""
        whole[(..., *self.inner)] = worked[(..., *self.inner_in_outer)]


def split(size: tuple[int, int], tile: int, margin: int = 0, *, multiple: int = 1) -> list[Tile]:
    """Cut ``(height, width)`` into tiles of at most ``tile`` pixels a side, margins included, from top left.

    All inner and outer parts begin at multiples of ``multiple``, so that the grid of a pooling network falls
    on the same pixels in every tile as in the whole. Tiles are as equal as that allows: no slivers at the
    far edges.
    """
    margin = -(-margin // multiple) * multiple
    room = (tile - 2 * margin) // multiple * multiple
    if room < 1:
        raise OptionError(f"tile is {tile}, of which {2 * margin} are margin; make it {2 * margin + multiple} or more.")
    rows, columns = (_spans(length, tile, room, margin, multiple) for length in size)
    return [Tile(row, column) for row in rows for column in columns]


def _spans(length: int, tile: int, room: int, margin: int, multiple: int) -> list[Span]:
    if length <= tile:
        return [Span(slice(0, length), slice(0, length))]
    count = -(-length // room)
    step = -(-length // (count * multiple)) * multiple  # at most `room`, since `room` is such a multiple itself
    starts = range(0, length, step)
    return [
        Span(
            outer=slice(max(0, start - margin), min(length, start + step + margin)),
            inner=slice(start, min(length, start + step)),
        )
        for start in starts
    ]
