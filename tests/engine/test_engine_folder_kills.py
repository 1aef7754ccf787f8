"""Folders whose painting is killed: the run, or one of its workers."""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cheap_method import Cheap, Dying
from photo_folder import draw_photos, pixels_in
from torch import Tensor

from impasto.engine.folder import Advance, crews, running, stylize_folder
from impasto.engine.folder.finding import Item
from impasto.engine.folder.journal import JOURNAL
from impasto.engine.folder.worker import Lost, Outcome
from impasto.errors import ImpastoError
from impasto.images import write

SCRIPT = Path(__file__).with_name("killed_runs.py")


def killed(photos: Path, style: Path, out: Path, *, kills: int, seconds: float, workers: int = 1) -> dict[str, Any]:
    """Paint a folder in another process that is killed several times; return the last report."""
    asked = [photos, style, out, kills, seconds, workers]
    done = subprocess.run(
        [sys.executable, SCRIPT, *map(str, asked)],
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
        env={**os.environ, "TMPDIR": str(out.parent)},
    )
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def is_swept(temporary: Path) -> bool:
    """Say whether no worker has left temporary files behind; those of a killed run may take a moment to leave."""
    until = time.monotonic() + 30
    while (is_left := any(temporary.glob("impasto-*"))) and time.monotonic() < until:
        time.sleep(0.1)
    return not is_left


@pytest.mark.parametrize(
    ("count", "broken", "kills", "workers"),
    [
        (30, 3, 3, 1),
        pytest.param(300, 10, 3, 1, marks=pytest.mark.long),
        pytest.param(300, 10, 3, 2, marks=pytest.mark.long),
    ],
)
def test_a_run_killed_at_random_moments_ends_like_an_undisturbed_one(
    tmp_path: Path, painting: Tensor, count: int, broken: int, kills: int, workers: int
) -> None:
    bad = draw_photos(tmp_path / "photos", count, broken)
    write(painting, tmp_path / "style.png")
    undisturbed = stylize_folder(tmp_path / "photos", tmp_path / "style.png", Cheap(), out=tmp_path / "calm")
    report = killed(
        tmp_path / "photos",
        tmp_path / "style.png",
        tmp_path / "out",
        kills=kills,
        seconds=0.02,
        workers=workers,
    )
    assert undisturbed.done == report["done"] + report["kept"] == count - broken
    assert sorted(failure["photo"] for failure in report["failed"]) == sorted(bad)
    assert report["kept"] > 0  # the killed runs were of use
    assert pixels_in(tmp_path / "out") == pixels_in(tmp_path / "calm")
    notes = [json.loads(line) for line in (tmp_path / "out" / JOURNAL).read_text(encoding="utf-8").splitlines()]
    assert max(Counter(note["done"] for note in notes if "done" in note).values()) == 1
    assert {path.name for path in (tmp_path / "out").glob(".*")} == {".impasto-lock"}
    assert is_swept(tmp_path)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    draw_photos(tmp_path / "photos", 9)
    return tmp_path / "photos"


def test_processes_paint_what_one_worker_paints(photos: Path, tmp_path: Path, painting: Tensor) -> None:
    stylize_folder(photos, painting, Cheap(), out=tmp_path / "one")
    report = stylize_folder(photos, painting, Cheap(), out=tmp_path / "two", workers=2)
    assert (report.done, report.failed) == (9, [])
    assert pixels_in(tmp_path / "two") == pixels_in(tmp_path / "one")


@pytest.fixture
def killer(tmp_path: Path) -> Path:
    """A folder with one picture."""
    draw_photos(tmp_path / "killer", 1)
    return tmp_path / "killer"


def test_deaths_over_a_picture_are_counted_for_the_picture(
    killer: Path, tmp_path: Path, painting: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that is left of a folder kills every worker, and there is no other to show that they can paint."""
    monkeypatch.setattr(crews.ProcessCrew, "_start", lambda *_: a_process_that_died(crews._READY))
    report = stylize_folder(killer, painting, Cheap(), out=tmp_path / "out", workers=2)
    assert [failure.why for failure in report.failed] == [
        "photo 000.jpg was given up after 3 tries: its worker died (exit status 9)."
    ]


def test_deaths_of_workers_that_never_were_ready_end_the_run(
    killer: Path, tmp_path: Path, painting: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crews.ProcessCrew, "_start", lambda *_: a_process_that_died())
    with pytest.raises(ImpastoError, match="worker processes die at their start"):
        stylize_folder(killer, painting, Cheap(), out=tmp_path / "out", workers=2)


def a_process_that_died(*said: object) -> tuple[Any, Any]:
    """Return a process that is dead, and the pipe with what it said before."""
    ours, theirs = multiprocessing.Pipe()
    for one in said:
        theirs.send(one)
    theirs.close()
    return SimpleNamespace(exitcode=9, join=lambda *_: None, is_alive=lambda: False), ours


ALIVE = """
import os, signal

def live(pipe, *_):
    os.kill(os.getpid(), signal.SIGINT)
    pipe.send("alive")
"""


def test_workers_hear_no_ctrl_c_before_they_could_ignore_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "alive.py").write_text(ALIVE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(crews, "_live", importlib.import_module("alive").live)
    crew = crews.ProcessCrew(None, 1)  # type: ignore[arg-type]
    try:
        assert crew._members[0].pipe.recv() == "alive"
    finally:
        crew.close()


def test_ctrl_c_waits_until_a_worker_has_begun() -> None:
    told = []

    def begin() -> None:
        with crews._ctrl_c_held_back(), crews._ctrl_c_kept_from_children():
            signal.raise_signal(signal.SIGINT)
            told.append("its task")

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        begin()
    assert told == ["its task"]
    assert signal.getsignal(signal.SIGINT) == before
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


class Littering(Cheap):
    """Makes a temporary file, notes its name, and is still at it when everyone is sent home."""

    def __call__(self, *_: Any, **rest: Any) -> Any:
        assert self.log is not None
        file, name = tempfile.mkstemp()
        os.close(file)
        self.log.write_text(name)
        time.sleep(60)


def test_workers_that_are_sent_home_leave_no_temporary_files(photos: Path, tmp_path: Path, painting: Tensor) -> None:
    log = tmp_path / "name.txt"

    def stop(_: Advance) -> None:
        if log.exists():
            raise KeyboardInterrupt

    report = stylize_folder(photos, painting, Littering(log=log), out=tmp_path / "out", workers=2, on_step=stop)
    assert report.interrupted
    assert not Path(log.read_text()).parent.exists()


class Deserted:
    """A crew whose only member dies over every picture; the next one needs a while to be ready."""

    def __init__(self) -> None:
        self.free, self._given = 1, deque[Item]()

    def give(self, item: Item) -> None:
        assert self.free, "nobody is there to paint it"
        self.free -= 1
        self._given.append(item)

    def take(self, timeout: float) -> Sequence[Outcome]:
        del timeout
        if not self._given:
            self.free = 1  # the next one is ready
            return []
        return [Lost(self._given.popleft(), "its node was lost")]

    def close(self) -> None:
        pass


def test_nothing_is_given_to_a_crew_that_waits_for_new_members(
    killer: Path, tmp_path: Path, painting: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_crew", lambda *_: Deserted())
    report = stylize_folder(killer, painting, Cheap(), out=tmp_path / "out")
    assert [failure.why for failure in report.failed] == [
        "photo 000.jpg was given up after 3 tries: its node was lost."
    ]


@pytest.mark.long
def test_a_picture_that_kills_its_workers_is_given_up(photos: Path, tmp_path: Path, painting: Tensor) -> None:
    log = tmp_path / "painted.txt"
    report = stylize_folder(photos, painting, Cheap(killed_by="photo 004", log=log), out=tmp_path / "out", workers=2)
    assert (report.done, [failure.photo for failure in report.failed]) == (8, ["photo 004.bmp"])
    assert "given up after 3 tries: its worker died (exit status 9)" in report.failed[0].why
    assert log.read_text().split("\n").count("photo 004.bmp") == 3
    again = stylize_folder(photos, painting, Cheap(killed_by="photo 004", log=log), out=tmp_path / "out", workers=2)
    assert (again.done, again.kept, [failure.photo for failure in again.failed]) == (0, 8, ["photo 004.bmp"])


@pytest.mark.long
def test_workers_that_die_at_once_end_the_run(photos: Path, tmp_path: Path, painting: Tensor) -> None:
    with pytest.raises(ImpastoError, match="worker processes die at their start"):
        stylize_folder(photos, painting, Dying(), out=tmp_path / "out", workers=2)
