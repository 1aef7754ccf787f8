"""Animations (GIF, WebP, APNG): read frame by frame, and written with one palette that stands still."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from impasto.engine.film.frames import Frame, Pixels, as_levels
from impasto.errors import InputError
from impasto.images import fill_transparent
from impasto.images.arrays import from_plane, to_plane
from impasto.images.decoding import eight_bit_samples, separated
from impasto.images.dithering import common_palette, held_still
from impasto.images.opening import opened
from impasto.weights import file_sha256

__all__ = ["ANIMATIONS", "AnimationClip", "is_animation", "write_animation"]

ANIMATIONS = {".gif": "GIF", ".webp": "WEBP", ".apng": "PNG", ".png": "PNG"}
"""Kinds of animation by the ending of a file's name."""

_READ = ["GIF", "WEBP", "PNG"]
_SHORTEST = 20  # milliseconds: browsers take what is shorter for a mistake
_UNSAID = 100  # milliseconds: what browsers show a frame for whose duration is 0


class AnimationClip:
    """An animation, ready to be read."""

    time_base = Fraction(1, 1000)
    bits = 8

    def __init__(self, path: Path) -> None:
        self.path = path
        with _opened(path) as image:
            self.size = (image.height, image.width)
            self.frame_count = int(getattr(image, "n_frames", 1))
            self.loop: int | None = image.info.get("loop")  # None: it is played once
        self.rate: Fraction | None = None

    def frames(self, after: int | None = None) -> Iterator[Frame]:
        """Yield the frames in their order; with ``after``, only those later than that time."""
        time = 0
        with _opened(self.path) as image:
            for number in range(self.frame_count):
                pixels, alpha, duration = _seen(image, number, self.path)
                if after is None or time > after:
                    yield Frame(number, pixels, time, duration, alpha)
                time += duration

    def fingerprint(self) -> str:
        """Return the SHA-256 of the file."""
        return file_sha256(self.path)


def is_animation(path: Path) -> bool:
    """Whether a file is a picture that moves."""
    if path.suffix.lower() not in ANIMATIONS:
        return False
    try:
        with opened(path) as image:
            return getattr(image, "format", None) in _READ and int(getattr(image, "n_frames", 1)) > 1
    except InputError:  # reading it as a photo will say why
        return False


def write_animation(path: Path, frames: Sequence[Path], durations: Sequence[int], loop: int | None) -> None:
    """Write pictures (PNG) as the animation that the path's ending names; ``durations`` are milliseconds."""
    kind = ANIMATIONS[path.suffix.lower()]
    if loop is None and kind != "GIF":
        loop = 1  # only a GIF says that it plays once by saying nothing
    options: dict[str, Any] = {} if loop is None else {"loop": loop}
    if kind == "GIF":
        frames, durations = _in_hundredths(frames, durations)
        shown, options["optimize"], options["disposal"] = _in_one_palette(frames), False, 2
    else:
        shown = (_loaded(frame) for frame in frames)
    if kind == "WEBP":
        options |= {"quality": 90, "method": 4}
    first = next(shown)
    others = list(shown) if kind == "PNG" else shown  # Pillow goes through those of a PNG twice
    rest = {"save_all": True, "append_images": others} if len(frames) > 1 else {}
    first.save(path, kind, duration=list(durations) if rest else durations[0], **rest, **options)


def _opened(path: Path) -> Image.Image:
    try:
        return Image.open(path, formats=_READ)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"{path.name} cannot be read as an animation; it is damaged or of another kind.") from error


def _seen(image: Image.Image, number: int, path: Path) -> tuple[Pixels, Any, int]:
    """Return the pixels, the transparency and the milliseconds of one frame."""
    try:
        image.seek(number)
        samples, profile = eight_bit_samples(image, image.info.get("icc_profile") or b"")
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise InputError(f"{path.name} is damaged at frame {number + 1}; get a fresh copy.") from error
    color, alpha = separated(samples, profile)
    color = np.broadcast_to(color, (*color.shape[:2], 3))
    duration = round(image.info.get("duration") or 0)
    if alpha is None:
        return as_levels(color, 8), None, duration if duration > 0 else _UNSAID
    planes = from_plane(color)
    filled = fill_transparent(planes, torch.from_numpy(np.ascontiguousarray(alpha))[None, None])
    pixels = as_levels(to_plane(filled), 8)
    return pixels, (alpha * 255 + 0.5).astype(np.uint8), duration if duration > 0 else _UNSAID


def _loaded(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return image.copy()


def _in_hundredths(frames: Sequence[Path], durations: Sequence[int]) -> tuple[list[Path], list[int]]:
    """Return the frames that a GIF can show, and for how long: it counts in hundredths of a second.

    What is rounded is when a frame appears, so that the whole keeps its length. Of frames that would last only one
    hundredth, which browsers show ten times as long, every other is left out; those of a GIF stay as they are.
    """
    if all(duration % 10 == 0 for duration in durations):
        return list(frames), list(durations)
    times = [10 * round(time / 10) for time in itertools.accumulate(durations, initial=0)]
    kept = [0]
    for number in range(1, len(frames)):
        if times[number] - times[kept[-1]] >= _SHORTEST:
            kept.append(number)
    until = [*(times[number] for number in kept[1:]), max(times[-1], times[kept[-1]] + _SHORTEST)]
    return [frames[number] for number in kept], [end - times[number] for number, end in zip(kept, until, strict=True)]


def _in_one_palette(frames: Sequence[Path]) -> Iterator[Image.Image]:
    """Yield the pictures in 255 common colors; the 256th is for what is transparent."""
    chosen = [frames[round(index * (len(frames) - 1) / 15)] for index in range(16)]
    palette = common_palette([_loaded(frame).convert("RGB") for frame in chosen])
    for frame, shown in zip(frames, held_still((_loaded(one).convert("RGB") for one in frames), palette), strict=True):
        picture = _loaded(frame)
        if picture.mode == "RGBA":
            hidden = picture.getchannel("A").point(lambda value: 255 if value < 128 else 0)
            shown.paste(255, mask=hidden)
            shown.info["transparency"] = 255
        yield shown
