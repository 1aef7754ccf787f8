"""Painting in one pass: what every feed-forward method shares.

A *painter* is a network that can paint; all else (reading, sizes, strength, mixing, masks, colors, tiles, the recipe)
is here, once. A painter sees the picture at its own base whatever size the result has (``fast`` at 768 pixels, Magenta
at 384, a trained model at what it learnt from, others at ``BASE_SIDE``): strokes are then the same share of every
picture, and a small preview shows what a large print will look like. Larger results are painted once more over the
enlarged first painting, which gives it strokes as fine as its pixels and leaves broad forms and colors as they are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

import torch
from torch import Tensor

from impasto.config import MethodOptions, fields_of, from_dict, name_of
from impasto.device import available_memory, prefer_big_pages
from impasto.engine.finishing import finished, recolored, with_detail
from impasto.engine.inputs import Given, One, Work, prepare
from impasto.engine.painter import (
    Painter,
    Repainter,
    codes_of,
    in_tiles,
    least_tile,
    mean_code,
    rehearsed,
    with_palettes,
)
from impasto.engine.planning import Plan
from impasto.engine.progress import OnStep, Step, silent
from impasto.engine.published import downloads_of, only_paintings
from impasto.engine.recipe import Ingredient, Recipe, deciding_options, versions
from impasto.engine.result import Result
from impasto.engine.wrapping import OVERLAP, unwrapped, wrapped
from impasto.errors import OptionError
from impasto.images import fit_long_side, resize

__all__ = ["BASE_SIDE", "Enlarging", "OnePass", "Painter", "needs_style", "sizes"]

BASE_SIDE = 512
"""Long side at which strokes have their own size, in pixels, where a method does not say otherwise."""

Enlarging = Literal["repaint", "detail", "plain"]

LEAST_SIDE, LARGEST_BASE = 64, 2048
TILE = 1024  # a whole picture up to this size costs no more than a tile
FADE = 0.15  # below this share of the style the photo's pixels shine through, so that 0 is the photo itself
BYTES_PER_PIXEL = 60  # of the result: photo, enlarged painting, result, and one on the way
BYTES_PER_TILE_PIXEL, AT_REST = 400, 400_000_000


class OnePass:
    """A method that paints in one pass; call it with a photo and a style.

    ``base`` is the long side at which the painter's strokes have their own size. ``enlarging`` is how a larger result
    comes about: painted once more, the small painting with the photo's detail, or the small painting plainly.
    ``made_by`` makes this method from a config, painter and all, for calls that change what the painter is made of.
    """

    def __init__(
        self,
        config: MethodOptions,
        painter: Painter,
        *,
        base: int = BASE_SIDE,
        enlarging: Enlarging = "repaint",
        made_by: Callable[[Any], OnePass] | None = None,
    ) -> None:
        self.config, self.painter, self.base, self.enlarging = config, painter, base, enlarging
        self._made_by = made_by

    def __call__(self, content: One, style: Given = (), *, on_step: OnStep = silent, **changes: Any) -> Result:
        """Paint ``content`` in the manner of ``style``; options in ``changes`` hold for this call only."""
        if changes:
            return self._changed(changes)(content, style, on_step=on_step)
        started = time.monotonic()
        prefer_big_pages()
        work = self._prepared(content, style)
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

    def _prepared(self, content: One, style: Given) -> Work:
        """Return everything read and checked; nothing that the painter needs is fetched yet."""
        work = prepare(content, style, self.config, needs_style=self.painter.needs_style)
        if getattr(self.painter, "needs_paintings", False):
            for one in work.styles:
                only_paintings(one, self.painter.name)
        return work

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

    def _changed(self, changes: Mapping[str, Any]) -> OnePass:
        """Return this method with other options; only where one of them forms the painter is that made anew."""
        config = from_dict(type(self.config), {**vars(self.config), **changes})
        forming = _forming_options(self.config, config)
        if not forming:
            return self.like(config, self.painter)
        if self._made_by is None:
            raise OptionError(
                f"{' and '.join(forming)} cannot be changed in a call of a method that was given its painter; "
                "give it a painter that is made so."
            )
        return self._made_by(config)

    def weights(self) -> list[Ingredient]:
        """Return the weights it paints with, as a recipe names them."""
        return self.painter.weights()

    def plan(self, content: One, style: Given = ()) -> Plan:
        """Say what a call would do, without doing it."""
        work = self._prepared(content, style)
        size, base = sizes(work.photo.size, self.config, self.base)
        least = least_tile(Repainter(self.painter, size, base))
        tile = min(max(self.config.tile or TILE, least), max(size))
        return Plan(
            method=self.painter.name,
            size=size,
            scales=[],
            steps=[],
            device=str(self.painter.device),
            precision=str(self.painter.precision).removeprefix("torch."),
            tile=None if tile == max(size) else tile,
            peak_bytes=AT_REST + size[0] * size[1] * BYTES_PER_PIXEL + max(tile, *base) ** 2 * BYTES_PER_TILE_PIXEL,
            available_bytes=available_memory(self.painter.device),
            seconds=None,
            downloads=downloads_of(self.config),
        )

    def recipe(self, work: Work) -> Recipe:
        """Return how a picture made from these inputs is made."""
        photo, styles = work.ingredients()
        return Recipe(
            method=name_of(self.config),
            options=deciding_options(self.config),
            photo=photo,
            styles=styles,
            extras=work.extras,
            weights=self.painter.weights(),
            versions=versions(),
        )


def needs_style(stylizer: object) -> bool:
    """Whether a method takes styles; a model that has learnt one does not."""
    return stylizer.painter.needs_style if isinstance(stylizer, OnePass) else True


def _forming_options(config: MethodOptions, other: MethodOptions) -> list[str]:
    """Return the options in which two configs differ and which a painter may be made of.

    What every method understands is read anew with every call, but for the seed and the device; what a method adds of
    its own may be in the painter.
    """
    read_anew = {option.name for option in fields_of(MethodOptions)} - {"seed", "device"}
    own = (option.name for option in fields_of(config) if option.name not in read_anew)
    return [name for name in own if getattr(config, name) != getattr(other, name)]


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
        self.begun, self.in_all, self.tiles = 0, 1, 1  # paintings, one for each place of a mask, and their tiles

    def image(self) -> Tensor:
        """Return the finished picture."""
        photo = resize(self.work.photo.pixels, self.size)
        if self.share == 0:
            return photo
        small = resize(self.work.photo.pixels, self.base)
        if self.config.color_only:
            image = recolored(with_palettes(self.painter, self.work, small), self.size, self.config)
            self._tell(1, 1, image)
        else:
            image = self._mixed(small, photo)
        return finished(image, self.work, self.config)

    def _mixed(self, small: Tensor, photo: Tensor) -> Tensor:
        """Paint once in the mixture of all styles, or once in each where masks give them their places."""
        codes = codes_of(self.painter, self.work, self.config, small)
        if not self.work.masks or len(codes) < 2:
            return self._painted(small, photo, mean_code(codes, self.work.shares))
        parts, self.in_all = self.work.parts(self.size), len(codes)
        pictures = (self._painted(small, photo, code) * part for code, part in zip(codes, parts, strict=True))
        return sum(pictures, torch.zeros(()))

    def _painted(self, small: Tensor, photo: Tensor, code: Tensor) -> Tensor:
        """Paint at the size of the strokes, then carry that to the size of the result."""
        self.begun += 1
        code = rehearsed(self.painter, small, code)
        first = self.painter.paint(small, code, None)
        painted = self._enlarged(first, photo, code) if max(self.size) > max(self.base) else resize(first, self.size)
        if self.share < FADE:
            painted = torch.lerp(photo, painted, self.share / FADE)
        self._tell(self.tiles, self.tiles, painted)
        return painted.clamp(0, 1)

    def _enlarged(self, first: Tensor, photo: Tensor, code: Tensor) -> Tensor:
        """Paint again over the enlarged painting, tile by tile, with what was seen in the small one."""
        if self.enlarging == "plain":
            return resize(first, self.size)
        rough = with_detail(first, photo)
        if self.enlarging == "detail":
            return rough
        seen = self.painter.look(first.clamp(0, 1), code)
        repainter = Repainter(self.painter, self.size, self.base)
        return in_tiles(repainter, rough, code, seen, self.config.tile or TILE, self._tell)

    def _tell(self, tile: int, tiles: int, picture: Tensor) -> None:
        elapsed, self.tiles = time.monotonic() - self.started, tiles
        step, steps = max(self.begun - 1, 0) * tiles + tile, self.in_all * tiles
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
