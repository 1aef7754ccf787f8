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

__all__ = ["Decoded", "decode", "eight_bit_samples", "separated", "upright"]

_TIFF_ORIENTATION, _TIFF_PROFILE = 274, 34675


@dataclass(frozen=True)
class Decoded:
    """An upright sRGB picture as numpy arrays."""

    color: Samples  # (H, W, 3)
    alpha: NDArray[np.float32] | None  # (H, W); None where all is opaque
    bits: int
    metadata: Metadata


def decode(source: Source) -> Decoded:
    """Decode the (first) picture of an opened file."""
    if isinstance(source, Image.Image):
        return _decode_image(source)
    tags = source.tags
    profile = tags.valueof(_TIFF_PROFILE, default=b"")
    orientation = tags.valueof(_TIFF_ORIENTATION, default=1)
    color, alpha = separated(upright(page_samples(source), orientation), profile)
    return Decoded(color, alpha, 16, Metadata())


def _decode_image(image: ImageFile.ImageFile) -> Decoded:
    profile = image.info.get("icc_profile") or b""
    samples = deep_samples(image)
    bits = 8 if samples is None else 16
    if samples is None:
        samples, profile = eight_bit_samples(image, profile)
    exif = exif_of(image)  # after decoding: PNG may hold it behind the pixels, and TIFF is turned by Pillow itself
    color, alpha = separated(upright(samples, exif.get(Base.Orientation, 1)), profile)
    return Decoded(color, alpha, bits, metadata_of(image, exif))


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
    if orientation in (5, 6, 7, 8):
        samples = samples.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    return samples
