"""Writing a picture row by row, with the memory of a band: JPEG, PNG and TIFF; for others the rows are gathered."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
from torch import Tensor

from impasto.errors import OptionError, OutputError
from impasto.images.deep_encoding import Pixels, PngRows, TiffRows
from impasto.images.encoding import encode, jpeg_options, png_options
from impasto.images.formats import Format
from impasto.images.metadata import with_recipe
from impasto.images.opening import shown_name
from impasto.images.picture import Metadata
from impasto.images.streaming.jpeg_rows import JpegRows
from impasto.images.writing import check_writable, place, quantized, reason_of, sidecar_of, temporary_in

__all__ = ["RowWriter", "writing_rows"]


@contextmanager
def writing_rows(
    path: str | os.PathLike[str],
    size: tuple[int, int],
    *,
    has_alpha: bool = False,
    metadata: Metadata | None = None,
    bits: int = 8,
    quality: int = 95,
    recipe: str | None = None,
    overwrite: bool = False,
) -> Iterator[RowWriter]:
    """Give something that takes the rows of a picture from top to bottom; the file appears when all have come.

    The options are those of :func:`impasto.images.write`. If anything goes wrong, nothing is left behind.
    """
    path = Path(path)
    known = check_writable(path, overwrite=overwrite, bits=bits, size=size)
    if not 1 <= quality <= 100:
        raise OptionError(f"quality is {quality}; allowed is a whole number, 1 to 100.")
    shape = (*size, 4 if has_alpha and known.has_alpha else 3)
    unfinished = temporary_in(path.parent)
    try:
        with _explained(path, known):
            file = unfinished.open("w+b")
        with file:
            with _explained(path, known):
                encoder = _encoder(
                    file, known, shape, bits=bits, quality=quality, metadata=metadata or Metadata(), recipe=recipe
                )
            writer = RowWriter(encoder, known, shape, bits, path)
            yield writer
            writer.finish()
        with _explained(path, known):
            unfinished.replace(path)
            _place_sidecar(path, known, recipe)
    finally:
        unfinished.unlink(missing_ok=True)


class RowWriter:
    """Takes the rows of one picture from top to bottom."""

    def __init__(self, encoder: _Encoder, known: Format, shape: tuple[int, int, int], bits: int, path: Path) -> None:
        self._encoder, self._format, self._bits, self._path = encoder, known, bits, path
        self._missing = shape[0]
        self._has_alpha = shape[2] == 4

    def write(self, pixels: Tensor, alpha: Tensor | None = None) -> None:
        """Append rows ``(1, 3, N, W)``, with their transparency ``(1, 1, N, W)`` if the picture has any."""
        rows = quantized(pixels, alpha, self._format, self._bits)
        if self._has_alpha and rows.shape[-1] == 3:
            rows = np.concatenate([rows, np.full((*rows.shape[:2], 1), 2**self._bits - 1, rows.dtype)], axis=-1)
        self._missing -= len(rows)
        with _explained(self._path, self._format):
            self._encoder.add(rows)

    def finish(self) -> None:
        """Write what comes after the last row."""
        assert self._missing == 0, f"{self._missing} rows are missing"
        with _explained(self._path, self._format):
            self._encoder.finish()


class _Encoder(Protocol):
    def add(self, pixels: Pixels) -> None: ...

    def finish(self) -> None: ...


class _Gathered:
    """Keeps the rows, for a format that is encoded as a whole."""

    def __init__(self, file: BinaryIO, shape: tuple[int, int, int], encoded: Callable[[Pixels], bytes]) -> None:
        self._file, self._encoded = file, encoded
        self._pixels = np.empty(shape, np.uint8)
        self._filled = 0

    def add(self, pixels: Pixels) -> None:
        self._pixels[self._filled : self._filled + len(pixels)] = pixels
        self._filled += len(pixels)

    def finish(self) -> None:
        self._file.write(self._encoded(self._pixels))


def _encoder(
    file: BinaryIO,
    known: Format,
    shape: tuple[int, int, int],
    *,
    bits: int,
    quality: int,
    metadata: Metadata,
    recipe: str | None,
) -> _Encoder:
    kind = np.uint8 if bits == 8 else np.uint16
    if known.name == "JPEG":
        return JpegRows(file, shape[:2], jpeg_options(quality, metadata, recipe))
    if known.name == "PNG":
        return PngRows(file, shape, kind, png_options(metadata, recipe))
    if known.name == "TIFF":
        described = Metadata(with_recipe(metadata.exif, recipe), metadata.xmp, metadata.dpi)
        return TiffRows(file, shape, kind, described)
    encoded = partial(encode, known.name, quality=quality, metadata=metadata, recipe=recipe)
    return _Gathered(file, shape, encoded)


def _place_sidecar(path: Path, known: Format, recipe: str | None) -> None:
    """Put the recipe beside the picture where the format has no room for it, and take away an old one."""
    if known.holds_recipe:
        return
    if recipe is None:
        sidecar_of(path).unlink(missing_ok=True)
    else:
        place({sidecar_of(path): recipe.encode()})


@contextmanager
def _explained(path: Path, known: Format) -> Iterator[None]:
    name = shown_name(path)
    try:
        yield
    except OSError as error:
        advice = "free some space or choose another folder"
        raise OutputError(f"{name} could not be written ({reason_of(error)}); {advice}.") from error
    except Exception as error:  # encoders are foreign code and fail in many ways
        raise OutputError(
            f"{name} could not be encoded as {known.name} ({reason_of(error)}); try another format."
        ) from error
