"""What is kept of a file's description, and the recipe that is put into it.

Only facts that stay true of the new picture are carried over (see :class:`impasto.images.picture.Metadata`).
The recipe, a JSON text that says how a picture was made, travels as an EXIF user comment, except in PNG (a
text chunk).
"""

from __future__ import annotations

import logging
import re
from typing import Any

from PIL import Image
from PIL.ExifTags import IFD, Base

from impasto.images.picture import Metadata

__all__ = ["exif_of", "metadata_of", "recipe_in", "with_recipe", "without_maker_note"]

_log = logging.getLogger(__name__)
_MARK = "impasto:"  # before the recipe, to tell it from other people's comments
_COLOR_SPACE_SRGB = 1

_KEPT = (
    Base.ImageDescription,
    Base.Make,
    Base.Model,
    Base.XResolution,
    Base.YResolution,
    Base.ResolutionUnit,
    Base.Software,
    Base.DateTime,
    Base.Artist,
    Base.HostComputer,
    Base.Copyright,
    Base.Rating,
    Base.RatingPercent,
    Base.XPTitle,
    Base.XPComment,
    Base.XPAuthor,
    Base.XPKeywords,
    Base.XPSubject,
)
_UNTRUE_DETAILS = (Base.ExifImageWidth, Base.ExifImageHeight, Base.ExifInteroperabilityOffset)


def exif_of(image: Image.Image) -> Image.Exif:
    """Return a picture's EXIF data, empty where it cannot be read."""
    try:
        exif = image.getexif()
        exif.get_ifd(IFD.Exif)
        exif.get_ifd(IFD.GPSInfo)
    except Exception as error:  # noqa: BLE001 - broken EXIF raises anything, and is no reason to refuse the picture
        _log.warning("ignored broken EXIF data: %s", error)
        return Image.Exif()
    return exif


def metadata_of(image: Image.Image, exif: Image.Exif) -> Metadata:
    """Collect what is worth keeping from a picture that has been decoded."""
    return Metadata(exif=_cleaned(exif), xmp=_upright_xmp(image.info), dpi=_dpi(image.info))


def recipe_in(exif: Image.Exif) -> str | None:
    """Return the recipe inside EXIF data."""
    comment = exif.get_ifd(IFD.Exif).get(Base.UserComment)
    if not isinstance(comment, bytes):
        return None
    text = comment[8:].decode("utf-8", errors="replace")  # the first eight bytes name the encoding
    return text.removeprefix(_MARK) if text.startswith(_MARK) else None


def with_recipe(exif: bytes, recipe: str | None) -> bytes:
    """Return EXIF data with the recipe added, in place of any user comment."""
    if recipe is None:
        return exif
    loaded = _loaded(exif)
    text = _MARK + recipe
    encoding = b"ASCII\0\0\0" if text.isascii() else bytes(8)  # EXIF knows no UTF-8; zeros mean "undefined"
    details = {**loaded.get_ifd(IFD.Exif), Base.UserComment: encoding + text.encode()}
    loaded[IFD.Exif] = details
    return loaded.tobytes()


def without_maker_note(exif: bytes) -> bytes:
    """Return EXIF data without the camera maker's private block, which can be most of it."""
    loaded = _loaded(exif)
    loaded[IFD.Exif] = {tag: value for tag, value in loaded.get_ifd(IFD.Exif).items() if tag != Base.MakerNote}
    return loaded.tobytes()


def _loaded(exif: bytes) -> Image.Exif:
    loaded = Image.Exif()
    if exif:
        loaded.load(exif)
        loaded.get_ifd(IFD.GPSInfo)
    return loaded


def _cleaned(exif: Image.Exif) -> bytes:
    kept = Image.Exif()
    for tag in _KEPT:
        if tag in exif:
            kept[tag] = exif[tag]
    details = {tag: value for tag, value in exif.get_ifd(IFD.Exif).items() if tag not in _UNTRUE_DETAILS}
    if recipe_in(exif) is not None:
        details.pop(Base.UserComment)
    if Base.ColorSpace in details:
        details[Base.ColorSpace] = _COLOR_SPACE_SRGB
    _add(kept, IFD.Exif, details)
    _add(kept, IFD.GPSInfo, dict(exif.get_ifd(IFD.GPSInfo)))
    try:
        return kept.tobytes() if len(kept) else b""
    except Exception as error:  # noqa: BLE001 - tags of the wrong type fail in many ways when packed again
        _log.warning("left out EXIF data that cannot be written again: %s", error)
        return b""


def _add(exif: Image.Exif, group: int, tags: dict[int, Any]) -> None:
    if tags:
        exif[group] = tags


def _upright_xmp(info: dict[Any, Any]) -> bytes:
    xmp = info.get("xmp") or info.get("XML:com.adobe.xmp") or b""
    if isinstance(xmp, str):
        xmp = xmp.encode()
    upright = re.sub(rb'(tiff:Orientation(?:="|>))[0-9]', rb"\g<1>1", bytes(xmp))
    return upright.rstrip(b"\0")


def _dpi(info: dict[Any, Any]) -> tuple[float, float] | None:
    try:
        across, down = (float(value) for value in info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if 0 < across < 1e5 and 0 < down < 1e5 else None
