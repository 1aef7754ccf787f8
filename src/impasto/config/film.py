"""The options of films, beside those of the method that paints them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from impasto.config.options import Checked, option
from impasto.errors import OptionError

__all__ = ["FilmOptions", "seconds_of"]

_UNITS = {"": 1.0, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


@dataclass(frozen=True, kw_only=True)
class FilmOptions(Checked):
    """How a film is painted (films; GIF, WebP and APNG animations; sequences of frames), whatever method paints it.

    Times are seconds, or written as 5s, 1:30 or 2min.
    """

    preview: float | None = option(
        None, "Paint only so much of the film, to see what it will look like.", minimum=0.01, unit="s"
    )
    start: float = option(0.0, "Where in the film to begin.", minimum=0, unit="s")
    steadiness: float = option(
        100.0,
        "How still the strokes hold: 100 as still as possible, 0 paints every frame for itself.",
        minimum=0,
        maximum=100,
    )
    fps: float | None = option(
        None, "Frames per second of a sequence of pictures, which does not say. Default: 25.", minimum=0.1, maximum=240
    )
    sound: bool = option(True, "Keep the sound, bit for bit.")
    compression: int = option(
        17,
        "How strongly the result is compressed: 0 hardly at all, 17 so that nobody sees it, 28 for a small file.",
        minimum=0,
        maximum=51,
    )

    def __post_init__(self) -> None:
        """Understand times as people write them, then check."""
        for name in ("preview", "start"):
            object.__setattr__(self, name, seconds_of(name, getattr(self, name)))
        super().__post_init__()


def seconds_of(name: str, value: object) -> object:
    """Return the seconds that a text such as ``5s``, ``1:30`` or ``2min`` means; other values as they are."""
    if not isinstance(value, str):
        return value
    text = value.strip().lower().replace(" ", "")
    if found := re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)([a-z]*)", text):
        if found[2] in _UNITS:
            return float(found[1]) * _UNITS[found[2]]
    elif re.fullmatch(r"\d+(:[0-5]?\d){1,2}(\.\d+)?", text):
        total = 0.0
        for part in text.split(":"):
            total = 60 * total + float(part)
        return total
    raise OptionError(f"{name} is {value!r}; allowed is a time, such as 5s, 1:30 or 2min.")
