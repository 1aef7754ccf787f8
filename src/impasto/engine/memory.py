"""How much memory painting takes, and how large a tile may be."""

from __future__ import annotations

import torch

from impasto.config import Optimize

__all__ = ["choose_tile", "peak_bytes"]

# Bytes for each pixel of a tile (feature maps and their gradients), measured with benchmarks/optimize.py --memory.
PER_TILE_PIXEL = {"embedded": 900, "vgg": 1700}  # in bfloat16; float32 takes twice as much
PER_PIXEL = {"lbfgs": 640, "adam": 140}  # the picture, its gradient, and what the optimiser remembers of it
AT_REST = 450_000_000  # Python, torch and the network itself
SHARE_OF_FREE = 0.7
LEAST_TILE = 384


def peak_bytes(size: tuple[int, int], config: Optimize, precision: torch.dtype, tile: int | None) -> int:
    """Estimate the most memory that painting at ``size`` (height, width) takes."""
    height, width = size
    pixels = height * width
    in_tile = pixels if tile is None else min(pixels, tile * tile)
    network = PER_TILE_PIXEL["embedded" if config.backbone == "embedded" else "vgg"]
    widening = 1 if precision == torch.bfloat16 else 2
    return AT_REST + in_tile * network * widening + pixels * PER_PIXEL[config.optimizer]


def choose_tile(size: tuple[int, int], config: Optimize, precision: torch.dtype, available: int) -> int | None:
    """Return the tile asked for, or the largest that fits the memory; None where the whole picture fits."""
    if config.tile is not None or config.style_term == "sliced":
        return config.tile
    room = int(available * SHARE_OF_FREE)
    if peak_bytes(size, config, precision, None) <= room:
        return None
    tile = 4096
    while tile > LEAST_TILE and peak_bytes(size, config, precision, tile) > room:
        tile //= 2
    return max(tile, LEAST_TILE)
