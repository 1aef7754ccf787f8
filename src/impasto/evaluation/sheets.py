"""Sheets of pictures: photo, style and result side by side, sweeps over two options, whole galleries."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

from PIL import Image
from torch import Tensor

from impasto.errors import InputError, OptionError
from impasto.evaluation import canvas

__all__ = ["contact_sheet", "grid_sheet"]


def contact_sheet(
    pictures: Sequence[tuple[str, Tensor]],
    path: str | os.PathLike[str] | None = None,
    *,
    columns: int | None = None,
    cell: int = 320,
    title: str = "",
) -> Tensor:
    """Draw pictures with their captions, in reading order, and return the sheet (1, 3, H, W).

    ``pictures`` are pairs of caption and pixels, of any sizes; each is brought to a long side of ``cell``
    pixels. Up to four stand in one row, more in about as many rows as columns, unless ``columns`` says how
    many. With a ``path`` the sheet is also written there, replacing what is there.
    """
    _check(len(pictures), cell)
    if columns is not None and columns < 1:
        raise OptionError(f"columns is {columns}; allowed is a whole number, 1 or more.")
    blocks = [
        canvas.captioned(canvas.framed(canvas.fitted(picture, cell)), caption, _type(cell), width=cell)
        for caption, picture in pictures
    ]
    across = columns or _balanced_columns(len(blocks))
    rows = [blocks[start : start + across] for start in range(0, len(blocks), across)]
    body = canvas.table(rows, gap=(round(cell * 0.1), round(cell * 0.07)), align=("end", "start"))
    return canvas.finished(canvas.page(body, title, _type(cell) * 1.6), path)


def grid_sheet(
    rows: Sequence[str],
    columns: Sequence[str],
    pictures: Sequence[Sequence[Tensor | None]],
    path: str | os.PathLike[str] | None = None,
    *,
    cell: int = 320,
    title: str = "",
) -> Tensor:
    """Draw a table of pictures with a label for each row and column, and return the sheet (1, 3, H, W).

    ``pictures[row][column]`` may be None, which leaves its place empty. With a ``path`` the sheet is also
    written there, replacing what is there.
    """
    _check(len(rows) * len(columns), cell)
    if len(pictures) != len(rows) or any(len(row) != len(columns) for row in pictures):
        raise InputError(
            f"The pictures stand in rows of {[len(row) for row in pictures]}; the labels ask for {len(rows)} "
            f"rows of {len(columns)}."
        )
    head = [canvas.text(label, _type(cell), width=cell) for label in columns]
    sides = _flush_right([canvas.text(label, _type(cell), width=cell) for label in rows])
    body = [[None if one is None else canvas.framed(canvas.fitted(one, cell)) for one in row] for row in pictures]
    lines = [[side, *row] for side, row in zip(sides, body, strict=True)]
    gap = round(cell * 0.05)
    sheet = canvas.table([[None, *head], *lines], gap=(gap, gap), align=("middle", "middle"))
    return canvas.finished(canvas.page(sheet, title, _type(cell) * 1.6), path)


def _check(count: int, cell: int) -> None:
    if not count:
        raise InputError("No pictures were given for the sheet; give at least one.")
    if cell < 16:
        raise OptionError(f"cell is {cell}; allowed is a whole number, 16 or more.")


def _type(cell: int) -> float:
    """Return the size of the lettering for pictures of this size."""
    return max(11.0, cell / 18)


def _balanced_columns(count: int) -> int:
    """Return how many pictures stand in a row: rows as full as can be, the sheet somewhat wider than high."""
    if count <= 4:
        return count
    rows = max(2, math.floor(math.sqrt(count / 1.4)))
    return math.ceil(count / rows)


def _flush_right(blocks: Sequence[Image.Image]) -> list[Image.Image]:
    width = max(block.width for block in blocks)
    sheets = [canvas.blank(width, block.height) for block in blocks]
    for sheet, block in zip(sheets, blocks, strict=True):
        sheet.paste(block, (width - block.width, 0))
    return sheets
