"""Pictures with more than eight bits in a channel, at their full precision.

Pillow has no mode for 16-bit color, but its decoders understand such data and let the caller choose, by the
*raw mode* of a tile, whether it is big- or little-endian, and keep the high byte. Decoding twice, once with
each byte order, thus yields the high and the low bytes, exactly and with Pillow's speed and care for every
compression. What is left (TIFFs with floating-point color, separate planes, 32-bit integers) is read by
tifffile, which needs nothing but numpy.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

if TYPE_CHECKING:
    from tifffile import TiffPage

__all__ = ["Samples", "deep_samples", "page_samples"]

Samples: TypeAlias = NDArray[Any]  # numpy's types do not follow float32 through arithmetic
"""``(H, W, C)`` float32 in [0, 1], with C = 1 (grey), 2 (grey, alpha), 3 (color) or 4 (color, alpha)."""

_HOST = "L" if sys.byteorder == "little" else "B"
_OPPOSITE = {"L": "B", "B": "L"}
_BITS_PER_SAMPLE, _PHOTOMETRIC, _PLANAR = 258, 262, 284


def deep_samples(image: ImageFile.ImageFile) -> Samples | None:
    """Return the samples of a picture that is deeper than eight bits, or None if it is not."""
    if image.format == "HEIF":
        return _heif(image) if image.info.get("bit_depth", 8) > 8 else None
    if image.format == "TIFF" and _needs_tifffile(image):
        return _by_tifffile(image)
    if image.mode.startswith("I;16"):
        return _grey(image)
    if image.mode == "F":
        return _unit(np.asarray(image, dtype=np.float32)[..., None])
    rawmode = _rawmode(image)
    return _both_bytes(image, rawmode) if ";16" in rawmode and image.mode in ("RGB", "RGBA") else None


def page_samples(page: TiffPage) -> Samples:
    """Return the samples of one page of a TIFF: integers by their range, floats clipped to [0, 1]."""
    channels = page.samplesperpixel
    if channels > 4 or page.photometric not in (0, 1, 2) or len(page.shape) > 3:
        raise ValueError(f"a TIFF of {channels} channels, photometric {page.photometric}")
    samples = np.asarray(page.asarray())
    if page.planarconfig == 2 and channels > 1:
        samples = np.moveaxis(samples, 0, -1)
    samples = _unit(samples.reshape(page.imagelength, page.imagewidth, channels))
    if page.photometric == 0:  # white is zero
        samples = 1 - samples
    has_alpha = channels in (2, 4)
    kind = int(page.extrasamples[0]) if page.extrasamples else 2
    if has_alpha and kind == 0:  # unspecified: not transparency
        return samples[..., : channels - 1]
    return _unpremultiplied(samples) if has_alpha and kind == 1 else samples


def _unit(values: NDArray[Any]) -> Samples:
    """Scale integers by the largest of their type; clip floats, NaN becoming 0."""
    if np.issubdtype(values.dtype, np.floating):
        return np.clip(np.nan_to_num(values.astype(np.float32), nan=0.0), 0.0, 1.0)
    largest = np.iinfo(values.dtype).max
    scaled: Samples = (np.maximum(values, 0) / largest).astype(np.float32)
    return scaled


def _rawmode(image: ImageFile.ImageFile) -> str:
    arguments = image.tile[0].args if image.tile else ""
    return str(arguments[0] if isinstance(arguments, tuple) else arguments)


def _both_bytes(image: ImageFile.ImageFile, rawmode: str) -> Samples:
    bands, order = rawmode.split(";16")
    if bands == "LA":  # two 16-bit channels fill exactly the four bytes of an RGBA pixel
        pair = np.ascontiguousarray(_decoded(image, "RGBA")).view(">u2")
        return pair.astype(np.float32) / 65535
    order = _HOST if order == "N" else order  # libtiff hands out the host's order
    plain = "RGBA" if bands == "RGBa" else bands  # premultiplied: divide later, at full precision
    again = Image.open(image.fp, formats=[image.format]) if image.fp and image.format else None
    high = _decoded(image, f"{plain};16{order}")
    low = _decoded(again, f"{plain};16{_OPPOSITE[order]}")
    samples = (high.astype(np.float32) * 256 + low) / 65535
    if bands == "RGBa":
        return _unpremultiplied(samples)
    return _with_color_key(samples, image.info.get("transparency"))


def _decoded(image: Any, rawmode: str) -> NDArray[np.uint8]:
    image.tile = [tile._replace(args=_with_rawmode(tile.args, rawmode)) for tile in image.tile]
    return np.asarray(image)


def _with_rawmode(arguments: Any, rawmode: str) -> Any:
    return (rawmode, *arguments[1:]) if isinstance(arguments, tuple) else rawmode


def _with_color_key(samples: Samples, key: Any) -> Samples:
    """Make one color (of a PNG's tRNS chunk) transparent."""
    if key is None or samples.shape[-1] in (2, 4):
        return samples
    differs = np.any(np.rint(samples * 65535) != np.asarray(key, dtype=np.float32), axis=-1, keepdims=True)
    return np.concatenate([samples, differs.astype(np.float32)], axis=-1)


def _unpremultiplied(samples: Samples) -> Samples:
    color, alpha = samples[..., :-1], samples[..., -1:]
    whole = np.clip(color / np.maximum(alpha, 1 / 65535), 0, 1)
    return np.concatenate([whole, alpha], axis=-1).astype(np.float32)


def _grey(image: ImageFile.ImageFile) -> Samples:
    tags = getattr(image, "tag_v2", {})
    bits = tags.get(_BITS_PER_SAMPLE, (16,))[0]  # 12-bit TIFFs arrive unscaled
    grey = np.asarray(image).astype(np.float32)[..., None] / (2**bits - 1)
    if tags.get(_PHOTOMETRIC) == 0:  # white is zero; Pillow inverts only eight bits
        grey = 1 - grey
    return _with_color_key(grey, image.info.get("transparency"))


def _needs_tifffile(image: ImageFile.ImageFile) -> bool:
    tags = getattr(image, "tag_v2", {})
    is_deep = max(tags.get(_BITS_PER_SAMPLE, (1,))) > 8
    return is_deep and (image.mode == "I" or tags.get(_PLANAR) == 2)


def _by_tifffile(image: ImageFile.ImageFile) -> Samples | None:
    from tifffile import TiffFile, TiffPage

    if image.fp is None:
        return None
    image.fp.seek(0)
    page = TiffFile(image.fp).pages[0]
    return page_samples(page) if isinstance(page, TiffPage) else None


def _heif(image: ImageFile.ImageFile) -> Samples:
    from pillow_heif import open_heif

    if image.fp is None:
        raise ValueError("the file is closed")
    image.fp.seek(0)
    values: NDArray[np.uint16] = np.asarray(open_heif(image.fp, convert_hdr_to_8bit=False))
    return values.reshape(*values.shape[:2], -1).astype(np.float32) / 65535
