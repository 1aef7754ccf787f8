"""What every kind of clip gives, whatever file it comes from: upright frames with their times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Clip", "Frame", "Pixels", "as_float", "as_levels"]

Pixels = NDArray[np.unsignedinteger[Any]]
"""A frame (H, W, 3) in RGB, 8 or 16 bits."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame of a clip, as it is to be seen."""

    number: int  # from 0, of those that are asked for
    pixels: Pixels
    time: int  # when it appears, in units of the clip's time base
    duration: int  # how long it stays, in the same units
    alpha: NDArray[np.uint8] | None = field(default=None, repr=False)  # (H, W); None where nothing is transparent
    name: str = ""  # of its own file, for a sequence of pictures


class Clip(Protocol):
    """A film, an animation or a sequence of pictures, ready to be read."""

    path: Path
    size: tuple[int, int]  # (height, width), upright
    time_base: Fraction  # seconds in one unit of time
    rate: Fraction | None  # frames per second, where the file says so
    frame_count: int  # as far as can be known beforehand

    def frames(self, after: int | None = None) -> Iterator[Frame]:
        """Yield the frames in their order; with ``after``, only those later than that time."""
        ...

    def fingerprint(self) -> str:
        """Return a hash of all that decides the frames."""
        ...


def as_float(pixels: Pixels) -> NDArray[np.float32]:
    """Return 8 or 16 bits as numbers in [0, 1]."""
    return pixels.astype(np.float32) * np.float32(1 / np.iinfo(pixels.dtype).max)


def as_levels(picture: NDArray[np.float32], bits: int) -> Pixels:
    """Return numbers in [0, 1] as 8 or 16 bits."""
    kind = np.uint8 if bits == 8 else np.uint16
    levels = np.iinfo(kind).max
    return (np.clip(picture, 0, 1) * levels + 0.5).astype(kind)
