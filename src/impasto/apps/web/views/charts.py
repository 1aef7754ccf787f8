"""Charts of losses: while a picture is painted, and of a training that is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

__all__ = ["chart_rows", "loss_chart", "training_chart"]

MOST_POINTS = 160
SHOWN = ("total", "content", "style")


def loss_chart(history: Sequence[Mapping[str, float]]) -> None:
    """Draw the losses over the steps, on a logarithmic scale."""
    _draw(chart_rows(history, SHOWN), f"Losses after {len(history)} steps", "losses")


def training_chart(losses: Sequence[Mapping[str, float]], validation: Sequence[Mapping[str, float]]) -> None:
    """Draw how a network learned, and what it was worth on pictures kept out."""
    kept_out = [{"step": row.get("step", 0), "kept out": row.get("total", 0)} for row in validation]
    rows = [*chart_rows(losses, SHOWN), *(chart_rows(kept_out, ("kept out",)) if len(kept_out) > 1 else [])]
    _draw(rows, f"Losses of a training of {len(losses)} steps", "training")


def chart_rows(history: Sequence[Mapping[str, float]], names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the points to draw: evenly thinned, the last one always, and only what has a logarithm."""
    every = max(1, -(-len(history) // MOST_POINTS))
    rows = sorted({*range(0, len(history), every), len(history) - 1})
    return [
        {"step": int(history[row].get("step", row + 1)), "loss": name, "value": history[row][name]}
        for row in rows
        for name in names
        if history[row].get(name, 0) > 0
    ]


def _draw(rows: list[dict[str, Any]], told: str, key: str) -> None:
    last = {row["loss"]: row["value"] for row in rows}
    values = ", ".join(f"{name} {value:.3g}" for name, value in last.items())
    st.vega_lite_chart(rows, _SPEC, height=210, key=key, alt=f"{told}: {values}")


_SPEC: dict[str, Any] = {
    "mark": {"type": "line", "strokeWidth": 1.8, "interpolate": "monotone"},
    "encoding": {
        "x": {"field": "step", "type": "quantitative", "title": "step", "axis": {"tickMinStep": 1, "grid": False}},
        "y": {
            "field": "value",
            "type": "quantitative",
            "title": "loss",
            "scale": {"type": "log"},
            "axis": {"tickCount": 4, "format": ".2~g"},
        },
        "color": {
            "field": "loss",
            "type": "nominal",
            "sort": [*SHOWN, "kept out"],
            "legend": {"orient": "top", "title": None},
        },
    },
}
