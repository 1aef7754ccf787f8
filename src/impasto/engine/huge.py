"""Pictures too large for memory, painted in one pass from disk to disk.

The steps are those of :class:`impasto.engine.onepass.OnePass`, each taken by bands: the painter looks at a small
version of the whole picture, and then every tile is painted with what was seen there. A band of the picture is a small
picture to everything else, so colors, masks and strength are the very functions that finish any painting, and the
result is the one that would have been painted in memory.
"""

from __future__ import annotations

import itertools
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from impasto.config import MethodOptions
from impasto.device import prefer_big_pages, return_memory
from impasto.engine.finishing import finished, palette
from impasto.engine.inputs import Given, Work, prepare
from impasto.engine.onepass import BYTES_PER_PIXEL, FADE, TILE, OnePass, sizes
from impasto.engine.painter import Repainter, codes_of, least_tile, mean_code, rehearsed, with_palettes
from impasto.engine.planning import Plan
from impasto.engine.progress import OnStep, Step, silent
from impasto.engine.recipe import Recipe
from impasto.errors import OptionError
from impasto.images import Metadata, Picture, Tile, check_writable, fit_long_side, split
from impasto.images.recoloring import Moments, lab_moments, palette_map
from impasto.images.streaming import Rescaled, Scroll, unrolled, upright_size, writing_rows
from impasto.images.streaming.rescaling import Rows, resized_rows
from impasto.models.normalizing import Statistics

__all__ = ["HUGE", "PaintedFile", "is_huge", "paint_file", "plan_file"]

HUGE = 16_000_000
"""Pixels, of the photo or of its result, from which a picture is painted by bands."""

BAND = 64  # rows that are worked on at once where no network sees them
BYTES_PER_BAND_PIXEL = 24  # of a row of tiles: what is painted over, and what comes of it
Size = tuple[int, int]
BandOf = Callable[[int, int], Tensor]


@dataclass(frozen=True)
class PaintedFile:
    """A result that is only in its file."""

    path: Path
    size: Size
    config: MethodOptions
    seconds: float
    recipe: Recipe


def is_huge(photo: str | os.PathLike[str], long_side: int | None = None) -> bool:
    """Say whether a photo, or its result of this long side, should be painted by bands; only its header is read."""
    height, width = upright_size(photo)
    result = fit_long_side((height, width), long_side or max(height, width))
    return max(height * width, result[0] * result[1]) >= HUGE


def plan_file(stylizer: OnePass, photo: str | os.PathLike[str], style: Given) -> Plan:
    """Say what :func:`paint_file` would do, without doing it; only the photo's header is read."""
    _check(stylizer.config)
    unread = Picture(torch.zeros(1, 3, 1, 1).expand(1, 3, *upright_size(photo)))
    plan = stylizer.plan(unread, style)
    whole, rows = math.prod(plan.size), min(plan.tile or max(plan.size), plan.size[0])
    saved = whole * BYTES_PER_PIXEL - rows * plan.size[1] * BYTES_PER_BAND_PIXEL
    return replace(plan, peak_bytes=plan.peak_bytes - saved)


def paint_file(
    stylizer: OnePass,
    photo: str | os.PathLike[str],
    style: Given,
    out: str | os.PathLike[str],
    *,
    on_step: OnStep = silent,
    bits: int = 8,
    quality: int = 95,
    keep_metadata: bool = True,
    keep_recipe: bool = True,
    overwrite: bool = False,
) -> PaintedFile:
    """Paint a picture file into another one, with the memory of a few bands; a scratch file lies beside it meanwhile.

    Takes what ``stylizer(photo, style)`` and :meth:`impasto.Result.save` take.
    """
    started, out = time.monotonic(), Path(out)
    _check(stylizer.config)
    check_writable(out, overwrite=overwrite, bits=bits)  # before the photo is laid down on the disk
    prefer_big_pages()
    with unrolled(photo, out.parent) as scroll, torch.inference_mode():
        return_memory()  # of the decoded picture, which lies on the disk now
        painting = _Painting(stylizer, scroll, style, on_step, started)
        recipe = stylizer.recipe(painting.work)
        with writing_rows(
            out,
            painting.size,
            has_alpha=scroll.has_alpha,
            metadata=scroll.metadata if keep_metadata else Metadata(),
            bits=bits,
            quality=quality,
            recipe=recipe.to_json() if keep_recipe else None,
            overwrite=overwrite,
        ) as writer:
            for pixels, alpha in painting.bands():
                writer.write(pixels, alpha)
    return PaintedFile(out, painting.size, stylizer.config, time.monotonic() - started, recipe)


def _check(config: MethodOptions) -> None:
    if config.tileable:
        raise OptionError(f"tileable is for results of less than {HUGE // 10**6} megapixels; choose a smaller size.")


class _Painting:
    """One picture: what was seen of the whole, and the bands that are made from it."""

    def __init__(self, method: OnePass, scroll: Scroll, style: Given, on_step: OnStep, started: float) -> None:
        self.config, self.painter, self.on_step, self.started = method.config, method.painter, on_step, started
        self.size, self.base = sizes(scroll.size, self.config, method.base)
        self.enlarging = method.enlarging if max(self.size) > max(self.base) else "plain"
        self.repainter = Repainter(self.painter, self.size, self.base)
        self.share = self.config.strength / 100
        self.scroll = scroll
        self.photo = Rescaled(scroll.rows, scroll.size, self.size).rows
        self.small = Rescaled(scroll.rows, scroll.size, self.base).whole()
        is_resized = self.size != scroll.size
        self.photo_small = Rescaled(self.photo, self.size, self.base).whole() if is_resized else self.small
        picture = Picture(self.small, name=scroll.name, sha256=scroll.sha256)
        self.work = prepare(picture, style, self.config, needs_style=self.painter.needs_style)
        self.bands_done, self.bands_in_all = 0, 1

    def bands(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Yield the finished picture from top to bottom: rows ``(1, 3, N, W)``, and their transparency."""
        for top, band in self._painted_bands():
            for start in range(0, band.shape[-2], BAND):
                rows = band[:, :, start : start + BAND]
                first, last = top + start, top + start + rows.shape[-2]
                yield self._finished(rows, first, last), self._alpha(first, last)
            del band, rows  # before the next are made

    def _painted_bands(self) -> Iterator[tuple[int, Tensor]]:
        """Yield top and pixels of bands that are painted but not finished."""
        if self.share == 0:
            yield from self._by_rows(self.photo)
        elif self.config.color_only:
            yield from self._by_rows(self._recolored())
        else:
            yield from self._mixed([_Layer(self, code) for code in self._codes()])

    def _codes(self) -> list[Tensor]:
        """Return the code of the mixture, or each style's where masks give them their places."""
        codes = codes_of(self.painter, self.work, self.config, self.small)
        return codes if self.work.masks else [mean_code(codes, self.work.shares)]

    def _mixed(self, layers: Sequence[_Layer]) -> Iterator[tuple[int, Tensor]]:
        if self.enlarging != "repaint":
            for top, bottom in _spans(self.size[0]):
                yield top, self._blended([layer.rough(top, bottom) for layer in layers], top, bottom)
            return
        rows_of_tiles = self._tiles()
        self.bands_in_all = len(rows_of_tiles)
        for tiles in rows_of_tiles:
            inner = tiles[0].rows.inner
            yield inner.start, self._blended([layer.painted(tiles) for layer in layers], inner.start, inner.stop)
            self._tell(layers[0].first)

    def _tiles(self) -> list[list[Tile]]:
        """Return the tiles, row by row."""
        tile = max(self.config.tile or TILE, least_tile(self.repainter))
        tiles = split(self.size, tile, self.repainter.margin, multiple=self.repainter.stride)
        return [list(row) for _, row in itertools.groupby(tiles, key=lambda one: one.rows.inner.start)]

    def _blended(self, bands: Sequence[Tensor], top: int, bottom: int) -> Tensor:
        """Put the styles together, each where its mask is."""
        if len(bands) == 1:
            return bands[0]
        parts = self._work_at(top, bottom).parts((bottom - top, self.size[1]))
        return sum((band * part for band, part in zip(bands, parts, strict=True)), torch.zeros(()))

    def _finished(self, rows: Tensor, top: int, bottom: int) -> Tensor:
        if self.share < FADE and not self.config.color_only:
            rows = torch.lerp(self.photo(top, bottom), rows, self.share / FADE)
        return rows if self.share == 0 else finished(rows.clamp(0, 1), self._work_at(top, bottom), self.config)

    def _work_at(self, top: int, bottom: int) -> Work:
        """Return the work as it would be if these rows were the whole photo."""

        def cut(mask: Tensor) -> Tensor:
            size = (mask.shape[-2], mask.shape[-1])
            return resized_rows(lambda a, b: mask[:, :, a:b], size, self.size, top, bottom)

        return replace(
            self.work,
            photo=replace(self.work.photo, pixels=self.photo(top, bottom)),
            masks=tuple(cut(mask) for mask in self.work.masks),
            protect=None if self.work.protect is None else cut(self.work.protect),
        )

    def _recolored(self) -> BandOf:
        """Return bands of the photo in the colors of the styles; its own are counted once, over all of it."""
        moments = _moments_of(self.photo, self.size)
        work = with_palettes(self.painter, self.work, self.small)
        maps = [palette_map(moments, palette(style)) for style in work.styles]

        def band(top: int, bottom: int) -> Tensor:
            photo = self.photo(top, bottom)
            each = torch.cat([recolor(photo) for recolor in maps])
            parts = replace(self._work_at(top, bottom), shares=work.shares).parts((bottom - top, self.size[1]))
            return photo.lerp((parts * each).sum(0, keepdim=True), self.share)

        return band

    def _alpha(self, top: int, bottom: int) -> Tensor | None:
        if not self.scroll.has_alpha:
            return None
        return resized_rows(self.scroll.alpha, self.scroll.size, self.size, top, bottom)

    def _by_rows(self, band: BandOf) -> Iterator[tuple[int, Tensor]]:
        for top, bottom in _spans(self.size[0]):
            yield top, band(top, bottom)

    def _tell(self, small: Tensor) -> None:
        self.bands_done += 1
        elapsed = time.monotonic() - self.started
        self.on_step(
            Step(
                scale=1,
                scales=1,
                step=self.bands_done,
                steps=self.bands_in_all,
                size=self.size,
                losses={},
                elapsed=elapsed,
                remaining=elapsed * (self.bands_in_all - self.bands_done) / self.bands_done,
                picture=lambda: small,
            )
        )


class _Layer:
    """The picture in one style: painted small, and from that any of its rows at full size."""

    def __init__(self, painting: _Painting, code: Tensor) -> None:
        painter = painting.painter
        self.painting, self.code = painting, rehearsed(painter, painting.small, code)
        self.first = painter.paint(painting.small, self.code, None)
        self._seen: Statistics = (
            painter.look(self.first.clamp(0, 1), self.code) if painting.enlarging == "repaint" else {}
        )

    def rough(self, top: int, bottom: int) -> Tensor:
        """Return rows of the enlarged small painting, with the photo's fine detail unless it is plain."""
        enlarged = self._enlarged(self.first, top, bottom)
        if self.painting.enlarging == "plain":
            return enlarged
        detail = self.painting.photo(top, bottom) - self._enlarged(self.painting.photo_small, top, bottom)
        return (enlarged + detail.mean(1, keepdim=True)).clamp(0, 1)

    def painted(self, tiles: Sequence[Tile]) -> Tensor:
        """Paint one row of tiles and return their inner part."""
        outer, inner = tiles[0].rows.outer, tiles[0].rows.inner
        width = self.painting.size[1]
        window = torch.empty((1, 3, outer.stop - outer.start, width))
        for top, bottom in _spans(outer.stop, outer.start):
            window[:, :, top - outer.start : bottom - outer.start] = self.rough(top, bottom)
        band = torch.empty((1, 3, inner.stop - inner.start, width))
        for tile in tiles:
            part = window[..., tile.columns.outer]
            at = (outer.start, tile.columns.outer.start)
            painted = self.painting.repainter.paint(part, self.code, self._seen, at)
            band[..., tile.columns.inner] = painted[(..., *tile.inner_in_outer)]
        return band

    def _enlarged(self, small: Tensor, top: int, bottom: int) -> Tensor:
        size = (small.shape[-2], small.shape[-1])
        return resized_rows(lambda a, b: small[:, :, a:b], size, self.painting.size, top, bottom)


def _spans(stop: int, start: int = 0) -> Iterator[tuple[int, int]]:
    for top in range(start, stop, BAND):
        yield top, min(top + BAND, stop)


def _moments_of(rows: Rows, size: Size) -> Moments:
    """Return mean and covariance of all colors of a picture, added up band by band."""
    mean, square = torch.zeros((3, 1), dtype=torch.float64), torch.zeros((3, 3), dtype=torch.float64)
    for top, bottom in _spans(size[0]):
        share = (bottom - top) / size[0]
        part_mean, part_covariance = lab_moments(rows(top, bottom))
        mean += share * part_mean
        square += share * (part_covariance + part_mean @ part_mean.T)
    return mean, square - mean @ mean.T
