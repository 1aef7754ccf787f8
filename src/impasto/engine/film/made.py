"""Clips that are made, so that their motion is known exactly: what steadiness is tested and measured with.

They are cut out of one large drawn scene, several times finer than the frames, so that motion is exact to a fraction of
a pixel and nothing is aliased.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.engine.film.extras import opencv
from impasto.images import brushwork, harbour
from impasto.images.arrays import to_plane

__all__ = ["MadeClip", "pan", "passing", "scene", "zoom"]

Plane = NDArray[np.float32]
Size = tuple[int, int]

FINE = 4  # the scene is so many times finer than the frames
_LENS = 0.9  # pixels of blur: as sharp as a lens makes it


@dataclass(frozen=True, eq=False)
class MadeClip:
    """A clip and its motion."""

    frames: Sequence[Plane]  # (H, W, 3) in [0, 1]
    flows: Sequence[Plane]  # (H, W, 2): where each pixel was in the frame before, as a displacement
    seen: Sequence[NDArray[np.bool_]]  # (H, W): which pixels the frame before showed as well


def scene(size: Size) -> Plane:
    """Return a scene that leaves room around frames of ``size`` to pan and zoom in."""
    height, width = (FINE * (side + side // 3) for side in size)
    picture = 0.6 * harbour((height, width)) + 0.4 * brushwork((height, width))
    return _blurred(to_plane(picture), FINE * _LENS)


def pan(scene: Plane, size: Size, count: int, step: tuple[float, float] = (2.25, 0.75)) -> MadeClip:
    """Turn the camera: everything moves by ``step`` pixels (quarters of them) to the left and up in every frame."""
    height, width = size
    frames = []
    for number in range(count):
        left, top = (int(FINE * part * number) for part in step)
        frames.append(_shrunk(scene[top : top + FINE * height, left : left + FINE * width]))
    flow = np.broadcast_to(np.array(step, np.float32), (height, width, 2))
    rows, columns = np.mgrid[0:height, 0:width]
    seen = (columns + step[0] <= width - 1) & (rows + step[1] <= height - 1)
    return MadeClip(frames, [flow] * count, [seen] * count)


def zoom(scene: Plane, size: Size, count: int, nearer: float = 1.01) -> MadeClip:
    """Come nearer, by the factor ``nearer`` in every frame."""
    cv2 = opencv()
    height, width = size
    columns, rows = (np.arange(FINE * side, dtype=np.float32) - (FINE * side - 1) / 2 for side in (width, height))
    frames = []
    for number in range(count):
        x, y = (part * nearer**-number for part in (columns, rows))
        x, y = x + (scene.shape[1] - 1) / 2, y + (scene.shape[0] - 1) / 2
        places = (np.broadcast_to(part, (rows.size, columns.size)).astype(np.float32) for part in (x, y[:, None]))
        frames.append(_shrunk(cv2.remap(scene, *places, cv2.INTER_LINEAR)))
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    middle = np.stack([x - (width - 1) / 2, y - (height - 1) / 2], axis=-1)
    flow = (middle * (1 / nearer - 1)).astype(np.float32)
    return MadeClip(frames, [flow] * count, [np.ones(size, bool)] * count)


def passing(scene: Plane, size: Size, count: int, step: tuple[float, float] = (2.5, 0.5)) -> MadeClip:
    """Let a disc with a picture of its own pass over a background that stands still.

    Pixels on the disc's very edge mix both motions and count as not seen, as do those that were hidden.
    """
    height, width = size
    ground = scene[: FINE * height, : FINE * width]
    disc = np.ascontiguousarray(scene[::-1, ::-1][: FINE * height, : FINE * width, ::-1])
    radius, start = 0.1875 * height, (0.16 * width, 0.47 * height)
    frames, flows, seen = [], [], []
    before = np.zeros(size)
    for number in range(count):
        centre = (start[0] + step[0] * number, start[1] + step[1] * number)
        moved = np.roll(disc, (round(FINE * step[1] * number), round(FINE * step[0] * number)), axis=(0, 1))
        fine = _away((FINE * height, FINE * width), centre, 1 / FINE) < radius
        frames.append(_shrunk(np.where(fine[..., None], moved, ground)))
        away = _away(size, centre, 1.0) - radius
        flow = np.zeros((height, width, 2), np.float32)
        flow[away < 0] = -step[0], -step[1]
        flows.append(flow)
        seen.append((np.abs(away) > 2) & ~((before < 2) & (away >= 0)) if number else np.ones(size, bool))
        before = away
    return MadeClip(frames, flows, seen)


def _away(size: Size, centre: tuple[float, float], pixel: float) -> NDArray[np.float64]:
    """Return how far each pixel is from a point, in pixels of the frames; ``pixel`` is the size of one."""
    x, y = ((np.arange(side) + 0.5) * pixel - 0.5 for side in (size[1], size[0]))
    away: NDArray[np.float64] = np.hypot(x - centre[0], y[:, None] - centre[1])
    return away


def _shrunk(fine: Plane) -> Plane:
    cv2 = opencv()
    size = (fine.shape[1] // FINE, fine.shape[0] // FINE)
    shrunk: Plane = cv2.resize(np.ascontiguousarray(fine), size, interpolation=cv2.INTER_AREA)
    return shrunk


def _blurred(picture: Plane, radius: float) -> Plane:
    blurred: Plane = opencv().GaussianBlur(picture, (0, 0), radius)
    return blurred
