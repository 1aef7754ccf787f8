"""From whole-number pixels to the bytes of a file, one small function per format."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageFile
from PIL.PngImagePlugin import PngInfo

from impasto.images.deep_encoding import Pixels, png16, tiff
from impasto.images.metadata import with_recipe, without_maker_note
from impasto.images.picture import Metadata
from impasto.images.profiles import srgb_profile

__all__ = ["PNG_RECIPE", "encode", "jpeg_options", "png_options"]

PNG_RECIPE = "impasto"  # the keyword of the text chunk

_one_at_a_time = threading.Lock()
_log = logging.getLogger(__name__)
_JPEG_SEGMENT = 65_000  # a JPEG's EXIF and XMP must each fit into one segment, headers included


def encode(format_name: str, pixels: Pixels, *, quality: int, metadata: Metadata, recipe: str | None) -> bytes:
    """Encode pixels in a format of :data:`impasto.images.formats.FORMATS`, tagged as sRGB."""
    return _ENCODERS[format_name](pixels, quality, metadata, recipe)


def _jpeg(pixels: Pixels, quality: int, metadata: Metadata, recipe: str | None) -> bytes:
    with _room_for(pixels):
        return _saved(pixels, "JPEG", optimize=True, **jpeg_options(quality, metadata, recipe))


def jpeg_options(quality: int, metadata: Metadata, recipe: str | None) -> dict[str, Any]:
    """Return Pillow's options for a JPEG."""
    exif = with_recipe(metadata.exif, recipe)
    if len(exif) > _JPEG_SEGMENT:
        _log.warning("left out the camera maker's private EXIF block: a JPEG has no room for it")
        exif = without_maker_note(exif)
    if len(exif) > _JPEG_SEGMENT:  # of a style of many hundred paintings
        _log.warning("left out the recipe: a JPEG has no room for it; a PNG has")
        exif = metadata.exif if len(metadata.exif) <= _JPEG_SEGMENT else without_maker_note(metadata.exif)
    xmp = metadata.xmp
    if len(xmp) > _JPEG_SEGMENT:
        _log.warning("left out the XMP data: a JPEG has no room for it")
        xmp = b""
    described = _options(replace(metadata, exif=exif, xmp=xmp), None)
    return {"quality": quality, "subsampling": "4:4:4", **described}


@contextmanager
def _room_for(pixels: Pixels) -> Iterator[None]:
    """Give Pillow a buffer for the worst case: its guess fails on grainy pictures of high quality."""
    with _one_at_a_time:
        before = ImageFile.MAXBLOCK
        ImageFile.MAXBLOCK = max(before, 2 * pixels.size + 65_536)
        try:
            yield
        finally:
            ImageFile.MAXBLOCK = before


def _png(pixels: Pixels, quality: int, metadata: Metadata, recipe: str | None) -> bytes:  # noqa: ARG001
    options = png_options(metadata, recipe)
    return png16(pixels, options) if pixels.dtype == np.uint16 else _saved(pixels, "PNG", **options)


def png_options(metadata: Metadata, recipe: str | None) -> dict[str, Any]:
    """Return Pillow's options for a PNG."""
    text = PngInfo()
    if recipe is not None:
        text.add_itxt(PNG_RECIPE, recipe)
    if metadata.xmp:
        text.add_itxt("XML:com.adobe.xmp", metadata.xmp.decode(errors="replace"))
    return {**_options(replace(metadata, xmp=b""), None), "pnginfo": text}


def _tiff(pixels: Pixels, quality: int, metadata: Metadata, recipe: str | None) -> bytes:  # noqa: ARG001
    return tiff(pixels, replace(metadata, exif=with_recipe(metadata.exif, recipe)))


def _webp(pixels: Pixels, quality: int, metadata: Metadata, recipe: str | None) -> bytes:
    return _saved(pixels, "WEBP", quality=quality, method=5, **_options(metadata, recipe))


def _avif(pixels: Pixels, quality: int, metadata: Metadata, recipe: str | None) -> bytes:
    return _saved(pixels, "AVIF", quality=quality, subsampling="4:4:4", **_options(metadata, recipe))


def _heic(pixels: Pixels, quality: int, metadata: Metadata, recipe: str | None) -> bytes:
    import pillow_heif

    height, width, channels = pixels.shape
    options = {**_options(metadata, recipe), "quality": quality, "chroma": 444}
    file = BytesIO()
    pillow_heif.encode("RGB" if channels == 3 else "RGBA", (width, height), pixels.tobytes(), file, **options)
    return file.getvalue()


def _bmp(pixels: Pixels, quality: int, metadata: Metadata, recipe: str | None) -> bytes:  # noqa: ARG001
    return _saved(pixels, "BMP", **({"dpi": metadata.dpi} if metadata.dpi else {}))


def _gif(pixels: Pixels, quality: int, metadata: Metadata, recipe: str | None) -> bytes:  # noqa: ARG001
    """Reduce to 255 colors, dithered, and one for what is more than half transparent."""
    color = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
    reduced = color.quantize(255, dither=Image.Dither.FLOYDSTEINBERG)
    if pixels.shape[-1] == 3:
        return _written(reduced, "GIF")
    unseen = np.where(pixels[..., 3] < 128, np.uint8(255), np.asarray(reduced))
    clear = Image.fromarray(unseen.astype(np.uint8))
    clear.putpalette((reduced.getpalette() or [])[: 3 * 255] + [255] * 3)
    return _written(clear, "GIF", transparency=255)


def _options(metadata: Metadata, recipe: str | None) -> dict[str, Any]:
    """Return the options that most of Pillow's writers share; absent things are not mentioned at all."""
    found = {
        "icc_profile": srgb_profile(),
        "exif": with_recipe(metadata.exif, recipe),
        "xmp": metadata.xmp,
        "dpi": metadata.dpi,
    }
    return {name: value for name, value in found.items() if value}


def _saved(pixels: Pixels, kind: str, **options: Any) -> bytes:
    return _written(Image.fromarray(pixels), kind, **options)


def _written(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


_ENCODERS: dict[str, Callable[[Pixels, int, Metadata, str | None], bytes]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "TIFF": _tiff,
    "WebP": _webp,
    "AVIF": _avif,
    "HEIC": _heic,
    "BMP": _bmp,
    "GIF": _gif,
}
