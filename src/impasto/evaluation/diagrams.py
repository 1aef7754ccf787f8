"""Drawings of networks as SVG: a slab for each convolution, as high as its map and as wide as it has channels."""

from __future__ import annotations

import html
import math
import os
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import NamedTuple

from torch import Tensor, nn

from impasto.evaluation.wiring import Stage, wiring
from impasto.weights.atomic import write_text_whole

__all__ = ["network_drawing"]

_INK, _SOFT, _PAPER, _LINE = "#262421", "#767067", "#f8f6f1", "#b9b2a5"
_FILLS = ("#f2b04e", "#df6143", "#9a2f63", "#43215f", "#14111f")  # of the color map, by level
_MARGIN, _HEAD, _GAP, _TALLEST, _FALL = 28, 64, 17, 120, 26  # pixels
_FONT = "font-family='system-ui, sans-serif'"


class _Slab(NamedTuple):
    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def middle(self) -> float:
        return self.top + self.height / 2


def network_drawing(
    network: nn.Module,
    run: Callable[[Tensor], object],
    path: str | os.PathLike[str] | None = None,
    *,
    title: str,
    side: int = 64,
) -> str:
    """Draw a network from one pass through it and return the SVG; with a ``path`` it is also written there.

    ``run`` calls the network with a picture (1, 3, side, side). Grey curves are maps that skip what lies between: added
    to, or laid beside, what comes the long way.
    """
    stages = wiring(network, run, side=side)
    slabs = _placed(stages)
    weights = sum(one.numel() for one in network.parameters())
    text = _document(title, f"{len(stages)} convolutions, {weights / 1e6:.2f} million weights", stages, slabs)
    if path is not None:
        write_text_whole(Path(path), text)
    return text


def _placed(stages: Sequence[Stage]) -> list[_Slab]:
    """Put the slabs side by side; half the size stands lower, so that a U looks like one."""
    widths = [5 + 3.2 * math.log2(stage.channels) for stage in stages]
    lefts = accumulate((width + _GAP for width in widths), initial=_MARGIN + 50)
    heights = [max(10.0, _TALLEST / 2 ** (0.75 * stage.level)) for stage in stages]
    tops = [_TALLEST + _FALL * stage.level - height for stage, height in zip(stages, heights, strict=True)]
    down = _HEAD + 34 - min(tops)
    return [
        _Slab(left, top + down, width, height)
        for left, top, width, height in zip(lefts, tops, widths, heights, strict=False)
    ]


def _document(title: str, facts: str, stages: Sequence[Stage], slabs: Sequence[_Slab]) -> str:
    skips = [_skip(slabs[start : end + 1]) for start, end in _skips(stages)]
    parts = [
        _text(_MARGIN, _MARGIN + 8, title, size=17),
        _text(_MARGIN, _MARGIN + 27, f"{facts} · height: the map's size, width: its channels", size=11, color=_SOFT),
        _text(slabs[0].left - 38, slabs[0].middle + 4, "photo", size=11, color=_SOFT, anchor="end"),
        _line(slabs[0].left - 34, slabs[0].middle, slabs[0].left - 2, slabs[0].middle),
        *skips,
        *(_line(a.right + 2, a.middle, b.left - 2, b.middle) for a, b in pairwise(slabs)),
        *(_slab(stage, slab) for stage, slab in zip(stages, slabs, strict=True)),
        *_sizes(stages, slabs),
    ]
    width = max(slabs[-1].right + _MARGIN + 20, 480)
    height = max(slab.top + slab.height for slab in slabs) + 84
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:.0f} {height:.0f}' role='img' {_FONT}>\n"
        f"<title>{html.escape(title)}</title>\n<rect width='100%' height='100%' fill='{_PAPER}'/>\n"
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _skips(stages: Sequence[Stage]) -> list[tuple[int, int]]:
    """Return the maps that pass others over, each with the convolution beside whose result it is used.

    After a row of residual blocks every earlier one is a source of the next; only the nearest is drawn, and what comes
    back from before a smaller map.
    """
    found: dict[tuple[int, int], None] = {}
    for *earlier, end in (stage.sources for stage in stages if stage.sources):
        level = stages[end].level
        far = [start for start in earlier if any(one.level > level for one in stages[start:end])]
        near = [start for start in earlier if start not in far and stages[start].level == level]
        found |= dict.fromkeys((start, end) for start in (*far[-1:], *near[-1:]))
    return list(found)


def _slab(stage: Stage, slab: _Slab) -> str:
    fill = _FILLS[min(stage.level, len(_FILLS) - 1)]
    box = f"<rect x='{slab.left:.1f}' y='{slab.top:.1f}' width='{slab.width:.1f}' height='{slab.height:.1f}'"
    x, y = slab.left + slab.width / 2, slab.top + slab.height
    name = stage.name.removeprefix("convs.").removesuffix(".conv")
    turned = f"transform='rotate(-55 {x:.1f} {y + 26:.1f})'"
    return (
        f"{box} rx='2' fill='{fill}'/>\n"
        + _text(x, y + 13, str(stage.channels), size=9.5, anchor="middle")
        + "\n"
        + _text(x + 3, y + 26, name, size=9.5, color=_SOFT, anchor="end", more=turned)
    )


def _sizes(stages: Sequence[Stage], slabs: Sequence[_Slab]) -> list[str]:
    """Name the size of the maps where it changes."""
    found = []
    for number, (stage, slab) in enumerate(zip(stages, slabs, strict=True)):
        if number == 0 or stages[number - 1].level != stage.level:
            size = "full size" if stage.level == 0 else f"1/{2**stage.level}"
            found.append(_text(slab.left, slab.top - 7, size, size=9.5, color=_SOFT))
    return found


def _skip(passed: Sequence[_Slab]) -> str:
    """Draw a curve from the first slab to the last, above all between them."""
    a, b = passed[0], passed[-1]
    top = min(slab.top for slab in passed) - 14 - 0.03 * (b.left - a.left)
    start, end = a.left + a.width / 2, b.left + b.width / 2
    curve = f"M{start:.1f} {a.top - 2:.1f} C{start:.1f} {top:.1f} {end:.1f} {top:.1f} {end:.1f} {b.top - 2:.1f}"
    return f"<path d='{curve}' fill='none' stroke='{_LINE}' stroke-width='1.6'/>"


def _line(x: float, y: float, to_x: float, to_y: float) -> str:
    return f"<line x1='{x:.1f}' y1='{y:.1f}' x2='{to_x:.1f}' y2='{to_y:.1f}' stroke='{_SOFT}'/>"


def _text(
    x: float, y: float, line: str, *, size: float, color: str = _INK, anchor: str = "start", more: str = ""
) -> str:
    place = f"x='{x:.1f}' y='{y:.1f}' font-size='{size}' fill='{color}' text-anchor='{anchor}'"
    return f"<text {place} {more}>{html.escape(line)}</text>"
