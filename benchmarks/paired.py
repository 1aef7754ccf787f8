"""How soon a U-Net has learnt a style from pairs, and how near it comes to them: the words of docs/train-pairs.md.

    python benchmarks/paired.py PHOTOS STYLE --work DIR [--count 200] [-- TRAINING OPTIONS]

Pairs are made of --count photos by optimisation, the U-Net is trained and stopped early, evaluated, and used on a photo
that it has never seen and on a picture of 4 megapixels. What is there already is taken up, so a benchmark that was
stopped goes on; the seconds of each step are written down when it ends, and added up. Prints JSON: the seconds of every
step, and what must hold.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from impasto.apps.cli import run as impasto
from impasto.images import read, resize, write
from impasto.training.pictures import pictures_in

LARGE = (1792, 2304)  # 4 megapixels
TEACHER = ("--stroke", "1.5", "--content-weight", "3")  # strokes that follow the photo can be foretold
LESSON = ("--style-weight", "2")  # the squared error alone paints the mean of all strokes that would be right


def main(arguments: Sequence[str]) -> int:
    """Run all steps and print what came of it."""
    words = list(arguments)
    cut = words.index("--") if "--" in words else len(words)
    args, training = _parsed(words[:cut]), words[cut + 1 :]
    pairs, run, seconds_file = args.work / "pairs", args.work / "run", args.work / "seconds.json"
    args.work.mkdir(parents=True, exist_ok=True)
    new, large = args.work / "new.png", args.work / "large.png"
    made = ("--count", str(args.count), "--size", str(args.size), "--steps", str(args.steps), *TEACHER)
    model = run / "model.safetensors"
    steps: dict[str, tuple[Any, ...]] = {
        "make pairs": ("data", "make-pairs", args.photos, "--style", args.style, "-o", pairs, *made),
        "check": ("data", "check", pairs),
        "train": ("train", "paired", pairs, "-o", run, *LESSON, *training),
        "evaluate": ("evaluate", run),
        "a new photo": ("stylize", new, "--method", model, "-o", args.work / "new-painted.png", "--force"),
        "4 megapixels": ("stylize", large, "--method", model, "-o", args.work / "large-painted.png", "--force"),
    }
    seconds = json.loads(seconds_file.read_text()) if seconds_file.exists() else {}
    for name, command in steps.items():
        if name == "check":
            _prepare_unseen(args.photos, pairs / "source", new, large)
        began = time.monotonic()
        with contextlib.redirect_stdout(sys.stderr):  # what is printed here is the JSON alone
            status = impasto([str(word) for word in command])
        if status not in (0, 1):  # a check that found something is no failure
            return status
        seconds[name] = round(seconds.get(name, 0) + time.monotonic() - began, 1)
        seconds_file.write_text(json.dumps(seconds))
    print(json.dumps(_summary(run, seconds), indent=2))
    return 0


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("style", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="folder of everything that is made")
    parser.add_argument("--count", type=int, default=200, help="how many pairs")
    parser.add_argument("--size", type=int, default=256, help="long side of the pairs")
    parser.add_argument("--steps", type=int, default=60, help="steps of optimisation for each pair")
    return parser.parse_args(words)


def _prepare_unseen(photos: Path, seen: Path, new: Path, large: Path) -> None:
    """Write a photo that no pair was made of, and the same at 4 megapixels."""
    names = {path.stem for path in seen.iterdir()}
    pixels = read(next(path for path in pictures_in(photos) if path.stem not in names)).pixels
    write(pixels, new, overwrite=True)
    write(resize(pixels, LARGE), large, overwrite=True)


def _summary(run: Path, seconds: dict[str, float]) -> dict[str, Any]:
    standing = json.loads((run / "report" / "report.json").read_text(encoding="utf-8"))["standing"]
    model, source = standing["model"], standing["source"]
    total = sum(seconds.values())
    found = {
        "SSIM above the source": model["ssim"]["mean"] - source["ssim"]["mean"],
        "style distance as a share of the source's": model["style"]["mean"] / source["style"]["mean"],
        "sharpness as a share of the target's": model["sharpness"]["mean"],
        "minutes altogether": total / 60,
    }
    wanted = {
        "SSIM above the source": found["SSIM above the source"] >= 0.1,
        "style distance as a share of the source's": found["style distance as a share of the source's"] <= 0.6,
        "sharpness as a share of the target's": found["sharpness as a share of the target's"] >= 0.8,
        "minutes altogether": total / 60 < 40,
    }
    machine = {"threads": torch.get_num_threads(), "torch": torch.__version__, "system": platform.platform()}
    return {"found": found, "holds": wanted, "seconds": seconds, "standing": standing, "machine": machine}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
