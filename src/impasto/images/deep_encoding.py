"""Writing PNG and TIFF files at 8 or 16 bits per channel, which Pillow can do for 8-bit PNG only.

PNG: Pillow writes a file of one pixel with all the metadata, and the header and pixel chunks are exchanged.
TIFF: Pillow writes the directory of tags, so that EXIF, GPS and profile are kept; the strips of pixels
follow it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2
from PIL.TiffTags import BYTE, LONG, TAGS_V2_GROUPS

from impasto.images.picture import Metadata
from impasto.images.profiles import srgb_profile

__all__ = ["Pixels", "png16", "tiff"]

Pixels: TypeAlias = NDArray[Any]
"""``(H, W, 3)`` color or ``(H, W, 4)`` color and alpha, uint8 or uint16."""

_BLOCK = 1 << 22  # bytes that are filtered and compressed at a time
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PAETH = 4


def png16(pixels: Pixels, save_options: dict[str, Any]) -> bytes:
    """Encode a PNG of 16 bits per channel; ``save_options`` are Pillow's, for everything but the pixels."""
    height, width, channels = pixels.shape
    frame = BytesIO()
    Image.new("RGB", (1, 1)).save(frame, "PNG", **save_options)
    parts = [_PNG_SIGNATURE]
    for kind, content in _chunks(frame.getvalue()):
        if kind == b"IHDR":
            color_type = 2 if channels == 3 else 6
            parts.append(_chunk(kind, struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, 0)))
        elif kind == b"IDAT":
            parts += [_chunk(kind, block) for block in _compressed(pixels)]
        else:
            parts.append(_chunk(kind, content))
    return b"".join(parts)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_PNG_SIGNATURE)
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        place += 12 + length


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _compressed(pixels: Pixels) -> Iterator[bytes]:
    """Yield the zlib stream of all rows, filtered by Paeth's predictor (the best single one for photos)."""
    height, width, channels = pixels.shape
    step = 2 * channels  # bytes from a pixel to its left neighbour
    rows = max(1, _BLOCK // (width * step))
    packer = zlib.compressobj()
    above = np.zeros((1, width * step), dtype=np.int16)
    for top in range(0, height, rows):
        block = pixels[top : top + rows].astype(">u2").reshape(-1, width * channels).view(np.uint8).astype(np.int16)
        filtered = _paeth(block, np.concatenate([above, block[:-1]]), step)
        numbered = np.concatenate([np.full((len(block), 1), _PAETH, np.uint8), filtered], axis=1)
        yield packer.compress(numbered.tobytes())
        above = block[-1:]
    yield packer.flush()


def _paeth(row: NDArray[np.int16], above: NDArray[np.int16], step: int) -> NDArray[np.uint8]:
    """Return what is left of each byte after prediction (PNG specification, third edition, section 9.4)."""
    a = np.pad(row, ((0, 0), (step, 0)))[:, :-step]  # left
    b = above
    c = np.pad(above, ((0, 0), (step, 0)))[:, :-step]  # above left
    to_a, to_b, to_c = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    nearest = np.where((to_a <= to_b) & (to_a <= to_c), a, np.where(to_b <= to_c, b, c))
    return (row - nearest).astype(np.uint8)


def tiff(pixels: Pixels, metadata: Metadata) -> bytes:
    """Encode a TIFF with the depth of ``pixels``, losslessly compressed (deflate, horizontal differences)."""
    height, width, channels = pixels.shape
    rows = max(1, _BLOCK // (width * channels * pixels.itemsize))
    strips = [_strip(pixels[top : top + rows]) for top in range(0, height, rows)]
    sizes = [len(strip) for strip in strips]
    directory = _described(metadata)
    directory[256], directory[257] = width, height
    directory[258] = (8 * pixels.itemsize,) * channels  # bits per sample
    directory[259] = 8  # compression: deflate
    directory[262] = 2  # RGB
    directory[277], directory[278] = channels, rows  # samples per pixel, rows per strip
    directory[284], directory[317] = 1, 2  # channels interleaved; horizontal differences
    if channels == 4:
        directory[338] = (2,)  # the extra channel is alpha, not premultiplied
    directory.tagtype[273] = directory.tagtype[279] = LONG
    # Pillow adds the place where the directory ends to these offsets
    directory[273] = tuple(int(offset) for offset in np.cumsum([0, *sizes[:-1]]))
    directory[279] = tuple(sizes)
    file = BytesIO()
    directory.save(file)
    return file.getvalue() + b"".join(strips)


def _strip(pixels: Pixels) -> bytes:
    little = pixels.astype(pixels.dtype.newbyteorder("<"))
    little[:, 1:] -= pixels[:, :-1]  # wraps around, as it should
    return zlib.compress(little.tobytes())


def _described(metadata: Metadata) -> ImageFileDirectory_v2:
    directory = ImageFileDirectory_v2(prefix=b"II")
    exif = Image.Exif()
    exif.load(metadata.exif)
    for tag, value in exif.items():
        directory[tag] = exif.get_ifd(tag) if tag in TAGS_V2_GROUPS else value
    if metadata.dpi:
        directory[282], directory[283], directory[296] = *metadata.dpi, 2  # pixels per inch
    if metadata.xmp:
        directory.tagtype[700] = BYTE
        directory[700] = metadata.xmp
    directory[34675] = srgb_profile()
    return directory
