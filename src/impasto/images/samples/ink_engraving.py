"""An ink drawing by code: a stormy coast under a moon, in lines that swell where it is dark.

Tone is drawn as in a copperplate: parallel lines bent by the land, broader in the shade, and crossed by a second and a
third set where it is darker still.
"""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from impasto.images.arrays import from_plane
from impasto.images.samples.planes import Plane, mixed, smooth_noise, stepped

__all__ = ["engraving"]

_PAPER, _INK = (0.957, 0.925, 0.847), (0.102, 0.086, 0.094)
_MOON = (0.68, 0.24, 0.085)  # across, down, radius
_LINES = 84  # of a set, across the picture's height
_FINER = 2
_SETS = ((0.35, 0.14), (-0.75, 0.45), (1.35, 0.68))  # angle in radians, and the darkness from which a set is drawn


def engraving(size: tuple[int, int]) -> Tensor:
    """Return the drawing as ``(1, 3, height, width)``: the same lines at every size."""
    height, width = size
    fine = (height * _FINER, width * _FINER)
    down, across = np.mgrid[0 : fine[0], 0 : fine[1]].astype(np.float32)
    x, y = (across + 0.5) / fine[0], (down + 0.5) / fine[0]  # in heights, so that lines are as broad everywhere
    share = (across + 0.5) / fine[1]
    dark, bend = _darkness(share, y, fine), _bend(fine)
    ink = np.zeros(fine, np.float32)
    for angle, start in _SETS:
        ink = np.maximum(ink, _hatched(x, y, bend, angle, (dark - start) / (1 - start)))
    drawing = mixed(np.broadcast_to(_paper(fine), (*fine, 3)), _INK, ink)
    halved = drawing.reshape(height, _FINER, width, _FINER, 3).mean((1, 3))
    return from_plane(np.clip(halved, 0, 1).astype(np.float32))


def _hatched(x: Plane, y: Plane, bend: Plane, angle: float, dark: Plane) -> Plane:
    """Return one set of lines (H, W), 1 where there is ink; the darker, the broader."""
    along = x * math.sin(angle) + y * math.cos(angle) + bend
    wave = 0.5 + 0.5 * np.cos(2 * math.pi * _LINES * along)  # 1 in the middle of a line
    broad = np.clip(dark, 0, 1)
    return stepped(wave, 1.02 - broad, 1.18 - broad) * stepped(dark, 0.0, 0.04)


def _darkness(x: Plane, y: Plane, size: tuple[int, int]) -> Plane:
    """Return how dark the scene is, 0 to 1."""
    clouds = smooth_noise(size, 11, cells=(3, 2), octaves=5)
    far = np.hypot((x - _MOON[0]) * 1.4, y - _MOON[1])
    sky = 0.62 - 0.5 * np.exp(-((far / 0.30) ** 2)) + 0.75 * (clouds - 0.5)
    sky = np.where(far < _MOON[2], 0.0, sky)
    waves = np.sin(70 * np.clip(y - 0.6, 0, 1) ** 0.6 + 9 * smooth_noise(size, 5, cells=(4, 7), octaves=3))
    glitter = np.exp(-(((x - _MOON[0]) / (0.03 + 0.25 * np.clip(y - 0.6, 0, 1))) ** 2))
    sea = 0.62 + 0.28 * waves - 0.75 * glitter * (waves < 0.3)
    scene = np.where(y > 0.62, sea, sky)
    cliff = 1.02 - 0.78 * stepped(x, 0.56, 0.0) + 0.16 * (smooth_noise(size, 3, cells=(6, 6), octaves=5) - 0.5)
    rock = 0.60 + 1.1 * (smooth_noise(size, 9, cells=(5, 16), octaves=4) - 0.5)
    return np.asarray(np.where(y > cliff, rock, scene), dtype=np.float32)


def _bend(size: tuple[int, int]) -> Plane:
    """Return by how much lines wander, in heights."""
    broad, fine = (
        smooth_noise(size, seed, cells=cells, octaves=2) - 0.5 for seed, cells in ((21, (2, 3)), (22, (9, 9)))
    )
    return np.asarray(0.22 * broad + 0.012 * fine, dtype=np.float32)


def _paper(size: tuple[int, int]) -> Plane:
    grain = smooth_noise(size, 31, cells=(40, 40), octaves=3) - 0.5
    return np.asarray(np.array(_PAPER, np.float32) + 0.05 * grain[..., None], dtype=np.float32)
