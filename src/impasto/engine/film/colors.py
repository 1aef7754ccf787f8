"""Between the colors of films and RGB: which matrix, which range, and the tags that say so.

A film is painted in its own colors, whatever its primaries and its curve are, and gets its tags back. So nothing is
converted twice, and a player shows the painting as it would have shown the clip.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from impasto.engine.film.extras import pyav
from impasto.engine.film.frames import Pixels

__all__ = ["RGB", "ColorTags", "bits_of", "from_rgb", "tags_of", "to_rgb"]

# Numbers of ISO/IEC 23091-2 (H.273), which every container and codec uses.
RGB, BT709, UNSPECIFIED, BT2020 = 0, 1, 2, 9
_LIMITED, _FULL = 1, 2
_HD_HEIGHT = 720  # players take untagged films for BT.709 from here on, below it for BT.601
# Without these flags chroma is smeared and grey is off by a level or two.
_CAREFULLY = ("BICUBIC", "FULL_CHR_H_INT", "FULL_CHR_H_INP", "ACCURATE_RND")


@dataclass(frozen=True)
class ColorTags:
    """What a film says of its colors; 2 means that it says nothing."""

    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED
    matrix: int = UNSPECIFIED
    is_full_range: bool = False

    def applied_to(self, context: Any) -> None:
        """Write the tags into an encoder's context or a frame."""
        context.color_primaries, context.color_trc, context.colorspace = self.primaries, self.transfer, self.matrix
        context.color_range = _FULL if self.is_full_range else _LIMITED

    def matrix_for(self, height: int) -> int:
        """Return the matrix to compute with, in libswscale's numbers."""
        if self.matrix in (UNSPECIFIED, RGB):
            return BT709 if height >= _HD_HEIGHT else 5
        return {1: 1, 4: 4, 7: 7, 9: 9, 10: 9}.get(self.matrix, 5)


def tags_of(context: Any) -> ColorTags:
    """Return the tags of a decoder's context or of a decoded frame."""
    is_full = context.color_range == _FULL or str(getattr(context, "pix_fmt", "")).startswith("yuvj")
    return ColorTags(
        int(context.color_primaries), int(context.color_trc), int(context.colorspace), is_full_range=is_full
    )


def bits_of(pixel_format: Any) -> int:
    """Return 8, or 16 for whatever has more bits than that."""
    return 8 if max((component.bits for component in pixel_format.components), default=8) <= 8 else 16


def to_rgb(frame: Any, tags: ColorTags) -> Pixels:
    """Return a decoded frame as RGB (H, W, 3), 8 or 16 bits."""
    name = "rgb24" if bits_of(frame.format) == 8 else "rgb48le"
    pixels: Pixels = frame.reformat(
        format=name,
        src_colorspace=tags.matrix_for(frame.height),
        src_color_range=_FULL if tags.is_full_range or frame.format.is_rgb else _LIMITED,
        dst_color_range=_FULL,
        interpolation=_flags(),
    ).to_ndarray()
    return pixels


def from_rgb(pixels: Pixels, pixel_format: str, tags: ColorTags) -> Any:
    """Return RGB (H, W, 3) as a frame to encode, with its tags."""
    av = pyav()
    given = av.VideoFrame.from_ndarray(
        np.ascontiguousarray(pixels), format="rgb24" if pixels.dtype == np.uint8 else "rgb48le"
    )
    frame = given.reformat(
        format=pixel_format,
        dst_colorspace=tags.matrix_for(pixels.shape[0]),
        src_color_range=_FULL,
        dst_color_range=_FULL if tags.is_full_range else _LIMITED,
        interpolation=_flags(),
    )
    tags.applied_to(frame)
    return frame


def _flags() -> Any:
    from av.video.reformatter import Interpolation

    flags = Interpolation[_CAREFULLY[0]]
    for name in _CAREFULLY[1:]:
        flags |= Interpolation[name]
    return flags
