"""Blind verdicts: shown twice with the sides swapped, counted only where both times the same painter was preferred."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest

from programs import REPOSITORY, program

BENCHMARKS = REPOSITORY / "benchmarks"


@pytest.fixture(scope="module")
def blind() -> ModuleType:
    return program("benchmarks/blind.py")


def test_every_pair_is_shown_twice_with_the_sides_swapped(blind: ModuleType) -> None:
    showings = list(blind.in_random_order(5, ["AdaIN", "MicroAST"], seed=0))
    assert [one.number for one in showings] == list(range(1, 21))
    for pair in range(5):
        for peer in ("AdaIN", "MicroAST"):
            sides = sorted((one.a, one.b) for one in showings if one.pair == pair and one.peer == peer)
            assert sides == sorted([("ours", peer), (peer, "ours")])
    assert [one.pair for one in showings] != sorted(one.pair for one in showings), "the judge can see the pattern"


@pytest.mark.parametrize(
    ("prefers", "found"),
    [
        ("ours", {"ours preferred": 4, "peer preferred": 0, "ties": 0, "share of the decided": 1.0, "reached": True}),
        ("AdaIN", {"ours preferred": 0, "peer preferred": 4, "ties": 0, "share of the decided": 0.0, "reached": False}),
        ("A", {"ours preferred": 0, "peer preferred": 0, "ties": 4, "share of the decided": 0.0, "reached": False}),
        (
            "neither",
            {"ours preferred": 0, "peer preferred": 0, "ties": 4, "share of the decided": 0.0, "reached": False},
        ),
    ],
)
def test_a_verdict_counts_when_it_stays(
    blind: ModuleType, tmp_path: Path, prefers: str, found: dict[str, object]
) -> None:
    showings = list(blind.in_random_order(4, ["AdaIN"], seed=1))
    key = {"pairs": [], "showings": [vars(one) for one in showings]}
    (tmp_path / "key.json").write_text(json.dumps(key))
    said = {"A": lambda _: "A", "neither": lambda _: "="}.get(prefers, lambda one: "A" if one.a == prefers else "B")
    path = tmp_path / "verdicts.csv"
    path.write_text("".join(f"{one.number},{said(one)}\n" for one in showings))
    assert blind.counted(tmp_path, [path]) == {"AdaIN": {"pairs, by all judges": 4, **found}}


def test_each_judge_is_counted_by_what_that_one_said(blind: ModuleType, tmp_path: Path) -> None:
    """Two who agree with nobody but themselves are no ties."""
    showings = list(blind.in_random_order(4, ["AdaIN"], seed=1))
    (tmp_path / "key.json").write_text(json.dumps({"pairs": [], "showings": [vars(one) for one in showings]}))
    for painter in (blind.OURS, "AdaIN"):
        sides = ("A" if one.a == painter else "B" for one in showings)
        lines = (f"{one.number},{side}\n" for one, side in zip(showings, sides, strict=True))
        (tmp_path / f"{painter}.csv").write_text("".join(lines))
    found = blind.counted(tmp_path, sorted(tmp_path.glob("*.csv")))["AdaIN"]
    assert (found["ours preferred"], found["peer preferred"], found["ties"]) == (4, 4, 0)
