"""Photographs to practise a style on: crops of the size at which the network will paint, and a few whole ones.

- A share of the batches asks for a part of the style only, so that one model has every strength.
- A share of the batches is painted with the statistics of their thumbnails, as large pictures will be.
- Some crops are almost empty, since skies are where such networks fail.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from impasto.config import StyleTraining
from impasto.engine.onepass import BASE_SIDE
from impasto.errors import InputError
from impasto.images import read
from impasto.models.fast import STRIDE
from impasto.training.pictures import crops, is_kept_out, pictures_in, scaled

__all__ = ["StylePhotos"]

log = logging.getLogger(__name__)

FULL_STRENGTH = 0.75  # share of the batches that ask for the whole style
THUMBNAILS = 0.25  # share of the batches painted with the statistics of a thumbnail
EMPTY = 0.06  # share of the crops that are nearly empty
SHEET_PHOTOS = 3
LAST_PLACES = 2**12  # where in a picture a crop pretends to lie, in cells


@dataclass(frozen=True)
class StylePhotos:
    """Photographs to draw batches from; some are kept for validation."""

    config: StyleTraining
    base: int  # the long side at which the network paints, and of which its crops are parts
    learnt: Sequence[Path]
    kept_out: Sequence[Path]

    @classmethod
    def of(cls, config: StyleTraining, base: int) -> StylePhotos:
        """Find the photos; where the usual sixteenth to keep out is empty, the first is kept out."""
        found = pictures_in(config.photos)
        if len(found) < 2:
            raise InputError(
                f"{config.photos.name} holds one picture only; a training needs two or more, of which one is kept out."
            )
        kept_out = [path for path in found if is_kept_out(path)]
        learnt = [path for path in found if not is_kept_out(path)]
        if not (learnt and kept_out):
            learnt, kept_out = found[1:], found[:1]
        return cls(config, base, learnt, kept_out)

    def batch(self, number: int) -> dict[str, Any]:
        """Return the batch of this number, always the same."""
        rng = random.Random(f"{self.config.seed} {number}")  # noqa: S311 - it chooses crops, not keys
        return {
            "photo": _with_empty(self._crops(self.learnt, rng), rng),
            "strength": 1.0 if rng.random() < FULL_STRENGTH else rng.random(),
            "thumbnail": rng.random() < THUMBNAILS,
            "at": (STRIDE * rng.randrange(LAST_PLACES), STRIDE * rng.randrange(LAST_PLACES)),
        }

    def validation(self, number: int) -> dict[str, Any]:
        """Return a batch of what was kept out, asked for the whole style."""
        rng = random.Random(f"validation {number}")  # noqa: S311
        return {"photo": self._crops(self.kept_out, rng), "strength": 1.0, "thumbnail": False, "at": (0, 0)}

    def samples(self) -> list[Tensor]:
        """Return a few whole photos of what was kept out; damaged ones are passed over."""
        found: list[Tensor] = []
        for path in self.kept_out:
            try:
                found.append(scaled(read(path).pixels, self.base))
            except InputError as fault:
                log.warning("%s is passed over (%s)", path.name, fault)
            if len(found) == SHEET_PHOTOS:
                break
        return found

    def _crops(self, paths: Sequence[Path], rng: random.Random) -> Tensor:
        size = self.config.crop * self.base // BASE_SIDE
        drawn = crops([paths], [1.0], size=size, count=self.config.batch, rng=rng, long_side=self.base)
        return next(drawn)


def _with_empty(photos: Tensor, rng: random.Random) -> Tensor:
    """Turn a few crops into what is left of them at two by two pixels: a sky at any time of day."""
    size = (photos.shape[-2], photos.shape[-1])
    for row in range(len(photos)):
        if rng.random() < EMPTY:
            four = F.adaptive_avg_pool2d(photos[row : row + 1], 2)
            photos[row : row + 1] = F.interpolate(four, size=size, mode="bilinear", align_corners=True)
    return photos
