"""Cutting a PNG into bands without ever holding more of it than one.

A PNG is one zlib stream of rows, each stored as what a simple predictor left over from the row above (PNG
specification, third edition, section 9). Inflating the stream row by row needs little memory; undoing the prediction
pixel by pixel needs compiled code. So each band becomes a small PNG for Pillow: the last row of the band before,
unfiltered, then the band's rows as they stand in the file, in a zlib stream that is not compressed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from impasto.images.decoding import eight_bit_samples
from impasto.images.deep import Samples, deep_samples
from impasto.images.deep_encoding import chunk_of

__all__ = ["PngBands"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by color type
_FOR_PIXELS = {b"PLTE", b"tRNS", b"iCCP"}  # the chunks without which pixels have no color
_ANIMATION = {b"acTL", b"fcTL", b"fdAT"}  # says how large its frames are, which would not fit a band
_BLOCK = 1 << 20
_NO_FILTER = b"\0"


class PngBands:
    """A PNG file that is not interlaced, to be read from top to bottom."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before: list[tuple[bytes, bytes]] = []
        self._behind: list[tuple[bytes, bytes]] = []
        self._data: list[tuple[int, int]] = []  # place and length of each IDAT
        with path.open("rb") as file:
            self._find_chunks(file)
        self._width, self._height, self.depth, self._color_type = struct.unpack(">IIBB", self._before[0][1][:10])
        self._row_bytes = -(-self._width * self.depth * _CHANNELS[self._color_type] // 8)

    def described(self) -> ImageFile.ImageFile:
        """Return an image of one pixel that has everything but the pixels."""
        nothing = zlib.compress(bytes(1 + 8))
        header = struct.pack(">II", 1, 1) + self._before[0][1][8:]
        image = _opened([(b"IHDR", header), *self._before[1:], (b"IDAT", nothing), *self._behind])
        image.load()  # only then does Pillow know what stands behind the pixels
        return image

    def bands(self, rows: int) -> Iterator[tuple[int, Samples, bytes | None]]:
        """Yield (top, samples, the profile that is still to be applied; None for the file's), some rows at a time."""
        above = bytes(self._row_bytes)
        with self._path.open("rb") as file:
            filtered = self._filtered(file, rows)
            for top in range(0, self._height, rows):
                count = min(rows, self._height - top)
                image = self._wrapped(_NO_FILTER + above + next(filtered), count + 1)
                above, samples, profile = self._decoded(image)
                yield top, samples[1:], profile

    def _find_chunks(self, file: BinaryIO) -> None:
        place = file.seek(len(_SIGNATURE))
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            if kind == b"IDAT":
                self._data.append((place + 8, length))
            elif kind != b"IEND" and kind not in _ANIMATION:
                (self._behind if self._data else self._before).append((kind, file.read(length)))
            place = file.seek(place + 12 + length)

    def _filtered(self, file: BinaryIO, rows: int) -> Iterator[bytes]:
        """Yield the bytes of so many rows at a time, filters included; the last may be fewer.

        What a careless writer left in the stream behind the last row stays there.
        """
        inflate, held, wanted = zlib.decompressobj(), b"", rows * (1 + self._row_bytes)
        left = self._height * (1 + self._row_bytes)
        for packed in self._packed(file):
            while packed and left:
                full = min(wanted, left)
                held += inflate.decompress(packed, full - len(held))
                packed = inflate.unconsumed_tail  # noqa: PLW2901 - what the limit left over
                if len(held) == full:
                    yield held
                    left -= len(held)
                    held = b""
        if left:
            raise ValueError("the picture ends before its last row")

    def _packed(self, file: BinaryIO) -> Iterator[bytes]:
        for place, length in self._data:
            file.seek(place)
            for start in range(0, length, _BLOCK):
                yield file.read(min(_BLOCK, length - start))

    def _wrapped(self, filtered: bytes, rows: int) -> ImageFile.ImageFile:
        header = struct.pack(">II", self._width, rows) + self._before[0][1][8:]
        kept = [chunk for chunk in self._before[1:] if chunk[0] in _FOR_PIXELS]
        return _opened([(b"IHDR", header), *kept, (b"IDAT", zlib.compress(filtered, 0))])

    def _decoded(self, image: ImageFile.ImageFile) -> tuple[bytes, Samples, bytes | None]:
        """Return the last row's bytes before filtering, and the samples with their profile."""
        deep = deep_samples(image)
        if deep is not None:
            channels = _CHANNELS[self._color_type]  # a transparent color has added one to the samples
            return np.rint(deep[-1, :, :channels] * 65535).astype(">u2").tobytes(), deep, None
        image.load()
        last = np.asarray(image.crop((0, image.height - 1, image.width, image.height)))
        return self._repacked(last), *eight_bit_samples(image, image.info.get("icc_profile") or b"")

    def _repacked(self, row: NDArray[Any]) -> bytes:
        """Return a row's bytes as they were in the file, where several pixels may share a byte."""
        values = row.reshape(-1).astype(np.uint8)
        if self.depth == 8:
            return values.tobytes()
        if self._color_type == 0 and self.depth > 1:  # Pillow spreads grey over 0 to 255
            values //= np.uint8(255 // (2**self.depth - 1))
        bits = np.unpackbits(values[:, None], axis=1)[:, -self.depth :]
        return np.packbits(bits.reshape(-1)).tobytes()


def _opened(chunks: list[tuple[bytes, bytes]]) -> ImageFile.ImageFile:
    data = _SIGNATURE + b"".join(chunk_of(*chunk) for chunk in [*chunks, (b"IEND", b"")])
    return Image.open(BytesIO(data), formats=["PNG"])
