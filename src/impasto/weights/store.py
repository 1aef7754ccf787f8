"""Weights on this computer: found by their content, listed, verified, and fetched when they are missing."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from impasto.errors import MissingExtraError, WeightsError
from impasto.weights.conversions import conversions_of, is_as_recorded
from impasto.weights.digests import Fingerprint, fingerprint, known_fingerprint
from impasto.weights.fetching import fetch
from impasto.weights.folders import fetched_folder, user_folders
from impasto.weights.records import read_record
from impasto.weights.registry import PUBLISHED, Published
from impasto.weights.transfer import OnProgress

__all__ = ["Holding", "State", "choose", "holdings", "inspect", "locate", "obtain", "verify"]

State = Literal["verified", "recorded", "not verified", "damaged", "missing"]
_MEANING: dict[State, str] = {
    "verified": "the content is what the publisher states",
    "recorded": "the publisher states no digest; the content is what was first fetched",
    "not verified": "the publisher states no digest and nothing was recorded; known by its name only",
    "damaged": "the content is not what it was when it came",
    "missing": "not on this computer",
}


@dataclass(frozen=True)
class Holding:
    """What this computer has of one published file."""

    entry: Published
    path: Path | None
    state: State

    @property
    def meaning(self) -> str:
        """The state in words."""
        return _MEANING[self.state]


def holdings(entries: Sequence[Published] = PUBLISHED) -> list[Holding]:
    """Say for each entry what this computer has of it; a file that was hashed before is not hashed again."""
    return [inspect(entry) for entry in entries]


def verify(entries: Sequence[Published] = PUBLISHED) -> list[Holding]:
    """Say for each entry what this computer has of it, reading every file anew."""
    return [inspect(entry, read=fingerprint) for entry in entries]


def inspect(entry: Published, *, read: Callable[[Path], Fingerprint] = known_fingerprint) -> Holding:
    """Look for ``entry`` in the folders of the user, then in the cache; ``read`` gives a file's digests."""
    for path in _candidates(entry):
        state = _judge(entry, path, read)
        if state != "damaged":  # another file of that size or name, which is no concern of ours
            return Holding(entry, path, state)
    fetched = fetched_folder() / entry.file
    if fetched.is_file():
        return Holding(entry, fetched, _judge(entry, fetched, read))
    return _inspect_conversion(entry, fetched, read)


def locate(entry: Published) -> Path | None:
    """Return where ``entry`` is on this computer, or None; a damaged cached file is refused and deleted."""
    holding = inspect(entry)
    if holding.state == "damaged" and holding.path:
        holding.path.unlink(missing_ok=True)
        raise WeightsError(
            f"{holding.path} was not what {entry.name} should be and was deleted; try again to fetch it anew."
        )
    return holding.path


def obtain(entry: Published, *, on_progress: OnProgress | None = None) -> Path:
    """Return where ``entry`` is on this computer; fetch it if it is nowhere."""
    found = locate(entry)
    if found:
        return found
    try:
        return fetch(entry, on_progress=on_progress)
    except WeightsError as failure:
        namesake = next((path for path in _candidates(entry, by_name=True)), None)
        if namesake is None:
            raise
        raise WeightsError(f"{str(failure)[:-1]} ({namesake} has that name but another content).") from failure


def choose(network: str, entries: Sequence[Published] = PUBLISHED) -> tuple[Published, Path | None]:
    """Return the edition of ``network`` to use, with its path, or None if it has yet to be fetched.

    What is on this computer goes first; among equals, the registry's order. An edition whose extra is not
    installed is passed over, but never in favor of a download.
    """
    known = [entry for entry in entries if entry.network == network]
    found = [(entry, path) for entry in known if (path := locate(entry))]
    readable = [(entry, path) for entry, path in found if _can_read(entry)]
    if readable:
        return readable[0]
    if found:
        raise MissingExtraError(f"reading {found[0][1]}", found[0][0].extra or "all")
    return next((entry for entry in known if _can_read(entry)), known[0]), None


def _can_read(entry: Published) -> bool:
    return entry.module is None or importlib.util.find_spec(entry.module) is not None


def _candidates(entry: Published, *, by_name: bool = False) -> Iterator[Path]:
    """Give the user's files that may be ``entry``: those of its size, or its name if no digest is known."""
    for place in user_folders():
        files = [place] if place.is_file() else [path for path in place.rglob("*") if os.access(path, os.R_OK)]
        for path in sorted(files, key=lambda path: (path.name != entry.file, path)):
            if by_name or entry.digest is None:
                fits = path.name == entry.file
            else:
                fits = entry.size is None or path.stat().st_size == entry.size
            if fits and path.is_file():
                yield path


def _judge(entry: Published, path: Path, read: Callable[[Path], Fingerprint]) -> State:
    if entry.digest:
        return "verified" if entry.digest.matches(read(path)) else "damaged"
    record = read_record(path)
    if record is None:
        return "not verified"
    return "recorded" if record.sha256 == read(path).sha256 else "damaged"


def _inspect_conversion(entry: Published, fetched: Path, read: Callable[[Path], Fingerprint]) -> Holding:
    """Look for the safetensors copy of a fetched pickle, which itself was deleted after the conversion."""
    record = read_record(fetched)
    copies = conversions_of(record.sha256) if record else []
    if not copies or record is None:
        return Holding(entry, None, "missing")
    if not is_as_recorded(copies[0], read):
        return Holding(entry, copies[0], "damaged")
    return Holding(entry, copies[0], "verified" if record.checked else "recorded")
