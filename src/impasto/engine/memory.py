"""How much memory painting takes, and how large a tile may be."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from impasto.config import Optimize
from impasto.models.backbones import cell_of, reach

__all__ = ["choose_tile", "least_tile", "peak_bytes"]

# Bytes for each pixel of a tile (feature maps and their gradients), measured with benchmarks/optimize.py memory.
PER_TILE_PIXEL = {"embedded": 1250, "vgg": 1700}  # in bfloat16; float32 takes twice as much
PER_STYLE_PIXEL = {"embedded": 420, "vgg": 620}  # the same without gradients: a style is only read
PER_PIXEL = {"lbfgs": 640, "adam": 140}  # the picture, its gradient, and what the optimiser remembers of it
PIXEL_ITSELF = 24  # three numbers, once on the way to the device
AT_REST = 450_000_000  # Python, torch and the network itself
SHARE_OF_FREE = 0.7
LARGEST_TILE = 4096

Size = tuple[int, int]


def peak_bytes(
    size: Size, config: Optimize, precision: torch.dtype, tile: int | None, *, style: Size | None = None
) -> int:
    """Estimate the most memory that painting at ``size`` takes, with a style that is read at the size ``style``.

    First the style is read, then the picture painted; so the larger of the two counts. Sizes are (height, width).
    """
    network = "embedded" if config.backbone == "embedded" else "vgg"
    widening = 1 if precision == torch.bfloat16 else 2
    painting = _in_tile(size, tile) * PER_TILE_PIXEL[network] * widening + _area(size) * PER_PIXEL[config.optimizer]
    style = style or size
    reading = _in_tile(style, tile) * PER_STYLE_PIXEL[network] * widening + _area(style) * PIXEL_ITSELF
    return AT_REST + max(painting, reading)


def least_tile(layers: Iterable[str]) -> int:
    """Return the least tile that is more than its own margin: the deeper a layer, the further it sees."""
    layers = list(layers)
    return 2 * reach(layers) + 4 * max(cell_of(layer) for layer in layers)


def choose_tile(
    size: Size, config: Optimize, precision: torch.dtype, available: int, *, least: int, style: Size | None = None
) -> int | None:
    """Return the tile asked for, or the largest that fits the memory; None where the whole picture fits.

    It is never smaller than ``least``.
    """
    if config.tile is not None:
        return max(config.tile, least)
    if config.style_term == "sliced":  # which looks at the whole picture
        return None
    room = int(available * SHARE_OF_FREE)
    if peak_bytes(size, config, precision, None, style=style) <= room:
        return None
    tile = LARGEST_TILE
    while tile > least and peak_bytes(size, config, precision, tile, style=style) > room:
        tile //= 2
    return max(tile, least)


def _in_tile(size: Size, tile: int | None) -> int:
    return _area(size) if tile is None else min(_area(size), tile * tile)


def _area(size: Size) -> int:
    return size[0] * size[1]
