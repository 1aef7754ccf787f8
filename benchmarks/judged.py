"""How good each method is on the judge's pairs, and how long a picture takes.

    python benchmarks/judged.py --judge FILE [--methods fast optimize] [--pairs 16] [--to DIR]

Every pair is painted at 512 px by each method with its defaults, and judged as it was saved. JUDGE is a Python file
with a class Judge, beside pairs.csv and its pictures.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

from impasto.engine import load
from impasto.evaluation import machine_facts
from judging import judge_module, means, pairs_beside

SIDE = 512
GOALS = {
    "optimize": {"quality": 3.3, "second": 4.0, "grid": 0.3},
    "fast": {"quality": 3.5, "second": 4.0, "grid": 0.3, "worst grid": 0.8},
}


def judged(args: argparse.Namespace, judge: Any, method: str) -> dict[str, Any]:
    """Paint all pairs by one method; return the means, the worst, and the median of the seconds."""
    stylize, scores, seconds = load(method, size=SIDE), [], []
    for pair in pairs_beside(args.judge)[: args.pairs]:
        result = stylize(pair.photo, pair.style)
        seconds.append(result.seconds)
        picture = result.save(args.to / f"{pair.name}-{method}.png")
        scores.append(judge.score(pair.photo, pair.style, picture))
        print(method, pair.name, scores[-1], file=sys.stderr, flush=True)
    return {
        **means(scores),
        "worst quality": round(max(score["quality"] for score in scores), 3),
        "worst grid": round(max(score["grid"] for score in scores), 3),
        "seconds": round(statistics.median(seconds), 2),
        "goals": GOALS.get(method, {}),
    }


def main() -> None:
    """Measure and print it as JSON."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--judge", type=Path, required=True)
    asked.add_argument("--methods", nargs="+", default=["fast", "optimize"])
    asked.add_argument("--pairs", type=int, default=16, help="how many, to try it out")
    asked.add_argument("--to", type=Path, default=Path("runs/judged"), help="folder for the pictures")
    asked.add_argument("--json", type=Path)
    args = asked.parse_args()
    args.to.mkdir(parents=True, exist_ok=True)
    judge = judge_module(args.judge).Judge()
    found = {method: judged(args, judge, method) for method in args.methods}
    text = json.dumps({"machine": machine_facts(), "pairs": args.pairs, "methods": found}, indent=1)
    print(text)
    if args.json:
        args.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
