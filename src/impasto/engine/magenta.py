"""The methods ``magenta`` and ``magenta-hub``: Magenta's own networks, any style in one pass.

Strength and mixing are sums of style vectors, as its authors do ("identity interpolation": the photo's own vector
changes nothing). The networks keep to their size; the photo's fine detail is brought back afterwards.
"""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path

import torch
from torch import Tensor

from impasto.config import Magenta, MagentaHub, MethodOptions
from impasto.engine.inputs import Style
from impasto.engine.onepass import Enlarging, OnePass
from impasto.engine.published import NETWORKS, only_paintings, path_of_weights
from impasto.engine.recipe import Ingredient
from impasto.errors import InputError, MissingExtraError, OptionError
from impasto.images import fit_long_side, resize
from impasto.models.magenta import SIDE, STYLE_SIDE
from impasto.models.magenta import Magenta as Pair
from impasto.models.magenta_hub import MagentaModule
from impasto.models.normalizing import Statistics
from impasto.weights import file_sha256

__all__ = ["HubPainter", "MagentaPainter", "hub_stylizer", "magenta_stylizer"]

PAIR = NETWORKS["magenta"]


def magenta_stylizer(config: Magenta) -> OnePass:
    """Return the method ``magenta`` ready to paint."""
    _check_device(config, "magenta")
    if importlib.util.find_spec("ai_edge_litert") is None:
        raise MissingExtraError("the method magenta", "magenta")
    enlarging: Enlarging = "detail" if config.detail else "plain"
    return OnePass(config, MagentaPainter(), base=SIDE, enlarging=enlarging, made_by=magenta_stylizer)


def hub_stylizer(config: MagentaHub) -> OnePass:
    """Return the method ``magenta-hub`` ready to paint."""
    _check_device(config, "magenta-hub")
    if config.saved_model is None:
        raise OptionError("magenta-hub needs the folder of an unpacked TF-Hub model; name it with saved_model.")
    if importlib.util.find_spec("tensorflow") is None:
        raise MissingExtraError("the method magenta-hub", "tensorflow")
    return OnePass(config, HubPainter(config.saved_model.parent), enlarging="detail", made_by=hub_stylizer)


def _check_device(config: MethodOptions, method: str) -> None:
    """Refuse a device that these networks are not taken to: they run in LiteRT and TensorFlow, not in PyTorch."""
    if config.device not in ("auto", "cpu"):
        raise OptionError(f"device is {config.device!r}, but {method} computes on the CPU; allowed are auto and cpu.")


class MagentaPainter:
    """Magenta's pair as a painter; it is looked for, or fetched, when it is first asked for something."""

    name = "magenta"
    needs_style = needs_paintings = True
    margin, stride = 0, 1  # it never paints parts: its square holds the whole picture
    device, precision = torch.device("cpu"), torch.float32  # as LiteRT computes

    def weights(self) -> list[Ingredient]:
        """Return both files as a recipe names them."""
        return [Ingredient(network, file_sha256(path_of_weights(network))) for network in PAIR]

    def code(self, style: Style) -> Tensor:
        """Return the mean of the vectors of a style's paintings, (1, 100)."""
        codes = [self._pair.code(one.pixels) for one in only_paintings(style, self.name)]
        return torch.cat(codes).mean(0, keepdim=True)

    def look(self, picture: Tensor, code: Tensor) -> Statistics:
        """Return nothing: the network sees the whole picture when it paints."""
        del picture, code
        return {}

    def paint(self, picture: Tensor, code: Tensor, seen: Statistics | None, at: tuple[int, int] = (0, 0)) -> Tensor:
        """Paint a whole picture; a larger one than the network's square is painted small and enlarged."""
        del seen, at
        size = (picture.shape[-2], picture.shape[-1])
        fitting = fit_long_side(size, min(SIDE, max(size)))
        return resize(self._pair(resize(picture, fitting), code).clamp(0, 1), size)

    @functools.cached_property
    def _pair(self) -> Pair:
        prediction, transfer = (path_of_weights(network) for network in PAIR)
        return Pair(prediction, transfer, threads=torch.get_num_threads())


class HubPainter:
    """A TF-Hub folder as a painter.

    Its signature takes a painting and no vector, so mixtures and weaker styles are pictures laid over each other.
    """

    name = "magenta-hub"
    needs_style = needs_paintings = True
    margin, stride = 0, 1  # it never paints parts: its normalisations look at the whole picture
    device, precision = torch.device("cpu"), torch.float32  # unless TensorFlow finds something better by itself

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def weights(self) -> list[Ingredient]:
        """Return the graph and its variables as a recipe names them."""
        files = [self.folder / "saved_model.pb", *sorted((self.folder / "variables").glob("variables.*"))]
        return [Ingredient(file.name, file_sha256(file)) for file in files if file.is_file()]

    def code(self, style: Style) -> Tensor:
        """Return the style's painting at the size that the network was made for, (1, 3 * 256 * 256)."""
        paintings = only_paintings(style, self.name)
        if len(paintings) > 1:
            raise InputError(f"{style.name} holds {len(paintings)} paintings; magenta-hub takes one for a style.")
        return resize(paintings[0].pixels, (STYLE_SIDE, STYLE_SIDE)).flatten(1)

    def look(self, picture: Tensor, code: Tensor) -> Statistics:
        """Return nothing: the network sees the whole picture when it paints."""
        del picture, code
        return {}

    def paint(self, picture: Tensor, code: Tensor, seen: Statistics | None, at: tuple[int, int] = (0, 0)) -> Tensor:
        """Paint a whole picture."""
        del seen, at
        return self._module(picture, code.view(1, 3, STYLE_SIDE, STYLE_SIDE)).clamp(0, 1)

    @functools.cached_property
    def _module(self) -> MagentaModule:
        return MagentaModule(self.folder)
