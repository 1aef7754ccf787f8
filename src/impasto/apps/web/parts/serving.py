"""How a part's files and pictures get to the browser."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["asset", "part", "picture_url"]


def asset(name: str) -> str:
    """Return the text of a file in ``assets``."""
    return (files("impasto.apps.web.parts") / "assets" / name).read_text(encoding="utf-8")


@cache
def part(name: str) -> Any:
    """Return the component called ``name``, ready to be mounted."""
    import streamlit as st

    return st.components.v2.component(
        f"impasto_{name}", html=asset(f"{name}.html"), css=asset(f"{name}.css"), js=asset(f"{name}.js")
    )


def picture_url(data: bytes, place: str) -> str:
    """Return an address under which this session's browser finds a picture, as long as the page shows it at ``place``.

    Streamlit keeps it in memory under the hash of its content, so that nobody finds it who does not have it already.
    """
    from streamlit.runtime import get_instance

    return get_instance().media_file_mgr.add(data, _mime_of(data), f"impasto-{place}")


def _mime_of(data: bytes) -> str:
    if data.startswith(b"\x89PNG"):
        return "image/png"
    return "image/webp" if data[8:12] == b"WEBP" else "image/jpeg"
