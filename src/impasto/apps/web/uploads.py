"""The first look at uploaded bytes, before anything opens them: size, kind, and whether they are two things at once.

A polyglot is a picture that is an archive, a document or a page as well, depending on who opens it. Nothing here ever
hands out an upload as it came in, but such a file has no business in a gallery either.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from impasto.errors import InputError

__all__ = [
    "CLIP",
    "CLIP_ENDINGS",
    "MEGABYTE",
    "ORIGINAL",
    "PICTURE_ENDINGS",
    "check_clip",
    "check_picture",
    "clean_name",
    "fresh_folder",
]

PICTURE_ENDINGS = ("jpg", "jpeg", "png", "webp", "tif", "tiff", "bmp", "gif", "avif", "heic", "heif")
CLIP_ENDINGS = ("mp4", "mov", "m4v", "webm", "mkv", "avi", "gif")
ORIGINAL = "your picture"  # its name on the disk, and in refusals: never one of the visitor's making
CLIP = "your clip"  # the same of a clip, before the ending
MEGABYTE = 1_000_000
LONGEST_NAME = 60

_PICTURE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PICTURE_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"miaf")
_CLIP_STARTS = (b"\x1aE\xdf\xa3", b"GIF8")
_PAGE = re.compile(rb"<\s*(?:!doctype\s+html|html|script|svg|iframe|body|\?php)", re.IGNORECASE)
_SNIFFED = 1024  # a browser decides by the first bytes; readers of PDF look for theirs among as many
_TAIL = 66_000  # an archive's directory stands in the last bytes
_ARCHIVE_ENDS = (b"PK\x05\x06", b"PK\x06\x06", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"koly")
_PROGRAM_STARTS = (b"MZ\x90\0", b"\x7fELF", b"#!/")


def check_picture(data: bytes, *, megabytes: int) -> None:
    """Raise :class:`~impasto.errors.InputError` where the bytes cannot be an honest picture."""
    _check_size(data, megabytes)
    if not _is_picture(data):
        raise InputError("This is not a picture. Please choose a JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP or GIF.")
    other = _what_else(data)
    if other:
        raise InputError(f"This file is a picture and {other} at once. Please export the picture anew and try again.")


def check_clip(data: bytes, *, megabytes: int) -> str:
    """Return the ending that fits; raise :class:`~impasto.errors.InputError` where the bytes cannot be a film."""
    _check_size(data, megabytes)
    is_film = data[4:8] == b"ftyp" or data.startswith(_CLIP_STARTS) or (data[:4] == b"RIFF" and data[8:12] == b"AVI ")
    if not is_film:
        raise InputError("This is not a film that can be read here. Please choose an MP4, MOV, WebM, MKV, AVI or GIF.")
    return ".gif" if data.startswith(b"GIF8") else ".mp4"


def clean_name(name: str, default: str = "picture") -> str:
    """Return a visitor's file name as words that may be shown, and put into a download's name; never a path."""
    base = re.split(r"[/\\:]", name)[-1]
    stem = base.rpartition(".")[0] or base
    words = re.sub(r"[^\w.-]+", "-", stem, flags=re.UNICODE).strip("-._")
    return words[:LONGEST_NAME] or default


def fresh_folder(home: Path) -> Path:
    """Make a folder that nobody can guess, for this user only."""
    folder = home / secrets.token_hex(16)
    folder.mkdir(mode=0o700, parents=True)
    return folder


def _check_size(data: bytes, megabytes: int) -> None:
    if not data:
        raise InputError("This file is empty. Please choose another one.")
    if len(data) > megabytes * MEGABYTE:
        given = len(data) / MEGABYTE
        raise InputError(f"This file has {given:.0f} MB; {megabytes} MB are allowed. Please choose a smaller one.")


def _is_picture(data: bytes) -> bool:
    if data.startswith(_PICTURE_STARTS):
        return True
    if data[:4] == b"RIFF":
        return data[8:12] == b"WEBP"
    return data[4:8] == b"ftyp" and any(brand in data[8:64] for brand in _PICTURE_BRANDS)


def _what_else(data: bytes) -> str:
    """Say what a picture file is besides; empty where it is nothing else."""
    head, tail = data[:_SNIFFED], data[-_TAIL:]
    if b"%PDF-" in head:
        return "a PDF document"
    if any(mark in tail for mark in _ARCHIVE_ENDS if not mark.startswith(b"PK")) or _ends_as_zip(tail):
        return "an archive"
    appended = _appended(data)
    if _PAGE.search(head) or _PAGE.search(appended[:_SNIFFED]):
        return "a web page"
    if appended.lstrip(b"\r\n\0 ").startswith(_PROGRAM_STARTS):
        return "a program"
    return "a PDF document" if b"%PDF-" in appended[:_SNIFFED] else ""


def _ends_as_zip(tail: bytes) -> bool:
    """Say whether a zip's closing record stands at the end, comment included."""
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        return False
    comment = int.from_bytes(tail[at + 20 : at + 22], "little")
    return at + 22 + comment <= len(tail)


def _appended(data: bytes) -> bytes:
    """Return what stands behind the picture's own end; empty where that is not known."""
    if data.startswith(b"\x89PNG"):
        _, mark, rest = data.partition(b"IEND\xaeB`\x82")
        return rest if mark else b""
    if data.startswith(b"\xff\xd8"):
        _, mark, rest = data.rpartition(b"\xff\xd9")
        return rest if mark else b""
    if data[:4] == b"RIFF":
        return data[8 + int.from_bytes(data[4:8], "little") :]
    return b""
