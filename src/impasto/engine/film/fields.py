"""Maps of displacements, and pictures read along them; every film does this many times for each of its frames.

NumPy is slow where the last axis of an array holds but two or three numbers, so what is done along it is done here, by
means that are not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impasto.engine.film.extras import opencv

__all__ = ["brightness", "carried", "enlarged", "inside", "larger", "read_at", "squared"]

Plane = NDArray[np.float32]


def squared(field: Plane) -> Plane:
    """Return the squared length of every vector of a field (h, w, 2)."""
    across, down = field[..., 0], field[..., 1]
    return across * across + down * down


def larger(field: Plane) -> Plane:
    """Return the larger of the two numbers at every place of a field (h, w, 2)."""
    return np.maximum(field[..., 0], field[..., 1])


def brightness(picture: Plane) -> Plane:
    """Return the mean of the three colors of a picture (h, w, 3)."""
    found: Plane = opencv().transform(picture, np.full((1, 3), 1 / 3, np.float32))
    return found


def enlarged(plane: Plane, size: tuple[int, int]) -> Plane:
    """Return a smooth map at another (height, width)."""
    cv2 = opencv()
    found: Plane = cv2.resize(plane, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
    return found


def carried(picture: Plane, flow: Plane, *, cubic: bool = False) -> Plane:
    """Return a picture (h, w, ...) carried along a flow of its size; beyond the edges its edges are repeated."""
    cv2 = opencv()
    kernel = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
    found: Plane = cv2.remap(picture, _places(flow), None, kernel, borderMode=cv2.BORDER_REPLICATE)
    return found


def read_at(shift: Plane, size: tuple[int, int]) -> Plane:
    """Return the places (H, W, 2), column and row, to read a picture of ``size`` at, from a smaller map (h, w, 2).

    Between two motions there is no third: where they border on each other the map is not smoothed.
    """
    cv2, (height, width) = opencv(), size
    found = enlarged(shift, size)
    if shift.shape[:2] != size:
        torn = _torn(shift)
        if torn.any():
            plain = cv2.resize(shift, (width, height), interpolation=cv2.INTER_NEAREST)
            where = cv2.resize(torn.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
            found = cv2.copyTo(plain, where, found)
        found = cv2.multiply(found, (width / shift.shape[1], height / shift.shape[0], 0, 0))
    return _places(found)


def inside(places: Plane, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return which places (H, W, 2) lie in a picture of ``size``, with a little room for rounding."""
    height, width = size
    found: NDArray[np.bool_] = opencv().inRange(places, (-0.02, -0.02), (width - 0.98, height - 0.98)).astype(bool)
    return found


def _places(displacements: Plane) -> Plane:
    """Return the places, column and row, that lie so far from each pixel (h, w, 2)."""
    height, width = displacements.shape[:2]
    found = displacements.copy()
    found[..., 0] += np.arange(width, dtype=np.float32)
    found[..., 1] += np.arange(height, dtype=np.float32)[:, None]
    return found


def _torn(shift: Plane) -> NDArray[np.bool_]:
    """Return where neighbours of a map are moved more than a pixel apart."""
    cv2, window = opencv(), np.ones((3, 3), np.uint8)
    return larger(cv2.dilate(shift, window) - cv2.erode(shift, window)) > 1
