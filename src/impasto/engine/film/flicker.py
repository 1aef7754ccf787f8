"""How much a film flickers: what changes from frame to frame although nothing but motion happened.

The error between a frame and the one before, carried along the motion, over the pixels that both show, as a share of
the frame's own deviation: 0 holds perfectly still. Compare the stability error of Lai et al., "Learning Blind Video
Temporal Consistency" (ECCV 2018).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from impasto.engine.film.extras import opencv
from impasto.engine.film.fields import brightness, carried, enlarged, read_at
from impasto.engine.film.motion import Motion

__all__ = ["FlickerMeter", "flicker", "gradient_energy"]

Plane = NDArray[np.float32]

_FINER = 4


def flicker(now: Plane, before: Plane, flow: Plane, valid: Plane, *, exact: bool = False) -> float:
    """Return how much of a frame (H, W, 3) or (H, W) is flicker.

    ``flow`` (H, W, 2) says where each pixel was in the frame before, ``valid`` (H, W) which pixels both show. Reading
    between the pixels of a painting with fine strokes is an error of its own; ``exact``, which is slow, makes it tiny.
    """
    there = _carried_exactly(before, flow) if exact else carried(before, flow, cubic=True)
    left = (now - there) ** 2
    left = left.mean(-1) if left.ndim == 3 else left
    return float(np.sqrt((left * valid).sum() / max(float(valid.sum()), 1.0)) / max(float(now.std()), 1e-3))


def _carried_exactly(picture: Plane, flow: Plane) -> Plane:
    """Return a picture in [0, 1] carried along a flow, read from one that is finer: no frequency is lost on the way.

    Between black and white pixels lie values that no picture can hold, so the carried one cannot hold them either.
    """
    cv2 = opencv()
    places = (read_at(flow, (flow.shape[0], flow.shape[1])) + np.float32(0.5)) * np.float32(_FINER) - np.float32(0.5)
    found: Plane = cv2.remap(_finer(picture), places, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return found.clip(0, 1)


def _finer(picture: Plane) -> Plane:
    """Return a picture of even sides, _FINER times as large with the same frequencies, by its cosine transform."""
    cv2, (height, width) = opencv(), picture.shape[:2]
    channels = []
    for channel in cv2.split(picture):
        frequencies = np.zeros((_FINER * height, _FINER * width), np.float32)
        frequencies[:height, :width] = cv2.dct(channel)
        channels.append(_FINER * cv2.idct(frequencies))
    return cv2.merge(channels)  # type: ignore[no-any-return]


def gradient_energy(frame: Plane) -> float:
    """Return the mean squared slope of a frame (H, W, 3): blur takes it away."""
    return float(np.mean(np.diff(frame, axis=0) ** 2) + np.mean(np.diff(frame, axis=1) ** 2))


@dataclass
class FlickerMeter:
    """Adds up the flicker of a film while it is made, in grey and at reduced size, which is quick."""

    sums: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])  # shown, painted, the clip
    frames: int = 0
    _before: tuple[Plane, ...] = ()

    def add(self, pictures: Sequence[Plane], motion: Motion) -> None:
        """Take the next frame as it is shown, as it was painted, and as it is in the clip, each (H, W, 3)."""
        size = (motion.valid.shape[0], motion.valid.shape[1])
        now = tuple(enlarged(brightness(picture), size) for picture in pictures)
        if self._before and not motion.is_cut:
            for index, (picture, before) in enumerate(zip(now, self._before, strict=True)):
                self.sums[index] += flicker(picture, before, motion.flow, motion.valid)
            self.frames += 1
        self._before = now

    @property
    def means(self) -> tuple[float, float, float]:
        """The mean flicker of the film shown, of the painted frames, and of the clip."""
        shown, painted, clip = (total / max(self.frames, 1) for total in self.sums)
        return shown, painted, clip

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return all that is remembered, for :meth:`restore`."""
        kept = {f"before.{index}": plane for index, plane in enumerate(self._before)}
        return {"sums": np.array([*self.sums, self.frames], np.float64), **kept}

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Go on where :meth:`state` was taken."""
        *sums, frames = np.asarray(state["sums"], np.float64)
        self.sums, self.frames = [float(total) for total in sums], int(frames)
        self._before = tuple(np.asarray(state[f"before.{index}"], np.float32) for index in range(len(state) - 1))
