"""How results are written."""

from __future__ import annotations

from dataclasses import dataclass

from impasto.config.options import Checked, option
from impasto.errors import OptionError

__all__ = ["Saving"]


@dataclass(frozen=True, kw_only=True)
class Saving(Checked):
    """The options of :meth:`impasto.Result.save`; made before the work, so that it refuses in time what cannot be."""

    bits: int = option(8, "Per channel; 16 for PNG and TIFF.")
    quality: int = option(95, "Of JPEG, WebP, AVIF and HEIC.", minimum=1, maximum=100)
    keep_metadata: bool = option(True, "Keep the photo's date, place and author.")
    keep_recipe: bool = option(True, "Keep how the picture was made.")

    def __post_init__(self) -> None:
        """Check what does not depend on the format."""
        super().__post_init__()
        if self.bits not in (8, 16):
            raise OptionError(f"bits is {self.bits}; allowed are 8 and 16.")
