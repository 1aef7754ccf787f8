"""The method ``adain``: any style in one pass, by exchanging the mean and deviation of features."""

from __future__ import annotations

import functools
from pathlib import Path

import torch
from torch import Tensor

from impasto.config import Adain
from impasto.device import computing_in, pick_device, pick_precision
from impasto.engine.inputs import Style
from impasto.engine.onepass import BASE_SIDE, OnePass
from impasto.engine.published import NETWORKS, only_paintings, path_of_weights
from impasto.engine.recipe import Ingredient
from impasto.images import fit_long_side, resize
from impasto.models.adain import Adain as Network
from impasto.models.adain import adain_from_files
from impasto.models.normalizing import Reading, Statistics
from impasto.weights import file_sha256

__all__ = ["AdainPainter", "adain_stylizer"]


def adain_stylizer(config: Adain) -> OnePass:
    """Return the method ready to paint."""
    return OnePass(config, AdainPainter(config), made_by=adain_stylizer)


class AdainPainter:
    """AdaIN as a painter; its weights are looked for, or fetched, when it is first asked for something."""

    name = "adain"
    needs_style = needs_paintings = True
    margin, stride = Network.margin, Network.stride

    def __init__(self, config: Adain) -> None:
        self.encoder, self.decoder = config.encoder, config.decoder
        self.device = pick_device(config.device)
        self.precision = pick_precision("auto", self.device)

    def weights(self) -> list[Ingredient]:
        """Return both files as a recipe names them."""
        return [Ingredient(path.name, file_sha256(path)) for path in self._paths]

    def code(self, style: Style) -> Tensor:
        """Return the mean of what the paintings' statistics are, (1, 1024)."""
        codes = []
        for one in only_paintings(style, self.name):
            painting = resize(one.pixels, fit_long_side(one.size, BASE_SIDE))
            with computing_in(self.device, self.precision):
                codes.append(self._network.code(painting.to(self.device)).float().cpu())
        return torch.cat(codes).mean(0, keepdim=True)

    def look(self, picture: Tensor, code: Tensor) -> Statistics:
        """Return the photo's own statistics, which are exchanged for the style's."""
        del code
        with computing_in(self.device, self.precision):
            return self._network.look(picture.to(self.device))

    def paint(self, picture: Tensor, code: Tensor, seen: Statistics | None, at: tuple[int, int] = (0, 0)) -> Tensor:
        """Paint a part of a picture."""
        del at
        with computing_in(self.device, self.precision):
            painted = self._network(picture.to(self.device), code.to(self.device), Reading(seen))
        return painted.float().cpu()  # type: ignore[no-any-return]

    @functools.cached_property
    def _paths(self) -> tuple[Path, Path]:
        encoder, decoder = NETWORKS["adain"]
        return path_of_weights(encoder, self.encoder), path_of_weights(decoder, self.decoder)

    @functools.cached_property
    def _network(self) -> Network:
        return adain_from_files(*self._paths).to(self.device)
