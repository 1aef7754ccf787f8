"""The journal of a folder: with which recipe it is painted, and what became of each picture so far.

A text file of one JSON document a line, only ever appended to. A picture is noted before it is begun and when its
result is in its place, so that after a kill at any moment each picture is in one of three states:

- not begun: it will be painted;
- begun and its result is there: results appear whole, so it was finished and only the note is missing;
- begun and there is no result: it will be painted.

So nothing is lost, and no result is made twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

from impasto.engine.folder.finding import Item
from impasto.engine.folder.orders import differences
from impasto.engine.folder.places import LocalFolder, Place, RemoteFolder
from impasto.errors import OutputError
from impasto.weights.atomic import sync
from impasto.weights.locking import take_lock

__all__ = ["JOURNAL", "FileJournal", "Journal", "ObjectJournal", "has_journal", "is_begun_in", "open_journal"]

JOURNAL = "impasto-journal.jsonl"
FORMAT = 1


class Journal(Protocol):
    """What a run remembers; both kinds are written by one process alone."""

    def finished(self, items: list[Item], present: set[str]) -> set[str]:
        """Return the names of the photos that need not be painted, given which files are there."""
        ...

    def hashes(self) -> Mapping[str, str]:
        """Return the SHA-256 of photos when they were painted, as far as that was noted."""
        ...

    def begin(self, item: Item, *, over: bool = False) -> None:
        """Note that a picture is about to be painted; ``over`` says that a file of another origin is in its place."""
        ...

    def done(self, item: Item, facts: Mapping[str, Any]) -> None:
        """Note that the result is in its place."""
        ...

    def failed(self, item: Item, why: str) -> None:
        """Note why there is no result."""
        ...

    def sync(self) -> None:
        """Return when all notes are safe from a power cut."""
        ...

    def close(self) -> None:
        """Let others in."""
        ...


def has_journal(out: Place) -> bool:
    """Say whether a place was painted into before."""
    return JOURNAL in out.names() if isinstance(out, LocalFolder) else ObjectJournal.RECIPE in out.names()


def open_journal(out: Place, recipe: Mapping[str, Any], foreign: Iterable[str] = ()) -> Journal:
    """Begin a journal, or go on with the one that is there; refuse one of another recipe.

    ``foreign`` are the files of another origin in the place of results, which are to be overwritten.
    """
    if isinstance(out, RemoteFolder):
        return ObjectJournal(out, recipe, foreign)
    assert isinstance(out, LocalFolder)
    return FileJournal(out, recipe)


@dataclass
class _Notes:
    """What a journal says."""

    recipe: Mapping[str, Any] | None = None
    begun: dict[str, bool] = field(default_factory=dict)  # by photo: whether over a file of another origin
    done: dict[str, str] = field(default_factory=dict)  # by photo: its hash

    def read(self, line: bytes) -> None:
        """Take in one line; what a power cut spoilt is as if it had not been written."""
        try:
            note = json.loads(line)
        except ValueError:
            return
        match note:
            case {"impasto": int(), "recipe": dict(recipe)}:
                self.recipe = recipe
            case {"begun": str(photo)}:
                self.begun[photo] = bool(note.get("over"))
            case {"done": str(photo)}:
                self.done[photo] = str(note.get("photo", ""))


def is_begun_in(out: LocalFolder, recipe: Mapping[str, Any]) -> bool:
    """Say whether a folder holds the journal of a run with this recipe, as whoever paints for that run must find it."""
    notes = _Notes()
    try:
        with (out.folder / JOURNAL).open("rb") as lines:
            while notes.recipe is None and (line := lines.readline()):
                notes.read(line)
    except OSError:
        return False
    return notes.recipe is not None and not differences(notes.recipe, recipe)


class FileJournal:
    """A journal beside the results, for one process at a time."""

    LOCK = ".impasto-lock"

    def __init__(self, out: LocalFolder, recipe: Mapping[str, Any]) -> None:
        self._path = out.folder / JOURNAL
        self._is_noted = False
        with ExitStack() as opened:
            self._lock(opened)
            out.sweep()  # what a killed run left unfinished
            opened.callback(out.sweep)
            self._file = opened.enter_context(self._path.open("ab", buffering=0))
            self._notes = self._read()
            self._check(recipe)
            self._opened = opened.pop_all()

    def finished(self, items: list[Item], present: set[str]) -> set[str]:
        """Return what is noted as done and still there, and what was begun and is there."""
        ours = {photo for photo, over in self._notes.begun.items() if not over} | set(self._notes.done)
        return {item.photo for item in items if item.photo in ours and item.output in present}

    def hashes(self) -> Mapping[str, str]:
        """Return what was noted with the results."""
        return self._notes.done

    def begin(self, item: Item, *, over: bool = False) -> None:
        """Note that a picture is about to be painted."""
        self._write({"begun": item.photo, **({"over": True} if over else {})})

    def done(self, item: Item, facts: Mapping[str, Any]) -> None:
        """Note that the result is in its place."""
        self._write({"done": item.photo, "output": item.output, **facts})

    def failed(self, item: Item, why: str) -> None:
        """Note why there is no result; the next run will try again."""
        self._write({"failed": item.photo, "why": why})

    def sync(self) -> None:
        """Return when all notes are on the disk."""
        if self._is_noted:
            os.fsync(self._file.fileno())
        self._is_noted = False

    def close(self) -> None:
        """Let others in."""
        self.sync()
        self._opened.close()

    def _lock(self, opened: ExitStack) -> None:
        folder = self._path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = opened.enter_context((folder / self.LOCK).open("a+b"))
        except OSError as fault:
            why = f"{folder} cannot be written ({fault.strerror})"
            raise OutputError(f"{why}; choose another folder for the results.") from fault
        if not take_lock(lock):
            raise OutputError(f"another run is painting into {folder}; wait for it, or choose another folder.")

    def _read(self) -> _Notes:
        """Read all notes, and cut off a last line that was not written to its end."""
        notes, place = _Notes(), 0
        with self._path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    self._file.truncate(place)
                    break
                notes.read(line)
                place += len(line)
        return notes

    def _check(self, recipe: Mapping[str, Any]) -> None:
        if self._notes.recipe is not None:
            if found := differences(self._notes.recipe, recipe):
                raise OutputError(_refusal(self._path.parent.name, found))
            return
        if self._notes.begun:
            raise OutputError(f"{self._path} has lost its beginning; choose another folder for the results.")
        self._write({"impasto": FORMAT, "recipe": recipe})
        self.sync()
        sync(self._path.parent)

    def _write(self, note: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(note).encode() + b"\n")
        self._is_noted = True


class ObjectJournal:
    """The journal in object storage, where nothing can be appended to: the results themselves say what is done.

    The recipe is an object beside them, and so are the names of files of another origin that are still to be
    overwritten. Failures are sent when the run ends.
    """

    RECIPE, FOREIGN, FAILURES = "impasto-recipe.json", "impasto-foreign.json", "impasto-failed.json"

    def __init__(self, out: RemoteFolder, recipe: Mapping[str, Any], foreign: Iterable[str] = ()) -> None:
        self._out = out
        self._failures: dict[str, str] = {}
        present = out.names()
        if self.RECIPE in present:
            self._check(recipe)
            self._foreign = set(self._fetched(self.FOREIGN)) if self.FOREIGN in present else set()
        else:
            self._foreign = set(foreign)
            if self._foreign or self.FOREIGN in present:
                self._send_foreign()  # first: once the recipe is there, what is not named here is a result
            self._send(self.RECIPE, recipe)
        self._noted = len(self._foreign)  # as many are named in the storage

    def finished(self, items: list[Item], present: set[str]) -> set[str]:
        """Return what is there, unless it is of another origin."""
        return {item.photo for item in items if item.output in present and item.output not in self._foreign}

    def hashes(self) -> Mapping[str, str]:
        """Return nothing: no notes are kept of single pictures."""
        return {}

    def begin(self, item: Item, *, over: bool = False) -> None:
        """Do nothing: an object is there whole or not at all, and those of another origin are known."""

    def done(self, item: Item, facts: Mapping[str, Any]) -> None:
        """Remember that what is there is a result now."""
        del facts
        self._foreign.discard(item.output)

    def failed(self, item: Item, why: str) -> None:
        """Note why there is no result."""
        self._failures[item.photo] = why

    def sync(self) -> None:
        """Send which files are still of another origin, if these have become fewer."""
        if len(self._foreign) < self._noted:
            self._send_foreign()

    def close(self) -> None:
        """Send what failed."""
        self.sync()
        if self._failures or self.FAILURES in self._out.names():
            self._send(self.FAILURES, self._failures)

    def _check(self, recipe: Mapping[str, Any]) -> None:
        if found := differences(self._fetched(self.RECIPE), recipe):
            raise OutputError(_refusal(self._out.text, found))

    def _send_foreign(self) -> None:
        self._send(self.FOREIGN, sorted(self._foreign))
        self._noted = len(self._foreign)

    def _send(self, name: str, document: Mapping[str, Any] | list[str]) -> None:
        with self._out.putting(name) as path:
            path.write_text(json.dumps(document, indent=1), encoding="utf-8")

    def _fetched(self, name: str) -> Any:
        with self._out.fetched(name) as path:
            return json.loads(path.read_text(encoding="utf-8"))


def _refusal(place: str, found: str) -> str:
    return f"{place} was begun with another recipe: {found}; give the same to go on, or choose another folder."
