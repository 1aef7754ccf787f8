"""What this studio can do, told once to the pages."""

from __future__ import annotations

from typing import Any

from impasto.apps.web.calls import Call
from impasto.apps.web.styles import drawn_styles, gallery
from impasto.apps.web.tasks.painting import SLOW_METHOD, quick_method
from impasto.apps.web.tasks.pictures import show, working_copy
from impasto.models import backbone_layers
from impasto.weights import holdings

__all__ = ["introduce"]


def introduce(call: Call) -> dict[str, Any]:
    """Tell the methods, the gallery and the networks that are here; nothing is fetched."""
    show(working_copy(None).pixels, call.folder / "sample.jpg")
    styles = drawn_styles() if quick_method() == SLOW_METHOD else gallery()
    networks = ["embedded", *(name for name in ("vgg19", "vgg16") if _is_here(name))]
    return {
        "method": quick_method(),
        "networks": {name: list(backbone_layers(name)) for name in networks},
        "styles": [style.to_json() for style in styles],
    }


def _is_here(name: str) -> bool:
    return any(holding.entry.name.startswith(f"{name}-") and holding.path is not None for holding in holdings())
