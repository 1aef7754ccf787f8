"""A two-dimensional pad to mix styles on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from impasto.apps.web.parts.serving import part, picture_url
from impasto.apps.web.styles import GalleryStyle

__all__ = ["mix_pad", "shares_from"]


def mix_pad(
    styles: Sequence[GalleryStyle],
    weights: Sequence[float],
    *,
    on_change: Callable[[tuple[float, ...]], None],
    key: str,
) -> None:
    """Show two to four styles around a puck; ``on_change`` gets one share for each, adding up to 1."""
    import streamlit as st

    def changed() -> None:
        shares = shares_from(st.session_state[key].get("weights"), len(styles))
        if shares:
            on_change(shares)

    icons = [picture_url(style.icon, f"pad-{index}") for index, style in enumerate(styles)]
    shown = [{"title": style.title, "icon": icon} for style, icon in zip(styles, icons, strict=True)]
    part("pad")(key=key, data={"styles": shown, "weights": list(weights)}, on_weights_change=changed)


def shares_from(given: Any, count: int) -> tuple[float, ...]:
    """Return what a browser sent as shares that add up to 1; empty where it is nothing of the kind."""
    if not isinstance(given, list) or len(given) != count:
        return ()
    if not all(isinstance(one, (int, float)) and 0 <= one <= 1 for one in given) or not sum(given):
        return ()
    return tuple(one / sum(given) for one in given)
