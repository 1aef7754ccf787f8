"""A stained-glass window by code: a sun over water and hills, in pieces of glass held by lead.

Pieces are the cells of Worley (1996), "A Cellular Texture Basis Function": every pixel belongs to the nearest of many
scattered points, and the lead runs where the nearest two are equally far.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

from impasto.images.arrays import from_plane
from impasto.images.samples.planes import Plane, mixed, palette, smooth_noise, stepped

__all__ = ["mosaic"]

_CELLS = 26  # pieces along the height
_LEAD = (0.055, 0.050, 0.060)
_LEAD_WIDTH = 0.10  # of a piece
_SUN = (0.62, 0.33)  # across and down
_SKY = [(0.05, 0.12, 0.42), (0.10, 0.33, 0.66), (0.40, 0.68, 0.82), (0.93, 0.80, 0.55)]
_GOLD = [(0.80, 0.16, 0.08), (0.95, 0.45, 0.08), (0.99, 0.75, 0.16), (1.0, 0.93, 0.62)]
_WATER = [(0.02, 0.20, 0.28), (0.03, 0.42, 0.44), (0.30, 0.70, 0.62), (0.92, 0.78, 0.42)]
_HILLS = [(0.10, 0.24, 0.10), (0.24, 0.46, 0.12), (0.62, 0.66, 0.16), (0.45, 0.13, 0.30)]


def mosaic(size: tuple[int, int]) -> Tensor:
    """Return the window as ``(1, 3, height, width)``: the same pieces at every size."""
    height, width = size
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    y, x = (down + 0.5) / height, (across + 0.5) / width
    cells = (_CELLS, max(1, round(_CELLS * width / height)))
    places, nearest, second = _pieces(x, y, cells)
    glass = _colors(places[..., 0], places[..., 1], places[..., 2])
    glass = glass * (0.82 + 0.36 * smooth_noise(size, 17, cells=(30, 30), octaves=3))[..., None]  # uneven, as if blown
    glass = glass * (0.86 + 0.24 * (1 - nearest / (second + 1e-6)))[..., None]  # light comes through the middle
    window = mixed(glass, _LEAD, stepped(second - nearest, _LEAD_WIDTH, _LEAD_WIDTH * 0.55))
    return from_plane(np.clip(window, 0, 1).astype(np.float32))


def _pieces(x: Plane, y: Plane, cells: tuple[int, int]) -> tuple[Plane, Plane, Plane]:
    """Return for every pixel the nearest point (across, down, a number of its own), its distance and the next one's."""
    rows, columns = cells
    random = np.random.default_rng(4).random((rows + 4, columns + 4, 3), dtype=np.float32)
    row, column = np.floor(y * rows).astype(np.int64), np.floor(x * columns).astype(np.int64)
    place = np.zeros((*x.shape, 3), np.float32)
    nearest, second = np.full_like(x, 9), np.full_like(x, 9)
    for step_down, step_across in np.ndindex(5, 5):
        here = row + step_down, column + step_across  # the table begins two cells before the picture
        luck = random[here]
        point_y = here[0] - 2 + 0.1 + 0.8 * luck[..., 0]
        point_x = here[1] - 2 + 0.1 + 0.8 * luck[..., 1]
        far = np.hypot(point_x - x * columns, point_y - y * rows)
        closer = far < nearest
        second = np.where(closer, nearest, np.minimum(second, far))
        nearest = np.where(closer, far, nearest)
        found = np.stack([point_x / columns, point_y / rows, luck[..., 2]], axis=-1)
        place = np.where(closer[..., None], found, place)
    return place.astype(np.float32), nearest.astype(np.float32), second.astype(np.float32)


def _colors(x: Plane, y: Plane, luck: Plane) -> Plane:
    """Return the color (H, W, 3) of the piece at a place, each a little different from its neighbours."""
    far = np.hypot(x - _SUN[0], (y - _SUN[1]) * 0.8)
    rays = 0.5 + 0.5 * np.cos(np.arctan2(y - _SUN[1], x - _SUN[0]) * 14)
    colors = palette(_SKY, 0.95 - 1.6 * far + 0.3 * rays + 0.35 * (luck - 0.5))
    colors = mixed(colors, palette(_GOLD, 0.25 + 0.75 * rays - 0.5 * far + 0.3 * (luck - 0.5)), stepped(far, 0.34, 0.2))
    colors = mixed(colors, palette(_GOLD, 1.2 - 4 * far + 0.3 * luck), stepped(far, 0.15, 0.13))
    glitter = np.exp(-(((x - _SUN[0]) / 0.14) ** 2))
    water = palette(_WATER, 0.15 + 0.5 * luck + 0.55 * glitter)
    colors = mixed(colors, water, stepped(y, 0.615, 0.62))
    ridge = 0.56 + 0.10 * np.sin(5.2 * x + 0.6) + 0.34 * np.abs(x - 0.55) * (x < 0.55)
    hills = palette(_HILLS, 0.1 + 0.55 * luck + 0.6 * (y - ridge))
    colors = mixed(colors, hills, stepped(y, ridge + 0.2, ridge + 0.205))
    return np.asarray(np.where((luck > 0.965)[..., None], (0.62, 0.05, 0.14), colors), dtype=np.float32)
