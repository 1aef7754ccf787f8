"""Reading back the recipe, the JSON text that says how a picture was made."""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image

from impasto.errors import InputError
from impasto.images.encoding import PNG_RECIPE
from impasto.images.metadata import exif_of, recipe_in
from impasto.images.opening import opened, shown_name
from impasto.images.writing import sidecar_of

__all__ = ["read_recipe"]


def read_recipe(path: str | os.PathLike[str]) -> str | None:
    """Return the recipe inside a picture, or beside it as ``NAME.json``; None if it has none."""
    path = Path(path)
    with opened(path) as source:
        inside = _recipe_inside(source) if isinstance(source, Image.Image) else None
    return inside if inside is not None else _recipe_beside(path)


def _recipe_inside(image: Image.Image) -> str | None:
    text = image.info.get(PNG_RECIPE)
    return str(text) if text is not None else recipe_in(exif_of(image))


def _recipe_beside(path: Path) -> str | None:
    sidecar = sidecar_of(path)
    if not sidecar.is_file():
        return None
    try:
        return sidecar.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{shown_name(sidecar)} cannot be read as a recipe; remove it or restore it.") from error
