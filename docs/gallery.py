"""Make the sheets on which results are judged: ``make gallery``, or ``python docs/gallery.py NAME`` for one of them.

Photos are our drawn harbour and what scikit-image carries, paintings are our drawings: everybody can make them again.
"""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import samples
from torch import Tensor

import impasto
from impasto.engine.gallery import gallery
from impasto.evaluation import contact_sheet, grid_sheet
from impasto.images import write

FOLDER = Path(__file__).parent / "gallery"
STEPS = 160  # of painting by optimisation


@dataclass(frozen=True)
class Room:
    """Where sheets are hung, and how large pictures are."""

    folder: Path
    size: int = 512
    cell: int = 256

    def hang(self, name: str, sheet: Tensor) -> None:
        """Write one sheet."""
        write(sheet, self.folder / f"{name}.webp", quality=80, overwrite=True)

    def every_pair(self, name: str, method: str, **options: Any) -> None:
        """Hang a table of every photo in every style."""
        photos, styles = samples.photos(self.size), samples.styles(self.size)
        painter = impasto.load(method, size=self.size, **options)
        rows: list[list[Tensor | None]] = [[None, *styles.values()]]
        rows += [[photo, *(painter(photo, style).image for style in styles.values())] for photo in photos.values()]
        names = ["", *photos], ["", *styles]
        self.hang(name, grid_sheet(*names, rows, cell=self.cell, title=f"{method}, {self.size} px"))


def fast(room: Room) -> None:
    """Every photo in every drawn style, in one pass."""
    room.every_pair("fast", "fast")


def optimize(room: Room) -> None:
    """Every photo in every drawn style, by optimisation."""
    room.every_pair("optimize", "optimize", steps=STEPS)


def named_styles(room: Room) -> None:
    """The harbour in every style of the gallery."""
    photo, painter = samples.photos(room.size)["harbour"], impasto.load("fast", size=room.size)
    pictures = [(style.name, painter(photo, style.name).image) for style in gallery()]
    room.hang("named-styles", contact_sheet(pictures, cell=room.cell * 3 // 4, title="Styles by name"))


def strength(room: Room) -> None:
    """Strength, for both ways of painting."""
    shares = (0, 25, 50, 75, 100)
    room.hang("strength", _dial(room, "strength", shares, title="Strength"))


def stroke(room: Room) -> None:
    """The size of the strokes, for both ways of painting."""
    room.hang("stroke", _dial(room, "stroke", (0.5, 1.0, 1.5, 2.0), title="Size of the strokes"))


def sizes(room: Room) -> None:
    """The same pair small and large, at the same size on the sheet: strokes are a share of the picture."""
    sides = [room.size // 2, room.size, 2 * room.size]
    photo, style = samples.photos(2 * room.size)["harbour"], samples.styles(2 * room.size)["brushwork"]
    rows = [[_painted(photo, style, method, size=side) for side in sides] for method in _BOTH]
    room.hang("sizes", grid_sheet(_BOTH, [f"painted at {side} px" for side in sides], rows, cell=320, title="Sizes"))


_BOTH = ("fast", "optimize")
SHEETS: dict[str, Callable[[Room], None]] = {
    made.__name__.replace("_", "-"): made for made in (fast, optimize, named_styles, strength, stroke, sizes)
}


def _dial(room: Room, option: str, values: Sequence[float], *, title: str) -> Tensor:
    """Return a table of both methods over the values of an option, on the cat, whose eyes tell what is lost."""
    photos, styles = samples.photos(room.size), samples.styles(room.size)
    photo, style = photos.get("cat", photos["harbour"]), styles["brushwork"]
    rows = [[_painted(photo, style, method, size=room.size, **{option: value}) for value in values] for method in _BOTH]
    return grid_sheet(_BOTH, [f"{value:g}" for value in values], rows, cell=room.cell, title=title)


def _painted(photo: Tensor, style: Tensor, method: str, **options: Any) -> Tensor:
    steps = {"steps": STEPS} if method == "optimize" else {}
    return impasto.stylize(photo, style, method, **steps, **options).image


def main(arguments: Sequence[str] | None = None) -> None:
    """Make what was asked for, or all."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SHEETS))
    asked.add_argument("--to", type=Path, default=FOLDER, help="the folder to write into")
    asked.add_argument("--size", type=int, default=Room.size, help="long side of what is painted")
    args = asked.parse_args(arguments)
    if unknown := set(args.names) - set(SHEETS):
        asked.error(f"there is no sheet {', '.join(sorted(unknown))}; there are {', '.join(SHEETS)}")
    args.to.mkdir(parents=True, exist_ok=True)
    for name in args.names or SHEETS:
        print(f"{name}: {inspect.getdoc(SHEETS[name])}", flush=True)
        SHEETS[name](Room(args.to, args.size))


if __name__ == "__main__":
    main()
