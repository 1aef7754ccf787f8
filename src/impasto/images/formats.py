"""The picture formats, each fact about them said once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FORMATS", "READABLE", "Format", "format_of", "is_picture", "joined"]


@dataclass(frozen=True)
class Format:
    """One file format and what it has room for."""

    name: str
    suffixes: tuple[str, ...]
    longest: int  # the longest side that a file of this kind can describe
    bits: tuple[int, ...] = (8,)  # per channel, as we write them
    has_alpha: bool = True
    holds_recipe: bool = True


FORMATS = (
    Format("JPEG", (".jpg", ".jpeg"), 65_500, has_alpha=False),
    Format("PNG", (".png",), 2**31 - 1, bits=(8, 16)),
    Format("WebP", (".webp",), 16_383),
    Format("TIFF", (".tif", ".tiff"), 2**31 - 1, bits=(8, 16)),
    Format("AVIF", (".avif",), 65_535),
    Format("HEIC", (".heic", ".heif"), 16_384),
    # 32-bit BMP files exist, but most programs ignore their fourth channel
    Format("BMP", (".bmp",), 2**31 - 1, has_alpha=False, holds_recipe=False),
    Format("GIF", (".gif",), 65_535, holds_recipe=False),
)


def format_of(suffix: str) -> Format | None:
    """Return the format that a file name's suffix stands for, whatever its case."""
    return next((known for known in FORMATS if suffix.lower() in known.suffixes), None)


def is_picture(path: Path) -> bool:
    """Say whether a file is a picture by its name; hidden ones are none, such as macOS's ``._photo.jpg``."""
    return not path.name.startswith(".") and format_of(path.suffix) is not None


def joined(words: Sequence[str], last: str = "or") -> str:
    """Return ``"a, b or c"``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


READABLE = joined([known.name for known in FORMATS])
