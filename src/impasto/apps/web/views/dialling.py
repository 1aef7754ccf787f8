"""The dials: how strongly, how coarsely, in whose colors, and how several styles are mixed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

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
    nearest = min(STROKES, key=lambda stroke: abs(stroke - dials.stroke))
    st.slider("Strength", 0, 100, format="%d %%", **_dial("strength", round(dials.strength)))
    st.select_slider("Stroke", list(STROKES), format_func=STROKES.__getitem__, **_dial("stroke", nearest))
    st.toggle("Keep the photo's colors", **_dial("keep_color", dials.keep_color))


def _dial(name: str, value: float | bool) -> dict[str, Any]:
    """Return what makes a widget the dial of this name."""
    return {"key": _showing(f"dial-{name}", value), "help": _HELP[name], "on_change": _turned, "args": (name,)}


def _showing(key: str, value: float | bool) -> str:
    """Let the widget of this key show a value, and return the key.

    A default that follows what is dialled would make it another widget at each turn, and the hand on the keyboard would
    lose it.
    """
    if st.session_state.get(key) != value:
        st.session_state[key] = value
    return key


def _turned(name: str) -> None:
    kind = type(getattr(current_dials(), name))
    set_dials(replace(current_dials(), **{name: kind(st.session_state[f"dial-{name}"])}))


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
        for style, share in zip(styles, dials.weights(), strict=True):
            key = _showing(f"part-{style.name}", round(100 * share))
            st.number_input(style.title, 0, 100, step=5, key=key, on_change=_parted)


def _parted() -> None:
    parts = [st.session_state[f"part-{name}"] for name in current_dials().styles]
    if sum(parts):
        set_dials(replace(current_dials(), shares=tuple(part / sum(parts) for part in parts)))
