"""From what a user gives to pictures: paths, tensors and PIL images, folders, and lists of them."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Union, cast

import torch
from torch import Tensor

from impasto.config import Field, MethodOptions, fields_of
from impasto.device import available_memory
from impasto.engine.gallery import find_style, looks_like_a_name
from impasto.engine.recipe import Ingredient
from impasto.errors import InputError, OptionError, did_you_mean
from impasto.images import Picture, read, read_mask, region_weights
from impasto.images.arrays import from_pillow
from impasto.images.formats import is_picture
from impasto.images.streaming import upright_size
from impasto.weights import file_sha256

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Given", "Style", "Work", "prepare", "together"]

BYTES_PER_PIXEL = 12  # of a painting in memory

One: TypeAlias = Union[str, "os.PathLike[str]", Picture, Tensor, "Image"]
Given: TypeAlias = Union[One, "Style", Sequence[Union[One, "Style"]]]


@dataclass(frozen=True)
class Style:
    """One style: a painting, or several by one hand; or a style of the gallery, of which only its vector is known."""

    name: str
    pictures: tuple[Picture, ...] = ()
    vector: Tensor | None = None  # (1, CODE_LENGTH), see :mod:`impasto.engine.vectors`
    painter: tuple[Ingredient, ...] = ()  # the weights that painted its pictures, where only a vector was known

    @property
    def ingredients(self) -> list[Ingredient]:
        """Return what it is made of as a recipe names it."""
        if self.vector is not None:
            return [Ingredient(self.name, hashlib.sha256(self.vector.numpy().tobytes()).hexdigest()), *self.painter]
        return [Ingredient(one.name, one.sha256) for one in self.pictures]


@dataclass(frozen=True)
class Work:
    """Everything one stylisation starts from, read and checked."""

    photo: Picture
    styles: tuple[Style, ...]
    shares: tuple[float, ...]  # of each style, adding up to 1
    masks: tuple[Tensor, ...] = ()
    protect: Tensor | None = None
    extras: Mapping[str, Sequence[Ingredient]] = field(default_factory=dict)  # the files behind them, by option

    @property
    def has_regions(self) -> bool:
        """Whether any part of the picture is treated differently from another."""
        return bool(self.masks) or self.protect is not None

    def regions(self, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Return the styles' weights (1, N, H, W) and the weight of leaving the photo alone (1, 1, H, W).

        Without masks the styles are mixed everywhere alike, as one region.
        """
        masks = self.masks or (torch.ones(1, 1, 1, 1),)
        return region_weights(masks, size, protect=self.protect)

    def parts(self, size: tuple[int, int]) -> Tensor:
        """Return how much of each style goes where, adding up to 1 everywhere: (N, 1, H, W), or (N, 1, 1, 1)."""
        if not self.masks:
            return torch.tensor(self.shares).view(-1, 1, 1, 1)
        weights, alone = self.regions(size)
        return (weights / (1 - alone).clamp_min(1e-6)).transpose(
            0, 1
        )  # finishing puts the photo where it is left alone

    def ingredients(self) -> tuple[Ingredient, list[list[Ingredient]]]:
        """Return the photo and the paintings of each style as a recipe names them."""
        return Ingredient(self.photo.name, self.photo.sha256), [style.ingredients for style in self.styles]


def prepare(content: One, style: Given, config: MethodOptions, *, needs_style: bool = True) -> Work:
    """Read and check everything before the slow part begins; ``needs_style`` is whether the method takes styles."""
    given = list(style) if isinstance(style, (list, tuple)) else [cast("One | Style", style)]
    if needs_style and not given:
        raise InputError("no style was given; give at least one painting, or the name of a style of the gallery.")
    if given and not needs_style:
        what = "a style was" if len(given) == 1 else f"{len(given)} styles were"
        raise InputError(f"{what} given, but this model paints in the one it learnt; give the photo alone.")
    shares = _shares(config.style_weights, len(given))
    if config.mask and len(config.mask) != max(1, len(given)):
        raise OptionError(f"{len(config.mask)} masks were given for {len(given)} styles; give one mask for each style.")
    if config.mask and config.style_weights:
        raise OptionError("style_weights mix styles everywhere, masks give each its own place; leave one of them out.")
    return Work(
        photo=_picture(content),
        styles=tuple(_style(one) for one in given),
        shares=shares,
        masks=tuple(read_mask(path) for path in config.mask),
        protect=None if config.protect is None else read_mask(config.protect),
        extras=_extras(config),
    )


def _extras(config: MethodOptions) -> dict[str, list[Ingredient]]:
    """Name the files that options point to."""
    found: dict[str, list[Ingredient]] = {}
    for option in fields_of(config):
        paths = option.files_in(getattr(config, option.name))
        for path in paths:
            _check_named(option, path)
        if paths:
            found[option.name] = [Ingredient(path.name, file_sha256(path)) for path in paths]
    return found


def _check_named(option: Field, path: Path) -> None:
    if path.is_file():
        return
    allowed = f"{', '.join(option.words)} or the path of a file" if option.words else "the path of a file"
    hint = did_you_mean(str(path), option.words)
    raise OptionError(f"{option.name} is {str(path)!r}, which is no file here{hint}; allowed is {allowed}.")


def _shares(weights: Sequence[float], count: int) -> tuple[float, ...]:
    if weights and len(weights) != count:
        raise OptionError(f"{len(weights)} style weights were given for {count} styles; give one for each, or none.")
    total = sum(weights)
    return tuple(weight / total for weight in weights) if weights else (1 / max(1, count),) * count


def _style(given: One | Style) -> Style:
    if isinstance(given, Style):
        return given
    if isinstance(given, (str, os.PathLike)) and Path(given).is_dir():
        folder = Path(given)
        paths = sorted(filter(is_picture, folder.iterdir()))
        if not paths:
            raise InputError(f"the folder {folder.name} holds no pictures; as a style it needs at least one painting.")
        _check_room(folder, paths)
        return Style(folder.name, tuple(read(path) for path in paths))
    if isinstance(given, str) and not Path(given).exists() and looks_like_a_name(given):
        named = find_style(given)
        return Style(named.name, vector=named.vector)
    picture = _picture(given)
    return Style(Path(picture.name).stem or "style", (picture,))


def _check_room(folder: Path, paths: Sequence[Path]) -> None:
    """Refuse more paintings than memory holds: all are looked at together."""
    needed = BYTES_PER_PIXEL * sum(math.prod(upright_size(path)) for path in paths)
    free = available_memory(torch.device("cpu"))
    if needed > free:
        raise InputError(
            f"the {len(paths)} paintings in {folder.name} need {needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} "
            "GB are free; give fewer, or smaller copies."
        )


def together(paintings: Sequence[str | os.PathLike[str]]) -> Style:
    """Return one style that all these paintings, and all those in folders among them, make together."""
    styles = [_style(os.fspath(painting)) for painting in paintings]
    for style in styles:
        if style.vector is not None:
            raise InputError(
                f"{style.name} is a style of the gallery, of which only a vector is known; give paintings, or folders "
                "of them."
            )
    pictures = tuple(picture for style in styles for picture in style.pictures)
    return Style(styles[0].name, pictures)


def _picture(given: Any) -> Picture:
    if isinstance(given, Picture):
        return given
    if isinstance(given, (str, os.PathLike)):
        return read(given)
    pixels = given if isinstance(given, Tensor) else _from_pil(given)
    if pixels.ndim == 3:
        pixels = pixels[None]
    if pixels.ndim != 4 or pixels.shape[:2] != (1, 3) or 0 in pixels.shape:
        raise InputError(f"a tensor of shape {tuple(pixels.shape)} was given; a picture is (1, 3, H, W) in [0, 1].")
    least, most = torch.aminmax(pixels)  # neither compares where a pixel is not a number
    if not (least >= 0 and most <= 1):
        raise InputError("the tensor given holds values outside [0, 1]; a picture is float sRGB in [0, 1].")
    pixels = pixels.detach().float().cpu()
    return Picture(pixels, sha256=hashlib.sha256(pixels.contiguous().numpy().tobytes()).hexdigest())


def _from_pil(given: Any) -> Tensor:
    if not hasattr(given, "convert"):
        raise InputError(f"a {type(given).__name__} was given; a picture is a path, a tensor or a PIL image.")
    return from_pillow(given)
