"""Noise that travels: the field that strokes grow from, moved along with what is filmed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.engine.film.extras import opencv
from impasto.engine.film.fields import carried, enlarged
from impasto.engine.film.motion import Motion

__all__ = ["MovingGrain"]

Plane = NDArray[np.float32]
Field = Callable[[tuple[int, int], tuple[int, int]], Tensor]

SETTLING = 0.05  # share by which the field relaxes each frame: where it was stretched it becomes itself again
_ALIGNED = 8  # cells: parts of a field begin at multiples of this, as tiles do
_FINE = 0.3  # correlation of neighbours: noise with less is fine
_FURTHEST = 1.0  # of the picture's size: a field that was pulled further apart than this is let go


class MovingGrain:
    """Remembers for each pixel which place of the endless field of noise it shows."""

    def __init__(self) -> None:
        self.shift: Plane = np.zeros((1, 1, 2), np.float32)  # (h, w, 2), as shares of the picture's width and height

    def follow(self, motion: Motion) -> None:
        """Go on to the next frame."""
        height, width = motion.valid.shape
        if motion.is_cut or self.shift.shape[:2] != (height, width):
            self.shift = np.zeros((height, width, 2), np.float32)
            if motion.is_cut:
                return
        cv2 = opencv()
        moved = carried(self.shift, motion.flow) + cv2.multiply(motion.flow, (1 / width, 1 / height, 0, 0))
        middle = cv2.mean(moved)
        away = cv2.subtract(moved, middle) * np.float32(1 - SETTLING)
        self.shift = cv2.add(away.clip(-_FURTHEST / 2, _FURTHEST / 2), middle)

    def field(self, still: Field, part: tuple[int, int], at: tuple[int, int], whole: tuple[int, int]) -> Tensor:
        """Return the noise for a part of a picture, sizes in pixels; ``still`` gives the field that stands still."""
        base = still(part, at)
        if not self.shift.any():
            return base
        rows, columns = base.shape[-2:]
        cell = max(1, round(part[1] / columns))  # pixels; painters round sizes up to whole strides
        shift = self._for_part(part, at, whole, (rows, columns)) / cell
        x, y = shift[..., 0] + np.arange(columns), shift[..., 1] + np.arange(rows)[:, None]
        left, top = (int(np.floor(place.min() / _ALIGNED)) * _ALIGNED for place in (x, y))
        reach = (int(np.ceil(y.max())) - top + 2, int(np.ceil(x.max())) - left + 2)
        wide = still((reach[0] * cell, reach[1] * cell), (at[0] + top * cell, at[1] + left * cell))
        return _sampled(wide, x - left, y - top).to(base)

    def _for_part(
        self, part: tuple[int, int], at: tuple[int, int], whole: tuple[int, int], cells: tuple[int, int]
    ) -> NDArray[np.float64]:
        """Return the displacements of a part's cells, in pixels of the whole picture."""
        shift = self.shift
        if part != whole:
            height, width = shift.shape[:2]
            rows, columns = (
                slice(int(at[axis] / whole[axis] * length), -int(-(at[axis] + part[axis]) / whole[axis] * length // 1))
                for axis, length in ((0, height), (1, width))
            )
            shift = np.ascontiguousarray(shift[rows, columns])
        pixels: NDArray[np.float64] = enlarged(shift, cells).astype(np.float64) * np.array([whole[1], whole[0]])
        return pixels


def _sampled(field: Tensor, x: NDArray[np.float64], y: NDArray[np.float64]) -> Tensor:
    """Read a field (1, C, h, w) between its points, channel by channel, without making it smoother than it is.

    A mean of independent numbers varies less than they do, so fine noise takes the nearest, and coarse noise gets back
    what averaging took.
    """
    columns, rows = torch.from_numpy(x).float(), torch.from_numpy(y).float()
    left, top = columns.floor(), rows.floor()
    mean, squares = torch.zeros(()), torch.zeros(())
    for row, share_down in ((top, 1 - (rows - top)), (top + 1, rows - top)):
        for column, share_across in ((left, 1 - (columns - left)), (left + 1, columns - left)):
            share = share_down * share_across
            mean = mean + _read(field, row, column) * share
            squares = squares + share.square()
    likeness = _neighbours_alike(field)[:, :, None, None]
    smooth = mean / (squares + (1 - squares) * likeness).sqrt()
    return torch.where(likeness < _FINE, _read(field, rows.round(), columns.round()), smooth)


def _read(field: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    height, width = field.shape[-2:]
    return field[:, :, rows.long().clamp(0, height - 1), columns.long().clamp(0, width - 1)]


def _neighbours_alike(field: Tensor) -> Tensor:
    """Return the correlation of neighbouring points, (1, C)."""
    pairs = ((field[..., 1:, :], field[..., :-1, :]), (field[..., 1:], field[..., :-1]))
    shared = sum(((one * other).mean((2, 3)) for one, other in pairs), torch.zeros(()))
    return (shared / 2 / field.square().mean((2, 3)).clamp_min(1e-6)).clamp(0, 1)
