"""The gallery to choose styles from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from impasto.apps.web.parts.serving import part, picture_url
from impasto.apps.web.styles import GalleryStyle

__all__ = ["choose_styles"]


def choose_styles(
    styles: Sequence[GalleryStyle],
    chosen: Sequence[str],
    *,
    most: int,
    on_change: Callable[[list[str]], None],
    key: str,
) -> None:
    """Show the styles; ``on_change`` gets the names that the visitor chooses, none of them unknown."""
    import streamlit as st

    known = {style.name for style in styles}

    def changed() -> None:
        wanted = st.session_state[key].get("chosen")
        names = [name for name in dict.fromkeys(wanted) if name in known] if isinstance(wanted, list) else []
        if names:
            on_change(names[:most])

    part("gallery")(
        key=key,
        data={"styles": [_shown(style) for style in styles], "chosen": list(chosen), "most": most},
        on_chosen_change=changed,
    )


def _shown(style: GalleryStyle) -> dict[str, str]:
    return {
        "name": style.name,
        "title": style.title,
        "artist": style.artist,
        "year": style.year,
        "museum": style.museum,
        "icon": picture_url(style.icon, f"icon-{style.name}"),
    }
