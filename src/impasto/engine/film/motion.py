"""What moved from one frame to the next, where that can be known, and where a new shot begins.

Dense inverse search (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016) finds the flow in both
directions at reduced size; one step of Lucas and Kanade (IJCAI 1981) sharpens it, and wherever the motion of a plane
explains the picture as well, that far more exact motion is taken instead. Flow is believed where both directions agree
(Sundaram et al., "Dense Point Trajectories by GPU-Accelerated Large Displacement Optical Flow", ECCV 2010) and where
the former frame, carried along, looks like the present one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.engine.film.camera import find_camera
from impasto.engine.film.extras import opencv

__all__ = ["Motion", "Watcher", "carried", "reduced"]

Plane = NDArray[np.float32]

SMALLEST_SIDE = 256  # frames are not reduced below it: the rims of what moves would be too coarse
_WINDOW = (17, 17)
_UNLIKE = 14.0  # grey levels: a place that looks so different is another place
_PLANES = 2
_WORTH_A_PLANE = 0.01  # share of the picture that is not explained yet
_AS_GOOD = 0.8  # grey levels that a plane's motion may be worse by where it is taken
_FAR = 0.8  # pixels: a flow that differs more from the plane's is a motion of its own
_BESIDE, _DOUBT = 17, 0.3  # pixels across, and how little what lies beside hidden places is believed
_FOLD, _RIM = 0.15, 0.9  # pixels gained from one to the next where ground is bared; how far a rim is carried
_WORST = 6.0  # grey levels: the most that a place may say against a motion
_CUT = 0.25  # of the frame: where less comes from the former one, a new shot begins; usual are 0.5 and 0.02


@dataclass(frozen=True, eq=False)
class Motion:
    """From the former frame to this one, at the reduced size (h, w)."""

    flow: Plane  # (h, w, 2): where each pixel was in the former frame, as a displacement in pixels of this size
    valid: Plane  # (h, w) in [0, 1]: 0 where the place was hidden or is not known; the frame's edge is not asked
    carry: Plane  # (h, w) in [0, 1]: how far the former frame may stand in there; little only where ground was bared
    change: float  # what motion does not explain, as a share of the frame's deviation
    is_cut: bool = False  # a new shot begins; then the rest means nothing


def carried(picture: Plane, flow: Plane, *, cubic: bool = False) -> Plane:
    """Return a picture (h, w, ...) carried along a flow of its size; beyond the edges its edges are repeated."""
    cv2 = opencv()
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    kernel = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
    found: Plane = cv2.remap(picture, x, y, kernel, borderMode=cv2.BORDER_REPLICATE)
    return found


def reduced(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a frame (H, W, 3) in grey at half its size, or at its own if it is small."""
    cv2 = opencv()
    grey = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (5, 5), 1.0)
    height, width = grey.shape
    if min(height, width) >= 2 * SMALLEST_SIDE:
        grey = cv2.resize(grey, (round(width / 2), round(height / 2)), interpolation=cv2.INTER_AREA)
    return grey  # type: ignore[no-any-return]


class Watcher:
    """Looks at the frames of a clip in their order (in grey, reduced) and says how each came from the one before."""

    def __init__(self) -> None:
        self._search = _search()
        self.before: NDArray[np.uint8] | None = None  # the frame seen last

    def see(self, now: NDArray[np.uint8]) -> Motion:
        """Return the motion from the frame seen before to this one; the first frame is the beginning of a shot."""
        before, self.before = self.before, now
        if before is None or before.shape != now.shape:
            return _no_motion(now.shape, is_cut=True)
        if np.array_equal(now, before):
            return _no_motion(now.shape)
        return self._between(now, before)

    def _between(self, now: NDArray[np.uint8], before: NDArray[np.uint8]) -> Motion:
        there, back = (self._search.calc(*pair, None) for pair in ((now, before), (before, now)))
        present, former = now.astype(np.float32), before.astype(np.float32)
        flow = _sharpened(there, present, former)
        flow, by_plane = _with_planes(flow, present, former)
        looks_alike = _difference(present, former, flow) < _UNLIKE
        valid = _believed(looks_alike & (by_plane | _agree(flow, back)))
        is_cut = float(valid.mean()) < _CUT
        return Motion(flow, valid, _carry(valid, flow), _change(present, former, flow, valid), is_cut)


def _search() -> Any:
    """Return the search for flow: OpenCV's fast one, but to half the size and not only a quarter."""
    search = opencv().DISOpticalFlow_create(opencv().DISOpticalFlow_PRESET_FAST)
    search.setFinestScale(1)
    search.setPatchStride(5)
    search.setGradientDescentIterations(12)
    search.setVariationalRefinementIterations(3)
    return search


def _no_motion(shape: tuple[int, ...], *, is_cut: bool = False) -> Motion:
    everywhere = np.ones(shape, np.float32)
    return Motion(np.zeros((*shape, 2), np.float32), everywhere, everywhere, 0.0, is_cut)


def _sharpened(flow: Plane, now: Plane, before: Plane) -> Plane:
    """Return the flow after one step of Lucas and Kanade over a Gaussian window."""
    cv2 = opencv()
    there = carried(before, flow, cubic=True)
    middle = (now + there) / 2
    gx, gy = (cv2.Scharr(middle, cv2.CV_32F, *axis, scale=1 / 32) for axis in ((1, 0), (0, 1)))
    left = now - there
    sums = [cv2.GaussianBlur(part, _WINDOW, 0) for part in (gx * gx, gx * gy, gy * gy, gx * left, gy * left)]
    xx, xy, yy = sums[0] + 4, sums[1], sums[2] + 4  # 4: flat places keep the flow they have
    determinant = xx * yy - xy * xy
    step = np.stack([yy * sums[3] - xy * sums[4], xx * sums[4] - xy * sums[3]], axis=-1) / determinant[..., None]
    return flow + step.clip(-1, 1)  # type: ignore[no-any-return]


def _with_planes(flow: Plane, now: Plane, before: Plane) -> tuple[Plane, NDArray[np.bool_]]:
    """Return the flow with the motion of whole planes wherever that explains the picture as well, and where that is.

    Near the border of two motions, where flow is a mixture of both, a plane's motion need not be like the flow's.
    """
    cv2 = opencv()
    planes = _planes(flow, now, before)
    border = cv2.dilate(_bends(flow).astype(np.uint8), np.ones((17, 17), np.uint8)) > 0
    costs = [1.2 * _difference(now, before, flow) + _AS_GOOD]
    for number, exact in enumerate(planes):
        apart = np.where(border, 0, np.abs(exact - flow).max(-1) / _FAR)
        costs.append((_difference(now, before, exact) + 0.3 * number + apart**2).astype(np.float32))
    guide = _Guide(now)
    best = np.argmin([guide.smooth(np.minimum(cost, _WORST)) for cost in costs], axis=0)
    unlike = [_difference(now, before, exact) for exact in planes]
    mistaken = (best != 1) & (np.choose(best, [costs[0], *unlike]) > _UNLIKE) & (unlike[0] < _UNLIKE / 2)
    best[mistaken] = 1  # beside an object that moves, the background is still where it was
    mixed = flow.copy()
    for number, exact in enumerate(planes, 1):
        mixed[best == number] = exact[best == number]
    return mixed, best > 0


class _Guide:
    """Smooths maps, but not across the edges of a picture (He et al., "Guided Image Filtering", ECCV 2010).

    Choosing between motions with costs smoothed so gives regions that end where things end (Hosni et al., "Fast
    Cost-Volume Filtering for Visual Correspondence and Beyond", PAMI 2013).
    """

    _SOFT = 16.0  # squared grey levels: weaker edges do not count

    def __init__(self, picture: Plane) -> None:
        self._picture, self._mean = picture, self._over_window(picture)
        self._variance = self._over_window(picture * picture) - self._mean**2 + self._SOFT

    def smooth(self, plane: Plane) -> Plane:
        """Return the map smoothed."""
        mean = self._over_window(plane)
        slope = (self._over_window(plane * self._picture) - mean * self._mean) / self._variance
        offset = mean - slope * self._mean
        smoothed: Plane = self._over_window(slope) * self._picture + self._over_window(offset)
        return smoothed

    def _over_window(self, plane: Plane) -> Plane:
        found: Plane = opencv().blur(plane, _WINDOW)
        return found


def _planes(flow: Plane, now: Plane, before: Plane) -> list[Plane]:
    """Return the motions of the largest planes: nearly always the background's, and then a large object's."""
    present, former = (opencv().GaussianBlur(frame, (0, 0), 1.0) for frame in (now, before))
    by_flow = _difference(now, before, flow)
    open_yet, found = np.ones(now.shape, bool), []
    for _ in range(_PLANES):
        camera = find_camera(flow, present, former, open_yet)
        found.append(np.zeros_like(flow) if camera.stands_still else camera.flow())
        open_yet &= np.abs(found[-1] - flow).max(-1) > _FAR
        open_yet &= _difference(now, before, found[-1]) > by_flow + 1
        if open_yet.mean() < _WORTH_A_PLANE:
            break
    return found


def _difference(now: Plane, before: Plane, flow: Plane) -> Plane:
    """Return how unlike two frames are after the motion, in grey levels over a few pixels."""
    cv2 = opencv()
    found: Plane = cv2.blur(np.abs(now - carried(before, flow)), (3, 3))
    return found


def _agree(flow: Plane, back: Plane) -> NDArray[np.bool_]:
    """Return where going there and back again ends near the start, and the flow is no border of two motions."""
    returned = carried(back, flow)
    long = (flow**2).sum(-1) + (returned**2).sum(-1)
    together = ((flow + returned) ** 2).sum(-1) < 0.01 * long + 0.5
    return together & ~_bends(flow)  # type: ignore[no-any-return]


def _bends(flow: Plane) -> NDArray[np.bool_]:
    """Return where one motion borders on another."""
    across, down = flow[:, 1:] - flow[:, :-1], flow[1:] - flow[:-1]
    slopes = np.zeros(flow.shape[:2], np.float32)
    slopes[:, 1:] += (across**2).sum(-1)
    slopes[1:] += (down**2).sum(-1)
    return slopes > 0.01 * (flow**2).sum(-1) + 0.02  # type: ignore[no-any-return]


def _believed(known: NDArray[np.bool_]) -> Plane:
    """Return how far each place is believed: painters draw beside things too, so hidden places cast doubt around."""
    cv2, hidden = opencv(), (~known).astype(np.float32)
    near = cv2.GaussianBlur(cv2.dilate(hidden, np.ones((3, 3), np.uint8)), (7, 7), 0)
    around = cv2.GaussianBlur(cv2.dilate(hidden, np.ones((_BESIDE, _BESIDE), np.uint8)), (7, 7), 0)
    believed: Plane = 1 - np.maximum(near, _DOUBT * around)
    return believed


def _carry(valid: Plane, flow: Plane) -> Plane:
    """Return how far what was shown last may stand in where it is not quite believed.

    On the rim of a thing that moves, a painting made anew in every frame flickers, and what was shown is right but for
    a pixel or two. Where the thing left bare ground behind it is not: there the flow folds, two places of the present
    come from one of the former frame.
    """
    cv2 = opencv()
    growth = np.zeros(valid.shape, np.float32)  # of distances, from the former frame to this one
    growth[:, 1:] -= flow[:, 1:, 0] - flow[:, :-1, 0]
    growth[1:] -= flow[1:, :, 1] - flow[:-1, :, 1]
    bared = cv2.dilate((cv2.blur(growth, (3, 3)) > _FOLD).astype(np.float32), np.ones((3, 3), np.uint8))
    carry: Plane = np.maximum(valid, _RIM * (1 - cv2.GaussianBlur(bared, (5, 5), 0)))
    return carry


def _change(now: Plane, before: Plane, flow: Plane, valid: Plane) -> float:
    left = (now - carried(before, flow, cubic=True)) * valid
    return float(np.sqrt((left**2).sum() / max(valid.sum(), 1)) / max(now.std(), 1))
