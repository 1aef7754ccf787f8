"""The dials: how strongly, how coarsely, in whose colors, and how several styles are mixed."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from impasto.apps.web.house import Introduction
from impasto.apps.web.parts import mix_pad
from impasto.apps.web.views.choosing import all_styles, current_dials, set_dials
from impasto.apps.web.visits import Visit
from impasto.config import MethodOptions, fields_of

__all__ = ["dial_card"]

STROKES = {0.5: "finest", 0.7: "finer", 1.0: "as painted", 1.4: "broader", 2.0: "broadest"}
_HELP = {field.name: field.help for field in fields_of(MethodOptions)}


def dial_card(visit: Visit, introduction: Introduction) -> None:
    """Show the dials; what they say is kept in the session."""
    dials = current_dials()
    if len(dials.styles) > 1:
        _mix(visit, introduction)
    st.header("The touch", anchor=False)
    strength = st.slider("Strength", 0, 100, round(dials.strength), format="%d %%", help=_HELP["strength"])
    nearest = min(STROKES, key=lambda stroke: abs(stroke - dials.stroke))
    stroke = st.select_slider("Stroke", list(STROKES), nearest, format_func=STROKES.__getitem__, help=_HELP["stroke"])
    keep = st.toggle("Keep the photo's colors", dials.keep_color, help=_HELP["keep_color"])
    is_moved = (strength, stroke, keep) != (round(dials.strength), nearest, dials.keep_color)
    if is_moved:
        set_dials(replace(current_dials(), strength=float(strength), stroke=float(stroke), keep_color=keep))


def _mix(visit: Visit, introduction: Introduction) -> None:
    """Show the pad, and exact parts for those who want them."""
    st.header("The mix", anchor=False)
    labels = {style.name: style for style in all_styles(visit, introduction)}
    dials = current_dials()
    styles = [labels[name] for name in dials.styles]
    mix_pad(
        styles,
        dials.weights(),
        on_change=lambda shares: set_dials(replace(current_dials(), shares=shares)),
        key=f"pad-{len(styles)}",
    )
    with st.expander("Exact parts", key="exact", on_change="rerun"):
        parts = [
            st.number_input(style.title, 0, 100, round(100 * share), step=5, key=f"part-{style.name}-{share:.3f}")
            for style, share in zip(styles, dials.weights(), strict=True)
        ]
    if sum(parts) and parts != [round(100 * share) for share in dials.weights()]:
        set_dials(replace(dials, shares=tuple(part / sum(parts) for part in parts)))
        st.rerun()
