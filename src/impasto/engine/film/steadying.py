"""Making painted frames hold still: what is shown changes only as much as the clip itself does, and slowly.

Two layers are shown at any moment, each a frame as it was painted, carried along by the motion (:mod:`.layers`): an
older one that fades out and a younger one that fades in. When the younger has taken over, the frame just painted
becomes the next. How fast they fade is decided by how unlike they are, so that what the fading changes from frame to
frame stays a fixed small share of the picture's own contrast: a calm painter is followed quickly, a flickering one
slowly.

- Blending two different textures takes contrast away from both, and stretching blurs. So the sharpness of every place
  is held at what the painter gives there, smoothed over time; compare the contrast-preserving blending of Heitz &
  Neyret, "High-Performance By-Example Noise using a Histogram-Preserving Blending Operator" (HPG 2018).
- Broad colors follow each painted frame, by a small share.
- What neither layer has, because it was hidden or outside, is carried from the last frame shown, and painted anew where
  that did not have it either. Flow guides where nothing else can: compare Ruder et al., "Artistic Style Transfer for
  Videos" (GCPR 2016).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from impasto.engine.film.extras import opencv
from impasto.engine.film.fields import carried, enlarged, inside, read_at
from impasto.engine.film.layers import Layer
from impasto.engine.film.motion import Motion

__all__ = ["Steadier"]

Plane = NDArray[np.float32]

STEP = 0.005  # of the frame's deviation: what fading may change from one frame to the next
_SOURCE_SHARE = 0.5  # of what the clip itself changes without moving, which hides as much of ours
SLOWEST, FASTEST = 1 / 64, 1 / 8  # shares of a fade that one frame makes
FOLLOWING = 0.01  # share by which broad colors and sharpness follow each painted frame
SHARPNESS = 0.965  # of the painter's: the last of it is what flickers most
_COARSE = 8  # pixels: the size of what counts as broad
_LEAST_GAIN, _MOST_GAIN = 0.9, 2.8


class Steadier:
    """Takes painted frames in their order and gives them back steady.

    ``steadiness`` is a share: 0 gives every frame back as it was painted, 1 is as steady as this method can.
    """

    def __init__(self, steadiness: float = 1.0) -> None:
        self.steadiness = steadiness
        self._shown: Plane | None = None  # the last frame given back
        self._older: Layer
        self._younger: Layer
        self._faded = 0.0  # how far the younger layer has taken over
        self._offset: Plane  # by how much broad colors are moved (h / 8, w / 8, 3)
        self._sharpness: Plane  # of the painted frames (h / 8, w / 8)

    def steady(self, painted: Plane, motion: Motion) -> Plane:
        """Return the frame to show for a painted one (H, W, 3) in [0, 1]."""
        if self.steadiness == 0:
            return painted
        if self._shown is None or motion.is_cut or self._shown.shape != painted.shape:
            self._begin(painted, motion)
            self._shown = painted
        else:
            self._shown = self._followed(painted, motion, self._shown)
        return self._shown

    def _begin(self, painted: Plane, motion: Motion) -> None:
        self._older, self._younger = (Layer(painted, motion.valid.shape) for _ in range(2))  # each is carried by itself
        self._faded = 0.0
        self._sharpness = _sharpness(_grey(painted))
        self._offset = np.zeros((*self._sharpness.shape, 3), np.float32)

    def _followed(self, painted: Plane, motion: Motion, shown: Plane) -> Plane:
        self._older.follow(motion)
        self._younger.follow(motion)
        (older, older_known), (younger, younger_known) = self._older.picture(), self._younger.picture()
        fill = _filled(shown, painted, motion, np.minimum(older_known, younger_known))
        older, younger = _mixed(older, fill, older_known), _mixed(younger, fill, younger_known)
        self._faded = min(1.0, self._faded + self._speed(older, younger, painted, motion))
        frame = opencv().addWeighted(older, 1 - self._faded, younger, self._faded, 0)
        frame = self._toned(frame, painted, motion, np.maximum(older_known, younger_known))
        if self._faded >= 1.0:
            self._older, self._younger, self._faded = self._younger, Layer(painted, motion.valid.shape), 0.0
        return frame

    def _speed(self, older: Plane, younger: Plane, painted: Plane, motion: Motion) -> float:
        unlike = float(opencv().norm(older, younger)) / older.size**0.5
        allowed = max(STEP, _SOURCE_SHARE * motion.change) * _deviation(painted)
        speed = min(max(allowed / max(unlike, 1e-6), SLOWEST), FASTEST)
        return float(speed**self.steadiness)

    def _toned(self, frame: Plane, painted: Plane, motion: Motion, known: Plane) -> Plane:
        """Return the frame with the painter's sharpness and broad colors, where it shows a layer."""
        cv2, size = opencv(), (painted.shape[0], painted.shape[1])
        coarse = self._sharpness.shape
        flow = enlarged(motion.flow, coarse) * np.float32(coarse[1] / motion.flow.shape[1])
        self._sharpness = carried(self._sharpness, flow)
        self._sharpness += FOLLOWING * (_sharpness(_grey(painted)) - self._sharpness)
        # Not only the finest part is strengthened: there, all that carrying could not keep would be, too.
        smooth = cv2.GaussianBlur(frame, (9, 9), 1.7)
        gain = _gain(_grey(frame), _grey(smooth), SHARPNESS * self._sharpness)
        stronger = 1 + (enlarged(gain, size) - 1) * known
        frame = cv2.blendLinear(frame, smooth, stronger, 1 - stronger)
        wanted = cv2.GaussianBlur(_coarse(painted) - _coarse(frame), (0, 0), 1.0)
        self._offset = carried(self._offset, flow) * enlarged(known, coarse)[..., None]
        self._offset += FOLLOWING * (wanted - self._offset)
        frame += enlarged(self._offset, size)
        return np.clip(frame, 0, 1, out=frame)

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return all that is remembered, for :meth:`restore`."""
        if self._shown is None:
            return {}
        return {
            "shown": self._shown,
            "faded": np.float64(self._faded).reshape(1),
            "offset": self._offset,
            "sharpness": self._sharpness,
            **self._older.state("older"),
            **self._younger.state("younger"),
        }

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Go on where :meth:`state` was taken."""
        if "shown" not in state:
            return
        self._shown, self._offset, self._sharpness = (
            np.asarray(state[name], np.float32) for name in ("shown", "offset", "sharpness")
        )
        self._faded = float(np.asarray(state["faded"], np.float64)[0])
        self._older, self._younger = Layer.from_state("older", state), Layer.from_state("younger", state)


def _deviation(picture: Plane) -> float:
    """Return the deviation of all numbers in a picture."""
    return float(opencv().meanStdDev(picture.reshape(picture.shape[0], -1))[1][0, 0])


def _filled(shown: Plane, painted: Plane, motion: Motion, known: Plane) -> Plane:
    """Return, where a layer does not know all, the last frame carried along, and the painted one where that fails."""
    cv2, fill = opencv(), painted.copy()
    rows, columns = np.nonzero(known < 0.999)
    if not rows.size:
        return fill
    size = (painted.shape[0], painted.shape[1])
    places = read_at(motion.flow, size)[rows, columns]
    carry = enlarged(motion.carry, size)[rows, columns] * inside(places[None], size)[0]
    line = min(rows.size, 4096)  # OpenCV's pictures are at most 32767 long
    places = np.resize(places, (-(-rows.size // line), line, 2))
    moved = cv2.remap(shown, places, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    fresh = fill[rows, columns]
    fill[rows, columns] = fresh + (moved.reshape(-1, 3)[: rows.size] - fresh) * carry[:, None]
    return fill


def _mixed(picture: Plane, fill: Plane, known: Plane) -> Plane:
    mixed: Plane = opencv().blendLinear(picture, fill, known, 1 - known)
    return mixed


def _coarse(plane: Plane) -> Plane:
    cv2 = opencv()
    height, width = (max(1, round(side / _COARSE)) for side in plane.shape[:2])
    found: Plane = cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)
    return found


def _gain(frame: Plane, smooth: Plane, wanted: Plane) -> Plane:
    """Return by what the fine part of a frame in grey must be multiplied, so that the whole gets the wanted sharpness.

    Slopes add up: |s + g f|^2 = |s|^2 + 2 g s f + g^2 |f|^2 for those of the smooth part s and of the fine part f.
    """
    of_smooth, of_fine = _sharpness(smooth), _sharpness(frame - smooth)
    shared = (_sharpness(frame) - of_smooth - of_fine) / 2
    root = np.sqrt(np.maximum(shared**2 + of_fine * (wanted - of_smooth), 0))
    found: Plane = ((root - shared + 1e-7) / (of_fine + 1e-7)).clip(_LEAST_GAIN, _MOST_GAIN)
    return found


def _grey(picture: Plane) -> Plane:
    cv2 = opencv()
    found: Plane = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return found


def _sharpness(grey: Plane) -> Plane:
    """Return the mean squared slope of the brightness over each coarse place and its neighbours."""
    cv2, slopes = opencv(), np.zeros_like(grey)
    cv2.accumulateSquare(grey[:, 1:] - grey[:, :-1], slopes[:, 1:])
    cv2.accumulateSquare(grey[1:] - grey[:-1], slopes[1:])
    found: Plane = cv2.GaussianBlur(_coarse(slopes), (0, 0), 2.0)
    return found
