"""Which pictures a folder holds, and what each of them becomes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import PurePath, PurePosixPath

from impasto.engine.folder.places import LocalFolder, Place
from impasto.errors import InputError, OutputError
from impasto.images.formats import READABLE, format_of

__all__ = ["Item", "find_items", "output_name"]


@dataclass(frozen=True)
class Item:
    """One picture to paint, by its name in the folder of photos and in that of results."""

    photo: str
    output: str


def find_items(photos: Place, out: Place, *, bits: int = 8) -> list[Item]:
    """Return every picture in a folder and its sub-folders, in the order of their names."""
    if isinstance(photos, LocalFolder) and not photos.folder.is_dir():
        raise InputError(f"{photos.text} is no folder that exists; give the folder of the pictures to paint.")
    if _path_of(photos) == _path_of(out):
        raise OutputError("the results would replace the photos; choose another folder for them.")
    names = sorted(photos.names(besides=out))
    items = [Item(name, output_name(name, bits)) for name in names if format_of(PurePosixPath(name).suffix)]
    if not items:
        raise InputError(f"{photos.text} and its sub-folders hold no pictures; these can be painted: {READABLE}.")
    _refuse_doubles(items)
    return items


def output_name(name: str, bits: int = 8) -> str:
    """Return the name of a result: the photo's own, or a PNG's where that format would lose something."""
    known = format_of(PurePosixPath(name).suffix)
    assert known is not None
    return name if known.holds_recipe and bits in known.bits else f"{name}.png"


def _refuse_doubles(items: list[Item]) -> None:
    output, count = Counter(item.output for item in items).most_common(1)[0]
    if count > 1:
        names = " and ".join(item.photo for item in items if item.output == output)
        raise OutputError(f"{names} would both become {output}; rename one of them.")


def _path_of(place: Place) -> PurePath:
    """Return where a place is, the same for all its names."""
    return place.folder.resolve() if isinstance(place, LocalFolder) else PurePosixPath(place.text)
