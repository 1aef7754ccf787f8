"""Whether a small painting shows what a large one will look like.

    python benchmarks/sizes.py --judge FILE [--pairs 4] [--small 512] [--large 4096] [--method fast]

Every pair is painted at both sizes; the large painting is scaled down to the small one's size, and both are judged.
JUDGE is a Python file with a class Judge, beside pairs.csv and its pictures.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from impasto.engine import load
from impasto.evaluation import machine_facts
from impasto.images import resize, write
from judging import Pair, judge_module, means, pairs_beside

GOALS = {"style": 0.05, "content": 0.08}  # the most by which the two may differ


def sizes(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Paint and judge everything."""
    judge = judge_module(args.judge).Judge()
    rows = [differences(args, judge, pair, folder) for pair in pairs_beside(args.judge)[: args.pairs]]
    largest = {name: max(abs(row["difference"][name]) for row in rows) for name in GOALS}
    return {
        "pairs": [{"pair": row["pair"], **row["difference"]} for row in rows],
        "small": means([row["small"] for row in rows], GOALS),
        "large": means([row["large"] for row in rows], GOALS),
        "largest difference": largest,
        "goals": GOALS,
    }


def differences(args: argparse.Namespace, judge: Any, pair: Pair, folder: Path) -> dict[str, Any]:
    """Paint a pair at both sizes, and return what the judge says of either."""
    stylize = load(args.method)
    small = stylize(pair.photo, pair.style, size=args.small).image
    large = stylize(pair.photo, pair.style, size=args.large).image
    judged = {}
    for name, image in (("small", small), ("large", resize(large, (small.shape[-2], small.shape[-1])))):
        path = folder / f"{pair.name}-{name}.png"
        write(image, path, overwrite=True)
        judged[name] = judge.score(pair.photo, pair.style, path)
    gap = {name: round(judged["large"][name] - judged["small"][name], 4) for name in GOALS}
    print(pair.name, gap, file=sys.stderr, flush=True)
    return {"pair": pair.name, **judged, "difference": gap}


def main() -> None:
    """Measure and print it as JSON."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--judge", type=Path, required=True)
    asked.add_argument("--pairs", type=int, default=4, help="how many")
    asked.add_argument("--small", type=int, default=512, help="long side in pixels")
    asked.add_argument("--large", type=int, default=4096, help="long side in pixels")
    asked.add_argument("--method", default="fast", help="a method's name, or a model's path")
    asked.add_argument("--to", type=Path, help="folder in which the pictures are kept")
    asked.add_argument("--json", type=Path)
    args = asked.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.to or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"machine": machine_facts(), **sizes(args, folder)}, indent=1)
    print(text)
    if args.json:
        args.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
