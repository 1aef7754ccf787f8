"""What moved from one frame to the next, where that can be known, and where a new shot begins.

Dense inverse search (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016) finds the flow in both
directions at reduced size; one step of Lucas and Kanade (IJCAI 1981) sharpens it, and wherever the motion of a plane
explains the picture as well, that far more exact motion is taken instead. Flow is believed where both directions agree
(Sundaram et al., "Dense Point Trajectories by GPU-Accelerated Large Displacement Optical Flow", ECCV 2010) and where
the former frame, carried along, looks like the present one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.engine.film.camera import find_camera
from impasto.engine.film.extras import opencv
from impasto.engine.film.fields import carried, larger, squared

__all__ = ["Motion", "Watcher", "reduced"]

Plane = NDArray[np.float32]

SHARE = 0.4  # of a frame's sides, at which its motion is searched: finer takes longer and films flicker hardly less
LEAST_SIDE = 16  # of a frame in which motion is looked for: in smaller ones there is no room for it
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


def reduced(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a frame (H, W, 3) in grey at SHARE of its size, but no smaller than motion can be seen in."""
    cv2 = opencv()
    grey = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (5, 5), 1.0)
    height, width = grey.shape
    share = max(SHARE, SMALLEST_SIDE / min(height, width))
    if share < 1:
        grey = cv2.resize(grey, (round(share * width), round(share * height)), interpolation=cv2.INTER_AREA)
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
        if min(now.shape) < LEAST_SIDE:
            return dataclasses.replace(_no_motion(now.shape), valid=np.zeros(now.shape, np.float32), change=1.0)
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
    search.setPatchStride(3)
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
    step = cv2.merge([(yy * sums[3] - xy * sums[4]) / determinant, (xx * sums[4] - xy * sums[3]) / determinant])
    return flow + step.clip(-1, 1)  # type: ignore[no-any-return]


def _with_planes(flow: Plane, now: Plane, before: Plane) -> tuple[Plane, NDArray[np.bool_]]:
    """Return the flow with the motion of whole planes wherever that explains the picture as well, and where that is.

    Near the border of two motions, where flow is a mixture of both, a plane's motion need not be like the flow's.
    """
    by_flow = _difference(now, before, flow)
    planes = _planes(flow, now, before, by_flow)
    border = opencv().dilate(_bends(flow).astype(np.uint8), np.ones((17, 17), np.uint8)) > 0
    costs = [1.2 * by_flow + _AS_GOOD]
    for number, plane in enumerate(planes):
        apart = np.where(border, 0, larger(np.abs(plane.flow - flow)) / _FAR)
        costs.append(plane.unlike + np.float32(0.3 * number) + apart * apart)
    best = _cheapest(costs, now)
    unlike = _chosen(best, [costs[0], *(plane.unlike for plane in planes)])
    mistaken = (unlike > _UNLIKE) & (planes[0].unlike < _UNLIKE / 2)
    best[mistaken] = 1  # beside an object that moves, the background is still where it was
    return _chosen(best, [flow, *(plane.flow for plane in planes)]), best > 0


def _cheapest(costs: Sequence[Plane], picture: Plane) -> NDArray[np.uint8]:
    """Return which cost is the least at every place, as regions that end where things in the picture end."""
    guide = _Guide(picture)
    best, least = np.zeros(picture.shape, np.uint8), np.full(picture.shape, np.inf, np.float32)
    for number, cost in enumerate(costs):
        smooth = guide.smooth(np.minimum(cost, _WORST))
        best[smooth < least] = number
        least = np.minimum(smooth, least)
    return best


def _chosen(which: NDArray[np.uint8], among: Sequence[Plane]) -> Plane:
    """Return at every place what stands there in one of the maps."""
    chosen = among[0].copy()
    for number, other in enumerate(among[1:], 1):
        chosen = opencv().copyTo(other, (which == number).astype(np.uint8), chosen)
    return chosen


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


@dataclass(frozen=True, eq=False)
class _PlaneMotion:
    """The motion of a plane, and how unlike the two frames are after it."""

    flow: Plane
    unlike: Plane


def _planes(flow: Plane, now: Plane, before: Plane, by_flow: Plane) -> list[_PlaneMotion]:
    """Return the motions of the largest planes: nearly always the background's, and then a large object's.

    ``by_flow`` says how unlike the frames are after the flow.
    """
    present, former = (opencv().GaussianBlur(frame, (0, 0), 1.0) for frame in (now, before))
    open_yet, found = np.ones(now.shape, bool), []
    for _ in range(_PLANES):
        camera = find_camera(flow, present, former, open_yet)
        exact = np.zeros_like(flow) if camera.stands_still else camera.flow()
        found.append(_PlaneMotion(exact, _difference(now, before, exact)))
        open_yet &= (larger(np.abs(exact - flow)) > _FAR) & (found[-1].unlike > by_flow + 1)
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
    long = squared(flow) + squared(returned)
    together = squared(flow + returned) < 0.01 * long + 0.5
    return together & ~_bends(flow)


def _bends(flow: Plane) -> NDArray[np.bool_]:
    """Return where one motion borders on another."""
    slopes = np.zeros(flow.shape[:2], np.float32)
    slopes[:, 1:] += squared(flow[:, 1:] - flow[:, :-1])
    slopes[1:] += squared(flow[1:] - flow[:-1])
    return slopes > 0.01 * squared(flow) + 0.02


def _believed(known: NDArray[np.bool_]) -> Plane:
    """Return how far each place is believed: painters draw beside things too, so hidden places cast doubt around."""
    cv2 = opencv()
    # What was hidden is a strip beside something that moves; what is a single pixel wide is noise.
    hidden = cv2.morphologyEx((~known).astype(np.float32), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
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
