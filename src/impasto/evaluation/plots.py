"""Curves of the losses, drawn with matplotlib where it is installed (the extra ``plots``)."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from impasto.errors import InputError, MissingExtraError, OutputError
from impasto.weights.atomic import writing_whole

__all__ = ["check_plot", "plot_losses"]

_FORMATS = (".png", ".svg", ".pdf")
_INK = "#26242b"
_COLORS = ("#c8452f", "#1f6f8b", "#d9982a", "#6a4c93", "#4a8c5b", "#a8577e", "#7a736a")
_PAPER, _SOFT_INK, _LINE = "#f8f6f1", "#767067", "#ddd8ce"


def check_plot(path: str | os.PathLike[str]) -> None:
    """Raise what :func:`plot_losses` would raise for this path, before any work is done."""
    path = Path(path)
    if path.suffix.lower() not in _FORMATS:
        raise OutputError(f"A plot cannot be written to {path.name}; end the name in {', '.join(_FORMATS)}.")
    if path.is_dir() or not path.parent.is_dir():
        raise OutputError(f"{path.name} cannot be written there; give a file's name in a folder that exists.")
    _matplotlib()


def plot_losses(
    losses: Mapping[str, Sequence[float]],
    path: str | os.PathLike[str],
    *,
    boundaries: Mapping[int, str] | None = None,
    title: str = "",
) -> None:
    """Draw one curve for each loss over the steps, on a logarithmic scale, as PNG, SVG or PDF.

    ``boundaries`` tells the steps (from 0) at which a new scale begins, with its label: ``{0: "128 px", 80:
    "256 px"}``. Values that have no logarithm leave gaps. What stands at ``path`` is replaced at the end, in one
    go. Needs the extra ``plots``; matplotlib's global state is left alone.
    """
    check_plot(path)
    if not any(len(values) for values in losses.values()):
        raise InputError("No losses were given to plot; give at least one value.")
    path, starts = Path(path), dict(boundaries or {})
    figure, axes = _empty_figure(title)
    colors = itertools.cycle(_COLORS)
    for name, values in losses.items():
        _draw_curve(axes, name, values, _INK if name == "total" else next(colors), starts)
    for step, label in starts.items():
        _draw_boundary(axes, step, label)
    low, high = axes.get_ylim()
    axes.yaxis.set_minor_formatter("{x:g}" if high < 10 * low else "")
    axes.set_xlim(0, max(1, max(map(len, losses.values())) - 1))
    figure.legend(loc="outside right upper", frameon=False, labelcolor=_INK)
    try:
        with writing_whole(path) as unfinished:
            figure.savefig(unfinished, format=path.suffix[1:].lower(), facecolor=_PAPER, dpi=160)
    except OSError as error:
        raise OutputError(f"{path.name} could not be written ({error.strerror}); choose another place.") from error


def _matplotlib() -> tuple[Any, Any]:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("Plotting losses", "plots") from error
    return Figure, FigureCanvasAgg


def _empty_figure(title: str) -> tuple[Any, Any]:
    from matplotlib.ticker import MaxNLocator

    figure_class, canvas_class = _matplotlib()
    figure = figure_class(figsize=(9, 4.8), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.15, h_pad=0.15)
    canvas_class(figure)
    axes = figure.add_subplot()
    axes.set_facecolor(_PAPER)
    axes.set_yscale("log", nonpositive="mask")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("step", color=_SOFT_INK)
    axes.set_ylabel("loss", color=_SOFT_INK)
    axes.set_title(title, loc="left", pad=22, color=_INK, parse_math=False)
    axes.grid(visible=True, axis="y", color=_LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", colors=_SOFT_INK, length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    return figure, axes


def _draw_curve(axes: Any, name: str, values: Sequence[float], color: str, starts: Iterable[int]) -> None:
    """Draw one line for each scale: from one scale to the next a loss jumps, which says nothing."""
    drawable = [value if math.isfinite(value) and value > 0 else math.nan for value in map(float, values)]
    width, rank = (2.2, 3) if name == "total" else (1.5, 2)
    edges = sorted({0, len(drawable), *(step for step in starts if 0 < step < len(drawable))})
    for index, (start, end) in enumerate(itertools.pairwise(edges)):
        label = "" if index else name.strip("_").replace("_", " ")
        axes.plot(range(start, end), drawable[start:end], color=color, linewidth=width, zorder=rank, label=label)


def _draw_boundary(axes: Any, step: int, label: str) -> None:
    axes.axvline(step, color=_SOFT_INK, linewidth=0.8, linestyle=(0, (2, 3)), zorder=1)
    axes.annotate(
        label,
        xy=(step, 1),
        xycoords=axes.get_xaxis_transform(),
        xytext=(3, 5),
        textcoords="offset points",
        color=_SOFT_INK,
        fontsize=9,
        parse_math=False,
    )
