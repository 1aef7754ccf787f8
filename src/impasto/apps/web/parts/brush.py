"""A brush to paint a mask over the photo with."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from impasto.apps.web.parts.serving import part, picture_url

__all__ = ["brush", "mask_from"]

LARGEST_SIDE, MOST_BYTES = 2048, 2_000_000
_START = "data:image/png;base64,"
_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def brush(photo: bytes, *, ratio: float, hint: str, on_change: Callable[[bytes], None], key: str) -> None:
    """Show the photo under a brush; ``on_change`` gets the mask as PNG, empty where nothing is painted."""
    import streamlit as st

    part("brush")(
        key=key,
        data={
            "photo": picture_url(photo, f"{key}-photo"),
            "ratio": ratio,
            "hint": hint,
            "label": "The photo to paint on. Arrow keys move the brush, Space paints.",
        },
        on_mask_change=lambda: on_change(mask_from(st.session_state[key].get("mask"))),
    )


def mask_from(given: Any) -> bytes:
    """Return the PNG that a browser sent; empty where it is none, or too large a one."""
    if not isinstance(given, str) or not given.startswith(_START) or len(given) > MOST_BYTES:
        return b""
    try:
        data = base64.b64decode(given[len(_START) :], validate=True)
    except binascii.Error:
        return b""
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    return data if data.startswith(_PNG) and 0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE else b""
