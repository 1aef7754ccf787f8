"""A painted frame that later frames still show, carried along by the motion.

Carrying a picture from frame to frame again and again would blur it a little each time. So what is carried is the
place: each pixel of the present remembers where in the painted frame it came from, and the picture itself is read once,
however many frames lie between.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.engine.film.extras import opencv
from impasto.engine.film.fields import carried, enlarged, inside, read_at
from impasto.engine.film.motion import Motion

__all__ = ["Layer"]

Plane = NDArray[np.float32]


def _up_to(frequency: float, taps: int = 17) -> Plane:
    """Return the filter that lets through what repeats less often than ``frequency`` in a pixel."""
    found = np.sinc(2 * frequency * (np.arange(taps) - taps // 2)) * np.kaiser(taps, 4.0)
    return np.asarray(found / found.sum(), np.float32)


def _halfway(taps: int, fading: float) -> Plane:
    """Return the filter for the value halfway between two pixels: the sinc, faded out by Kaiser's window."""
    found = np.sinc(np.arange(taps) - (taps - 1) / 2) * np.kaiser(taps, fading)
    return np.asarray(found / found.sum(), np.float32)


# What turns from pixel to pixel is there or gone with each fraction of a pixel that a picture moves: that flickers.
_HELD = _up_to(0.45)
_SHARP = _halfway(40, 4.0)  # of a painted frame, whose finest strokes are as fine as pixels
_SMOOTH = _halfway(8, 5.0)  # of what is twice as large as it need be already
_LEVELS, _ROOM = 65535, 0.5
_SMALL = 1_000_000  # pixels: frames up to here are kept four times as fine, larger ones twice, for memory's sake


class Layer:
    """One painted frame (H, W, 3), seen from the frames that follow it."""

    def __init__(self, painted: Plane, reduced: tuple[int, int]) -> None:
        cv2 = opencv()
        held = cv2.sepFilter2D(painted, -1, _HELD, _HELD, borderType=cv2.BORDER_REPLICATE)
        self.fine, self.times = _refined(_as_levels(held))
        self.shift = np.zeros((*reduced, 2), np.float32)  # where each pixel of the present is in it, at reduced size
        self.known = np.ones(reduced, np.float32)  # 0 where the present shows what it does not have

    def follow(self, motion: Motion) -> None:
        """Go on to the next frame."""
        self.shift = motion.flow + carried(self.shift, motion.flow)
        self.known = carried(self.known, motion.flow) * motion.valid

    def picture(self) -> tuple[Plane, Plane]:
        """Return the layer as the present frame sees it (H, W, 3), and how far it knows each pixel (H, W)."""
        height, width = (side // self.times + 1 for side in self.fine.shape[:2])
        known = enlarged(self.known, (height, width))
        if not self.shift.any():
            return _from_levels(self._painted()), known
        places = read_at(self.shift, (height, width))
        known *= inside(places, (height, width))
        places *= np.float32(self.times)
        cv2 = opencv()
        levels = cv2.remap(self.fine, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return _from_levels(levels), known

    def state(self, name: str) -> dict[str, NDArray[np.generic]]:
        """Return all that a layer is, for :meth:`from_state`."""
        return {f"{name}.painted": self._painted(), f"{name}.shift": self.shift, f"{name}.known": self.known}

    def _painted(self) -> NDArray[np.uint16]:
        return self.fine[:: self.times, :: self.times]

    @classmethod
    def from_state(cls, name: str, state: Mapping[str, NDArray[np.generic]]) -> Layer:
        """Return the layer that :meth:`state` described."""
        layer = cls.__new__(cls)
        layer.fine, layer.times = _refined(np.asarray(state[f"{name}.painted"], np.uint16))
        layer.shift = np.asarray(state[f"{name}.shift"], np.float32)
        layer.known = np.asarray(state[f"{name}.known"], np.float32)
        return layer


def _as_levels(picture: Plane) -> NDArray[np.uint16]:
    """Return a picture in whole numbers that have room below black and above white: between pixels lies more."""
    scale = _LEVELS / (1 + 2 * _ROOM)
    return _scaled(picture, scale, _ROOM * scale, opencv().CV_16U)


def _from_levels(levels: NDArray[np.uint16]) -> Plane:
    return _scaled(levels, (1 + 2 * _ROOM) / _LEVELS, -_ROOM, opencv().CV_32F)


def _scaled(numbers: NDArray[Any], scale: float, offset: float, kind: int) -> NDArray[Any]:
    """Return numbers scaled, moved and rounded to another kind, all in one pass: OpenCV has this only as a mixture."""
    found: NDArray[Any] = opencv().addWeighted(numbers, scale, numbers, 0, offset, dtype=kind)
    return found


def _refined(picture: NDArray[np.uint16]) -> tuple[NDArray[np.uint16], int]:
    """Return a picture in finer steps, so that reading between its pixels is exact, and how many steps a pixel has."""
    fine = _doubled(picture, _SHARP)
    if picture.shape[0] * picture.shape[1] > _SMALL:
        return fine, 2
    return _doubled(fine, _SMOOTH), 4


def _doubled(picture: NDArray[np.uint16], halfway: Plane) -> NDArray[np.uint16]:
    """Return a picture (H, W, C) with a pixel more between any two; those that were there stay as they are."""
    height, width, channels = picture.shape
    fine = np.empty((2 * height - 1, 2 * width - 1, channels), np.uint16)
    exact = picture.astype(np.float32)  # OpenCV filters floats several times as quickly as whole numbers
    fine[::2, ::2] = picture
    fine[1::2, ::2] = _rounded(_filtered(exact, down=halfway))[:-1]
    right = _filtered(exact, across=halfway)
    fine[::2, 1::2] = _rounded(right)[:, :-1]
    fine[1::2, 1::2] = _rounded(_filtered(right, down=halfway))[:-1, :-1]
    return fine


def _filtered(picture: Plane, across: Plane | None = None, down: Plane | None = None) -> Plane:
    one = np.ones(1, np.float32)
    kernels = (one if across is None else across, one if down is None else down)
    cv2 = opencv()
    anchor = tuple(max(0, len(kernel) // 2 - 1) for kernel in kernels)  # of an even number: the pixel before
    return cv2.sepFilter2D(picture, -1, *kernels, anchor=anchor, borderType=cv2.BORDER_REPLICATE)  # type: ignore[no-any-return]


def _rounded(levels: Plane) -> NDArray[np.uint16]:
    return _scaled(levels, 1, 0, opencv().CV_16U)
