"""Which layers are compared, and how much each counts."""

from __future__ import annotations

import math
from collections.abc import Sequence

from impasto.config import Optimize
from impasto.errors import OptionError, did_you_mean

__all__ = ["STYLE_LAYERS", "content_layers", "style_layers", "usual_style_layers"]

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
"""In which styles are compared: the first of every scale, as Gatys et al. chose them."""

THROUGH_ENCODER = (*STYLE_LAYERS[:4], "relu5_1=0.5", "relu1_2", "relu2_2", "relu3_2")
"""In which they are compared through the embedded encoder. Its layers are narrow and each see less, so there are more
of them; the deepest is the least exact, and counts half."""


def usual_style_layers(config: Optimize) -> tuple[str, ...]:
    """Return the layers in which styles are compared where none are named, perhaps with their weights."""
    through_encoder = config.backbone == "embedded" and config.balance == "pair"
    return THROUGH_ENCODER if through_encoder else STYLE_LAYERS


def style_layers(
    asked: Sequence[str], available: Sequence[str], usual: Sequence[str] = STYLE_LAYERS
) -> dict[str, float]:
    """Return the style layers with their weights; by default those of the usual ones that the network has."""
    return _weighted(asked or [entry for entry in usual if _parsed(entry)[0] in available], available)


def content_layers(asked: Sequence[str], available: Sequence[str]) -> dict[str, float]:
    """Return the content layers with their weights."""
    return _weighted(asked, available)


def _weighted(asked: Sequence[str], available: Sequence[str]) -> dict[str, float]:
    weights = dict(_parsed(entry) for entry in asked)
    for layer in weights:
        if layer not in available:
            hint = did_you_mean(layer, available)
            raise OptionError(f"the network has no layer {layer!r}{hint}; it has {', '.join(available)}.")
    if not any(weights.values()):
        raise OptionError("no layer has a weight above 0; name at least one.")
    return weights


def _parsed(entry: str) -> tuple[str, float]:
    layer, _, weight = entry.partition("=")
    try:
        value = float(weight) if weight else 1.0
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise OptionError(f"{entry!r} does not name a layer and its weight; write relu4_1 or relu4_1=0.5.")
    return layer.strip(), value
