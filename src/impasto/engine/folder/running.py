"""Painting all pictures of a folder: who is given what, what is noted, what is told, and what is tried again."""

from __future__ import annotations

import logging
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from impasto.config import Saving
from impasto.engine.door import Method
from impasto.engine.folder.crews import Crew, ProcessCrew, ThreadCrew
from impasto.engine.folder.finding import Item, find_items
from impasto.engine.folder.journal import Journal, has_journal, open_journal
from impasto.engine.folder.orders import Order
from impasto.engine.folder.places import Place, place_of
from impasto.engine.folder.worker import Done, Failed, Lost, Outcome
from impasto.engine.inputs import Given
from impasto.errors import OptionError, OutputError
from impasto.weights import file_sha256

__all__ = ["Advance", "Failure", "FolderReport", "OnAdvance", "stylize_folder"]

Workers: TypeAlias = int | Literal["ray"]

MOST_TRIES = 3  # of a picture whose workers die
MOST_WORKERS = 256
LOOKED_AT = 3  # photos, to tell whether a folder is the one whose results are there
TICK = 1.0  # seconds after which progress is told even if nothing happened

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Failure:
    """A picture without a result, and why."""

    photo: str
    why: str


@dataclass(frozen=True)
class Advance:
    """How far a folder is; enough for a line of progress."""

    done: int  # in this run
    kept: int  # finished by an earlier run
    failed: int
    total: int
    elapsed: float  # seconds of this run

    @property
    def rate(self) -> float:
        """Pictures a second in this run."""
        return (self.done + self.failed) / self.elapsed if self.elapsed else 0.0

    @property
    def remaining(self) -> float | None:
        """Seconds that are probably left; None while nobody can tell."""
        left = self.total - self.kept - self.done - self.failed
        return left / self.rate if self.rate else None


OnAdvance = Callable[[Advance], object]


@dataclass(frozen=True)
class FolderReport:
    """What became of a folder."""

    out: str
    done: int  # in this run
    kept: int  # finished by an earlier run
    failed: Sequence[Failure]
    seconds: float
    interrupted: bool = False  # by Ctrl-C; the same call goes on


def stylize_folder(
    photos: str | os.PathLike[str],
    style: Given = (),
    config: Method = None,
    *,
    out: str | os.PathLike[str],
    workers: Workers = 1,
    address: str | None = None,
    bits: int = 8,
    quality: int = 95,
    keep_metadata: bool = True,
    keep_recipe: bool = True,
    overwrite: bool = False,
    on_step: OnAdvance = lambda _: None,
    **options: Any,
) -> FolderReport:
    """Paint all pictures of a folder and its sub-folders into another folder.

    A run that was killed goes on when it is called again; with another recipe it refuses. ``workers`` is a number of
    processes, or ``"ray"`` for a cluster (at ``address``). ``photos`` and ``out`` may be addresses in object storage.
    A picture that cannot be painted is in the report and harms nothing. ``overwrite`` is about files in the place of
    results that no run made; ``on_step`` is told the progress; the other options are those of ``Result.save`` and of
    the method.
    """
    check_workers(workers, address)
    saving = Saving(bits=bits, quality=quality, keep_metadata=keep_metadata, keep_recipe=keep_recipe)
    photo_place, out_place = place_of(photos), place_of(out)
    items = find_items(photo_place, out_place, bits=bits)
    order = Order.of(photo_place.text, out_place.text, config, style, saving, **options)
    taken = set() if has_journal(out_place) else _in_the_way(items, out_place.names(), overwrite=overwrite)
    with closing(open_journal(out_place, order.recipe, {item.output for item in taken})) as journal:
        present = out_place.names()
        finished = journal.finished(items, present)
        _refuse_namesakes(photo_place, journal, finished)
        todo = [item for item in items if item.photo not in finished]
        over = _in_the_way(todo, present, overwrite=overwrite)
        run = Run(journal, len(items), len(finished), over, on_step)
        interrupted = bool(todo) and run.interrupted(todo, lambda: _crew(order, workers, address))
    return FolderReport(out_place.text, run.done, len(finished), run.failed, run.elapsed, interrupted)


def check_workers(workers: Workers, address: str | None = None) -> None:
    """Refuse a crew that cannot be."""
    if workers != "ray" and not (isinstance(workers, int) and 1 <= workers <= MOST_WORKERS):
        raise OptionError(f"workers is {workers!r}; allowed is a number of processes, 1 to {MOST_WORKERS}, or 'ray'.")
    if address is not None and workers != "ray":
        raise OptionError("address names a Ray cluster; say workers 'ray' with it.")
    if workers == "ray":
        from impasto.engine.cluster import import_ray

        import_ray()


def _crew(order: Order, workers: Workers, address: str | None) -> Crew:
    if workers == "ray":
        from impasto.engine.cluster import RayCrew

        return RayCrew(order, address)
    return ThreadCrew(order) if workers == 1 else ProcessCrew(order, workers)


def _refuse_namesakes(photos: Place, journal: Journal, finished: set[str]) -> None:
    """Refuse a folder of other photos with the same names: their paintings would seem to be there already.

    A few are looked at. One that is the same is enough: others may have been retouched since.
    """
    noted = journal.hashes()
    tried = [photo for photo in sorted(finished) if noted.get(photo)][:LOOKED_AT]
    if tried and not any(_has_hash(photos, photo, noted[photo]) for photo in tried):
        raise OutputError(
            f"the results are of other photos with the same names, such as {tried[0]}; choose another folder for "
            "the results."
        )


def _has_hash(photos: Place, photo: str, sha256: str) -> bool:
    with photos.fetched(photo) as path:
        return file_sha256(path) == sha256


def _in_the_way(todo: Sequence[Item], present: set[str], *, overwrite: bool) -> set[Item]:
    """Return the pictures in whose place there is a file that this run did not make; refuse unless told otherwise."""
    taken = [item for item in todo if item.output in present]
    if taken and not overwrite:
        more = f" (and {len(taken) - 1} more)" if len(taken) > 1 else ""
        raise OutputError(
            f"{taken[0].output}{more} exists already among the results and was not made by this run; choose another "
            "folder, or allow overwriting."
        )
    return set(taken)


class Run:
    """One run: what was done so far."""

    def __init__(self, journal: Journal, total: int, kept: int, over: set[Item], on_advance: OnAdvance) -> None:
        self._journal, self._total, self._kept, self._over = journal, total, kept, over
        self._on_advance = on_advance
        self._waiting: deque[Item] = deque()
        self._suspects: deque[Item] = deque()
        self._tries: Counter[Item] = Counter()
        self._under_way = 0
        self._started = time.monotonic()
        self.done = 0
        self.failed: list[Failure] = []

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._started

    def interrupted(self, todo: Sequence[Item], hire: Callable[[], Crew]) -> bool:
        """Paint until all is done or the user has had enough; say whether that was the case."""
        crew = None
        try:
            crew = hire()
            self._paint(todo, crew)
        except KeyboardInterrupt:
            return True
        finally:
            if crew is not None:
                crew.close()
        return False

    def _paint(self, todo: Sequence[Item], crew: Crew) -> None:
        self._waiting.extend(todo)
        self._tell()
        while self._waiting or self._suspects or self._under_way:
            self._give(self._next(crew.free), crew)
            for outcome in crew.take(TICK):
                self._under_way -= 1
                self._note(outcome)
            self._tell()

    def _next(self, free: int) -> list[Item]:
        """Return the pictures to paint now; those that may have killed a worker come last, each by itself.

        Where all workers are gone and new ones are on their way, nothing can be given.
        """
        if self._waiting:
            return [self._waiting.popleft() for _ in range(min(free, len(self._waiting)))]
        return [self._suspects.popleft()] if free and self._suspects and not self._under_way else []

    def _give(self, items: Sequence[Item], crew: Crew) -> None:
        for item in items:
            self._journal.begin(item, over=item in self._over)
        self._journal.sync()
        for item in items:
            crew.give(item)
        self._under_way += len(items)

    def _note(self, outcome: Outcome) -> None:
        match outcome:
            case Done(item, facts):
                self.done += 1
                self._journal.done(item, facts)
            case Failed(item, why):
                self._fail(item, why)
            case Lost(item, why):
                self._try_again(item, why)

    def _try_again(self, item: Item, why: str) -> None:
        self._tries[item] += 1
        if self._tries[item] == MOST_TRIES:
            self._fail(item, f"{item.photo} was given up after {MOST_TRIES} tries: {why}.")
            return
        _log.warning("%s: %s; it is tried again (%d of %d)", item.photo, why, self._tries[item] + 1, MOST_TRIES)
        (self._waiting if self._tries[item] == 1 else self._suspects).append(item)

    def _fail(self, item: Item, why: str) -> None:
        self.failed.append(Failure(item.photo, why))
        self._journal.failed(item, why)

    def _tell(self) -> None:
        self._on_advance(Advance(self.done, self._kept, len(self.failed), self._total, self.elapsed))
