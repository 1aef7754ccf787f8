"""From what was given to a clip: a film, an animation or a sequence of pictures."""

from __future__ import annotations

import os
from pathlib import Path

from impasto.engine.film.animations import ANIMATIONS, AnimationClip, is_animation
from impasto.engine.film.frames import Clip
from impasto.engine.film.sequences import SequenceClip, is_pattern
from impasto.engine.film.videos import VideoClip
from impasto.errors import InputError
from impasto.images.formats import format_of
from impasto.images.opening import neighbour

__all__ = ["FILM_ENDINGS", "is_clip", "open_clip"]

FILM_ENDINGS = (".mp4", ".m4v", ".mov", ".mkv", ".webm")
"""Endings of films that can be written; many more can be read."""

_READ_ENDINGS = {
    *FILM_ENDINGS,
    *(".3gp", ".asf", ".avi", ".dv", ".f4v", ".flv", ".m2ts", ".m2v", ".mj2", ".mjpeg", ".mjpg", ".mpeg", ".mpg"),
    *(".mts", ".mxf", ".nut", ".ogm", ".ogv", ".qt", ".rm", ".rmvb", ".ts", ".vob", ".wmv", ".y4m"),
}


def is_clip(path: Path) -> bool:
    """Whether a path is clearly something that moves: a film, an animation or a pattern of frames; no folder is."""
    if path.suffix.lower() in _READ_ENDINGS:
        return True
    return is_animation(path) or (is_pattern(path) and not path.exists())  # a photo may be called 50%discount.jpg


def open_clip(given: str | os.PathLike[str], *, rate: float | None = None) -> Clip:
    """Return a clip ready to be read; ``rate`` is for sequences, which do not say how fast they are."""
    path = Path(given)
    if path.is_dir() or (is_pattern(path) and not path.exists()):
        return SequenceClip(path, rate)
    if not path.exists():
        raise InputError(f"{path.name} does not exist{neighbour(path)}; check the name and the folder.")
    if is_animation(path):
        return AnimationClip(path)
    if format_of(path.suffix) is not None or path.suffix.lower() in ANIMATIONS:
        raise InputError(f"{path.name} is a single picture; give a film, an animation or a folder of frames.")
    return VideoClip(path)
