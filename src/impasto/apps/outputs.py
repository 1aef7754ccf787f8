"""Where results go: a sensible name, and every reason against it found before the slow part begins."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.config import MethodOptions
from impasto.errors import ImpastoError, OutputError

if TYPE_CHECKING:
    from impasto.images import Picture

__all__ = [
    "called_after",
    "check_chart",
    "check_film",
    "check_free",
    "check_picture",
    "check_place",
    "default_name",
    "title_of",
]

LONGEST_NAME = 200  # bytes; file systems stop at 255


def title_of(style: str) -> str:
    """Return what a style is called in file names and labels: its file's stem, or a folder's name."""
    path = Path(style)
    return (path.stem if path.suffix and not path.is_dir() else path.name) or path.resolve().name


def called_after(styles: Sequence[str], config: MethodOptions) -> Sequence[str]:
    """Return what a result is called after: its styles, or the model that has learnt its own."""
    model = getattr(config, "model", None)
    return styles or ([model.stem] if model is not None else [])


def default_name(photo: Path, styles: Sequence[str], picture: Picture, *, bits: int = 8) -> str:
    """Return ``PHOTO-STYLE`` in the photo's format, or PNG where that format would lose something."""
    stem = f"{photo.stem}-{'+'.join(title_of(style) for style in styles)}"
    return f"{_shortened(stem)}{_suffix(photo, picture, bits)}"


def _shortened(stem: str) -> str:
    known = os.fsencode(stem)
    return stem if len(known) <= LONGEST_NAME else known[:LONGEST_NAME].decode(errors="ignore")


def check_picture(path: Path, *, force: bool, bits: int = 8, inputs: Iterable[Path] = ()) -> None:
    """Refuse a place where a picture could not be written, or only over something that should stay."""
    from impasto.images import check_writable, sidecar_of

    known = check_writable(path, overwrite=True, bits=bits)
    for given in inputs:
        if path.exists() and given.exists() and path.samefile(given):
            raise OutputError(f"{path} is one of the pictures to start from; choose another name with -o.")
    if not force and _is_half_done(path):
        raise OutputError(
            f"{path} is there, half done; go on with it by `impasto resume {path}`, or overwrite it with --force."
        )
    check_free(path, force=force)
    if not known.holds_recipe:
        check_free(sidecar_of(path), force=force)


def _is_half_done(path: Path) -> bool:
    """Say whether a file is a picture whose painting was interrupted."""
    from impasto.images import read_recipe

    try:
        recipe = json.loads(read_recipe(path) or "{}") if path.is_file() else {}
    except (ImpastoError, ValueError):  # it is something else
        return False
    return isinstance(recipe, dict) and recipe.get("stopped") is not None


def check_chart(path: Path, *, force: bool) -> None:
    """Refuse a place where the losses could not be drawn."""
    from impasto.evaluation import check_plot

    check_plot(path)
    check_free(path, force=force)


def check_film(path: Path, *, force: bool) -> None:
    """Refuse a timelapse that could not be written."""
    from impasto.evaluation import Timelapse

    Timelapse(path).discard()  # making one checks all that a film needs
    check_free(path, force=force)


def check_place(path: Path, *, force: bool) -> None:
    """Refuse a place where nothing could be written, before anything slow begins."""
    if not path.absolute().parent.is_dir():
        raise OutputError(f"the folder {path.parent} does not exist; make it, or choose another place with -o.")
    check_free(path, force=force)


def check_free(path: Path, *, force: bool) -> None:
    """Refuse to write over what is there, unless that was asked for."""
    if not force and (path.exists() or path.is_symlink()):
        raise OutputError(f"{path} exists already; choose another name, or overwrite it with --force.")


def _suffix(photo: Path, picture: Picture, bits: int) -> str:
    from impasto.images.formats import format_of

    known = format_of(photo.suffix)
    if known is None or picture.alpha is not None or bits not in known.bits or known.name == "GIF":
        return ".png"  # a GIF has too few colors for a painting
    return photo.suffix
