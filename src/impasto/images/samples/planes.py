"""What the sample pictures are mixed from: random textures that look the same at every size, and blending."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate

__all__ = ["Plane", "mixed", "palette", "sampled", "smooth_noise", "stepped"]

Plane: TypeAlias = NDArray[Any]
"""``(H, W)`` or ``(H, W, 3)``, float32."""


def smooth_noise(
    size: tuple[int, int],
    seed: int,
    *,
    cells: tuple[float, float] = (4, 4),
    octaves: int = 5,
    gain: float = 0.5,
) -> Plane:
    """Return fractal noise in [0, 1]: smooth random fields, each with twice the detail of the one before.

    ``cells`` are the bumps down and across at the coarsest. Fields finer than the pixels are left out, so a
    larger picture shows the same shapes with more detail.
    """
    random = np.random.default_rng(seed)
    total, weight, sum_of_weights = np.zeros(size, np.float32), 1.0, 0.0
    for octave in range(octaves):
        down, across = (max(2, round(count * 2**octave)) + 1 for count in cells)
        grid = torch.from_numpy(random.random((1, 1, down, across), dtype=np.float32))
        if octave == 0 or (down <= 2 * size[0] and across <= 2 * size[1]):
            field = interpolate(grid, size=size, mode="bicubic", align_corners=True)[0, 0].numpy()
            total += weight * field
        else:
            total += weight / 2  # what the missing field would be on average
        sum_of_weights += weight
        weight *= gain
    return np.asarray(np.clip((total / sum_of_weights - 0.5) * 1.6 + 0.5, 0, 1), dtype=np.float32)


def stepped(x: Plane, start: float | Plane, end: float | Plane) -> Plane:
    """Rise smoothly from 0 where ``x`` is at ``start`` to 1 where it is at ``end`` (which may lie below)."""
    t = np.clip((x - start) / (end - start), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def mixed(below: Plane, above: Plane | tuple[float, float, float], share: Plane) -> Plane:
    """Lay a color (or picture) over another, ``share`` ``(H, W)`` of it."""
    cover = share[..., None]
    return np.asarray(below * (1 - cover) + np.asarray(above, np.float32) * cover, dtype=np.float32)


def palette(colors: Sequence[tuple[float, float, float]], place: Plane) -> Plane:
    """Return colors ``(H, W, 3)`` along a palette, 0 being its first and 1 its last."""
    stops = np.linspace(0, 1, len(colors))
    return np.stack([np.interp(place, stops, [color[c] for color in colors]) for c in range(3)], axis=-1)


def sampled(picture: Plane, rows: Plane, columns: Plane) -> Plane:
    """Look up ``(H, W, C)`` at fractional rows and columns, bilinearly; the borders go on for ever."""
    height, width = picture.shape[:2]
    rows, columns = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    top, left = rows.astype(np.int64), columns.astype(np.int64)
    bottom, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    down, across = (rows - top)[..., None], (columns - left)[..., None]
    upper = picture[top, left] * (1 - across) + picture[top, right] * across
    lower = picture[bottom, left] * (1 - across) + picture[bottom, right] * across
    return np.asarray(upper * (1 - down) + lower * down, dtype=np.float32)
