"""How many pictures a node paints in a second, what the way there and back costs, and so how long a million takes.

    python benchmarks/cluster.py [--method fast] [--side 1024] [--pictures 48] [--workers 1 2 ray] [--json FILE]
    python benchmarks/cluster.py --workers ray --address auto --shared DIR

For each crew (a number of processes, or ray) a folder of drawn photographs is painted three times:

paint     with the method at its defaults: what users get.
carry     with strength 0, which reads and writes each picture and paints nothing: the share of decoding and encoding.
tiny      with strength 0 and pictures of 16 pixels: what any picture costs a worker at least.

The first picture comes after the method is loaded; that start is told by itself and is not in the rates. Besides, one
process hands out and notes the pictures of all nodes: its rate, measured with workers who do nothing, is where a
cluster stops getting quicker. With `--address`, `--shared` names a folder that all nodes can reach.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

from impasto.engine.folder import Advance, place_of, stylize_folder
from impasto.engine.folder.finding import Item
from impasto.engine.folder.journal import open_journal
from impasto.engine.folder.running import Run
from impasto.engine.folder.worker import Done
from impasto.evaluation.machine import machine_facts
from impasto.images import brushwork, harbour, write

MILLION = 1_000_000
NODES = (1, 10, 100, 1000)
TINY, MANY = 16, 10  # pixels a side, and times as many pictures, where only handling is measured


def main() -> None:
    """Measure all crews and print the numbers."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--method", default="fast", help="any method")
    asked.add_argument("--side", type=int, default=1024, help="long side of the pictures in pixels")
    asked.add_argument("--pictures", type=int, default=48)
    asked.add_argument("--workers", nargs="+", default=["1", "2", "ray"])
    asked.add_argument("--address", help="of a Ray cluster")
    asked.add_argument("--nodes", type=int, default=1, help="of the cluster at --address")
    asked.add_argument("--shared", type=Path, help="folder to work in")
    asked.add_argument("--json", type=Path, help="also write the numbers here")
    args = asked.parse_args()
    with tempfile.TemporaryDirectory(dir=args.shared) as folder:
        found = {crew: measured(crew, args, Path(folder)) for crew in args.workers}
        most = handed_out(Path(folder))
    document = {
        "machine": machine_facts(),
        "method": args.method,
        "pixels": args.side * (args.side * 2 // 3),
        "handed out a second": most,
        "crews": found,
        "a million": {crew: a_million(rates, args.nodes, most) for crew, rates in found.items()},
    }
    print(json.dumps(document, indent=1))
    if args.json:
        args.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def measured(crew: str, args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Paint, carry and carry tiny ones with one crew."""
    size, tiny = (args.side * 2 // 3, args.side), (TINY, TINY)
    style = folder / "style.png"
    if not style.exists():
        write(brushwork((512, 512)), style)
    runs = {
        "paint": painted(crew, args, draw(folder / "photos", size, args.pictures), folder / f"paint-{crew}", 100.0),
        "carry": painted(crew, args, folder / "photos", folder / f"carry-{crew}", 0.0),
        "handle": painted(
            crew, args, draw(folder / "tiny", tiny, MANY * args.pictures), folder / f"handle-{crew}", 0.0
        ),
    }
    print({"crew": crew, **runs}, file=sys.stderr)
    return runs


def draw(folder: Path, size: tuple[int, int], count: int) -> Path:
    """Draw a folder of photographs, unless it is there."""
    if not folder.exists():
        folder.mkdir()
        scene = harbour(size)
        for number in range(count):
            write(scene.roll(number * 7, dims=3), folder / f"{number:05}.jpg")
    return folder


def painted(crew: str, args: argparse.Namespace, photos: Path, out: Path, strength: float) -> dict[str, float]:
    """Paint a folder; return the seconds until the first picture, and the rate after it."""
    began, first = time.perf_counter(), Moment()
    workers: int | Literal["ray"] = "ray" if crew == "ray" else int(crew)
    options = {"strength": strength, "address": args.address if crew == "ray" else None}
    report = stylize_folder(
        photos, photos.parent / "style.png", args.method, out=out, workers=workers, on_step=first, **options
    )
    seconds = time.perf_counter() - first.at
    return {
        "start in seconds": round(first.at - began, 2),
        "pictures a second": round((report.done - first.done) / max(seconds, 1e-6), 3),
        "failed": len(report.failed),
    }


class Moment:
    """When the first pictures were done, and how many they were."""

    def __init__(self) -> None:
        self.at, self.done = time.perf_counter(), 0

    def __call__(self, advance: Advance) -> None:
        """Note the moment when there is something for the first time."""
        if not self.done and advance.done:
            self.at, self.done = time.perf_counter(), advance.done


class Idle:
    """A crew that does nothing, at once."""

    free = 64  # pictures that come back together

    def __init__(self) -> None:
        self.given: list[Item] = []

    def give(self, item: Item) -> None:
        """Take a picture."""
        self.given.append(item)

    def take(self, timeout: float) -> list[Done]:
        """Give everything back as done."""
        del timeout
        done, self.given = [Done(item, {"photo": "0" * 64, "seconds": 1.0}) for item in self.given], []
        return done

    def close(self) -> None:
        """Do nothing."""


def handed_out(folder: Path, count: int = 20_000) -> float:
    """Return how many pictures a second the process can hand out and note that gives the work."""
    items = [Item(f"{number:06}.jpg", f"{number:06}.jpg") for number in range(count)]
    with closing(open_journal(place_of(folder / "journal"), {})) as journal:
        run = Run(journal, count, 0, set(), lambda _: None)
        began = time.perf_counter()
        run.interrupted(items, Idle)
        return round(count / (time.perf_counter() - began))


def a_million(rates: dict[str, Any], nodes: int, most: float) -> dict[str, float]:
    """Return the hours for a million pictures by number of nodes: they share the painting, but not the handing out."""
    each = rates["paint"]["pictures a second"] / nodes
    return {f"{count} nodes, hours": round(MILLION / min(each * count, most) / 3600, 2) for count in NODES}


if __name__ == "__main__":
    main()
