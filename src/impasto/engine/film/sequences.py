"""Sequences of pictures: a folder of numbered frames, or a pattern such as ``frames/%04d.png`` or ``frames/*.tif``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from impasto.engine.film.frames import Frame, as_levels
from impasto.errors import InputError
from impasto.images import Picture, read
from impasto.images.arrays import to_plane
from impasto.images.formats import READABLE, format_of

__all__ = ["SequenceClip", "belongs", "is_pattern", "numbered", "places_in"]

USUAL_RATE = 25.0
_PLACE = re.compile(r"%0?(\d*)d")  # where a frame's number stands, as C's printf writes it


class SequenceClip:
    """Pictures of one size, one after the other, ``rate`` of them a second."""

    def __init__(self, path: Path, rate: float | None = None) -> None:
        self.path = path
        self.files = _files(path)
        self.numbers = _numbers(self.files)
        self.rate: Fraction | None = Fraction(rate or USUAL_RATE).limit_denominator(1001)
        self.time_base = 1 / self.rate
        self.frame_count = len(self.files)
        first = read(self.files[0])
        self.size, self.bits = first.size, first.bits

    def frames(self, after: int | None = None) -> Iterator[Frame]:
        """Yield the frames in their order; with ``after``, only those later than that time."""
        for number in range(0 if after is None else after + 1, len(self.files)):
            yield self._frame(number, read(self.files[number]))

    def fingerprint(self) -> str:
        """Return a hash of the files' names, sizes and times: reading them all twice would take too long."""
        facts = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in self.files]
        return hashlib.sha256(repr(facts).encode()).hexdigest()

    def _frame(self, number: int, picture: Picture) -> Frame:
        if picture.size != self.size:
            raise InputError(
                f"{picture.name} has {picture.width}x{picture.height} px, but {self.files[0].name} has "
                f"{self.size[1]}x{self.size[0]}; the frames of a film must all have one size."
            )
        pixels = as_levels(to_plane(picture.pixels), self.bits)
        alpha = None if picture.alpha is None else as_levels(picture.alpha[0, 0].numpy(), 8)
        return Frame(number, pixels, number, 1, alpha, name=picture.name)


def is_pattern(path: Path) -> bool:
    """Whether a path stands for many files."""
    return places_in(path) > 0 or "*" in path.name


def places_in(path: Path) -> int:
    """Return how many places for a number a file's name has."""
    return len(_PLACE.findall(path.name))


def numbered(pattern: Path, number: int) -> Path:
    """Return the name of the frame with this number."""
    return pattern.with_name(_PLACE.sub(lambda place: f"{number:0{place[1] or 0}d}", pattern.name))


def _files(path: Path) -> list[Path]:
    """Return the pictures that a folder or a pattern stands for, in the order of the numbers in their names."""
    folder = path if path.is_dir() else path.parent
    if not folder.is_dir():
        raise InputError(f"the folder {folder} does not exist; check the name of the frames' folder.")
    if places_in(path) > 1:
        raise InputError(f"{path.name} has more than one place for a number; write the others as they are.")
    found = [file for file in folder.iterdir() if belongs(file, path) and format_of(file.suffix)]
    if not found:
        raise InputError(f"{path} holds no frames; give a folder or a pattern of pictures: {READABLE}.")
    return sorted(found, key=_in_order)


def belongs(file: Path, path: Path) -> bool:
    """Whether a file is one of those that a folder or a pattern stands for."""
    if path.is_dir():
        return not file.name.startswith(".")
    if "*" in path.name:
        return file.match(path.name)
    before, after = (re.escape(part) for part in _PLACE.split(path.name)[::2])
    return re.fullmatch(rf"{before}\d+{after}", file.name) is not None


def _numbers(files: Sequence[Path]) -> Sequence[int]:
    """Return the last number in each name; where that does not tell the files apart, they are counted from 1."""
    found = [re.findall(r"\d+", file.stem)[-1:] for file in files]
    numbers = [int(digits[0]) for digits in found if digits]
    return numbers if len(set(numbers)) == len(files) else range(1, len(files) + 1)


def _in_order(file: Path) -> list[tuple[int, int, str]]:
    """Return what sorts 9 before 10."""
    parts = re.split(r"(\d+)", file.name)
    return [(1, int(part), part) if part.isdecimal() else (0, 0, part) for part in parts]
