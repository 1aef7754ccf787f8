"""Painting in one pass: what every feed-forward method shares.

A *painter* is a network that can paint; all else (reading, sizes, strength, mixing, masks, colors, tiles, the recipe)
is here, once. A painter sees the picture at ``BASE_SIDE`` pixels whatever size the result has: strokes are then the
same share of every picture, and a small preview shows what a large print will look like. Larger results are
painted once more over the enlarged first painting, which gives it strokes as fine as its pixels.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from impasto.config import METHODS, MethodOptions, from_dict
from impasto.device import available_memory, pick_device, prefer_big_pages
from impasto.engine.finishing import finished, recolored, with_detail
from impasto.engine.inputs import Given, One, Style, Work, prepare
from impasto.engine.planning import Plan
from impasto.engine.progress import OnStep, Step, silent
from impasto.engine.published import downloads_of
from impasto.engine.recipe import Ingredient, Recipe, deciding_options, versions
from impasto.engine.result import Result
from impasto.engine.wrapping import OVERLAP, unwrapped, wrapped
from impasto.errors import OptionError
from impasto.images import fit_long_side, match_color, resize, transfer_color_only
from impasto.images.tiles import split
from impasto.models.normalizing import Statistics

__all__ = ["BASE_SIDE", "OnePass", "Painter"]

BASE_SIDE = 512
"""Long side at which strokes have their own size, in pixels."""

Enlarging = Literal["repaint", "detail", "plain"]

LEAST_SIDE, LARGEST_BASE = 64, 2048
TILE = 1024  # a whole picture up to this size costs no more than a tile
FADE = 0.15  # below this share of the style the photo's pixels shine through, so that 0 is the photo itself
BYTES_PER_PIXEL = 60  # of the result: photo, enlarged painting, result, and one on the way
BYTES_PER_TILE_PIXEL, AT_REST = 400, 400_000_000


class Painter(Protocol):
    """A network that paints in one pass; it can be shared and remembers nothing."""

    name: str
    needs_style: bool  # False: the style is in the weights
    margin: int  # pixels of surroundings that decide a pixel
    stride: int  # tiles begin at multiples of this

    def weights(self) -> list[Ingredient]:
        """Return its weights as a recipe names them."""
        ...

    def code(self, style: Style) -> Tensor:
        """Return what it knows of a style, (1, D); weighted means of such codes are styles between."""
        ...

    def look(self, picture: Tensor, code: Tensor) -> Statistics:
        """Return what it has to know of the whole picture (or a small version of it) before it paints parts."""
        ...

    def paint(self, picture: Tensor, code: Tensor, seen: Statistics | None, at: tuple[int, int] = (0, 0)) -> Tensor:
        """Paint a part of a picture whose top left corner lies at ``at``; without ``seen`` it is the whole."""
        ...


class OnePass:
    """A method that paints in one pass; call it with a photo and a style.

    ``base`` is the long side at which the painter's strokes have their own size. ``enlarging`` is how a larger result
    comes about: painted once more, the small painting with the photo's detail, or the small painting plainly.
    """

    def __init__(
        self, config: MethodOptions, painter: Painter, *, base: int = BASE_SIDE, enlarging: Enlarging = "repaint"
    ) -> None:
        self.config, self.painter, self.base, self.enlarging = config, painter, base, enlarging
        self.device = pick_device(config.device)

    def __call__(self, content: One, style: Given = (), *, on_step: OnStep = silent, **changes: Any) -> Result:
        """Paint ``content`` in the manner of ``style``; options in ``changes`` hold for this call only."""
        if changes:
            config = from_dict(type(self.config), {**vars(self.config), **changes})
            return self.like(config, self.painter)(content, style, on_step=on_step)
        started = time.monotonic()
        prefer_big_pages()
        work = prepare(content, style, self.config, needs_style=self.painter.needs_style)
        with torch.inference_mode():
            image = self._image(work, on_step, started)
        alpha = work.photo.alpha
        return Result(
            image=image.clone(),  # a tensor made in inference mode could not be learnt from
            losses={},
            config=self.config,
            seconds=time.monotonic() - started,
            recipe=self.recipe(work),
            alpha=None if alpha is None else resize(alpha, (image.shape[-2], image.shape[-1])),
            metadata=work.photo.metadata,
        )

    def _image(self, work: Work, on_step: OnStep, started: float) -> Tensor:
        if not self.config.tileable:
            return _Painting(self, work, on_step, started).image()
        size, _ = sizes(work.photo.size, self.config)
        larger = OnePass(
            replace(self.config, size=None, tileable=False),
            self.painter,
            base=round(self.base * (1 + OVERLAP)),
            enlarging=self.enlarging,
        )
        return unwrapped(_Painting(larger, wrapped(work, size), on_step, started).image(), size)

    def like(self, config: MethodOptions, painter: Painter) -> OnePass:
        """Return this method with other options or another painter."""
        return OnePass(config, painter, base=self.base, enlarging=self.enlarging)

    def weights(self) -> list[Ingredient]:
        """Return the weights it paints with, as a recipe names them."""
        return self.painter.weights()

    def plan(self, content: One, style: Given = ()) -> Plan:
        """Say what a call would do, without doing it."""
        work = prepare(content, style, self.config, needs_style=self.painter.needs_style)
        size, base = sizes(work.photo.size, self.config, self.base)
        tile = min(max(self.config.tile or TILE, least_tile(self.painter)), max(size))
        return Plan(
            method=self.painter.name,
            size=size,
            scales=[],
            steps=[],
            device=str(self.device),
            precision="float32",
            tile=None if tile == max(size) else tile,
            peak_bytes=AT_REST + size[0] * size[1] * BYTES_PER_PIXEL + max(tile, *base) ** 2 * BYTES_PER_TILE_PIXEL,
            available_bytes=available_memory(self.device),
            seconds=None,
            downloads=downloads_of(self.config),
        )

    def recipe(self, work: Work) -> Recipe:
        """Return how a picture made from these inputs is made."""
        photo, styles = work.ingredients()
        return Recipe(
            method=next(name for name, kind in METHODS.items() if type(self.config) is kind),
            options=deciding_options(self.config),
            photo=photo,
            styles=styles,
            extras=work.extras,
            weights=self.painter.weights(),
            versions=versions(),
        )


def sizes(
    photo: tuple[int, int], config: MethodOptions, strokes: int = BASE_SIDE
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the (height, width) of the result, and that of the painting whose strokes decide its look."""
    size = fit_long_side(photo, config.size or max(photo))
    base = min(max(round(strokes / config.stroke), LEAST_SIDE), LARGEST_BASE)
    return size, fit_long_side(size, base)


class _Painting:
    """One call: everything that belongs to one picture."""

    def __init__(self, method: OnePass, work: Work, on_step: OnStep, started: float) -> None:
        self.config, self.painter, self.enlarging, self.work = method.config, method.painter, method.enlarging, work
        self.on_step, self.started = on_step, started
        self.size, self.base = sizes(work.photo.size, self.config, method.base)
        self.share = self.config.strength / 100

    def image(self) -> Tensor:
        """Return the finished picture."""
        photo = resize(self.work.photo.pixels, self.size)
        if self.share == 0:
            return photo
        styles = self.work.styles  # none where the model itself is the style
        if self.config.color_only and styles and all(style.pictures for style in styles):
            return finished(recolored(self.work, self.size, self.config), self.work, self.config)
        small = resize(self.work.photo.pixels, self.base)
        painted = self._mixed(small, photo)
        if self.config.color_only:
            painted = photo.lerp(transfer_color_only(photo, painted), self.share)
        return finished(painted, self.work, self.config)

    def _mixed(self, small: Tensor, photo: Tensor) -> Tensor:
        """Paint once in the mixture of all styles, or once in each where masks give them their places."""
        codes = codes_of(self.painter, self.work, self.config, small)
        if not self.work.masks or len(codes) < 2:
            return self._painted(small, photo, mean_code(codes, self.work.shares))
        parts = self.work.parts(self.size)
        pictures = (self._painted(small, photo, code) * part for code, part in zip(codes, parts, strict=True))
        return sum(pictures, torch.zeros(()))

    def _painted(self, small: Tensor, photo: Tensor, code: Tensor) -> Tensor:
        """Paint at the size of the strokes, then carry that to the size of the result."""
        first = self.painter.paint(small, code, None)
        painted = self._enlarged(first, photo, code) if max(self.size) > max(self.base) else resize(first, self.size)
        if self.share < FADE:
            painted = torch.lerp(photo, painted, self.share / FADE)
        self._tell(1, 1, painted)
        return painted.clamp(0, 1)

    def _enlarged(self, first: Tensor, photo: Tensor, code: Tensor) -> Tensor:
        """Paint again over the enlarged painting, tile by tile, with what was seen in the small one."""
        if self.enlarging == "plain":
            return resize(first, self.size)
        rough = with_detail(first, photo)
        if self.enlarging == "detail":
            return rough
        seen = self.painter.look(first.clamp(0, 1), code)
        return in_tiles(self.painter, rough, code, seen, self.config.tile or TILE, self._tell)

    def _tell(self, step: int, steps: int, picture: Tensor) -> None:
        elapsed = time.monotonic() - self.started
        self.on_step(
            Step(
                scale=1,
                scales=1,
                step=step,
                steps=steps,
                size=self.size,
                losses={},
                elapsed=elapsed,
                remaining=elapsed * (steps - step) / step,
                picture=lambda: finished(picture, self.work, self.config),
            )
        )


def in_tiles(painter: Painter, picture: Tensor, code: Tensor, seen: Statistics, tile: int, tell: Any) -> Tensor:
    """Paint a picture tile by tile; with given statistics the result does not depend on the tiles."""
    size = (picture.shape[-2], picture.shape[-1])
    tiles = split(size, max(tile, least_tile(painter)), painter.margin, multiple=painter.stride)
    painted = torch.empty_like(picture)
    for number, one in enumerate(tiles, 1):
        at = (one.rows.outer.start, one.columns.outer.start)
        one.paste(painted, painter.paint(one.cut(picture), code, seen, at))
        tell(number, len(tiles), painted)
    return painted


def codes_of(painter: Painter, work: Work, config: MethodOptions, small: Tensor) -> list[Tensor]:
    """Return each style's code, taken back towards the photo's own by as much as the strength lacks."""
    share = config.strength / 100
    if not painter.needs_style:
        return [torch.full((1, 1), share)]
    codes = [painter.code(_as_taken(style, work, config)) for style in work.styles]
    if share == 1:
        return codes
    own = painter.code(photo_as_style(work, small))
    return [torch.lerp(own, code, share) for code in codes]


def _as_taken(style: Style, work: Work, config: MethodOptions) -> Style:
    """Return a style as it is imitated: recolored like the photo beforehand, where colors are kept in that way."""
    if not (config.keep_color and config.color_match == "covariance"):
        return style
    if not style.pictures:
        raise OptionError(
            f"color_match covariance recolors paintings, and of {style.name} only a vector is known; "
            "choose luminance or lab, or give a painting."
        )
    photo = work.photo.pixels
    recolored = (replace(one, pixels=match_color(one.pixels, photo)) for one in style.pictures)
    return Style(style.name, tuple(recolored))


def least_tile(painter: Painter) -> int:
    """Return the least tile that is more than its own margin."""
    return 2 * (painter.margin + painter.stride) + painter.stride


def mean_code(codes: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    """Return the code of a mixture."""
    if len(codes) == 1:
        return codes[0]
    return sum((code * share for code, share in zip(codes, shares, strict=True)), torch.zeros(()))


def photo_as_style(work: Work, small: Tensor) -> Style:
    """Return the photo as a style: the one that changes nothing."""
    return Style("photo", (replace(work.photo, pixels=small),))
