"""Cutting a TIFF into bands without ever holding more of it than one.

A TIFF is a list of strips or tiles, each compressed by itself (TIFF 6.0, sections 3 and 15). So some of them, under a
directory with the same tags but for the height, are a small TIFF that every decoder understands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import ImageFileDirectory_v2
from PIL.TiffTags import LONG

from impasto.images.decoding import eight_bit_samples
from impasto.images.deep import Samples, deep_samples, page_samples

__all__ = ["TiffBands"]

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _CHANNELS, _PLANES = 256, 257, 258, 259, 262, 277, 284
_STRIP_OFFSETS, _STRIP_ROWS, _STRIP_BYTES = 273, 278, 279
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_BYTES = 322, 323, 324, 325
_COPIED = (258, 259, 262, 266, 277, 284, 317, 320, 322, 323, 338, 339, 347, 529, 530, 531, 532, 34675)
_BY_SEGMENT = {1, 5, 7, 8, 32773, 32946, 34925, 50000, 50001}  # compressions in which each segment stands by itself
_UNCOMPRESSED = 1
_SUBSAMPLED = 6  # YCbCr


@dataclass(frozen=True)
class _Group:
    """Some neighbouring strips, or whole rows of tiles."""

    rows: int
    places: Sequence[tuple[int, int]]  # offset and length of each


class TiffBands:
    """The first page of a TIFF or BigTIFF, to be read from top to bottom."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file:
            self._tags = _directory(file)
        self._width, self._height = (int(self._tags[tag]) for tag in (_WIDTH, _HEIGHT))
        self.size = self._height, self._width  # as stored
        self._is_tiled = _TILE_OFFSETS in self._tags
        offsets, lengths = (_TILE_OFFSETS, _TILE_BYTES) if self._is_tiled else (_STRIP_OFFSETS, _STRIP_BYTES)
        self._offsets, self._lengths = (_numbers(self._tags.get(tag)) for tag in (offsets, lengths))

    @property
    def can_be_cut(self) -> bool:
        """Whether the pixels come in parts that can be decoded one by one."""
        is_interleaved = self._tags.get(_PLANES, 1) == 1 or self._channels == 1
        is_plain = self._compression in _BY_SEGMENT and not (
            self._compression == _UNCOMPRESSED and self._tags.get(_PHOTOMETRIC) == _SUBSAMPLED
        )
        is_whole = len(self._offsets) == len(self._lengths) == self._expected and all(self._lengths)
        return is_interleaved and is_plain and is_whole and self._channels <= 4

    def bands(self, rows: int) -> Iterator[tuple[int, Samples, bytes | None]]:
        """Yield (top, samples, the profile that is still to be applied; None for the file's), about so many rows."""
        top = 0
        with self._path.open("rb") as file:
            for group in self._groups(rows):
                samples, profile = _decoded(self._small(file, group))
                yield top, samples, profile
                top += group.rows

    @property
    def _channels(self) -> int:
        return int(self._tags.get(_CHANNELS, 1))

    @property
    def _compression(self) -> int:
        return int(self._tags.get(_COMPRESSION, _UNCOMPRESSED))

    @property
    def _rows(self) -> int:
        """Rows in a strip or a tile."""
        named = self._tags.get(_TILE_HEIGHT if self._is_tiled else _STRIP_ROWS, self._height)
        return int(named) if self._is_tiled else min(int(named), self._height)

    @property
    def _across(self) -> int:
        return -(-self._width // int(self._tags[_TILE_WIDTH])) if self._is_tiled else 1

    @property
    def _expected(self) -> int:
        return self._across * -(-self._height // self._rows)

    def _groups(self, rows: int) -> Iterator[_Group]:
        if self._rows > rows and self._compression == _UNCOMPRESSED and not self._is_tiled:
            yield from self._split_strips(rows)
            return
        down = max(1, rows // self._rows)
        places = list(zip(self._offsets, self._lengths, strict=True))
        for top in range(0, self._height, down * self._rows):
            first = top // self._rows * self._across
            height = min(down * self._rows, self._height - top)
            yield _Group(height, places[first : first + down * self._across])

    def _split_strips(self, rows: int) -> Iterator[_Group]:
        """Cut long strips of uncompressed pixels, where each row's place is known."""
        each = _numbers(self._tags.get(_BITS, 1))
        bits = sum(each) if len(each) > 1 else each[0] * self._channels  # some writers say it once for all channels
        row_bytes = -(-self._width * bits // 8)
        for index, offset in enumerate(self._offsets):
            held = min(self._rows, self._height - index * self._rows)
            for top in range(0, held, rows):
                count = min(rows, held - top)
                yield _Group(count, [(offset + top * row_bytes, count * row_bytes)])

    def _small(self, file: BinaryIO, group: _Group) -> BytesIO:
        """Return a small TIFF of one group."""
        directory = ImageFileDirectory_v2(prefix=self._tags.prefix)
        for tag in _COPIED:
            if tag in self._tags:
                directory.tagtype[tag] = self._tags.tagtype[tag]
                directory[tag] = self._tags[tag]
        directory[_WIDTH], directory[_HEIGHT] = self._width, group.rows
        offsets, lengths = (_TILE_OFFSETS, _TILE_BYTES) if self._is_tiled else (_STRIP_OFFSETS, _STRIP_BYTES)
        if not self._is_tiled:
            directory[_STRIP_ROWS] = min(self._rows, group.rows)
        directory.tagtype[offsets] = directory.tagtype[lengths] = LONG
        directory[lengths] = tuple(length for _, length in group.places)
        directory[offsets] = (0,) * len(group.places)
        head = 8 + len(directory.tobytes(8))
        place = head if self._is_tiled else 0  # to the offsets of strips Pillow adds the directory's end by itself
        starts = []
        for _, length in group.places:
            starts.append(place)
            place += length
        directory[offsets] = tuple(starts)
        small = BytesIO()
        directory.save(small)
        for offset, length in group.places:
            file.seek(offset)
            small.write(file.read(length))
        small.seek(0)
        return small


def _directory(file: BinaryIO) -> ImageFileDirectory_v2:
    head = file.read(16)
    directory = ImageFileDirectory_v2(head if head[2] == 43 or head[3] == 43 else head[:8])
    file.seek(directory.next)
    directory.load(file)
    return directory


def _numbers(value: Any) -> tuple[int, ...]:
    if value is None:
        return ()
    return tuple(int(one) for one in value) if isinstance(value, tuple) else (int(value),)


def _decoded(small: BytesIO) -> tuple[Samples, bytes | None]:
    """Return the samples and the profile that is still to be applied, None for that of the file."""
    try:
        image = Image.open(small, formats=["TIFF"])
    except UnidentifiedImageError:
        return _decoded_by_tifffile(small), None
    deep = deep_samples(image)
    return (deep, None) if deep is not None else eight_bit_samples(image, image.info.get("icc_profile") or b"")


def _decoded_by_tifffile(small: BytesIO) -> Samples:
    from tifffile import TiffFile, TiffPage

    small.seek(0)
    page = TiffFile(small).pages[0]
    assert isinstance(page, TiffPage)
    return page_samples(page)
