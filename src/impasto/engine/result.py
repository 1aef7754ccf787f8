"""A finished picture and the story of how it was made."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from impasto.config import MethodOptions
from impasto.engine.recipe import Recipe
from impasto.images import Metadata, write

__all__ = ["Result", "Stop"]

Stop = Literal["finished", "converged", "interrupted"]


@dataclass(frozen=True, eq=False)
class Result:
    """What every method gives back."""

    image: Tensor = field(repr=False)  # (1, 3, H, W) in [0, 1]
    losses: Mapping[str, Sequence[float]] = field(repr=False)  # by name, one value per step; empty for one-pass methods
    config: MethodOptions
    seconds: float
    recipe: Recipe = field(repr=False)
    alpha: Tensor | None = field(default=None, repr=False)  # (1, 1, H, W), the photo's transparency
    metadata: Metadata = field(default_factory=Metadata, repr=False)  # the photo's
    stopped: Stop = "finished"

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        bits: int = 8,
        quality: int = 95,
        keep_metadata: bool = True,
        keep_recipe: bool = True,
        overwrite: bool = True,
    ) -> Path:
        """Write the picture in the format of the path's suffix, with its recipe inside, and return the path."""
        options: dict[str, Any] = {"bits": bits, "quality": quality, "overwrite": overwrite}
        metadata = self.metadata if keep_metadata else Metadata()
        recipe = self.recipe.to_json() if keep_recipe else None
        write(self.image, path, alpha=self.alpha, metadata=metadata, recipe=recipe, **options)
        return Path(path)
