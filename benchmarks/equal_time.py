"""How good painting by optimisation is after equal times, with the embedded encoder and with VGG-19 itself.

    python benchmarks/equal_time.py --kit KIT --judge FILE [--seconds 5 10 30 60] [--pairs 16]

KIT holds the weights of VGG-19; JUDGE is a Python file with a class Judge, beside pairs.csv and its pictures. How long
a painting takes is measured with short ones for either network, and again with every painting; every pair is painted
with as many steps as fit into each time, the networks taking turns, and judged. Everything counts, from files to the
picture, loading too.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import deque
from pathlib import Path
from statistics import median
from typing import Any

from encoder import VGG_FILE
from impasto.engine import Result, load
from impasto.evaluation import machine_facts
from judging import SCORES, Pair, judge_module, means, pairs_beside

SIDE = 512
TRIED = (20, 60)  # steps of the short paintings
TOLD = ("steps", "seconds", *SCORES)


class Painter:
    """The engine with one network, and how long its paintings take: some seconds at least, and some for each step.

    How long a step takes is learnt again from every painting, since other work on the machine makes it vary.
    """

    def __init__(self, backbone: str, pair: Pair) -> None:
        self.backbone = backbone
        few, many = ([timed(backbone, pair, steps)[1] for _ in range(3)] for steps in TRIED)
        each = (median(many) - median(few)) / (TRIED[1] - TRIED[0])
        self._least = median(few) - TRIED[0] * each
        self._each = deque([each], maxlen=3)  # of the last paintings

    def paint(self, pair: Pair, seconds: float, to: Path) -> dict[str, float]:
        """Paint with as many steps as fit into the seconds, and tell how many and how long it took."""
        steps = max(4, round((seconds - self._least) / median(self._each)))
        result, took = timed(self.backbone, pair, steps)
        self._each.append((took - self._least) / steps)
        result.save(to, overwrite=True)
        return {"steps": steps, "seconds": took}


def timed(backbone: str, pair: Pair, steps: int) -> tuple[Result, float]:
    """Paint, and tell how long it took."""
    began = time.perf_counter()
    result = load("optimize", backbone=backbone, size=SIDE, steps=steps, patience=0)(pair.photo, pair.style)
    return result, time.perf_counter() - began


def equal_time(args: argparse.Namespace) -> dict[str, Any]:
    """Paint and judge everything."""
    pairs = pairs_beside(args.judge)[: args.pairs]
    judge = judge_module(args.judge).Judge()
    backbones = {"embedded": "embedded", "VGG-19": str(args.kit / VGG_FILE)}
    painters = {name: Painter(backbone, pairs[0]) for name, backbone in backbones.items()}
    found: dict[str, Any] = {}
    for seconds in args.seconds:
        scores: dict[str, list[dict[str, float]]] = {name: [] for name in painters}
        for pair in pairs:
            for name, painter in painters.items():
                picture = args.to / f"{pair.name}-{name}-{seconds:g}.png"
                told = painter.paint(pair, seconds, picture)
                scores[name].append({**told, **judge.score(pair.photo, pair.style, picture)})
        found[f"{seconds:g} s"] = {name: means(of, TOLD) for name, of in scores.items()}
        print(found, file=sys.stderr, flush=True)
    return {"pairs": len(pairs), "found": found}


def main() -> None:
    """Measure and print it as JSON."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--kit", type=Path, required=True)
    asked.add_argument("--judge", type=Path, required=True)
    asked.add_argument("--seconds", type=float, nargs="+", default=[5, 10, 30, 60])
    asked.add_argument("--pairs", type=int, default=16, help="how many, to try it out")
    asked.add_argument("--to", type=Path, default=Path("runs/equal_time"), help="folder for the pictures")
    asked.add_argument("--json", type=Path)
    args = asked.parse_args()
    args.to.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"machine": machine_facts(), **equal_time(args)}, indent=1)
    print(text)
    if args.json:
        args.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
