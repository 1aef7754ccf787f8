"""How good, how quick and how large every method is, side by side on the same pairs.

    python benchmarks/methods.py [--methods fast optimize adain magenta] [--size 512] [--photos DIR] [--styles DIR]

Each method paints every photo in every style, in a process of its own, and the results are judged as `impasto compare`
does. Without folders, the pairs are our own drawings. Published models take part when their weights are on this
computer; nothing is fetched. `--judge` names the network that judges, for which no method was trained through it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from impasto import engine
from impasto.config import METHODS
from impasto.errors import ImpastoError
from impasto.evaluation import Comparison, Contender, Pair, compare, machine_facts, pairs_of, report, standings
from impasto.evaluation.comparison import measured_metrics
from impasto.images import brushwork, engraving, harbour, mosaic, write
from impasto.images.formats import format_of


def main() -> None:
    """Measure what was asked for and print it as JSON."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--methods", nargs="+", default=list(METHODS))
    asked.add_argument("--size", type=int, default=512, help="long side in pixels")
    asked.add_argument("--photos", type=Path, help="folder of photographs")
    asked.add_argument("--styles", type=Path, help="folder of paintings")
    asked.add_argument("--judge", default="embedded", help="network that judges, or a file of its weights")
    asked.add_argument("--report", type=Path, help="also keep the pictures and the whole report in this folder")
    asked.add_argument("--json", type=Path, help="also write the numbers here")
    args = asked.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        pairs = pairs_in(args.photos, args.styles, Path(scratch))
        contenders, absent = ready(args.methods, pairs[0], args.size)
        folder = args.report or Path(scratch) / "report"
        found = compare(pairs, contenders, folder, judge=args.judge)
        if args.report:
            report.save_report(found, pairs, folder)
    text = json.dumps({"machine": machine_facts(), "pairs": len(pairs), "absent": absent, **numbers(found)}, indent=1)
    print(text)
    if args.json:
        args.json.write_text(text + "\n")


def pairs_in(photos: Path | None, styles: Path | None, scratch: Path) -> list[Pair]:
    """Return every photo with every style of the folders, or of our own drawings."""
    drawn = {"brushwork": brushwork, "mosaic": mosaic, "engraving": engraving}
    if photos is None:
        write(harbour((512, 768)), scratch / "harbour.png")
    if styles is None:
        for name, draw in drawn.items():
            write(draw((512, 768)), scratch / f"{name}.png")
    return pairs_of(
        pictures(photos) if photos else [scratch / "harbour.png"],
        pictures(styles) if styles else [scratch / f"{name}.png" for name in drawn],
    )


def pictures(folder: Path) -> list[Path]:
    """Return the pictures of a folder."""
    return sorted(path for path in folder.iterdir() if format_of(path.suffix))


def ready(names: list[str], pair: Pair, size: int) -> tuple[list[Contender], dict[str, str]]:
    """Return who can paint with what is here, and why the others cannot."""
    contenders, absent = [], {}
    for name in names:
        try:
            needed = engine.load(name).plan(pair.photo, pair.style).downloads
            if needed:
                absent[name] = f"not here: {', '.join(needed)}"
            else:
                contenders.append(Contender(label=name, method=name, options={"size": size}))
        except ImpastoError as refusal:
            absent[name] = str(refusal)
    return contenders, absent


def numbers(found: Comparison) -> dict[str, Any]:
    """Return each method's mean and bounds by metric."""
    by_method: dict[str, Any] = {one.label: {} for one in found.contenders}
    for name in measured_metrics(found):
        for label, standing in standings(found, name).items():
            interval = {
                key: None if value is None else round(value, 4) for key, value in standing.interval._asdict().items()
            }
            by_method[label][name] = {**interval, "best": standing.best, "level": standing.level}
    refused = {run.contender: run.refusal for run in found.runs if run.refusal}
    return {"judge": Path(found.judge).name, "methods": by_method, "refused": refused}


if __name__ == "__main__":
    main()
