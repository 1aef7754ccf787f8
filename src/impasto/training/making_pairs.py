"""Making pairs with Impasto's own engines: photos, and the same photos painted.

A set that was begun goes on where it stopped: what is there already is not painted again.
"""

from __future__ import annotations

import json
import logging
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from impasto.engine.recipe import deciding_options
from impasto.errors import InputError, OptionError
from impasto.images import Picture, fit_long_side, read, resize, write
from impasto.training.pictures import pictures_in
from impasto.training.runs import replaced
from impasto.weights import file_sha256

__all__ = ["Made", "Paints", "make_pairs"]

log = logging.getLogger(__name__)
ABOUT = "pairs.json"
SIDES = ("source", "target")


class Paints(Protocol):
    """A method ready to paint, as ``impasto.load`` returns it."""

    @property
    def config(self) -> Any:
        """Its options."""
        ...

    def __call__(self, content: Any, style: Any) -> Any:
        """Paint ``content`` in the manner of ``style``."""
        ...

    def plan(self, content: Any, style: Any) -> Any:
        """Say what a call would do; refuse what it would refuse."""
        ...


@dataclass(frozen=True)
class Made:
    """How making pairs ended."""

    folder: Path
    made: int  # in this session
    there: int  # altogether
    broken: tuple[str, ...]  # photos that could not be read
    interrupted: bool


def make_pairs(
    photos: Path,
    style: str,
    folder: Path,
    painter: Paints,
    *,
    count: int | None = None,
    size: int = 256,
    seed: int = 0,
    on_pair: Callable[[int, int], object] = lambda _done, _count: None,
) -> Made:
    """Paint ``count`` of the photos (or all) into ``folder/source`` and ``folder/target``.

    Photos are brought to a long side of ``size`` pixels first, never enlarged. Ctrl-C ends after the picture that is
    being painted was given up; the same call goes on.
    """
    chosen = _chosen(photos, folder, count, seed)
    _begin(folder, style, painter, size)
    made, broken = 0, []
    try:
        for number, path in enumerate(chosen, 1):
            try:
                result = _make(path, [folder / side / _name_in(photos, path) for side in SIDES], style, painter, size)
            except InputError as fault:
                log.warning("%s is passed over: %s", path.name, fault)
                broken.append(path.name)
                continue
            made += result
            on_pair(number, len(chosen))
    except KeyboardInterrupt:
        return Made(folder, made, _count(folder), tuple(broken), interrupted=True)
    if not _count(folder):
        raise InputError(f"none of the {len(chosen)} photos in {photos} can be read; give a folder of pictures.")
    return Made(folder, made, _count(folder), tuple(broken), interrupted=False)


def _chosen(photos: Path, folder: Path, count: int | None, seed: int) -> list[Path]:
    """Return the photos to paint: some of them, drawn with the seed, so that more of them later begin alike."""
    made = [(folder / side).resolve() for side in SIDES]  # the set may lie among its photos
    found = [path for path in pictures_in(photos) if not any(path.resolve().is_relative_to(side) for side in made)]
    if not found:
        raise InputError(f"all pictures in {photos} are pairs of {folder} already; choose another folder with -o.")
    _refuse_doubles(found, photos)
    random.Random(seed).shuffle(found)  # noqa: S311 - it chooses pictures, not keys
    return found if count is None else found[:count]


def _name_in(photos: Path, path: Path) -> Path:
    """Return what both pictures of a photo's pair are called, below ``source`` and below ``target``."""
    return path.relative_to(photos).with_suffix(".png")


def _refuse_doubles(found: Sequence[Path], photos: Path) -> None:
    name, count = Counter(_name_in(photos, path) for path in found).most_common(1)[0]
    if count > 1:
        names = " and ".join(str(path.relative_to(photos)) for path in found if _name_in(photos, path) == name)
        raise InputError(f"{names} would both become {name}; rename one of them.")


def _begin(folder: Path, style: str, painter: Paints, size: int) -> None:
    """Write down how the pairs are made; refuse to mix them with others."""
    painter.plan(Picture(torch.rand(1, 3, size, size)), style)  # what cannot be painted is refused before all else
    about = {
        "style": Path(style).name,
        "style_sha256": file_sha256(Path(style)) if Path(style).is_file() else None,
        "size": size,
        "method": type(painter.config).__name__,
        "options": deciding_options(painter.config),
    }
    file = folder / ABOUT
    if file.exists() and _noted(file) != json.loads(json.dumps(about)):
        raise OptionError(f"{folder} holds pairs that were made in another way; choose another folder with -o.")
    for side in SIDES:
        (folder / side).mkdir(parents=True, exist_ok=True)
    with replaced(file) as unfinished:
        unfinished.write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _noted(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise InputError(f"{file} is damaged, so nobody knows how the pairs beside it were made; remove it.") from fault


def _make(path: Path, pair: Sequence[Path], style: str, painter: Paints, size: int) -> bool:
    """Make one pair and say whether it was new; the target comes last, so a kill leaves no pair without one."""
    source, target = pair
    if source.exists() and target.exists():
        return False
    given = read(path)
    pixels = resize(given.pixels, fit_long_side(given.size, min(size, max(given.size))))
    result = painter(Picture(pixels=pixels, name=source.name), style)
    if result.stopped == "interrupted":
        raise KeyboardInterrupt
    for one in pair:
        one.parent.mkdir(parents=True, exist_ok=True)
    write(pixels, source, overwrite=True)
    result.save(target)
    return True


def _count(folder: Path) -> int:
    source, target = ({path.relative_to(folder / side) for path in (folder / side).rglob("*.png")} for side in SIDES)
    return len(source & target)
