"""Networks that paint in one pass, and what is asked of them: a style's code, its colors, a picture in tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.config import MethodOptions
from impasto.engine.inputs import Style, Work
from impasto.engine.recipe import Ingredient
from impasto.errors import OptionError
from impasto.images import Picture, match_color
from impasto.images.tiles import split
from impasto.models.normalizing import Statistics

__all__ = ["Painter", "Repainter", "codes_of", "in_tiles", "least_tile", "mean_code", "rehearsed", "with_palettes"]

BROAD = 1.2  # of the enlargement: what is broader than the small painting's finest strokes stays its own
WIDEST = 7.0  # pixels to each side: huge enlargements have nothing as fine of their own
CELLS = (2, 1)  # pixels; where means are wide they are taken of cells of two by two, which is quicker
FINEST = 1.2  # cells that a mean has to reach


class PartPainter(Protocol):
    """What paints parts of a picture that fit together."""

    margin: int  # pixels of surroundings that decide a pixel
    stride: int  # tiles begin at multiples of this

    def paint(self, picture: Tensor, code: Tensor, seen: Statistics | None, at: tuple[int, int] = (0, 0)) -> Tensor:
        """Paint a part of a picture whose top left corner lies at ``at``; without ``seen`` it is the whole."""
        ...


class Painter(PartPainter, Protocol):
    """A network that paints in one pass; it can be shared and remembers nothing."""

    name: str
    needs_style: bool  # False: the style is in the weights
    device: torch.device  # where it computes
    precision: torch.dtype  # and in what numbers

    def weights(self) -> list[Ingredient]:
        """Return its weights as a recipe names them."""
        ...

    def code(self, style: Style) -> Tensor:
        """Return what it knows of a style, (1, D); weighted means of such codes are styles between."""
        ...

    def look(self, picture: Tensor, code: Tensor) -> Statistics:
        """Return what it has to know of the whole picture (or a small version of it) before it paints parts."""
        ...


class Repainter:
    """Paints over a painting that was enlarged from ``base`` to ``size``, for strokes as fine as the pixels.

    Broad forms and colors stay those of the painting: painted twice they would be stronger than in a small preview.
    """

    def __init__(self, painter: PartPainter, size: tuple[int, int], base: tuple[int, int]) -> None:
        reach = min(max(1.0, BROAD * max(size) / max(base)), WIDEST)
        self._painter, self._cell = painter, next(cell for cell in CELLS if cell <= max(1, reach / FINEST))
        self._reach = max(1, round(reach / self._cell))  # of the means, in cells
        self.margin, self.stride = painter.margin + 2 * (self._reach + 1) * self._cell, painter.stride

    def paint(self, picture: Tensor, code: Tensor, seen: Statistics | None, at: tuple[int, int] = (0, 0)) -> Tensor:
        """Paint over a part of the enlarged painting."""
        painted = self._painter.paint(picture, code, seen, at)
        return (painted + _broad(picture.to(painted) - painted, self._cell, self._reach)).clamp(0, 1)


def _broad(picture: Tensor, cell: int, reach: int) -> Tensor:
    """Return what is broad in a picture: means of cells, and twice the mean of those around each.

    Cells are counted from the corner, which lies on one of the whole picture's, so that tiles fit together.
    """
    height, width = picture.shape[-2:]
    means = _in_fours(picture) if cell > 1 else picture
    for axis in (2, 3, 2, 3):
        means = _around(means, reach, axis)
    if cell > 1:
        means = F.interpolate(means, scale_factor=float(cell), mode="bilinear")[..., :height, :width]
    return means


def _in_fours(picture: Tensor) -> Tensor:
    """Return the mean of every cell of two by two pixels; at an odd edge a cell holds fewer."""
    height, width = picture.shape[-2:]
    even = F.pad(picture, (0, width % 2, 0, height % 2), mode="replicate")
    rows = even[..., ::2, :] + even[..., 1::2, :]
    return (rows[..., ::2] + rows[..., 1::2]).mul_(0.25)


def _around(picture: Tensor, reach: int, axis: int) -> Tensor:
    """Return the mean of every value and its neighbours up to ``reach`` away along an axis, fewer of them at the ends.

    On a processor, sums of shifted pictures take an eighth of the time of PyTorch's pooling.
    """
    length, total = picture.shape[axis], picture.clone()
    for step in range(1, min(reach, length - 1) + 1):
        before, after = picture.narrow(axis, 0, length - step), picture.narrow(axis, step, length - step)
        total.narrow(axis, step, length - step).add_(before)
        total.narrow(axis, 0, length - step).add_(after)
    place = torch.arange(length, device=picture.device)
    count = 1 + place.clamp(max=reach) + place.flip(0).clamp(max=reach)
    return total.div_(count.view([-1 if axis == at else 1 for at in range(picture.ndim)]))


def codes_of(painter: Painter, work: Work, config: MethodOptions, small: Tensor) -> list[Tensor]:
    """Return each style's code, taken back towards the photo's own by as much as the strength lacks."""
    share = config.strength / 100
    if not painter.needs_style:
        if _recolors_styles(config):
            raise OptionError(
                "color_match covariance recolors paintings, but this model paints in the style it learnt; choose "
                "luminance or lab."
            )
        return [torch.full((1, 1), share)]
    codes = [painter.code(_as_taken(style, small, config)) for style in work.styles]
    if share == 1:
        return codes
    own = painter.code(photo_as_style(work, small))
    return [torch.lerp(own, code, share) for code in codes]


def _as_taken(style: Style, small: Tensor, config: MethodOptions) -> Style:
    """Return a style as it is imitated: recolored like the small photo beforehand, where colors are kept in that way.

    The large photo may never be in memory, and its finest grain is no color.
    """
    if not _recolors_styles(config):
        return style
    if not style.pictures:
        raise OptionError(
            f"color_match covariance recolors paintings, and of {style.name} only a vector is known; "
            "choose luminance or lab, or give a painting."
        )
    recolored = (replace(one, pixels=match_color(one.pixels, small)) for one in style.pictures)
    return Style(style.name, tuple(recolored))


def _recolors_styles(config: MethodOptions) -> bool:
    return config.keep_color and config.color_match == "covariance"


def photo_as_style(work: Work, small: Tensor) -> Style:
    """Return the photo as a style: the one that changes nothing."""
    return Style("photo", (replace(work.photo, pixels=small),))


def mean_code(codes: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    """Return the code of a mixture."""
    if len(codes) == 1:
        return codes[0]
    return sum((code * share for code, share in zip(codes, shares, strict=True)), torch.zeros(()))


def rehearsed(painter: Painter, small: Tensor, code: Tensor) -> Tensor:
    """Return the code with all that a painter that rehearses has found of the picture, which is painted at once."""
    corrections = getattr(painter, "corrections", None)
    return code if corrections is None else torch.cat([code, corrections(small, code)], 1)


def with_palettes(painter: Painter, work: Work, small: Tensor) -> Work:
    """Return the work with colors for those of its styles that have no paintings: the small photo, painted in them.

    Where the model itself is the style, that is the only one.
    """

    def painted(code: Tensor) -> tuple[Picture]:
        return (Picture(painter.paint(small, rehearsed(painter, small, code), None).clamp(0, 1)),)

    if not painter.needs_style:
        return replace(work, styles=(Style(painter.name, painted(torch.ones(1, 1))),), shares=(1.0,))
    shown = (one if one.pictures else replace(one, pictures=painted(painter.code(one))) for one in work.styles)
    return replace(work, styles=tuple(shown))


def in_tiles(painter: PartPainter, picture: Tensor, code: Tensor, seen: Statistics, tile: int, tell: Any) -> Tensor:
    """Paint a picture tile by tile; with given statistics the result does not depend on the tiles."""
    size = (picture.shape[-2], picture.shape[-1])
    tiles = split(size, max(tile, least_tile(painter)), painter.margin, multiple=painter.stride)
    painted = torch.empty_like(picture)
    for number, one in enumerate(tiles, 1):
        at = (one.rows.outer.start, one.columns.outer.start)
        one.paste(painted, painter.paint(one.cut(picture), code, seen, at))
        tell(number, len(tiles), painted)
    return painted


def least_tile(painter: PartPainter) -> int:
    """Return the least tile that is more than its own margin."""
    return 2 * (painter.margin + painter.stride) + painter.stride
