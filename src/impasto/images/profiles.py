"""Color profiles: everything becomes sRGB on the way in, and says so on the way out.

Profiles made of three curves and a matrix (nearly all profiles of cameras, phones and screens: Display P3,
Adobe RGB, ProPhoto, Rec. 2020) and grey curves are applied here in floating point, so that 16-bit pictures
keep their precision, which Pillow's interface to LittleCMS (eight bits) would not. Table profiles (printers,
scanners) go through LittleCMS.

The format is ICC.1:2022 (profile version 4.4), sections 7.2-7.3 (header and tags) and 10.6, 10.18 (curves).
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from impasto.images.deep import Samples

__all__ = ["color_to_srgb", "srgb_profile", "to_srgb"]

_log = logging.getLogger(__name__)
_Curve = Callable[[NDArray[Any]], NDArray[Any]]

_SRGB_TO_XYZ = np.array(  # IEC 61966-2-1 primaries, adapted to D50 by Bradford's method as ICC profiles require
    [
        [0.4360747, 0.3850649, 0.1430804],
        [0.2225045, 0.7168786, 0.0606169],
        [0.0139322, 0.0971045, 0.7141733],
    ]
)


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """Return an sRGB profile, the same bytes every time (LittleCMS would write the time of day into it)."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    made[24:36] = struct.pack(">6H", 2024, 1, 1, 0, 0, 0)  # date and time of creation
    made[84:100] = bytes(16)  # the profile's checksum: zero means "not computed"
    return bytes(made)


def to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert a Pillow image of any mode (CMYK, Lab, grey, color) to 8-bit sRGB through LittleCMS."""
    source = ImageCms.createProfile("LAB") if image.mode == "LAB" else BytesIO(profile)
    if image.mode == "CMYK" and not profile:
        return image.convert("RGB")
    try:
        converted = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(source),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        _log.warning("ignored a color profile that does not fit its picture: %s", error)
        return image.convert("RGB")
    return converted if converted is not None else image.convert("RGB")


def color_to_srgb(color: Samples, profile: bytes) -> Samples:
    """Convert grey ``(H, W, 1)`` or color ``(H, W, 3)`` samples to sRGB ``(H, W, 3)``."""
    if not profile:
        return _three_channels(color)
    try:
        space, tags = _parsed(profile)
        return _by_curves(color, space, tags)
    except (KeyError, struct.error, IndexError, ValueError, np.linalg.LinAlgError):
        return _by_littlecms(color, profile)


def _three_channels(color: Samples) -> Samples:
    return np.repeat(color, 3, axis=-1) if color.shape[-1] == 1 else color


def _by_littlecms(color: Samples, profile: bytes) -> Samples:
    eight = np.rint(color * 255).astype(np.uint8)
    image = Image.fromarray(eight[..., 0] if eight.shape[-1] == 1 else eight)
    try:
        wanted = ImageCms.ImageCmsProfile(BytesIO(profile)).profile.xcolor_space.strip()
    except (ImageCms.PyCMSError, OSError) as error:
        _log.warning("ignored a broken color profile: %s", error)
        return _three_channels(color)
    if wanted == "RGB":
        image = image.convert("RGB")
    if (wanted, image.mode) not in (("RGB", "RGB"), ("GRAY", "L")):
        _log.warning("ignored a %s color profile in a picture of mode %s", wanted, image.mode)
        return _three_channels(color)
    return np.asarray(to_srgb(image, profile), dtype=np.float32) / 255


def _by_curves(color: Samples, space: str, tags: dict[str, bytes]) -> Samples:
    if "A2B0" in tags:
        raise KeyError("a profile with tables, which take precedence over curves")
    if space == "GRAY" and color.shape[-1] == 1:
        return _three_channels(_unless_identity(color, lambda grey: _encoded(_curve(tags["kTRC"])(grey))))
    if space != "RGB":
        raise ValueError(f"a {space} profile")
    curves = [_curve(tags[name]) for name in ("rTRC", "gTRC", "bTRC")]
    to_xyz = np.stack([_xyz(tags[name]) for name in ("rXYZ", "gXYZ", "bXYZ")], axis=1)
    matrix = np.linalg.inv(_SRGB_TO_XYZ) @ to_xyz

    def convert(rgb: NDArray[Any]) -> NDArray[Any]:
        linear = np.stack([curve(rgb[..., channel]) for channel, curve in enumerate(curves)], axis=-1)
        return _encoded(linear @ matrix.T.astype(linear.dtype))

    return _unless_identity(_three_channels(color), convert)


def _unless_identity(color: Samples, convert: _Curve) -> Samples:
    """Convert, unless the profile is sRGB itself up to rounding: those pixels stay exactly as they are."""
    steps = np.linspace(0, 1, 9, dtype=np.float32)
    grid = np.stack(np.meshgrid(*[steps] * color.shape[-1], indexing="ij"), axis=-1)
    if np.abs(convert(grid) - grid).max() < 1 / 255:
        return color
    return convert(color).astype(np.float32)


def _encoded(linear: NDArray[Any]) -> NDArray[Any]:
    """Return sRGB from linear light (IEC 61966-2-1), clipped to its gamut."""
    clipped = np.clip(linear, 0, 1)
    power = 1.055 * np.maximum(clipped, 0.0031308) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(clipped <= 0.0031308, 12.92 * clipped, power))


def _parsed(profile: bytes) -> tuple[str, dict[str, bytes]]:
    """Return the color space and the tags of an ICC profile whose connection space is XYZ."""
    if profile[36:40] != b"acsp" or profile[20:24] != b"XYZ ":
        raise ValueError("not an ICC profile with XYZ as its connection space")
    (count,) = struct.unpack_from(">I", profile, 128)
    entries = [struct.unpack_from(">4sII", profile, 132 + 12 * index) for index in range(min(count, 100))]
    tags = {name.decode("latin-1"): profile[offset : offset + size] for name, offset, size in entries}
    return profile[16:20].decode("latin-1").strip(), tags


def _fixed(data: bytes, offset: int, count: int) -> list[float]:
    return [value / 65536 for value in struct.unpack_from(f">{count}i", data, offset)]


def _xyz(tag: bytes) -> NDArray[np.float64]:
    if tag[:4] != b"XYZ ":
        raise ValueError("not an XYZ tag")
    return np.array(_fixed(tag, 8, 3))


def _curve(tag: bytes) -> _Curve:
    """Return the function from a device value to linear light that a ``curv`` or ``para`` tag describes."""
    if tag[:4] == b"para":
        return _parametric_curve(tag)
    if tag[:4] != b"curv":
        raise ValueError("not a curve")
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return lambda x: x
    table = np.array(struct.unpack_from(f">{count}H", tag, 12))
    if count == 1:
        return lambda x: x ** (table[0] / 256)
    places = np.linspace(0, 1, count)
    return lambda x: np.interp(x, places, table / 65535).astype(np.float32)


def _parametric_curve(tag: bytes) -> _Curve:
    (kind,) = struct.unpack_from(">H", tag, 8)
    g, a, b, c, d, e, f = 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if kind == 0:
        (g,) = _fixed(tag, 12, 1)
    elif kind in (1, 2):  # like 3 and 4, with the break where a·x + b becomes 0
        g, a, b = _fixed(tag, 12, 3)
        e = f = _fixed(tag, 24, 1)[0] if kind == 2 else 0.0
        d = -b / a
    elif kind == 3:
        g, a, b, c, d = _fixed(tag, 12, 5)
    elif kind == 4:
        g, a, b, c, d, e, f = _fixed(tag, 12, 7)
    else:
        raise ValueError(f"a curve of kind {kind}")
    return lambda x: np.where(x >= d, np.maximum(a * x + b, 0) ** g + e, c * x + f).astype(np.float32)
