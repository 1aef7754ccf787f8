"""A picture file as a sequence of bands, from top to bottom, each decoded exactly as a small picture is.

PNG and TIFF are cut: a band of the file is wrapped into a small file of the same kind, which goes through the decoders
that read every picture. So whatever :func:`impasto.images.read` makes of a file, its bands have the same values.
Formats that cannot be cut (JPEG and WebP code each part by what came before) are decoded as a whole, at the one byte a
channel that Pillow keeps, and handed out in bands.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.ExifTags import Base

from impasto.images.decoding import eight_bit_samples, separated
from impasto.images.deep import Samples, deep_samples, page_samples
from impasto.images.metadata import exif_of, metadata_of
from impasto.images.opening import Source
from impasto.images.picture import Metadata
from impasto.images.streaming.png_bands import PngBands
from impasto.images.streaming.tiff_bands import TiffBands

if TYPE_CHECKING:
    from tifffile import TiffPage

__all__ = ["Band", "Bands", "bands_of"]

Cut: TypeAlias = tuple[int, Samples, "bytes | None"]
"""Top, samples, and the profile that is still to be applied to them, or None for that of the file."""

_BAND_SAMPLES = 1 << 22
_TIFF_ORIENTATION, _TIFF_PROFILE = 274, 34675


@dataclass(frozen=True)
class Band:
    """Some rows of a picture as its file holds them: sRGB, but not yet upright."""

    top: int
    color: Samples  # (N, W, 3) in [0, 1]
    alpha: NDArray[np.float32] | None  # (N, W); None where all is opaque


@dataclass(frozen=True)
class Bands:
    """What is known of a file before its pixels are read, and its bands, which can be taken once."""

    size: tuple[int, int]  # (height, width) as stored
    orientation: int  # EXIF's, 1 to 8
    metadata: Metadata
    bits: int
    has_alpha: bool  # whether there may be transparency
    bands: Iterator[Band]


def bands_of(source: Source, path: Path) -> Bands:
    """Return the bands of an opened file; it has to stay open while they are taken."""
    if not isinstance(source, Image.Image):
        return _of_page(source, path)
    if source.format == "PNG" and not source.info.get("interlace"):
        png = PngBands(path)
        return _of_image(png.bands(_rows(source.width)), (source.height, source.width), png.described())
    if source.format == "TIFF" and (tiff := TiffBands(path)).can_be_cut:
        return _of_image(tiff.bands(_rows(tiff.size[1])), tiff.size, source)
    return _of_whole(source)


def _of_page(page: Source, path: Path) -> Bands:
    """Return the bands of a TIFF that Pillow does not know."""
    assert not isinstance(page, Image.Image)
    orientation = int(page.tags.valueof(_TIFF_ORIENTATION, default=1))
    profile = page.tags.valueof(_TIFF_PROFILE, default=b"")
    return _begun(_cut_page(page, path), (page.imagelength, page.imagewidth), orientation, Metadata(), profile)


def _cut_page(page: TiffPage, path: Path) -> Iterator[Cut]:
    is_beyond_pillow = page.parent.is_bigtiff and page.parent.byteorder == ">"  # not even its directory is read
    if not is_beyond_pillow and (tiff := TiffBands(path)).can_be_cut:
        return tiff.bands(_rows(page.imagewidth))
    return iter([(0, page_samples(page), None)])


def _of_image(cut: Iterator[Cut], size: tuple[int, int], image: ImageFile.ImageFile) -> Bands:
    """Return bands with what an image tells besides its pixels."""
    exif = exif_of(image)
    orientation, profile = exif.get(Base.Orientation, 1), image.info.get("icc_profile") or b""
    return _begun(cut, size, orientation, metadata_of(image, exif), profile)


def _of_whole(image: ImageFile.ImageFile) -> Bands:
    """Decode the whole picture, but widen its samples to floats only band by band."""
    deep = deep_samples(image)
    if deep is not None:
        return _of_image(iter([(0, deep, None)]), (deep.shape[0], deep.shape[1]), image)
    image.load()  # before its size and orientation are asked for: Pillow turns a TIFF by itself
    return _of_image(_cut_image(image), (image.height, image.width), image)


def _cut_image(image: ImageFile.ImageFile) -> Iterator[Cut]:
    rows, profile = _rows(image.width), image.info.get("icc_profile") or b""
    for top in range(0, image.height, rows):
        part = image.crop((0, top, image.width, min(top + rows, image.height)))
        yield top, *eight_bit_samples(part, profile)


def _begun(cut: Iterator[Cut], size: tuple[int, int], orientation: object, metadata: Metadata, profile: bytes) -> Bands:
    """Decode the first band, which shows what the others will be like."""
    first = next(cut)
    _, samples, own = first
    return Bands(
        size=size,
        orientation=orientation if isinstance(orientation, int) else 1,
        metadata=metadata,
        bits=16 if own is None else 8,
        has_alpha=samples.shape[-1] in (2, 4),
        bands=_finished(itertools.chain([first], cut), profile),
    )


def _finished(cut: Iterator[Cut], profile: bytes) -> Iterator[Band]:
    for top, samples, own in cut:
        yield Band(top, *separated(samples, profile if own is None else own))


def _rows(width: int) -> int:
    return max(1, _BAND_SAMPLES // (width * 4))
