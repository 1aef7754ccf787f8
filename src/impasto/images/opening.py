"""Opening a picture file: every way in which that can go wrong becomes one sentence.

The content decides what a file is, never its suffix. Sizes are checked from the header, before any pixel is
decoded.
"""

from __future__ import annotations

import errno
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from PIL import Image, ImageFile, UnidentifiedImageError

from impasto.errors import ImpastoError, InputError, OptionError, OutputError, did_you_mean
from impasto.images.formats import READABLE

if TYPE_CHECKING:
    from tifffile import TiffPage

__all__ = ["MAX_PIXELS", "Source", "neighbour", "opened", "shown_name"]

MAX_PIXELS = 250_000_000
_LIMIT_VARIABLE = "IMPASTO_MAX_PIXELS"
_PILLOW_FORMATS = ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"]
_RAW_SUFFIXES = {".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".pef", ".raf", ".rw2", ".srw"}

Source: TypeAlias = "ImageFile.ImageFile | TiffPage"
"""An opened file: a Pillow image whose pixels are not yet read, or a page of a TIFF unknown to Pillow."""

_one_at_a_time = threading.RLock()
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def opened(path: str | os.PathLike[str], max_pixels: int | None = None) -> Iterator[Source]:
    """Open a picture and check its header; errors inside the ``with`` block are explained as well."""
    path = Path(path)
    _check_path(path)
    with _pillow_kept_quiet(), _explained(path), path.open("rb") as file:
        source = _header(file, path)
        _check_size(_size(source), path, max_pixels)
        yield source


def shown_name(path: Path) -> str:
    """Return the base name, safe to print on one line: names may hold line breaks or undecodable bytes."""
    return "".join(letter if letter.isprintable() else "?" for letter in path.name) or str(path)


@contextmanager
def _pillow_kept_quiet() -> Iterator[None]:
    """Silence Pillow's warnings and its own size limit (ours is stricter about when and clearer about why).

    Both are global to the process, so one thread at a time may be in here.
    """
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    name = shown_name(path)
    try:
        yield
    except ImpastoError:
        raise
    except PermissionError as error:
        raise InputError(f"{name} may not be read; change its permissions or copy it elsewhere.") from error
    except OSError as error:
        if error.errno in _FULL:  # where it is copied to
            raise OutputError(
                f"the disk has no room to lay {name} out; make room, or choose another folder."
            ) from error
        raise InputError(_damaged(name)) from error
    except MemoryError as error:
        raise InputError(f"{name} needs more memory than this machine has free; give a smaller copy.") from error
    except Exception as error:  # on damaged data a decoder may raise anything, SyntaxError included
        raise InputError(_damaged(name)) from error


def _damaged(name: str) -> str:
    return f"{name} is damaged or incomplete; get a fresh copy, or export it anew."


def _check_path(path: Path) -> None:
    name = shown_name(path)
    try:
        exists, is_folder, is_file = path.exists(), path.is_dir(), path.is_file()
    except (OSError, ValueError) as error:  # too long a name, a folder that may not be entered, a NUL byte
        raise InputError(f"{name} cannot be reached; check its path and permissions.") from error
    if not exists:
        raise InputError(f"{name} does not exist{neighbour(path)}; check the name and the folder.")
    if is_folder:
        raise InputError(f"{name} is a folder; give a picture inside it.")
    if not is_file:
        raise InputError(f"{name} is not a regular file; give a picture: {READABLE}.")
    if path.suffix.lower() in _RAW_SUFFIXES:  # most are TIFFs inside, and would open as their tiny preview
        raise InputError(f"{name} is a camera's raw file; develop it first and give the JPEG or TIFF.")


def neighbour(path: Path) -> str:
    """Return a hint to a file whose name is nearly that of one that is not there, or nothing."""
    try:
        return did_you_mean(path.name, os.listdir(path.parent))  # noqa: PTH208 - only the names are wanted
    except OSError:
        return ""


def _header(file: BinaryIO, path: Path) -> Source:
    head = file.read(4096)
    file.seek(0)
    if not head:
        raise InputError(f"{shown_name(path)} is empty (0 bytes); get a fresh copy.")
    try:
        return Image.open(file, formats=_PILLOW_FORMATS)
    except UnidentifiedImageError:
        file.seek(0)
        other = _unknown_to_pillow(file, head)
    if other is None:
        raise InputError(f"{shown_name(path)} {_what_it_is(head)}; give a picture: {READABLE}.")
    return other


def _unknown_to_pillow(file: BinaryIO, head: bytes) -> Source | None:
    if head[4:8] == b"ftyp":
        from pillow_heif import HeifImageFile, is_supported

        return HeifImageFile(file) if is_supported(head) else None  # type: ignore[no-untyped-call]
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        from tifffile import TiffFile, TiffPage

        page = TiffFile(file).pages[0]
        return page if isinstance(page, TiffPage) else None
    return None


def _size(source: Source) -> tuple[int, int]:
    if isinstance(source, Image.Image):
        return source.height, source.width
    return source.imagelength, source.imagewidth


def _check_size(size: tuple[int, int], path: Path, max_pixels: int | None) -> None:
    limit = _limit() if max_pixels is None else max_pixels
    (height, width), pixels = size, size[0] * size[1]
    if height < 1 or width < 1:
        raise InputError(f"{shown_name(path)} has no pixels ({width}x{height}); give another picture.")
    if pixels > limit:
        raise InputError(
            f"{shown_name(path)} has {width}x{height} = {pixels / 1e6:g} million pixels, more than the limit "
            f"of {limit / 1e6:g} million; shrink it, or allow it with {_LIMIT_VARIABLE}={pixels}."
        )


def _limit() -> int:
    text = os.environ.get(_LIMIT_VARIABLE, "")
    if not text:
        return MAX_PIXELS
    if not text.isdecimal() or int(text) < 1:
        raise OptionError(f"{_LIMIT_VARIABLE} is {text!r}; give a whole number of pixels such as {MAX_PIXELS}.")
    return int(text)


_PICTURE_STARTS = {
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"RIFF": "WebP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"BM": "BMP",
    b"GIF8": "GIF",
}
_OTHER_STARTS = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a zip archive (or an office document)",
    b"\x1f\x8b": "a gzip archive",
    b"8BPS": "a Photoshop document",
    b"\0\0\0\x0cjP": "a JPEG 2000 picture",
    b"\0\0\0\x0cJXL": "a JPEG XL picture",
    b"\xff\x0a": "a JPEG XL picture",
}


def _what_it_is(head: bytes) -> str:
    """Say in a few words what a file that is no readable picture seems to be."""
    for start, kind in _PICTURE_STARTS.items():
        if head.startswith(start):
            return f"begins like a {kind} file but is damaged"
    for start, kind in _OTHER_STARTS.items():
        if head.startswith(start):
            return f"is {kind}"
    if head[4:8] == b"ftyp":
        return "is a film, or a picture of a kind that is not known here"
    return _what_text_it_is(head)


def _what_text_it_is(head: bytes) -> str:
    text = head.decode("utf-8", errors="replace")
    strange = sum(not (letter.isprintable() or letter.isspace()) or letter == "\ufffd" for letter in text)
    if strange > len(text) // 100 + 1:  # the last letter may be cut in two
        return "is not a picture"
    start = text.lstrip("\ufeff \t\r\n")[:200].lower()
    if start.startswith(("<!doctype html", "<html")):
        return "is a web page, not the picture itself"
    return "is an SVG drawing" if "<svg" in start else "is a text file, whatever its name says"
