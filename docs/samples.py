"""The pictures that the documents are illustrated with: our own drawings, and photographs inside scikit-image's wheel.

All are free to use and to change: the drawings are code of ours, the photographs are public domain or CC0.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from impasto.images import brushwork, engraving, fit_long_side, harbour, mosaic, read, resize


class Photograph(NamedTuple):
    """One of scikit-image's files, with whom to thank."""

    file: str
    credit: str


PHOTOGRAPHS = {
    "cat": Photograph("chelsea.png", "Stéfan van der Walt, CC0"),
    "coffee": Photograph("coffee.png", "Rachel Michetti, CC0"),
    "rocket": Photograph("rocket.jpg", "SpaceX, public domain"),
    "astronaut": Photograph("astronaut.png", "NASA, public domain"),
}
DRAWN_STYLES: dict[str, Callable[[tuple[int, int]], Tensor]] = {
    "brushwork": brushwork,
    "mosaic": mosaic,
    "engraving": engraving,
}


@functools.cache
def photos(side: int) -> dict[str, Tensor]:
    """Return the photos by name, (1, 3, H, W) with this long side: the drawn harbour, and what scikit-image has."""
    found = {"harbour": harbour(fit_long_side((2, 3), side))}
    for name, photograph in PHOTOGRAPHS.items():
        if path := _inside_scikit_image(photograph.file):
            pixels = read(path).pixels
            found[name] = resize(pixels, fit_long_side((pixels.shape[2], pixels.shape[3]), side))
    return found


@functools.cache
def styles(side: int) -> dict[str, Tensor]:
    """Return the drawn paintings by name, (1, 3, H, W) with this long side."""
    return {name: draw(fit_long_side((2, 3), side)) for name, draw in DRAWN_STYLES.items()}


def _inside_scikit_image(file: str) -> Path | None:
    package = importlib.util.find_spec("skimage")
    places = package.submodule_search_locations or [] if package else []
    return next((path for place in places if (path := Path(place, "data", file)).is_file()), None)
