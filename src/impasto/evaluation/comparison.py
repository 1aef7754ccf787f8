"""What a comparison found out, as plain data: who painted what, how well, and how that was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from impasto.evaluation.contenders import Contender
from impasto.evaluation.findings import Finding
from impasto.evaluation.judging import METRICS, metric
from impasto.evaluation.statistics import Interval, mean_interval
from impasto.images import read
from impasto.weights import file_sha256

__all__ = ["Comparison", "Pair", "Run", "Standing", "measured_metrics", "pairs_of", "standings"]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A photo and the painting whose style it gets, with the hashes of their files."""

    photo: Path
    style: Path
    hashes: tuple[str, str]

    @property
    def name(self) -> str:
        """What to call it: harbour + ink."""
        return f"{self.photo.stem} + {self.style.stem}"


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one contender made of one pair."""

    contender: str  # its label
    photo: str  # file names; the hashes tell whether they are still the same files
    style: str
    hashes: tuple[str, str]
    picture: str = ""  # relative to the report's folder; empty where nothing was painted
    values: Mapping[str, float] = field(default_factory=dict)  # by the names of METRICS
    findings: Sequence[Finding] = ()
    refusal: str = ""  # why nothing was painted


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Everything that was found out."""

    contenders: Sequence[Contender]
    runs: Sequence[Run]
    machine: Mapping[str, str]
    judge: str  # the network that judged
    notes: Sequence[str] = ()
    complete: bool = True

    def of(self, label: str) -> list[Run]:
        """Return the runs of one contender."""
        return [run for run in self.runs if run.contender == label]


@dataclass(frozen=True)
class Standing:
    """How one contender did by one metric, over all pairs that it painted."""

    interval: Interval
    count: int
    best: bool  # the best mean of all
    level: bool  # these pairs cannot tell it from the best


def pairs_of(photos: Sequence[Path], styles: Sequence[Path]) -> list[Pair]:
    """Return every photo with every style; each file is read once, so that a bad one is refused beforehand."""
    hashes = {path: _checked_hash(path) for path in dict.fromkeys([*photos, *styles])}
    return [
        Pair(photo=photo, style=style, hashes=(hashes[photo], hashes[style])) for photo in photos for style in styles
    ]


def measured_metrics(comparison: Comparison) -> list[str]:
    """Return the names of the metrics that were measured at all, in their order."""
    return [one.name for one in METRICS if any(one.name in run.values for run in comparison.runs)]


def standings(comparison: Comparison, name: str) -> dict[str, Standing]:
    """Return how every contender did by one metric, by label; without those that painted nothing.

    Who leads is said of the mean. Another is level with the leader when the mean of the differences, pair by pair, may
    be 0: comparing the same pairs tells much smaller differences than the two intervals do.
    """
    values = {one.label: _by_pair(comparison.of(one.label), name) for one in comparison.contenders}
    values = {label: found for label, found in values.items() if found}
    intervals = {label: mean_interval(list(found.values())) for label, found in values.items()}
    sign = 1 if metric(name).better == "lower" else -1
    best = min(intervals, key=lambda label: sign * intervals[label].mean, default="")
    return {
        label: Standing(interval, len(values[label]), label == best, _level(values[label], values[best]))
        for label, interval in intervals.items()
    }


def _by_pair(runs: Sequence[Run], name: str) -> dict[tuple[str, str], float]:
    return {run.hashes: run.values[name] for run in runs if name in run.values}


def _level(mine: Mapping[tuple[str, str], float], best: Mapping[tuple[str, str], float]) -> bool:
    differences = [value - best[pair] for pair, value in mine.items() if pair in best]
    if not differences:
        return False
    low, _, high = mean_interval(differences)
    return low <= 0 <= high


def _checked_hash(path: Path) -> str:
    read(path)
    return file_sha256(path)
