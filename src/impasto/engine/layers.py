"""Which layers are compared, and how much each counts."""

from __future__ import annotations

import math
from collections.abc import Sequence

from impasto.errors import OptionError, did_you_mean

__all__ = ["content_layers", "style_layers"]

CLASSIC_STYLE = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")


def style_layers(asked: Sequence[str], available: Sequence[str]) -> dict[str, float]:
    """Return the style layers with their weights; by default the classic ones that the network has."""
    return _weighted(asked or [layer for layer in CLASSIC_STYLE if layer in available], available)


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
