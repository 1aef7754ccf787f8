"""What a comparison found out, as plain data: who painted what, how well, and how that was measured."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from impasto.evaluation.contenders import Contender
from impasto.evaluation.findings import Finding
from impasto.evaluation.judging import METRICS, metric
from impasto.evaluation.statistics import Interval, mean_interval
from impasto.images import read
from impasto.weights import file_sha256

__all__ = ["Comparison", "Pair", "Run", "Standing", "measured_metrics", "pairs_of", "standings"]

Values = Mapping[tuple[str, str], float]  # of one metric, by the hashes of a pair


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
    judge_sha256: str = ""  # of its weights; empty in reports that are older than this
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
    best: bool  # the best mean over the pairs that all painted
    level: bool  # these pairs do not tell that it is behind the best


def pairs_of(photos: Sequence[Path], styles: Sequence[Path]) -> list[Pair]:
    """Return every photo with every style; each file is read once, so that a bad one is refused beforehand.

    A file that is given twice, under two names, counts once.
    """
    hashes = {path: _checked_hash(path) for path in dict.fromkeys([*photos, *styles])}
    pairs: dict[tuple[str, str], Pair] = {}
    for photo, style in itertools.product(photos, styles):
        both = hashes[photo], hashes[style]
        pairs.setdefault(both, Pair(photo=photo, style=style, hashes=both))
    return list(pairs.values())


def measured_metrics(comparison: Comparison) -> list[str]:
    """Return the names of the metrics that were measured at all, in their order."""
    return [one.name for one in METRICS if any(one.name in run.values for run in comparison.runs)]


def standings(comparison: Comparison, name: str) -> dict[str, Standing]:
    """Return how every contender did by one metric, by label; without those that painted nothing.

    Who leads is said of the mean over the pairs that all of these painted, so that nobody wins by refusing hard ones;
    nobody leads without such pairs, or when clearly behind another on the pairs that these two painted. Others are
    level with the leader unless clearly behind, which the mean of the differences says, pair by pair: comparing the
    same pairs tells much smaller differences than the two intervals do.
    """
    values = {one.label: _by_pair(comparison.of(one.label), name) for one in comparison.contenders}
    values = {label: found for label, found in values.items() if found}
    sign = 1 if metric(name).better == "lower" else -1
    best = _leader(values, sign)
    return {
        label: Standing(
            interval=mean_interval(list(found.values())),
            count=len(found),
            best=label == best,
            level=best is not None and not _behind(found, values[best], sign),
        )
        for label, found in values.items()
    }


def _by_pair(runs: Sequence[Run], name: str) -> Values:
    return {run.hashes: run.values[name] for run in runs if name in run.values}


def _leader(values: Mapping[str, Values], sign: int) -> str | None:
    shared = set.intersection(*map(set, values.values())) if values else set()
    if not shared:
        return None
    best = min(values, key=lambda label: sign * fmean(values[label][pair] for pair in shared))
    return None if any(_behind(values[best], other, sign) for other in values.values()) else best


def _behind(mine: Values, other: Values, sign: int) -> bool:
    """Say whether one is clearly worse than another on the pairs that both painted; a single pair says nothing."""
    low = mean_interval([sign * (value - other[pair]) for pair, value in mine.items() if pair in other]).low
    return low is not None and low > 0


def _checked_hash(path: Path) -> str:
    read(path)
    return file_sha256(path)
