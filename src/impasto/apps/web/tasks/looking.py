"""What a network sees in a picture: its maps, what it compares of styles, and what it could paint from memory."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from impasto import engine
from impasto.apps.web.calls import Call
from impasto.apps.web.styles import gallery
from impasto.apps.web.tasks.painting import listener, styles_of
from impasto.apps.web.tasks.pictures import working_copy
from impasto.evaluation import feature_sheet, gram_sheet
from impasto.images import fit_long_side, read, resize, write
from impasto.models import load_backbone

__all__ = ["look"]

SEEN_SIDE = 384
CHANNELS = 16


def look(call: Call) -> dict[str, Any]:
    """Draw one of the four views of a picture: features, gram, content or style."""
    kind, layers = call.arguments["kind"], list(call.arguments["layers"])
    picture = _picture(call)
    if kind in ("features", "gram"):
        drawn = _sheet(kind, picture, call.arguments["backbone"], layers)
    else:
        drawn = _recovered(kind, picture, layers, call)
    write(drawn, call.folder / "sheet.png", overwrite=True)
    height, width = drawn.shape[-2:]
    return {"file": "sheet.png", "height": height, "width": width}


def _picture(call: Call) -> Tensor:
    """Return the pixels of the photo, or of the first style."""
    if not call.arguments["styles"]:
        return working_copy(call.arguments["photo"]).pixels
    style = styles_of(call.arguments)[0]
    if isinstance(style, str):  # of the gallery only what it shows is a picture
        icon = call.folder / "icon"
        icon.write_bytes(next(one.icon for one in gallery() if one.name == style))
        style = read(icon)
    return style if isinstance(style, Tensor) else style.pixels


def _sheet(kind: str, picture: Tensor, backbone: str, layers: list[str]) -> Tensor:
    size = fit_long_side((picture.shape[-2], picture.shape[-1]), SEEN_SIDE)
    network = load_backbone(backbone, layers)
    with torch.no_grad():
        features = network(resize(picture, size))
    found = {layer: features[layer] for layer in layers}
    return feature_sheet(found, channels=CHANNELS, title=" ") if kind == "features" else gram_sheet(found, title=" ")


def _recovered(kind: str, picture: Tensor, layers: list[str], call: Call) -> Tensor:
    how = {key: call.arguments[key] for key in ("backbone", "size", "steps")}
    if kind == "content":
        return engine.reconstruct_content(picture, layers[0], on_step=listener(call), **how)
    return engine.reconstruct_style(picture, layers, on_step=listener(call), **how)
