"""Where painted frames go: into a film, an animation, or files of their own. Each is made in pieces."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.engine.film.animations import ANIMATIONS, AnimationClip, write_animation
from impasto.engine.film.clips import FILM_ENDINGS
from impasto.engine.film.encoding import Encoding, Piece, encoding_for
from impasto.engine.film.frames import Clip, Frame, as_float, as_levels
from impasto.engine.film.joining import Window, can_hold_sound, join
from impasto.engine.film.sequences import SequenceClip, is_pattern, numbered, places_in
from impasto.engine.film.videos import VideoClip
from impasto.errors import OutputError, did_you_mean
from impasto.images import write
from impasto.images.arrays import from_plane
from impasto.images.formats import format_of, is_picture, joined
from impasto.weights.atomic import sync

__all__ = ["MOVING_ENDINGS", "Ending", "Outlet", "PieceOfWork", "default_out", "outlet_for"]

MOVING_ENDINGS = frozenset(FILM_ENDINGS) | set(ANIMATIONS) - {".png", ".webp"}
"""Endings of outputs that can only move; a PNG or WebP may be a single picture as well."""

Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Ending:
    """What is known when all frames are painted."""

    last_duration: int
    window: Window
    comment: str | None  # the recipe
    keep_metadata: bool = True  # what the clip says about itself, such as author, date and place


class PieceOfWork(Protocol):
    """A piece while it is made."""

    def add(self, picture: Plane, frame: Frame, time: int) -> None:
        """Append a painted frame (H, W, 3), which appears at ``time``."""
        ...

    def close(self, *, is_whole: bool = True) -> None:
        """Finish it; a piece that is not whole is let go."""
        ...


class Outlet(Protocol):
    """One kind of output."""

    has_even_sides: bool  # its frames can only have even sides

    def check(self) -> str:
        """Refuse what cannot be written, and return what becomes of the sound, in a few words."""
        ...

    def open(self, folder: Path, number: int, size: tuple[int, int]) -> PieceOfWork:
        """Begin a piece."""
        ...

    def finish(self, folder: Path, pieces: int, ending: Ending) -> None:
        """Make the output of its pieces."""
        ...


def outlet_for(out: Path, clip: Clip, *, sound: bool = True, compression: int = 17) -> Outlet:
    """Return where the painted frames of a clip go when the output is called ``out``."""
    ending = out.suffix.lower()
    if is_pattern(out) or out.is_dir() or not ending:
        return _FilesOutlet(out, clip)
    if ending in FILM_ENDINGS:
        return _FilmOutlet(out, clip, sound=sound, compression=compression)
    if ending in ANIMATIONS:
        return _AnimationOutlet(out, clip)
    known = [*FILM_ENDINGS, *(known for known in ANIMATIONS if known != ".png")]
    hint = " of a picture" if is_picture(out) else did_you_mean(ending, known)
    raise OutputError(
        f"{out.name} has the ending {out.suffix}{hint}; end it in {joined(known)}, "
        "or name a folder or a pattern such as frames/%04d.png."
    )


def default_out(clip: Clip, style: str) -> Path:
    """Return the name of the result in the current folder: ``CLIP-STYLE`` as the clip's kind of file."""
    if isinstance(clip, VideoClip):
        ending = clip.path.suffix.lower() if clip.path.suffix.lower() in FILM_ENDINGS else ".mp4"
        ending = ending if not can_hold_sound(ending, clip.path) else ".mkv"
        return Path(f"{clip.path.stem}-{style}{ending}")
    if isinstance(clip, AnimationClip):
        return Path(f"{clip.path.stem}-{style}{clip.path.suffix}")
    name = clip.path.name if clip.path.is_dir() else clip.path.resolve().parent.name
    return Path(f"{name}-{style}")


class _FilmOutlet:
    """A film with the sound of the clip."""

    has_even_sides = True

    def __init__(self, out: Path, clip: Clip, *, sound: bool, compression: int) -> None:
        self._out, self._clip, self._ending = out, clip, out.suffix.lower()
        self._sound, self._compression = sound, compression

    def check(self) -> str:
        encoding_for(self._out, self._clip, (2, 2), self._compression)
        if not isinstance(self._clip, VideoClip) or not self._clip.has_sound:
            return "none"
        if not self._sound:
            return "left out"
        codec = can_hold_sound(self._ending, self._clip.path)
        if codec:
            raise OutputError(
                f"{self._clip.path.name} has {codec} sound, which {self._ending} films cannot hold as it is; "
                "end the name in .mkv, or leave the sound out with --no-sound (sound=False)."
            )
        return "kept"

    def open(self, folder: Path, number: int, size: tuple[int, int]) -> PieceOfWork:
        encoding = encoding_for(self._out, self._clip, size, self._compression)
        return _FilmPiece(_piece(folder, number, ".nut"), encoding)

    def finish(self, folder: Path, pieces: int, ending: Ending) -> None:
        whole = folder / f"whole{self._ending}"  # in there a kill leaves nothing that would stay
        join(
            [_piece(folder, number, ".nut") for number in range(pieces)],
            whole,
            self._ending,
            last_duration=ending.last_duration,
            time_base=self._clip.time_base,
            clip=self._clip.path if isinstance(self._clip, VideoClip) else None,
            window=ending.window,
            sound=self._sound,
            comment=ending.comment,
            keep_metadata=ending.keep_metadata,
        )
        whole.replace(self._out)


class _FilmPiece:
    def __init__(self, path: Path, encoding: Encoding) -> None:
        self._path, self._begun = path, path.with_suffix(".begun")
        self._bits, self._piece = encoding.bits, Piece(self._begun, encoding)

    def add(self, picture: Plane, frame: Frame, time: int) -> None:
        if frame.alpha is not None:
            seen = as_float(frame.alpha)[..., None]
            picture = picture * seen + (1 - seen)  # films have no transparency: on white, as pictures are
        self._piece.add(as_levels(picture, self._bits), time)

    def close(self, *, is_whole: bool = True) -> None:
        self._piece.close(is_whole=is_whole)
        if is_whole:
            sync(self._begun)
            self._begun.replace(self._path)
        else:
            self._begun.unlink(missing_ok=True)


class _AnimationOutlet:
    """An animation; its frames wait as pictures until all are there, since they share a palette."""

    has_even_sides = False

    def __init__(self, out: Path, clip: Clip) -> None:
        self._out, self._clip = out, clip

    def check(self) -> str:
        return "left out" if getattr(self._clip, "has_sound", False) else "none"

    def open(self, folder: Path, number: int, size: tuple[int, int]) -> PieceOfWork:
        del size
        return _PicturesPiece(_piece(folder, number, ""), self._clip.time_base)

    def finish(self, folder: Path, pieces: int, ending: Ending) -> None:
        del ending
        frames = [file for number in range(pieces) for file in sorted(_piece(folder, number, "").iterdir())]
        times = [int(file.stem.split("-")[1]) for file in frames]
        until = int(frames[-1].stem.split("-")[2])
        durations = [then - time for time, then in zip(times, [*times[1:], until], strict=True)]
        loop = self._clip.loop if isinstance(self._clip, AnimationClip) else 0
        whole = folder / f"whole{self._out.suffix}"
        write_animation(whole, frames, durations, loop)
        whole.replace(self._out)


class _PicturesPiece:
    """Pictures in a folder, each called by its number and its time in milliseconds."""

    def __init__(self, path: Path, time_base: Fraction) -> None:
        self._path, self._begun, self._time_base = path, path.with_name(path.name + ".begun"), time_base
        shutil.rmtree(self._begun, ignore_errors=True)
        self._begun.mkdir()
        self._number = 0

    def add(self, picture: Plane, frame: Frame, time: int) -> None:
        begin, end = (round(1000 * moment * self._time_base) for moment in (time, time + frame.duration))
        name = f"{self._number:06d}-{begin}-{end}.png"
        _write(picture, frame, self._begun / name)
        self._number += 1

    def close(self, *, is_whole: bool = True) -> None:
        if is_whole:
            shutil.rmtree(self._path, ignore_errors=True)
            for picture in self._begun.iterdir():
                sync(picture)
            self._begun.replace(self._path)
        else:
            shutil.rmtree(self._begun, ignore_errors=True)


class _FilesOutlet:
    """Pictures in a folder, or by a pattern such as ``out/%04d.png``: each is written as soon as it is painted."""

    has_even_sides = False

    def __init__(self, out: Path, clip: Clip) -> None:
        self._out, self._clip = out, clip
        self._pattern = out if is_pattern(out) else out / "%06d.png"

    def check(self) -> str:
        if "*" in self._pattern.name or places_in(self._pattern) > 1:
            raise OutputError(f"{self._out} does not say where the one number stands; write it as %04d, for example.")
        known = format_of(self._pattern.suffix)
        if known is None:
            raise OutputError(f"{self._pattern.name} is no kind of picture; end it in .png, .jpg, .webp or .tif.")
        if not self._pattern.parent.parent.is_dir():
            raise OutputError(f"{self._pattern.parent} cannot be made, since the folder above it does not exist.")
        frames = self._clip.files[0].parent if isinstance(self._clip, SequenceClip) else None
        if frames is not None and _same(self._pattern.parent, frames):
            raise OutputError("the results would lie among the frames of the clip; choose another folder.")
        return "left out" if getattr(self._clip, "has_sound", False) else "none"

    def open(self, folder: Path, number: int, size: tuple[int, int]) -> PieceOfWork:
        del folder, number, size
        self._pattern.parent.mkdir(exist_ok=True)
        return self

    def add(self, picture: Plane, frame: Frame, time: int) -> None:
        del time
        if frame.name and not is_pattern(self._out):
            name = Path(frame.name)
            known = format_of(name.suffix)
            keeps = known is not None and known.holds_recipe
            path = self._pattern.with_name(name.name if keeps else f"{name.stem}.png")
        else:
            clip = self._clip  # a sequence counts its time in frames
            number = clip.numbers[frame.time] if isinstance(clip, SequenceClip) else frame.number + 1
            path = numbered(self._pattern, number)
        _write(picture, frame, path, bits=getattr(self._clip, "bits", 8))

    def close(self, *, is_whole: bool = True) -> None:
        """Nothing is left to do: a frame that is painted again replaces itself."""

    def finish(self, folder: Path, pieces: int, ending: Ending) -> None:
        """Nothing is left to do."""


def _piece(folder: Path, number: int, ending: str) -> Path:
    return folder / f"piece-{number:06d}{ending}"


def _write(picture: Plane, frame: Frame, path: Path, *, bits: int = 8) -> None:
    known = format_of(path.suffix)
    pixels = from_plane(picture)
    alpha = None if frame.alpha is None else torch.from_numpy(as_float(frame.alpha))[None, None]
    deep = bits if known is not None and bits in known.bits else 8
    write(pixels, path, alpha=alpha, bits=deep, overwrite=True)


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)
