"""What a network of one style gains over the fast network, and a folder of paintings over one painting.

    python benchmarks/style_network.py paintings --kit KIT --judge JUDGE
    python benchmarks/style_network.py folder --kit KIT --judge JUDGE

paintings  Three paintings, named below before anything was trained, are learnt from the fast network; then the judge's
           eight photos are painted at 512 px by it and by the fast network itself, and scored by the judge.
folder     Twelve of Monet's paintings are learnt as one style, and each alone with as many steps; the judge's photos
           are painted by all thirteen models, and their style is compared with six other Monets.

KIT holds photos, paintings and MANIFEST.csv; JUDGE is a Python file with a class Judge and a function read, beside
a folder of pictures. Finished trainings in --runs are taken up, so a benchmark that was stopped goes on.
"""

from __future__ import annotations

import argparse
import csv
import functools
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from encoder import DISTILLED_FILE, VGG_FILE
from impasto.config import StyleTraining
from impasto.engine import load
from impasto.evaluation import machine_facts
from impasto.training.style import train_style
from judging import judge_module, means

PAINTINGS = ("oa_metmuseum_436535.jpg", "oa_artic_8980.jpg", "nm_edvard_munch_melancholy.jpg")
PHOTOS = ("bamboo_forest", "cornell", "golden_gate", "kodak_red_hat", "lion", "sailboat", "stata", "tubingen")
ARTIST, LEARNT, COMPARED = "Claude Monet", 12, 6
TEACHERS = (VGG_FILE, DISTILLED_FILE)  # of the kit; they judge what is painted while it is learnt
SIDE = 512


def paintings(args: argparse.Namespace) -> dict[str, Any]:
    """Compare with the fast network, painting by painting."""
    judge, found = judge_module(args.judge).Judge(), {}
    for name in PAINTINGS[: args.count]:
        painting = args.kit / "paintings" / name
        model, seconds = trained(args, painting, painting.stem)
        ours = scored(args, judge, painting, painted(args, model, painting.stem))
        fast = scored(args, judge, painting, painted(args, None, f"fast-{painting.stem}", painting))
        found[name] = {
            "training seconds": round(seconds),
            "trained": ours,
            "fast": fast,
            "better by": round(1 - ours["quality"] / fast["quality"], 3),
        }
        print(name, found[name], file=sys.stderr, flush=True)
    return found


def folder(args: argparse.Namespace) -> dict[str, Any]:
    """Compare a folder of paintings with each of them alone."""
    looking = Looking(args.judge)
    learnt, compared = split(monets(args.kit))
    together = args.runs / "monet"
    together.mkdir(parents=True, exist_ok=True)
    for painting in learnt:
        (together / painting.name).write_bytes(painting.read_bytes())
    found = {}
    for name, style in {"all twelve": together, **{one.stem: one for one in learnt[: args.count]}}.items():
        model, seconds = trained(args, style, name.replace(" ", "-"))
        pictures = painted(args, model, f"monet-{name.replace(' ', '-')}")
        far = mean(looking.style(args, picture, photo, compared) for photo, picture in pictures.items())
        found[name] = {"style distance": round(far, 4), "training seconds": round(seconds)}
        print(name, found[name], file=sys.stderr, flush=True)
    return {"compared with": [one.name for one in compared], "models": found}


def monets(kit: Path) -> list[Path]:
    """Return the kit's paintings by the artist, in the order of their names."""
    with (kit / "MANIFEST.csv").open(encoding="utf-8", newline="") as rows:
        return sorted(kit / row["path"] for row in csv.DictReader(rows) if row["artist"].startswith(ARTIST))


def split(found: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Keep every third painting for the comparison, and learn the others."""
    compared = list(found[::3])[:COMPARED]
    return [one for one in found if one not in compared][:LEARNT], compared


def trained(args: argparse.Namespace, style: Path, name: str) -> tuple[Path, float]:
    """Train a model, or go on with it; return it and the seconds that this took in all."""
    config = StyleTraining(
        style=style,
        photos=args.kit / "photos",
        from_weights=None if args.scratch else "fast",
        steps=args.steps,
        batch=args.batch,
        crop=args.crop,
        learning_rate=args.learning_rate,
        teacher=tuple(args.kit / name for name in TEACHERS) if args.teachers else (),
    )
    args.runs.mkdir(parents=True, exist_ok=True)
    model, clock, began = args.runs / f"{name}.safetensors", args.runs / f"{name}.seconds", time.monotonic()
    before = float(clock.read_text()) if clock.exists() else 0.0
    train_style(config, model)
    seconds = before + time.monotonic() - began
    clock.write_text(f"{seconds:.1f}")
    return model, seconds


def painted(args: argparse.Namespace, model: Path | None, name: str, style: Path | None = None) -> dict[str, Path]:
    """Paint the judge's photos with a model, or with the fast network in a style; return the pictures by photo."""
    method = load("fast" if model is None else model, size=SIDE)
    folder = args.runs / "pictures" / name
    folder.mkdir(parents=True, exist_ok=True)
    results = {}
    for photo in PHOTOS[: args.photos]:
        given = () if style is None else (style,)
        results[photo] = method(photo_path(args, photo), *given).save(folder / f"{photo}.png")
    return results


def scored(args: argparse.Namespace, judge: Any, style: Path, pictures: dict[str, Path]) -> dict[str, float]:
    """Return the judge's mean scores."""
    return means(judge.score(photo_path(args, photo), style, picture) for photo, picture in pictures.items())


def photo_path(args: argparse.Namespace, photo: str) -> Path:
    """Return the file of one of the judge's photos."""
    found: Path = args.judge.parent / "pictures" / f"{photo}.jpg"
    return found


class Looking:
    """The judge's sense of style alone; photos and paintings are looked at once."""

    def __init__(self, judge: Path) -> None:
        module = judge_module(judge)
        self._judge = module.Judge()
        self._features = lambda path: self._judge.features(module.read(path))
        self._remembered = functools.cache(self._features)

    def style(self, args: argparse.Namespace, picture: Path, photo: str, paintings: Sequence[Path]) -> float:
        """Return the mean distance of a picture from paintings, each as a share of the photo's own distance."""
        seen, untouched = self._features(picture), self._remembered(photo_path(args, photo))
        return mean(self._judge.style(seen, self._remembered(painting), untouched) for painting in paintings)


def main() -> None:
    """Run what was asked for and print it as JSON."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("what", choices=["paintings", "folder"])
    asked.add_argument("--kit", type=Path, required=True)
    asked.add_argument("--judge", type=Path, required=True)
    asked.add_argument("--runs", type=Path, default=Path("runs/style_network"))
    asked.add_argument("--scratch", action="store_true", help="train the small network from nothing")
    asked.add_argument("--no-teachers", dest="teachers", action="store_false", help="let the embedded encoder judge")
    asked.add_argument("--steps", type=int, default=450)
    asked.add_argument("--batch", type=int, default=4)
    asked.add_argument("--crop", type=int, default=192)
    asked.add_argument("--learning-rate", type=float, default=1e-3)
    asked.add_argument("--count", type=int, default=12, help="how many paintings, to try it out")
    asked.add_argument("--photos", type=int, default=8, help="how many photos, to try it out")
    asked.add_argument("--json", type=Path)
    args = asked.parse_args()
    found = {"paintings": paintings, "folder": folder}[args.what](args)
    told = ("scratch", "teachers", "steps", "batch", "crop", "learning_rate")
    training = {name: getattr(args, name) for name in told}
    text = json.dumps({"machine": machine_facts(), "training": training, args.what: found}, indent=1)
    print(text)
    if args.json:
        args.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
