"""Dividing pictures into those that are learnt from, those validated on, and those that are never touched.

By picture, never by crop: crops of one photo on both sides would make a network look better than it is. Pictures that
are nearly the same stay together for the same reason.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from impasto.errors import InputError
from impasto.training.pairs import Pair, Split
from impasto.training.runs import replaced

__all__ = ["SPLIT_FILE", "read_split", "split_pairs", "write_split"]

SPLIT_FILE = "split.csv"


def split_pairs(
    pairs: Sequence[Pair],
    groups: Sequence[Sequence[int]],
    *,
    validation_share: float,
    test_share: float,
    seed: int,
) -> dict[str, Split]:
    """Return for each pair's name where it belongs; those that say it themselves stay there.

    ``groups`` are the numbers of the pairs that must stay together. The same pairs and seed give the same split.
    """
    chosen: dict[str, Split] = {}
    free: list[list[str]] = []
    for group in sorted([pairs[number] for number in group] for group in groups):
        said = next((pair.split for pair in group if pair.split), None)
        if said is None:
            free.append([pair.name for pair in group])
        else:
            chosen.update({pair.name: pair.split or said for pair in group})
    random.Random(seed).shuffle(free)  # noqa: S311 - it chooses pictures, not keys
    shares: dict[Split, float] = {"test": test_share, "validation": validation_share}
    for split, share in shares.items():
        wanted = 0 if split in chosen.values() else max(1, round(share * len(pairs)))
        while wanted > 0 and free:
            taken = free.pop()
            wanted -= len(taken)
            chosen.update(dict.fromkeys(taken, split))
    chosen.update({name: "train" for group in free for name in group})
    _check_all(chosen, len(groups))
    return chosen


def _check_all(chosen: dict[str, Split], pictures: int) -> None:
    missing = [split for split in get_args(Split) if split not in chosen.values()]
    if missing:
        raise InputError(
            f"{len(chosen)} pairs of {pictures} different pictures leave none for {' and '.join(missing)}; at least "
            "three different pictures are needed: to learn from, to validate on, and to test with."
        )


def write_split(path: Path, chosen: dict[str, Split]) -> None:
    """Write down which pair belongs where."""
    with replaced(path) as unfinished, unfinished.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("name", "split"))
        writer.writerows(sorted(chosen.items()))


def read_split(path: Path) -> dict[str, Split]:
    """Read what :func:`write_split` wrote."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [(row["name"], row["split"]) for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as fault:
        raise InputError(f"{path} cannot be read; it was changed or damaged.") from fault
    splits: tuple[Split, ...] = get_args(Split)
    return {name: split for name, said in rows for split in splits if split == said}
