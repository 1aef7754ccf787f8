"""Finding pictures that are nearly the same: smaller, recompressed, recolored a little, mirrored or cut.

A perceptual hash in the manner of Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010):
the brightness of a few cells, here kept as numbers instead of bits, with its average and its slope taken out (the sky
is always above and brighter) and brought to length 1, so that a product of two says how alike they are. A cut-out is
recognised since every picture is also described through windows of itself; what looks alike is then compared once
more, finely, with the window moved until it fits best.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from impasto.images import luminance, resize

__all__ = ["Alike", "Fingerprint", "find_alike", "fingerprint", "groups_of"]

Floats: TypeAlias = NDArray[np.float32]
Doubles: TypeAlias = NDArray[np.float64]

SIDE = 64  # pixels that a picture is brought to
COARSE, FINE = 8, 24  # cells a side
MAYBE, SURELY = 0.8, 0.88  # how alike cells are that are worth a closer look, and those that are the same picture
LENGTHS = (1.0, 0.9, 0.8, 0.7, 0.6)  # of a window, as shares of the sides; half a picture is another picture
STEPS = (0.06, 0.06, 0.04, 0.04, 0.02, 0.02, 0.01, 0.01)  # by which a window's edges are moved
HOPELESS = 0.6
FLAT = 0.5  # less contrast than this between cells is no picture that could be recognised
STEP = 0.1  # between the places of windows of one length
ROWS = 32  # pictures compared at a time


class Window(NamedTuple):
    """A part of a picture, in shares of its sides."""

    top: float
    left: float
    height: float
    width: float


WHOLE = Window(0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Fingerprint:
    """What a small version of a picture looks like through every window, also mirrored."""

    sums: tuple[Doubles, Doubles]  # (SIDE + 1, SIDE + 1) of the pixels above and to the left; the second mirrored
    windows: Floats  # (2 N, COARSE²); the first is of the whole picture, from N on they are mirrored


class Alike(NamedTuple):
    """Two pictures, by number, the first of which is found in the second."""

    part: int
    whole: int
    likeness: float  # 1 is the same
    mirrored: bool
    is_cut: bool


def fingerprint(picture: Tensor) -> Fingerprint:
    """Return the fingerprint of a picture (1, 3, H, W)."""
    small = luminance(resize(picture, (SIDE, SIDE)))[0, 0].double().numpy()
    sums = _summed(small), _summed(small[:, ::-1])
    return Fingerprint(sums, np.concatenate([_seen(side, _WINDOWS, COARSE) for side in sums]))


def find_alike(prints: Sequence[Fingerprint]) -> list[Alike]:
    """Return the pairs of pictures that are the same or of which one is cut from the other."""
    if len(prints) < 2:
        return []
    wholes = np.stack([one.windows[0] for one in prints])
    best: dict[tuple[int, int], tuple[float, int]] = {}
    for start in range(0, len(prints), ROWS):
        for part, whole, window, likeness in _candidates(wholes, prints[start : start + ROWS], start):
            best[part, whole] = max(best.get((part, whole), (0.0, 0)), (likeness, window))
    found = [_compared(prints, part, whole, window) for (part, whole), (_, window) in sorted(best.items())]
    return _once([one for one in found if one.likeness >= SURELY])


def groups_of(count: int, alike: Sequence[Alike]) -> list[list[int]]:
    """Return the numbers below ``count`` in groups: those alike together, directly or through others."""
    leader = list(range(count))

    def led(number: int) -> int:
        while leader[number] != number:
            number = leader[number]
        return number

    for one in alike:
        first, second = sorted((led(one.part), led(one.whole)))
        leader[second] = first
    groups: dict[int, list[int]] = {}
    for number in range(count):
        groups.setdefault(led(number), []).append(number)
    return list(groups.values())


_SPANS = tuple((place * STEP, length) for length in LENGTHS for place in range(round((1 - length) / STEP) + 1))
_WINDOWS = tuple(Window(top, left, height, width) for (top, height), (left, width) in itertools.product(_SPANS, _SPANS))
_EDGES = tuple(tuple(sign * (place == edge) for place in range(4)) for edge in range(4) for sign in (-1, 1))
_MOVES = (*_EDGES, (1, 0, 1, 0), (-1, 0, -1, 0), (0, 1, 0, 1), (0, -1, 0, -1))


def _summed(picture: Doubles) -> Doubles:
    sums = np.zeros((SIDE + 1, SIDE + 1))
    sums[1:, 1:] = picture.cumsum(0).cumsum(1)
    return sums


def _seen(sums: Doubles, windows: Sequence[Window], count: int) -> Floats:
    """Return count x count cells of each window, (N, count²)."""
    top, left, height, width = np.array(windows).T
    corners = _reader(top, height, count) @ sums @ _reader(left, width, count).transpose(0, 2, 1)
    return _directed(np.diff(np.diff(corners, axis=1), axis=2))


def _reader(starts: Doubles, lengths: Doubles, count: int) -> Doubles:
    """Return matrices (N, count + 1, SIDE + 1) that read sums at the edges of cells, between whole pixels too."""
    edges = starts[:, None] + lengths[:, None] * np.linspace(0, 1, count + 1)
    return np.maximum(0.0, 1.0 - np.abs(edges[..., None] * SIDE - np.arange(SIDE + 1)))


def _directed(cells: Doubles) -> Floats:
    """Return cells (N, C, C) flattened, without average and slope, at length 1."""
    ramp = _ramp(cells.shape[1])
    rest = cells - cells.mean((1, 2), keepdims=True)
    down, right = np.einsum("r,nrc->n", ramp, rest), np.einsum("c,nrc->n", ramp, rest)
    slope = down[:, None, None] * ramp[:, None] + right[:, None, None] * ramp
    flat = (rest - slope / cells.shape[1]).reshape(len(cells), -1)
    size = np.linalg.norm(flat, axis=1, keepdims=True)
    found: Floats = (flat / np.maximum(size, FLAT)).astype(np.float32)
    return found


@functools.cache
def _ramp(count: int) -> Doubles:
    ramp = np.arange(count) - (count - 1) / 2
    return ramp / np.linalg.norm(ramp)


def _candidates(wholes: Floats, prints: Sequence[Fingerprint], start: int) -> Iterator[tuple[int, int, int, float]]:
    """Yield (part, whole, window, likeness) of what may be alike: each picture with the best windows of the others."""
    windows = np.stack([one.windows for one in prints])  # (R, 2 N, COARSE²)
    likeness = np.einsum("pc,rwc->prw", wholes, windows, optimize=True)
    best = likeness.max(2)
    for part, row in zip(*np.nonzero(best > MAYBE), strict=True):
        if part != start + row:
            yield int(part), int(start + row), int(likeness[part, row].argmax()), float(best[part, row])


def _compared(prints: Sequence[Fingerprint], part: int, whole: int, number: int) -> Alike:
    """Compare finely, moving the window's edges by ever smaller steps to where it fits best."""
    mirrored = number >= len(_WINDOWS)
    sums = prints[whole].sums[mirrored]
    wanted = _seen(prints[part].sums[0], _WINDOWS[:1], FINE)[0]
    window = _WINDOWS[number % len(_WINDOWS)]
    for step in STEPS:
        tried = [window, *_moved(window, step)]
        likenesses = _seen(sums, tried, FINE) @ wanted
        window, likeness = tried[int(likenesses.argmax())], float(likenesses.max())
        if likeness < HOPELESS:
            break
    return Alike(part, whole, likeness, mirrored, min(window.height, window.width) < 0.95)


def _moved(window: Window, step: float) -> list[Window]:
    """Return the windows beside this one: with one edge moved, or all of it."""
    near = []
    for top, left, bottom, right in _MOVES:
        low = max(0.0, window.top + step * top), max(0.0, window.left + step * left)
        high = (
            min(1.0, window.top + window.height + step * bottom),
            min(1.0, window.left + window.width + step * right),
        )
        near.append(Window(*low, max(0.4, high[0] - low[0]), max(0.4, high[1] - low[1])))
    return [one for one in near if one.top + one.height <= 1 and one.left + one.width <= 1]


def _once(found: Sequence[Alike]) -> list[Alike]:
    """Name two pictures that are found in each other only once, the likelier way round."""
    best: dict[tuple[int, int], Alike] = {}
    for one in found:
        key = (min(one.part, one.whole), max(one.part, one.whole))
        if key not in best or one.likeness > best[key].likeness:
            best[key] = one
    return list(best.values())
