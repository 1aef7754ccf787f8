"""A picture in memory: the one form in which pictures travel through Impasto.

Pixels are ``(1, 3, H, W)`` float32 sRGB in [0, 1]; sizes are ``(height, width)``. Everything a file may hold
besides (orientation, profiles, palettes, bit depths) has been dealt with at the border, see
:mod:`impasto.images.reading`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

__all__ = ["Metadata", "Picture"]


@dataclass(frozen=True)
class Metadata:
    """What a file says about its picture, cleaned of all that stops being true once the pixels change.

    Orientation, thumbnail, color space, stored dimensions and old recipes are gone; camera, date, place,
    author, caption and the like are kept. ``Metadata()`` is empty: write with it to strip everything.
    """

    exif: bytes = field(default=b"", repr=False)
    xmp: bytes = field(default=b"", repr=False)
    dpi: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels, transparency and description of one picture file."""

    pixels: Tensor  # (1, 3, H, W) float32 sRGB in [0, 1]
    alpha: Tensor | None = None  # (1, 1, H, W) in [0, 1]; None where every pixel is opaque
    metadata: Metadata = field(default_factory=Metadata)
    bits: int = 8  # of the source, per channel: 8, or 16 for everything deeper
    name: str = ""  # base name of the file, never its folder
    sha256: str = ""  # of the file's bytes

    @property
    def height(self) -> int:
        """Rows of pixels."""
        return self.pixels.shape[-2]

    @property
    def width(self) -> int:
        """Columns of pixels."""
        return self.pixels.shape[-1]

    @property
    def size(self) -> tuple[int, int]:
        """``(height, width)``."""
        return self.height, self.width
