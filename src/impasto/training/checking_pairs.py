"""Looking pairs over before anything is learnt from them: what is broken, does not fit, or stands there twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from impasto.errors import InputError
from impasto.images import Picture, read
from impasto.training.fingerprints import Alike, Fingerprint, find_alike, fingerprint, groups_of
from impasto.training.pairs import Found, Pair, Split

__all__ = ["Check", "Kind", "Problem", "check_pairs", "leaks"]

Kind = Literal["unmatched", "missing", "broken", "mis-sized", "duplicate", "leak"]

SAME_SHAPE = 0.02  # by how much the proportions of a pair may differ
SMALLEST = 16  # pixels


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a set of pairs, told so that a person can mend it."""

    kind: Kind
    names: tuple[str, ...]
    sentence: str


@dataclass(frozen=True)
class Check:
    """What there is to learn from, and what was wrong with the rest."""

    pairs: tuple[Pair, ...]  # those that can be used
    problems: tuple[Problem, ...]
    groups: tuple[tuple[int, ...], ...] = field(repr=False)  # numbers of usable pairs that show nearly the same

    def of_kind(self, kind: Kind) -> list[Problem]:
        """Return the problems of one kind."""
        return [problem for problem in self.problems if problem.kind == kind]


def check_pairs(found: Found, on_pair: Callable[[int, int], object] = lambda _done, _all: None) -> Check:
    """Open every picture once and say all that is wrong; what can be used is kept."""
    problems = _without_partner(found)
    usable: list[Pair] = []
    prints: list[Fingerprint] = []
    for number, pair in enumerate(found.pairs, 1):
        try:
            pictures = read(pair.source), read(pair.target)
        except InputError as fault:
            problems.append(Problem("broken", (pair.name,), f"{pair.name} is left out: {fault}"))
        else:
            misfit = _misfit(pair, *pictures)
            if misfit is None:
                usable.append(pair)
                prints.append(fingerprint(pictures[0].pixels))
            else:
                problems.append(misfit)
        on_pair(number, len(found.pairs))
    alike = find_alike(prints)
    problems += [_duplicate(usable, one) for one in alike]
    problems += leaks(usable, alike, {pair.name: pair.split for pair in usable if pair.split})
    return Check(tuple(usable), tuple(problems), tuple(map(tuple, groups_of(len(usable), alike))))


def leaks(pairs: Sequence[Pair], alike: Sequence[Alike], split: Mapping[str, Split]) -> list[Problem]:
    """Return the pictures that are nearly the same and yet on two sides of a split."""
    found = []
    for one in alike:
        names = pairs[one.part].name, pairs[one.whole].name
        sides = [split.get(name) for name in names]
        if None not in sides and sides[0] != sides[1]:
            found.append(
                Problem(
                    "leak",
                    names,
                    f"{names[0]} ({sides[0]}) is {_how(one)} {names[1]} ({sides[1]}): what is tested would have been "
                    "learnt; move them to one side.",
                )
            )
    return found


def _without_partner(found: Found) -> list[Problem]:
    alone = [
        Problem("unmatched", (name,), f"{name} has no partner, or a second file of its name, and is left out.")
        for name in found.unmatched
    ]
    named = [
        Problem("missing", (name,), f"{name} is named in the table and is nowhere below it.") for name in found.missing
    ]
    return alone + named


def _misfit(pair: Pair, source: Picture, target: Picture) -> Problem | None:
    if min(*source.size, *target.size) < SMALLEST:
        return Problem("mis-sized", (pair.name,), f"{pair.name} is smaller than {SMALLEST} pixels and is left out.")
    shapes = [one.width / one.height for one in (source, target)]
    if abs(shapes[0] / shapes[1] - 1) > max(SAME_SHAPE, 2 / min(*source.size, *target.size)):
        sizes = [f"{one.width}x{one.height}" for one in (source, target)]
        return Problem(
            "mis-sized",
            (pair.name,),
            f"{pair.name} is left out: its photo is {sizes[0]} pixels and its partner {sizes[1]}, which are different "
            "proportions, so they do not lie on each other.",
        )
    return None


def _duplicate(pairs: Sequence[Pair], one: Alike) -> Problem:
    names = pairs[one.part].name, pairs[one.whole].name
    return Problem(
        "duplicate", names, f"{names[0]} is {_how(one)} {names[1]}; they will stay on one side of the split."
    )


def _how(one: Alike) -> str:
    mirrored = " mirrored" if one.mirrored else ""
    return f"cut from{mirrored}" if one.is_cut else f"nearly the same as{mirrored}"
