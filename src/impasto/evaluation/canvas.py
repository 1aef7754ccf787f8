"""The drawing board of all sheets: blocks of pixels, put side by side and above each other on one paper.

A block is a Pillow picture on the paper's color. Small ones (a picture, a line of text) are put together into
larger ones by :func:`table` and :func:`stacked`, and :func:`page` frames the last.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Literal

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from impasto.errors import InputError
from impasto.images import fit_long_side, resize, write
from impasto.images.arrays import from_pillow

__all__ = [
    "INK",
    "PAPER",
    "SOFT_INK",
    "blank",
    "captioned",
    "finished",
    "fitted",
    "framed",
    "page",
    "resized",
    "stacked",
    "table",
    "text",
    "to_image",
]

PAPER = (248, 246, 241)
INK = (38, 36, 33)
SOFT_INK = (118, 112, 103)
_LINE = (221, 216, 206)
_ASCII = {"×": "x", "–": "-", "—": "-", "→": "->", "’": "'", "“": '"', "”": '"', "ß": "ss", "²": "2"}

Place = Literal["start", "middle", "end"]
_SHARE = {"start": 0.0, "middle": 0.5, "end": 1.0}


def to_image(picture: Tensor) -> Image.Image:
    """Return a picture tensor (1, 3 or 1, H, W) as a Pillow picture; what is not a number becomes black."""
    _check(picture)
    values = picture.detach().to("cpu", torch.float32).nan_to_num(0).clamp(0, 1)
    pixels = (values[0].expand(3, -1, -1) * 255).round().to(torch.uint8)
    return Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy())


def resized(picture: Tensor, size: tuple[int, int]) -> Image.Image:
    """Return a picture tensor brought to (height, width) as a Pillow picture."""
    _check(picture)
    return to_image(resize(picture.detach().float(), size))


def fitted(picture: Tensor, cell: int) -> Image.Image:
    """Return a picture tensor brought to a long side of ``cell`` pixels, enlarged or shrunk."""
    _check(picture)
    height, width = picture.shape[-2:]
    return resized(picture, fit_long_side((height, width), cell))


def framed(block: Image.Image) -> Image.Image:
    """Add a hairline around a block, so that white pictures do not run out into the paper."""
    sheet = Image.new("RGB", (block.width + 2, block.height + 2), _LINE)
    sheet.paste(block, (1, 1))
    return sheet


def blank(width: int, height: int) -> Image.Image:
    """Return a block of bare paper."""
    return Image.new("RGB", (width, height), PAPER)


def text(line: str, size: float, *, color: tuple[int, int, int] = INK, width: int | None = None) -> Image.Image:
    """Return one line of text as a block; too long for ``width``, it is shortened with an ellipsis."""
    font = _font(size)
    line = _shortened(_drawable(line), font, width)
    ascent, descent = font.getmetrics()
    block = blank(max(1, round(font.getlength(line) + 0.5)), ascent + descent)
    ImageDraw.Draw(block).text((0, 0), line, fill=color, font=font)
    return block


def captioned(block: Image.Image, caption: str, size: float, *, width: int) -> Image.Image:
    """Put a caption under a block, at its left edge, no wider than ``width``."""
    if not caption:
        return block
    return stacked([block, text(caption, size, color=SOFT_INK, width=width)], gap=round(size * 0.4))


def stacked(blocks: Sequence[Image.Image], gap: int) -> Image.Image:
    """Put blocks above each other, left edges aligned."""
    return table([[block] for block in blocks], gap=(gap, 0), align=("start", "start"))


def table(
    rows: Sequence[Sequence[Image.Image | None]],
    *,
    gap: tuple[int, int],
    align: tuple[Place, Place] = ("end", "middle"),
) -> Image.Image:
    """Put blocks in rows and columns, each as large as its largest block.

    ``gap`` is the space between (rows, columns); ``align`` says where a smaller block stands in its cell,
    vertically and horizontally.
    """
    width = max(map(len, rows), default=0)
    cells = [[*row, *[None] * (width - len(row))] for row in rows]
    heights = [max((block.height for block in row if block), default=0) for row in cells]
    widths = [max((block.width for block in column if block), default=0) for column in zip(*cells, strict=True)]
    tops, lefts = _starts(heights, gap[0]), _starts(widths, gap[1])
    sheet = blank(max(1, lefts[-1] - gap[1]), max(1, tops[-1] - gap[0]))
    for y, row in enumerate(cells):
        for x, block in enumerate(row):
            if block:
                down = round((heights[y] - block.height) * _SHARE[align[0]])
                right = round((widths[x] - block.width) * _SHARE[align[1]])
                sheet.paste(block, (lefts[x] + right, tops[y] + down))
    return sheet


def page(body: Image.Image, title: str, size: float, *, note: str = "") -> Image.Image:
    """Frame the body with a margin, its title (and a note in small print) above it."""
    margin = round(size * 1.6)
    head = [text(title, size, width=max(body.width, 4 * round(size)))] if title else []
    head += [text(note, size * 0.6, color=SOFT_INK, width=max(body.width, 4 * round(size)))] if note else []
    blocks = [stacked(head, gap=round(size * 0.25)), body] if head else [body]
    inner = stacked(blocks, gap=round(size * 0.9))
    sheet = blank(inner.width + 2 * margin, inner.height + 2 * margin)
    sheet.paste(inner, (margin, margin))
    return sheet


def finished(sheet: Image.Image, path: str | os.PathLike[str] | None) -> Tensor:
    """Return the sheet as a tensor, and write it where a path is given, whatever stood there before."""
    result = from_pillow(sheet)
    if path is not None:
        write(result, path, overwrite=True)
    return result


def _check(picture: Tensor) -> None:
    if picture.ndim != 4 or picture.shape[0] != 1 or picture.shape[1] not in (1, 3) or not picture.numel():
        raise InputError(f"A picture to draw has the shape {tuple(picture.shape)}; allowed is (1, 3, height, width).")


def _starts(lengths: Sequence[int], gap: int) -> list[int]:
    return list(accumulate((length + gap for length in lengths), initial=0))


@lru_cache(maxsize=32)
def _font(size: float) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(max(8, size))
    if not isinstance(font, ImageFont.FreeTypeFont):  # pragma: no cover - Pillow says so itself beforehand
        raise InputError("This build of Pillow has no FreeType, so nothing can be labelled; reinstall pillow.")
    return font


def _drawable(line: str) -> str:
    """Say the line with the letters that the font has: Pillow's own is little more than ASCII."""
    return "".join(map(_drawable_letter, line))


@lru_cache(maxsize=512)
def _drawable_letter(letter: str) -> str:
    if letter in "·…" or (letter.isascii() and letter.isprintable()):
        return letter
    plain = _ASCII.get(letter) or unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return plain if plain.isprintable() and plain else "?"


def _shortened(line: str, font: ImageFont.FreeTypeFont, width: int | None) -> str:
    """Cut words in the middle, where file names differ least, until the line fits."""
    if width is None or font.getlength(line) <= width:
        return line
    for kept in range(len(line) - 1, 0, -1):
        shorter = line[: (kept + 1) // 2].rstrip() + "…" + line[len(line) - kept // 2 :].lstrip()
        if font.getlength(shorter) <= width:
            return shorter
    return "…"
