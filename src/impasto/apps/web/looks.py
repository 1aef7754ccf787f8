"""How the pages look: the theme that Streamlit reads, and a style sheet in its colors for what it leaves plain."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["style_sheet", "theme"]

_HERE = Path(__file__).parent
_COLORS = {
    "ink": "textColor",
    "paper": "backgroundColor",
    "card": "secondaryBackgroundColor",
    "line": "borderColor",
    "brush": "primaryColor",
}


@cache
def theme() -> dict[str, Any]:
    """Return the theme as it stands in its file."""
    found: dict[str, Any] = tomllib.loads((_HERE / "theme.toml").read_text(encoding="utf-8"))["theme"]
    return found


def style_sheet() -> str:
    """Return the style sheet, as an element of HTML; it knows the theme's colors by day and by night."""
    rules = (_HERE / "theme.css").read_text(encoding="utf-8")
    return f"<style>\n:root {{ {' '.join(_variables())} }}\n{rules}</style>"


def _variables() -> list[str]:
    """Return each color as a CSS variable; which of its two values holds is for the page's color scheme to say."""
    light, dark = ({**theme(), **theme()[mode]} for mode in ("light", "dark"))
    return [f"--impasto-{name}: light-dark({light[key]}, {dark[key]});" for name, key in _COLORS.items()]
