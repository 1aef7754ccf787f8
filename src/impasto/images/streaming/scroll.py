"""A picture on the disk, of which any rows can be unrolled.

Every file is decoded once, from top to bottom (:mod:`impasto.images.streaming.bands`), and laid down upright as plain
samples of 16 bits: exact for files of 8 and of 16 bits. After that, whoever needs the whole picture (in passing, for a
thumbnail) and whoever needs a window of it read the same values, as often as they like, with the memory of a window.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import Base
from torch import Tensor

from impasto.images.alpha import fill_transparent
from impasto.images.decoding import SIDEWAYS, upright
from impasto.images.metadata import exif_of
from impasto.images.opening import opened
from impasto.images.picture import Metadata
from impasto.images.resizing import fit_long_side
from impasto.images.streaming.bands import Band, Bands, bands_of
from impasto.images.streaming.rescaling import Rescaled, resized_rows
from impasto.images.writing import temporary_in
from impasto.weights import file_sha256

__all__ = ["Scroll", "unrolled", "upright_size"]

_LARGEST = 65535
_SIDE_OF_COLORS = 512  # of the small picture from which hidden colors are taken


@contextmanager
def unrolled(
    path: str | os.PathLike[str], folder: str | os.PathLike[str], *, max_pixels: int | None = None
) -> Iterator[Scroll]:
    """Lay a picture down in a temporary file in ``folder``, 6 or 8 bytes a pixel; it is removed in the end.

    Reads what :func:`impasto.images.read` reads, and refuses what it refuses.
    """
    path, scratch = Path(path), temporary_in(Path(folder))
    try:
        with scratch.open("w+b") as file:
            scroll = _laid_down(path, file, max_pixels)
            scroll.find_hidden_colors()
            yield scroll
    finally:
        scratch.unlink(missing_ok=True)


def upright_size(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Return the (height, width) of a picture file, from its header alone.

    The orientation of a PNG may stand behind its pixels, so its size is told as if it had none; TIFF's Pillow minds.
    """
    with opened(path) as source:
        if not isinstance(source, Image.Image):
            return source.imagelength, source.imagewidth
        is_sideways = source.format not in ("PNG", "TIFF") and exif_of(source).get(Base.Orientation) in SIDEWAYS
        return (source.width, source.height) if is_sideways else (source.height, source.width)


class Scroll:
    """A picture on the disk: what :class:`impasto.images.Picture` is, by rows."""

    def __init__(self, file: BinaryIO, bands: Bands, name: str = "", sha256: str = "") -> None:
        height, width = bands.size
        self._file = file
        self._orientation = bands.orientation
        self._channels = 4 if bands.has_alpha else 3
        self._hidden: Tensor | None = None
        self.size = (width, height) if bands.orientation in SIDEWAYS else (height, width)
        self.metadata: Metadata = bands.metadata
        self.bits = bands.bits
        self.has_alpha = False
        self.name, self.sha256 = name, sha256

    def rows(self, top: int, bottom: int) -> Tensor:
        """Return rows ``top`` up to but without ``bottom`` as ``(1, 3, N, W)`` float32 sRGB in [0, 1]."""
        samples = self._read(top, bottom)
        color = samples[:, :3]
        if self._hidden is None:
            return color
        small = self._hidden
        filled = resized_rows(lambda a, b: small[:, :, a:b], _size_of(small), self.size, top, bottom)
        return torch.where(samples[:, 3:] > 0, color, filled)

    def alpha(self, top: int, bottom: int) -> Tensor:
        """Return the transparency of some rows as ``(1, 1, N, W)`` in [0, 1]: ones where the picture has none."""
        return self._read(top, bottom)[:, 3:] if self.has_alpha else torch.ones(1, 1, bottom - top, self.size[1])

    def thumbnail(self, long_side: int) -> Tensor:
        """Return the picture at no more than this long side: ``(1, 3, h, w)``."""
        size = fit_long_side(self.size, long_side) if max(self.size) > long_side else self.size
        return Rescaled(self.rows, self.size, size).whole()

    def find_hidden_colors(self) -> None:
        """Find colors for what is fully transparent: those of the visible neighbourhood, at thumbnail size."""
        if not self.has_alpha:
            return
        size = fit_long_side(self.size, min(_SIDE_OF_COLORS, max(self.size)))
        weighted = Rescaled(self._weighted, self.size, size).whole()
        color, alpha = weighted[:, :3], weighted[:, 3:]
        self._hidden = fill_transparent((color / alpha.clamp(min=1e-6)).clamp(0, 1), alpha)

    def lay(self, band: Band) -> None:
        """Lay down a band of the stored picture where it belongs in the upright one."""
        self.has_alpha = self.has_alpha or band.alpha is not None
        samples = band.color
        if self._channels == 4:
            alpha = np.ones(samples.shape[:2], np.float32) if band.alpha is None else band.alpha
            samples = np.concatenate([samples, alpha[..., None]], axis=-1)
        block = upright(np.rint(samples * _LARGEST).astype(np.uint16), self._orientation)
        is_sideways, is_from_end = self._orientation in SIDEWAYS, self._orientation in (3, 4, 6, 7)
        length = len(band.color)
        start = self.size[1 if is_sideways else 0] - band.top - length if is_from_end else band.top
        if is_sideways:
            self._write_columns(start, block)
        else:
            self._write(start * self.size[1], block)

    def _write_columns(self, left: int, block: NDArray[np.uint16]) -> None:
        for row, part in enumerate(block):
            self._write(row * self.size[1] + left, part)

    def _write(self, pixel: int, block: NDArray[np.uint16]) -> None:
        self._file.seek(pixel * self._channels * block.itemsize)
        self._file.write(np.ascontiguousarray(block).data)

    def _read(self, top: int, bottom: int) -> Tensor:
        """Return all samples of some rows as ``(1, C, N, W)``."""
        width, count = self.size[1], bottom - top
        self._file.seek(top * width * self._channels * 2)
        samples = np.fromfile(self._file, np.uint16, count * width * self._channels)
        planes = samples.reshape(count, width, self._channels).transpose(2, 0, 1)
        return torch.from_numpy(planes.astype(np.float32, order="C"))[None] / _LARGEST

    def _weighted(self, top: int, bottom: int) -> Tensor:
        samples = self._read(top, bottom)
        return torch.cat([samples[:, :3] * samples[:, 3:], samples[:, 3:]], dim=1)


def _laid_down(path: Path, file: BinaryIO, max_pixels: int | None) -> Scroll:
    """Copy a picture into ``file``; whatever was decoded as a whole is forgotten when this returns."""
    with opened(path, max_pixels) as source:
        bands = bands_of(source, path)
        scroll = Scroll(file, bands, path.name, file_sha256(path))
        for band in bands.bands:
            scroll.lay(band)
    file.flush()
    return scroll


def _size_of(x: Tensor) -> tuple[int, int]:
    return x.shape[-2], x.shape[-1]
