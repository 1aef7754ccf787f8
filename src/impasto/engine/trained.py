"""Models in files as painters: the style is in the weights, so there is none to give.

Every network of such a file is called alike, ``network(photo, strength, reading, at)``, and has ``look``, ``margin``
and ``stride``; see :class:`impasto.models.style_network.StyleNetwork`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from impasto.config import Trained
from impasto.device import computing_in, pick_device, pick_precision
from impasto.engine.inputs import Style
from impasto.engine.onepass import BASE_SIDE, OnePass
from impasto.engine.recipe import Ingredient
from impasto.errors import OptionError
from impasto.models.normalizing import Reading, Statistics
from impasto.models.trained import load_model
from impasto.weights import file_sha256

__all__ = ["TrainedPainter", "base_of", "trained_stylizer"]


def trained_stylizer(config: Trained) -> OnePass:
    """Return the method ``trained`` ready to paint: its model is loaded and checked."""
    if config.model is None:
        raise OptionError("no model was named; give the path of one as method, or as model.")
    painter = TrainedPainter(config.model, device=config.device)
    return OnePass(config, painter, base=base_of(painter.about), made_by=trained_stylizer)


def base_of(about: Mapping[str, Any]) -> int:
    """Return the long side at which a model paints, by what its file says about it."""
    return int(about.get("base", BASE_SIDE))


class TrainedPainter:
    """A model in a file, ready to paint."""

    needs_style = False

    def __init__(self, path: Path, *, device: str = "auto") -> None:
        self.path, self.name = path, path.stem
        self.device = pick_device(device)
        self.precision = pick_precision("auto", self.device)
        network, self.about = load_model(path)
        self.network = network.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.margin: int = self.network.margin
        self.stride: int = self.network.stride
        self.has_grain = hasattr(self.network, "grain")

    def weights(self) -> list[Ingredient]:
        """Return the file as a recipe names it."""
        return [Ingredient(self.path.name, file_sha256(self.path))]

    def code(self, style: Style) -> Tensor:
        """Return the strength (1, 1), which is all that can be chosen: the full one."""
        del style
        return torch.ones(1, 1)

    def look(self, picture: Tensor, code: Tensor) -> Statistics:
        """Return the statistics of every layer for the whole picture."""
        with computing_in(self.device, self.precision):
            found: Statistics = self.network.look(picture.to(self.device), code.to(self.device))
        return found

    def grain(self, size: tuple[int, int], at: tuple[int, int] = (0, 0)) -> Tensor:
        """Return the noise that a part of this size grows its strokes from, where ``has_grain``."""
        field: Tensor = self.network.grain(size, at)
        return field

    def paint(
        self,
        picture: Tensor,
        code: Tensor,
        seen: Statistics | None,
        at: tuple[int, int] = (0, 0),
        *,
        noise: Tensor | None = None,
        reading: Reading | None = None,
    ) -> Tensor:
        """Paint a part of a picture whose top left corner lies at ``at``; ``noise`` replaces the grain there.

        A ``reading`` of the caller's goes before ``seen``.
        """
        other = {} if noise is None else {"noise": noise.to(self.device)}
        with computing_in(self.device, self.precision):
            painted = self.network(picture.to(self.device), code.to(self.device), reading or Reading(seen), at, **other)
        return painted.float().cpu()  # type: ignore[no-any-return]
