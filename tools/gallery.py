"""Make the gallery anew: the vector of every painting in configs/gallery.toml, and an icon of each style.

    python tools/gallery.py FOLDER [FOLDER ...]

The folders hold the paintings. Only vectors and pictures of our own are written, never a painting.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import impasto
from impasto.device import pick_device, pick_precision
from impasto.engine.fast import vector_of
from impasto.engine.gallery import DATA, GALLERY_FILE, NamedStyle, write_styles
from impasto.engine.inputs import Style
from impasto.images import read, samples, write

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LIST = Path(__file__).parent.parent / "configs" / "gallery.toml"
ICON = (192, 256)  # (height, width)


def main() -> None:
    """Write vectors, then icons with the network as it is now."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path, nargs="+")
    folders = asked.parse_args().folder
    styles = [_described(fact, folders) for fact in tomllib.loads(LIST.read_text("utf-8"))["style"]]
    write_styles(GALLERY_FILE, styles)
    for style in styles:
        _draw_icon(style)
        print(style.name, "·", style.credit)


def _described(fact: dict[str, str], folders: Iterable[Path]) -> NamedStyle:
    file = fact.pop("file")
    found = [path for folder in folders for path in sorted(folder.rglob(f"{file}.*"))]
    if not found:
        sys.exit(f"{file} is in none of the folders given.")
    device = pick_device()
    vector = vector_of(Style(file, (read(found[0]),)), device, pick_precision("auto", device))
    return NamedStyle(**fact, vector=vector)


def _draw_icon(style: NamedStyle) -> None:
    sample = samples.harbour((ICON[0] * 2, ICON[1] * 2))
    painted = impasto.stylize(sample, Style(style.name, vector=style.vector), "fast", size=ICON[1]).image
    path = DATA / "icons" / f"{style.name}.webp"
    path.parent.mkdir(parents=True, exist_ok=True)
    write(painted, path, quality=80, overwrite=True)


if __name__ == "__main__":
    main()
