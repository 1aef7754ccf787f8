"""Writing PNG and TIFF files at 8 or 16 bits per channel, from top to bottom, in as many rows at a time as there are.

Pillow wants the whole picture, and knows only 8 bits in color; here neither holds, so that any size can be written with
little memory.

PNG: Pillow writes a file of one pixel with all the metadata, and the header and pixel chunks are exchanged.
TIFF: Pillow writes the directory of tags, so that EXIF, GPS and profile are kept; the strips of pixels
follow it. The directory is written twice: to reserve its place, and when the strips' lengths are known.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2
from PIL.TiffTags import BYTE, LONG, LONG8, TAGS_V2_GROUPS

from impasto.images.picture import Metadata
from impasto.images.profiles import srgb_profile

__all__ = ["Blocks", "Pixels", "PngRows", "TiffRows", "chunk_of", "png16", "png_chunks", "tiff"]

Pixels: TypeAlias = NDArray[Any]
"""``(H, W, 3)`` color or ``(H, W, 4)`` color and alpha, uint8 or uint16."""

_BLOCK = 1 << 20  # bytes that are filtered and compressed at a time
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PAETH = 4
_BIG_HEADER = struct.pack("<2s3HQ", b"II", 43, 8, 0, 16)
_BIG = 0xF000_0000  # bytes of pixels from which a TIFF needs offsets of 64 bits (BigTIFF)


class Blocks:
    """Rows in any number go in, blocks of one height come out; the last may be lower."""

    def __init__(self, height: int) -> None:
        self.height = height
        self._held: list[Pixels] = []

    def add(self, rows: Pixels) -> Iterator[Pixels]:
        """Take rows and give the blocks that are full now."""
        self._held.append(rows)
        if sum(map(len, self._held)) < self.height:
            return
        together = np.concatenate(self._held)
        full = len(together) // self.height * self.height
        self._held = [together[full:]]
        for top in range(0, full, self.height):
            yield together[top : top + self.height]

    def rest(self) -> Iterator[Pixels]:
        """Give what is left."""
        if any(map(len, self._held)):
            yield np.concatenate(self._held)
        self._held = []


class PngRows:
    """A PNG that grows from top to bottom; ``save_options`` are Pillow's, for everything but the pixels."""

    def __init__(
        self, file: BinaryIO, shape: tuple[int, int, int], dtype: DTypeLike, save_options: dict[str, Any]
    ) -> None:
        self._file = file
        self._sample = np.dtype(dtype).newbyteorder(">")
        self._packer = _packer()
        height, width, channels = shape
        self._step = channels * self._sample.itemsize  # bytes from a pixel to its left neighbour
        self._above = np.zeros((1, width * self._step), dtype=np.int16)
        color_type = 2 if channels == 3 else 6
        header = struct.pack(">IIBBBBB", width, height, 8 * self._sample.itemsize, color_type, 0, 0, 0)
        before, self._after = _frame(save_options)
        file.write(_PNG_SIGNATURE + chunk_of(b"IHDR", header) + before)

    def add(self, pixels: Pixels) -> None:
        """Append rows, filtered by Paeth's predictor (the best single one for photos)."""
        rows = max(1, _BLOCK // self._above.size)
        for top in range(0, len(pixels), rows):
            bytes_of = (
                pixels[top : top + rows].astype(self._sample).reshape(-1, self._above.size // self._sample.itemsize)
            )
            block = bytes_of.view(np.uint8).astype(np.int16)
            filtered = _paeth(block, np.concatenate([self._above, block[:-1]]), self._step)
            numbered = np.concatenate([np.full((len(block), 1), _PAETH, np.uint8), filtered], axis=1)
            self._write(self._packer.compress(numbered.tobytes()))
            self._above = block[-1:]

    def finish(self) -> None:
        """Write what comes after the pixels."""
        self._write(self._packer.flush())
        self._file.write(self._after)

    def _write(self, packed: bytes) -> None:
        if packed:
            self._file.write(chunk_of(b"IDAT", packed))


def png16(pixels: Pixels, save_options: dict[str, Any]) -> bytes:
    """Encode a PNG of 16 bits per channel; ``save_options`` are Pillow's, for everything but the pixels."""
    file = BytesIO()
    height, width, channels = pixels.shape
    rows = PngRows(file, (height, width, channels), pixels.dtype, save_options)
    rows.add(pixels)
    rows.finish()
    return file.getvalue()


def _frame(save_options: dict[str, Any]) -> tuple[bytes, bytes]:
    """Return the chunks that come between the header and the pixels, and those after them."""
    whole = BytesIO()
    Image.new("RGB", (1, 1)).save(whole, "PNG", **save_options)
    _, *chunks = png_chunks(whole.getvalue())
    place = next(index for index, (kind, _) in enumerate(chunks) if kind == b"IDAT")
    before, after = (b"".join(chunk_of(*chunk) for chunk in part) for part in (chunks[:place], chunks[place + 1 :]))
    return before, after


def png_chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of every chunk."""
    place = len(_PNG_SIGNATURE)
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        place += 12 + length


def chunk_of(kind: bytes, content: bytes) -> bytes:
    """Return a PNG chunk with its length and checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _packer() -> Any:
    """Return a deflating compressor that looks for nothing but runs.

    After prediction little repeats itself in a photograph, so looking for more costs three times as long and, with the
    codes that it needs, mostly gains nothing.
    """
    return zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)


def _paeth(row: NDArray[np.int16], above: NDArray[np.int16], step: int) -> NDArray[np.uint8]:
    """Return what is left of each byte after prediction (PNG specification, third edition, section 9.4)."""
    a = np.pad(row, ((0, 0), (step, 0)))[:, :-step]  # left
    b = above
    c = np.pad(above, ((0, 0), (step, 0)))[:, :-step]  # above left
    to_a, to_b, to_c = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    nearest = np.where((to_a <= to_b) & (to_a <= to_c), a, np.where(to_b <= to_c, b, c))
    return (row - nearest).astype(np.uint8)


class TiffRows:
    """A TIFF that grows from top to bottom, losslessly compressed (deflate, horizontal differences)."""

    def __init__(self, file: BinaryIO, shape: tuple[int, int, int], dtype: DTypeLike, metadata: Metadata) -> None:
        self._file, self._shape, self._metadata = file, shape, metadata
        self._sample = np.dtype(dtype).newbyteorder("<")
        height, width, channels = shape
        row = width * channels * self._sample.itemsize
        self._is_big = height * row > _BIG
        self._blocks = Blocks(max(1, 4 * _BLOCK // row))
        self._sizes: list[int] = []
        self._strips = -(-height // self._blocks.height)
        file.write(bytes(len(self._head([0] * self._strips))))

    def add(self, pixels: Pixels) -> None:
        """Append rows."""
        for block in self._blocks.add(pixels):
            self._write(block)

    def finish(self) -> None:
        """Write the last strip and, at the beginning, where each strip lies."""
        for block in self._blocks.rest():
            self._write(block)
        self._file.seek(0)
        self._file.write(self._head(self._sizes))

    def _write(self, pixels: Pixels) -> None:
        little = pixels.astype(self._sample)
        little[:, 1:] -= pixels[:, :-1]  # wraps around, as it should
        packer = _packer()
        self._sizes.append(self._file.write(packer.compress(little.tobytes()) + packer.flush()))

    def _head(self, sizes: list[int]) -> bytes:
        height, width, channels = self._shape
        directory = _described(self._metadata, is_big=self._is_big)
        directory[256], directory[257] = width, height
        directory[258] = (8 * self._sample.itemsize,) * channels  # bits per sample
        directory[259] = 8  # compression: deflate
        directory[262] = 2  # RGB
        directory[277], directory[278] = channels, self._blocks.height  # samples per pixel, rows per strip
        directory[284], directory[317] = 1, 2  # channels interleaved; horizontal differences
        if channels == 4:
            directory[338] = (2,)  # the extra channel is alpha, not premultiplied
        directory.tagtype[273], directory.tagtype[279] = LONG8 if self._is_big else LONG, LONG
        # Pillow adds the place where the directory ends to these offsets
        directory[273] = tuple(int(offset) for offset in np.cumsum([0, *sizes[:-1]], dtype=np.uint64))
        directory[279] = tuple(sizes)
        file = BytesIO()
        directory.save(file)
        return file.getvalue()


def tiff(pixels: Pixels, metadata: Metadata) -> bytes:
    """Encode a TIFF with the depth of ``pixels``."""
    file = BytesIO()
    height, width, channels = pixels.shape
    rows = TiffRows(file, (height, width, channels), pixels.dtype, metadata)
    rows.add(pixels)
    rows.finish()
    return file.getvalue()


def _described(metadata: Metadata, *, is_big: bool) -> ImageFileDirectory_v2:
    directory = ImageFileDirectory_v2(_BIG_HEADER) if is_big else ImageFileDirectory_v2(prefix=b"II")
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
