"""Every method on every pair of photo and painting, measured alike; what comes out is data, ready to be reported."""

from __future__ import annotations

import contextlib
import os
import re
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from impasto.errors import ImpastoError, OptionError
from impasto.evaluation.comparison import Comparison, Pair, Run
from impasto.evaluation.contenders import (
    CannotPaintError,
    Contender,
    Paint,
    Painted,
    painting_apart,
    painting_here,
    with_files,
)
from impasto.evaluation.judging import SIDE, Judge, judging_network
from impasto.evaluation.machine import machine_facts
from impasto.evaluation.perceptual import find_lpips
from impasto.images import read
from impasto.models.backbones import weights_hash

__all__ = ["PICTURES", "Progress", "compare"]

PICTURES = "pictures"  # the folder of results, inside the report's
LONGEST_NAME = 135  # bytes, without the suffix; file systems stop at 255, encrypted ones at 143

Painters = Callable[[Contender], Paint]
Known = Mapping[tuple[str, tuple[str, str]], Run]  # by contender and pair


@dataclass(frozen=True)
class Progress:
    """How far a comparison is."""

    run: int  # from 1
    runs: int
    label: str  # what is being painted, and by whom
    share: float  # of this picture, 0 to 1
    remaining: float | None  # seconds that are probably left; None while nobody can tell
    elapsed: float  # seconds since the comparison began
    this_picture: float | None = None  # seconds that are probably left of this picture alone


OnProgress = Callable[[Progress], object]


def compare(
    pairs: Sequence[Pair],
    contenders: Sequence[Contender],
    folder: Path,
    *,
    judge: str = "embedded",
    isolated: bool = True,
    earlier: Comparison | None = None,
    on_progress: OnProgress = lambda _: None,
    on_pair: Callable[[Comparison], object] = lambda _: None,
) -> Comparison:
    """Paint every pair by every contender into ``folder``, and judge the results as they were saved.

    A contender that refuses a pair has the reason in its run. Pairs come one after the other, each painted by all, so
    that whatever else the machine does meanwhile falls on all alike; after each, ``on_pair`` gets what is known so far.
    ``earlier`` is an unfinished comparison in the same folder: its runs are kept where nothing has changed. Ctrl-C ends
    the work, and what was done until then comes back with ``complete=False``.
    """
    _check(pairs, contenders)
    work = _Work(pairs, [with_files(one) for one in contenders], folder, judge, earlier, on_progress)
    (folder / PICTURES).mkdir(parents=True, exist_ok=True)
    runs: list[Run] = []
    complete = True
    try:
        with _painters(isolated=isolated) as painters:
            for number, pair in enumerate(pairs, 1):
                runs.extend(work.paint(number, pair, painters))
                on_pair(work.comparison(runs, isolated=isolated, complete=number == len(pairs)))
    except KeyboardInterrupt:
        complete = False
    return work.comparison(runs, isolated=isolated, complete=complete)


@contextlib.contextmanager
def _painters(*, isolated: bool) -> Iterator[Painters]:
    """Make each contender's painter when it is first needed, and keep it until the end."""
    made: dict[str, Paint] = {}
    begin = painting_apart if isolated else painting_here
    with contextlib.ExitStack() as until_the_end:

        def painter(contender: Contender) -> Paint:
            if contender.label not in made:
                made[contender.label] = until_the_end.enter_context(begin(contender))
            return made[contender.label]

        yield painter


class _Work:
    """What stays the same during a comparison, and the clock."""

    def __init__(
        self,
        pairs: Sequence[Pair],
        contenders: Sequence[Contender],
        folder: Path,
        judge: str,
        earlier: Comparison | None,
        on_progress: OnProgress,
    ) -> None:
        self.contenders, self.folder, self.judge, self.on_progress = contenders, folder, judge, on_progress
        self.network, self.perceptual = judging_network(judge), find_lpips()
        self.judge_sha256 = weights_hash(judge, self.network)
        self.known = known = self._still_valid(earlier)
        self.total, self.begun = len(pairs) * len(contenders), 0
        self.out: dict[str, str] = {}  # who cannot paint at all, and why
        self.left = {one.label: sum((one.label, pair.hashes) not in known for pair in pairs) for one in contenders}
        self.spent: dict[str, list[float]] = {contender.label: [] for contender in contenders}
        self.began = self.began_run = time.perf_counter()

    def paint(self, number: int, pair: Pair, painters: Painters) -> Iterator[Run]:
        """Give what each contender makes of one pair, or what is known of it already."""
        judge: Judge | None = None
        for contender in self.contenders:
            self.begun += 1
            earlier = self.known.get((contender.label, pair.hashes))
            if earlier is not None:
                yield earlier
                continue
            judge = judge or self._judge(pair)
            self.began_run = time.perf_counter()
            yield self._run(number, pair, contender, painters, judge)
            self.spent[contender.label].append(time.perf_counter() - self.began_run)
            self.left[contender.label] -= 1

    def comparison(self, runs: Sequence[Run], *, isolated: bool, complete: bool) -> Comparison:
        """Return what is known so far."""
        return Comparison(
            contenders=tuple(self.contenders),
            runs=tuple(runs),
            machine=machine_facts(),
            judge=self.judge,
            judge_sha256=self.judge_sha256,
            notes=self._notes(isolated=isolated),
            complete=complete,
        )

    def _still_valid(self, earlier: Comparison | None) -> Known:
        """Return the earlier runs that would come out the same; what was refused is tried again."""
        if earlier is None or (earlier.judge, earlier.judge_sha256) != (self.judge, self.judge_sha256):
            return {}
        same = {contender.label for contender in earlier.contenders if contender in self.contenders}
        kept = [run for run in earlier.runs if run.contender in same and (self.folder / run.picture).is_file()]
        return {(run.contender, run.hashes): run for run in kept}

    def _judge(self, pair: Pair) -> Judge:
        photo, style = read(pair.photo).pixels, read(pair.style).pixels
        return Judge(photo, style, network=self.network, perceptual=self.perceptual)

    def _run(self, number: int, pair: Pair, contender: Contender, painters: Painters, judge: Judge) -> Run:
        stem = f"{number:02d}-{pair.photo.stem}-{pair.style.stem}-{contender.label}"
        picture = f"{PICTURES}/{_file_name(stem)}.png"
        run = Run(contender=contender.label, photo=pair.photo.name, style=pair.style.name, hashes=pair.hashes)
        if contender.label in self.out:
            return replace(run, refusal=self.out[contender.label])
        self._tell(pair, contender, 0, None)
        try:
            painted = painters(contender)(
                pair.photo, pair.style, self.folder / picture, lambda *told: self._tell(pair, contender, *told)
            )
        except ImpastoError as refusal:
            if isinstance(refusal, CannotPaintError):
                self.out[contender.label] = str(refusal)
            return replace(run, refusal=str(refusal))
        judgement = judge(read(self.folder / picture).pixels)
        values = {**judgement.values, **_measures(painted)}
        return replace(run, picture=picture, values=values, findings=tuple(judgement.findings))

    def _notes(self, *, isolated: bool) -> tuple[str, ...]:
        """Say how it was measured, as far as that changes what the numbers mean."""
        apart = "in a process of its own" if isolated else "in one process, so memory includes what others left"
        notes = [
            f"Each method ran {apart}; the pairs came one after the other, each painted by all methods.",
            f"Judged through {Path(self.judge).name} at {SIDE} px, which flatters whatever learned from it.",
        ]
        if self.perceptual is None:
            notes.append("LPIPS was not measured: it needs the weights vgg16-torchvision and lpips-vgg.")
        return tuple(notes)

    def _tell(self, pair: Pair, contender: Contender, share: float, remaining: float | None) -> None:
        now, label = time.perf_counter(), f"{pair.name} · {contender.label}"
        this, whole = self._estimate(contender.label, remaining, now - self.began_run)
        self.on_progress(Progress(self.begun, self.total, label, share, whole, now - self.began, this))

    def _estimate(self, label: str, remaining: float | None, spent: float) -> tuple[float | None, float | None]:
        """Estimate the seconds left of this picture and of all, from what each contender took so far."""
        times = {**self.spent, label: [*self.spent[label], *([] if remaining is None else [spent + remaining])]}
        mean = {name: sum(took) / len(took) for name, took in times.items() if took}
        if label not in mean:
            return None, None
        this = max(0.0, mean[label] - spent) if remaining is None else remaining
        later = {name: count - (name == label) for name, count in self.left.items()}
        if any(count and name not in mean for name, count in later.items()):
            return this, None
        return this, this + sum(count * mean[name] for name, count in later.items() if count)


def _check(pairs: Sequence[Pair], contenders: Sequence[Contender]) -> None:
    if not pairs or not contenders:
        raise OptionError("There is nothing to compare; give at least one photo, one style and one method.")
    labels = [contender.label for contender in contenders]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice:
        raise OptionError(f"{twice!r} is to be compared with itself; name every method once.")


def _measures(painted: Painted) -> dict[str, float]:
    """Return what painting took, by metric; without what could not be asked."""
    memory = {"memory": painted.bytes, "gpu_memory": painted.gpu_bytes}
    return {"seconds": painted.seconds, **{name: count / 1e6 for name, count in memory.items() if count is not None}}


def _file_name(text: str) -> str:
    """Return a text as a file's name that every system takes; texts that begin alike for long get different ones."""
    name = re.sub(r"[^\w.=-]+", "-", text).strip("-.")
    known = os.fsencode(name)
    if len(known) <= LONGEST_NAME:
        return name
    return f"{known[: LONGEST_NAME - 9].decode(errors='ignore')}-{zlib.crc32(os.fsencode(text)):08x}"
