"""What the benchmarks share that ask a judge: a Python file with a class Judge, beside pairs.csv and its pictures."""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

__all__ = ["SCORES", "Pair", "judge_module", "means", "pairs_beside"]

SCORES = ("quality", "second", "style", "content", "grid")


@dataclass(frozen=True)
class Pair:
    """A photo and a painting by which methods are compared."""

    name: str
    photo: Path
    style: Path


def judge_module(judge: Path) -> Any:
    """Load the judge's file."""
    spec = importlib.util.spec_from_file_location("judge", judge)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pairs_beside(judge: Path) -> list[Pair]:
    """Return the pairs that the judge's folder lists."""
    home = judge.parent
    with (home / "pairs.csv").open(encoding="utf-8", newline="") as lines:
        return [Pair(row["name"], home / row["content"], home / row["style"]) for row in csv.DictReader(lines)]


def means(scores: Iterable[Mapping[str, float]], names: Iterable[str] = SCORES) -> dict[str, float]:
    """Return the mean of each of the numbers."""
    scores = list(scores)
    return {name: round(mean(score[name] for score in scores), 3) for name in names}
