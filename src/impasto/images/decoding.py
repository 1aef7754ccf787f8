"""From an opened file to samples: modes, palettes, profiles and orientation are dealt with here, once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.ExifTags import Base

from impasto.images.deep import Samples, deep_samples, page_samples
from impasto.images.metadata import exif_of, metadata_of
from impasto.images.opening import Source
from impasto.images.picture import Metadata
from impasto.images.profiles import color_to_srgb, to_srgb
from impasto.images.resizing import fit_long_side

__all__ = ["SIDEWAYS", "Decoded", "decode", "eight_bit_samples", "separated", "upright"]

SIDEWAYS = (5, 6, 7, 8)  # orientations in which stored rows are columns of the upright picture
_TIFF_ORIENTATION, _TIFF_PROFILE = 274, 34675


@dataclass(frozen=True)
class Decoded:
    """An upright sRGB picture as numpy arrays."""

    color: Samples  # (H, W, 3)
    alpha: NDArray[np.float32] | None  # (H, W); None where all is opaque
    bits: int
    metadata: Metadata
    full_size: tuple[int, int]  # (height, width) in the file, upright; the samples may be fewer where that was asked


def decode(source: Source, long_side: int | None = None) -> Decoded:
    """Decode the (first) picture of an opened file.

    Where only ``long_side`` pixels are wanted, fewer than the file has may come, but never fewer than those.
    """
    if isinstance(source, Image.Image):
        return _decode_image(source, long_side)
    tags = source.tags
    profile = tags.valueof(_TIFF_PROFILE, default=b"")
    orientation = tags.valueof(_TIFF_ORIENTATION, default=1)
    color, alpha = separated(upright(page_samples(source), orientation), profile)
    return Decoded(color, alpha, 16, Metadata(), (color.shape[0], color.shape[1]))


def _decode_image(image: ImageFile.ImageFile, long_side: int | None) -> Decoded:
    full_size = image.height, image.width
    if long_side is not None:
        _decode_fewer(image, long_side)
    is_whole = (image.height, image.width) == full_size
    profile = image.info.get("icc_profile") or b""
    samples = deep_samples(image)
    bits = 8 if samples is None else 16
    if samples is None:
        samples, profile = eight_bit_samples(image, profile)
    exif = exif_of(image)  # after decoding: PNG may hold it behind the pixels, and TIFF is turned by Pillow itself
    orientation = exif.get(Base.Orientation, 1)
    color, alpha = separated(upright(samples, orientation), profile)
    if is_whole:
        full_size = (color.shape[0], color.shape[1])
    elif orientation in SIDEWAYS:
        full_size = full_size[::-1]
    return Decoded(color, alpha, bits, metadata_of(image, exif), full_size)


def _decode_fewer(image: ImageFile.ImageFile, long_side: int) -> None:
    """Have a JPEG decoded at a half, a quarter or an eighth, in a fraction of the time; others stay whole."""
    height, width = fit_long_side((image.height, image.width), long_side)
    image.draft(image.mode, (width, height))


def eight_bit_samples(image: Image.Image, profile: bytes) -> tuple[Samples, bytes]:
    """Return the samples, and the profile that is still to be applied to them."""
    image.load()
    if image.mode in ("CMYK", "LAB"):
        plain, profile = to_srgb(image, profile), b""
    elif image.has_transparency_data:
        plain = image.convert("LA" if image.mode in ("LA", "La") else "RGBA")
    else:
        plain = image.convert("L" if image.mode in ("1", "L") else "RGB")
    samples = np.asarray(plain, dtype=np.float32) / 255
    return samples.reshape(plain.height, plain.width, -1), profile


def separated(samples: Samples, profile: bytes) -> tuple[Samples, NDArray[np.float32] | None]:
    """Split off the transparency and convert the color to sRGB."""
    channels = samples.shape[-1]
    if channels in (1, 3):
        return color_to_srgb(samples, profile), None
    alpha = samples[..., -1]
    return color_to_srgb(samples[..., :-1], profile), None if np.all(alpha == 1) else alpha


def upright(samples: Samples, orientation: object) -> Samples:
    """Undo the turning and mirroring that EXIF's orientation (1 to 8) describes."""
    if orientation in SIDEWAYS:
        samples = samples.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    return samples
