"""Widgets made from options: an option is declared once, in :mod:`impasto.config`, and appears here."""

from __future__ import annotations

from typing import Any

import streamlit as st

from impasto.config import Field

__all__ = ["option_widget"]

MOST_WEIGHT = 1000.0


def option_widget(field: Field) -> Any:
    """Show an option with its help, limits and default, and return what it is set to."""
    label = field.name.replace("_", " ").capitalize().replace("Tv ", "Smoothness (TV) ")
    common: dict[str, Any] = {"help": field.help, "key": f"option-{field.name}", "persist_state": "session"}
    if choices := field.choices or field.words:
        return st.selectbox(label, choices, choices.index(field.default), **common)
    if field.plain_type is bool:
        return st.toggle(label, field.default, **common)
    kind = field.plain_type
    low = None if field.minimum is None else kind(field.minimum)
    high = kind(min(field.maximum or MOST_WEIGHT, 2**53 - 1))  # browsers count no further
    return st.number_input(label, low, high, kind(field.default), **common)
