"""The chart of the losses while a picture is painted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

__all__ = ["chart_rows", "loss_chart"]

MOST_POINTS = 160
SHOWN = ("total", "content", "style")


def loss_chart(history: Sequence[Mapping[str, float]]) -> None:
    """Draw the losses over the steps, on a logarithmic scale."""
    rows = chart_rows(history)
    last = {row["loss"]: row["value"] for row in rows}
    told = ", ".join(f"{name} {value:.3g}" for name, value in last.items())
    st.vega_lite_chart(
        {"values": rows},
        _SPEC,
        height=210,
        key="losses",
        alt=f"Losses after {len(history)} steps: {told}",
    )


def chart_rows(history: Sequence[Mapping[str, float]]) -> list[dict[str, Any]]:
    """Return the points to draw: evenly thinned, the last one always, and only what has a logarithm."""
    every = max(1, -(-len(history) // MOST_POINTS))
    steps = sorted({*range(0, len(history), every), len(history) - 1})
    return [
        {"step": step + 1, "loss": name, "value": history[step][name]}
        for step in steps
        for name in SHOWN
        if history[step].get(name, 0) > 0
    ]


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
        "color": {"field": "loss", "type": "nominal", "sort": list(SHOWN), "legend": {"orient": "top", "title": None}},
    },
}
