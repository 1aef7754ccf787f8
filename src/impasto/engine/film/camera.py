"""The motion of the camera, or of anything flat: a few numbers that say where every pixel comes from.

A plane seen by a camera that turns, moves or zooms flows by a quadratic of eight parameters (Bergen et al.,
"Hierarchical Model-Based Motion Estimation", ECCV 1992). Fitted to many pixels together they are known to a few
hundredths of a pixel, ten times better than the flow of any one place, and that is what keeps strokes from swimming.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from impasto.engine.film.extras import opencv

__all__ = ["Camera", "find_camera"]

Plane = NDArray[np.float32]
Numbers = NDArray[np.float64]

_GRID = 4  # every so many pixels one vector of the flow takes part in the first fit
_VECTORS = 3000  # about so many at most
_SHARPNESS = (3.0, 1.0, 0.5, 0.3, 0.3)  # pixels off at which a vector counts half, turn by turn
_POINTS = 3000  # pixels that are compared, those with the strongest edges
_ROUNDS = 4
_SETTLED = 2e-4  # pixels: a step that moves nothing further is the last
_BETTER = 0.97  # eight parameters are taken where they leave this share of what four leave


@dataclass(frozen=True, eq=False)
class Camera:
    """One motion of a plane between two frames of ``size`` (height, width)."""

    size: tuple[int, int]
    parameters: Numbers  # (8,), in pixels at the edge of the picture

    def flow(self) -> Plane:
        """Return where each pixel was in the former frame, as displacements (H, W, 2)."""
        height, width = self.size
        x, y = _centred(np.arange(width), width), _centred(np.arange(height), height)[:, None]
        p = self.parameters
        found = np.empty((height, width, 2), np.float32)
        found[..., 0] = (p[0] + (p[1] + p[6] * x) * x) + (p[2] + p[7] * x) * y
        found[..., 1] = (p[3] + (p[5] + p[7] * y) * y) + (p[4] + p[6] * y) * x
        return found

    @property
    def stands_still(self) -> bool:
        """Whether no pixel moves by more than a fiftieth."""
        return float(np.abs(self.parameters).sum()) < 0.02


def find_camera(flow: Plane, now: Plane, before: Plane, among: NDArray[np.bool_]) -> Camera:
    """Return the motion that most pixels ``among`` (H, W) agree with; those that do not are left out by themselves.

    It begins with the flow (H, W, 2) and is then improved by comparing the frames (H, W), by Gauss and Newton: shift,
    zoom and turn first, and all eight parameters where they explain more.
    """
    size = (now.shape[0], now.shape[1])
    points = _strong_points(now, among)
    cv2 = opencv()
    former = cv2.merge([before, *(cv2.Scharr(before, -1, *axis, scale=1 / 32) for axis in ((1, 0), (0, 1)))])
    simple, left = _refined(_fitted(flow, among), _similarity(size), now, former, points)
    full, left_by_full = _refined(simple, np.eye(8), now, former, points)
    return Camera(size, full if left_by_full < _BETTER * left else simple)


def _fitted(flow: Plane, among: NDArray[np.bool_]) -> Numbers:
    """Return the parameters that most vectors of the flow agree with (iteratively weighted least squares)."""
    grid = max(_GRID, round((np.count_nonzero(among) / _VECTORS) ** 0.5))
    rows, columns = (place * grid + grid // 2 for place in np.nonzero(among[grid // 2 :: grid, grid // 2 :: grid]))
    if not rows.size:
        return np.zeros(8)
    wanted = flow[rows, columns].astype(np.float64)
    design = _basis(columns, rows, among.shape)
    middle = np.median(wanted, axis=0)
    found = np.array([middle[0], 0, 0, middle[1], 0, 0, 0, 0])
    for sharpness in _SHARPNESS:
        off = np.hypot(*(part @ found - wanted[:, axis] for axis, part in enumerate(design)))
        weight = np.tile(1 / (1 + (off / sharpness) ** 2), 2)
        found = _solved(np.vstack(design), wanted.T.ravel(), weight)
    return found


def _refined(
    start: Numbers, model: Numbers, now: Plane, former: Plane, points: tuple[NDArray[np.intp], ...]
) -> tuple[Numbers, float]:
    """Return better parameters within a model (N, 8), and the grey levels that they leave unexplained.

    ``former`` holds the former frame and its slopes across and down (H, W, 3). A change of brightness is allowed for.
    """
    cv2 = opencv()
    rows, columns = points
    height, width = now.shape
    across, down = (part @ model.T for part in _basis(columns, rows, now.shape))
    here, found, left_over = now[rows, columns].astype(np.float64), np.linalg.lstsq(model.T, start, rcond=None)[0], 0.0
    for _ in range(_ROUNDS):
        x, y = columns + across @ found, rows + down @ found
        inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
        places = (x.astype(np.float32)[:, None], y.astype(np.float32)[:, None])
        there, gx, gy = cv2.remap(former, *places, cv2.INTER_LINEAR)[:, 0].astype(np.float64).T
        left = here - there
        brightness = np.stack([there - there.mean(), np.full(there.shape, 255.0)], axis=1) / 255
        off = np.abs(left - np.median(left[inside])) if inside.any() else np.abs(left)
        weight = inside / (1 + (off / (1 + 1.5 * np.median(off))) ** 2)
        design = np.hstack([across * gx[:, None] + down * gy[:, None], brightness])
        step = _solved(design, left, weight)[: len(model)]
        found = found + step
        left_over = float(np.sqrt((weight * left**2).sum() / max(weight.sum(), 1e-6)))
        if np.abs(step).sum() < _SETTLED:
            break
    return found @ model, left_over


def _strong_points(now: Plane, among: NDArray[np.bool_]) -> tuple[NDArray[np.intp], ...]:
    """Return rows and columns of the pixels with the strongest edges, every other one each way."""
    cv2 = opencv()
    edges = cv2.Scharr(now, -1, 1, 0) ** 2 + cv2.Scharr(now, -1, 0, 1) ** 2
    strength = np.where(among, edges, -1)[2:-2:2, 2:-2:2]
    count = min(_POINTS, max(1, int((strength >= 0).sum())))
    best = np.argpartition(strength.ravel(), -count)[-count:]
    return tuple(2 * place + 2 for place in np.unravel_index(best, strength.shape))


def _similarity(size: tuple[int, int]) -> Numbers:
    """Return shift, zoom and turn as a model (4, 8): what each moves, in the eight parameters."""
    tall = size[0] / size[1]
    model = np.zeros((4, 8))
    model[0, 0] = model[1, 3] = 1
    model[2, [1, 5]] = 1, tall
    model[3, [2, 4]] = tall, -1
    return model


def _centred(place: NDArray[np.integer], length: int) -> Numbers:
    centred: Numbers = 2 * (place.astype(np.float64) + 0.5) / length - 1
    return centred


def _basis(columns: NDArray[np.intp], rows: NDArray[np.intp], size: tuple[int, ...]) -> tuple[Numbers, Numbers]:
    """Return what each of the eight parameters moves these pixels by, across and down, each (N, 8)."""
    x, y = _centred(columns, size[1]), _centred(rows, size[0])
    one, zero = np.ones_like(x), np.zeros_like(x)
    across = np.stack([one, x, y, zero, zero, zero, x * x, x * y], axis=1)
    down = np.stack([zero, zero, zero, one, x, y, x * y, y * y], axis=1)
    return across, down


def _solved(design: Numbers, wanted: Numbers, weight: Numbers) -> Numbers:
    """Solve weighted least squares, leaning a little towards no motion where the picture says nothing."""
    weighted = design * weight[:, None]
    normal = weighted.T @ design + 1e-3 * np.eye(design.shape[1])
    return np.asarray(np.linalg.solve(normal, weighted.T @ wanted), np.float64)
