"""Pictures: reading, writing, color, size, masks and tiles. No networks here, and nothing that prints.

Everywhere pixels are ``(B, 3, H, W)`` float32 sRGB in [0, 1] and sizes are ``(height, width)``.
"""

from impasto.images.alpha import fill_transparent, over_white
from impasto.images.color import lab_to_rgb, luminance, rgb_to_lab, rgb_to_yiq, yiq_to_rgb
from impasto.images.masks import read_mask, region_weights
from impasto.images.opening import MAX_PIXELS
from impasto.images.picture import Metadata, Picture
from impasto.images.reading import read, read_small
from impasto.images.recipes import read_recipe
from impasto.images.recoloring import keep_color, match_color, transfer_color_only
from impasto.images.resizing import fit_long_side, resize
from impasto.images.samples import brushwork, engraving, harbour, mosaic
from impasto.images.tiles import Tile, split
from impasto.images.writing import check_writable, sidecar_of, write

__all__ = [
    "MAX_PIXELS",
    "Metadata",
    "Picture",
    "Tile",
    "brushwork",
    "check_writable",
    "engraving",
    "fill_transparent",
    "fit_long_side",
    "harbour",
    "keep_color",
    "lab_to_rgb",
    "luminance",
    "match_color",
    "mosaic",
    "over_white",
    "read",
    "read_mask",
    "read_recipe",
    "read_small",
    "region_weights",
    "resize",
    "rgb_to_lab",
    "rgb_to_yiq",
    "sidecar_of",
    "split",
    "transfer_color_only",
    "write",
    "yiq_to_rgb",
]
