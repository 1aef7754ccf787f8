"""The studio keeps order: one after the other, places in the line, limits, and an end to whatever is cancelled."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from patience import is_running, until

from impasto.apps.web import places
from impasto.apps.web.jobs import Job
from impasto.apps.web.studio import Studio, StudioBusyError

Make = Callable[..., Job]


def done(studio: Studio, job: Job, seconds: float = 60.0) -> Job:
    studio.submit(job)
    assert job.finished.wait(seconds), job
    return job


def rests(work: Job) -> bool:
    """Say whether a work takes no step for a while."""
    at = work.told["step"]
    time.sleep(0.3)
    return bool(work.told["step"] == at)


def test_a_job_is_done_and_its_answer_and_files_come_back(studio: Studio, job: Make) -> None:
    found = done(studio, job("echo", arguments={"say": "käse"}))
    assert found.state == "done"
    assert found.answer["echo"] == {"say": "käse"}
    assert found.file("echo.txt") == b"here"
    assert found.history == [{"total": 1.0}]
    found.forget()
    assert found.file("echo.txt") == b""


def test_the_process_is_used_again(studio: Studio, job: Make) -> None:
    processes = {done(studio, job("echo")).answer["pid"] for _ in range(3)}
    assert len(processes) == 1


def test_a_refusal_is_a_sentence_for_visitors(studio: Studio, job: Make) -> None:
    found = done(studio, job("refuse"))
    assert found.state == "refused"
    assert found.sentence == "The picture is upside down; turn it."


@pytest.mark.parametrize("task", ["stumble", "crash"])
def test_what_fails_tells_no_secrets_and_harms_nobody_else(studio: Studio, job: Make, task: str) -> None:
    found = done(studio, job(task))
    assert found.state == "failed"
    assert "secret" not in found.sentence
    assert "try again" in found.sentence
    assert done(studio, job("echo")).state == "done"


def test_others_wait_in_the_line_and_know_their_place(studio: Studio, job: Make) -> None:
    first, *others = (job("dawdle", owner=f"visitor {number}", lane="long") for number in range(4))
    for one in (first, *others):
        studio.submit(one)
    assert until(lambda: first.told)
    assert [studio.position(one) for one in (first, *others)] == [0, 1, 2, 3]
    studio.cancel(others[0])
    assert others[0].state == "cancelled"
    assert [studio.position(one) for one in others[1:]] == [1, 2]
    studio.stop_and_keep(first)
    assert first.finished.wait(60)
    assert until(lambda: others[1].told)
    assert studio.position(others[2]) == 1


def test_a_quick_job_does_not_wait_for_a_long_one(studio: Studio, job: Make) -> None:
    slow = studio.submit(job("dawdle", lane="long"))
    assert done(studio, job("echo")).state == "done"
    assert not slow.is_over


def test_with_one_worker_there_is_one_line(studio_with: Callable[..., Studio], job: Make) -> None:
    studio = studio_with(workers=1)
    slow = studio.submit(job("dawdle", lane="long"))
    quick = studio.submit(job("echo", owner="another"))
    assert until(lambda: slow.told)
    assert studio.position(quick) == 1
    studio.cancel(slow)
    assert quick.finished.wait(60)
    assert len(studio.processes()) == 1


def test_a_visitor_has_one_long_work_at_a_time(studio: Studio, job: Make) -> None:
    slow = studio.submit(job("dawdle", lane="long"))
    with pytest.raises(StudioBusyError, match="under way already"):
        studio.submit(job("dawdle", lane="long"))
    studio.cancel(slow)
    assert slow.finished.wait(60)
    assert studio.submit(job("dawdle", lane="long")).state in ("waiting", "running")


def test_a_newer_quick_job_of_a_visitor_takes_the_place_of_the_older(studio: Studio, job: Make) -> None:
    running = studio.submit(job("dawdle"))
    assert until(lambda: running.told)
    waiting = studio.submit(job("echo"))
    newest = studio.submit(job("echo"))
    assert waiting.state == "cancelled"
    assert running.finished.wait(60)
    assert running.state == "cancelled"
    assert newest.finished.wait(60)
    assert newest.state == "done"


def test_a_full_line_asks_to_come_back(studio_with: Callable[..., Studio], job: Make) -> None:
    studio = studio_with(waiting=2)
    for number in range(3):  # one of them is being done
        studio.submit(job("dawdle", owner=f"visitor {number}", lane="long"))
    with pytest.raises(StudioBusyError, match="come back in a minute"):
        studio.submit(job("dawdle", owner="one too many", lane="long"))


def test_cancelling_stops_the_processor_within_a_second(studio: Studio, job: Make) -> None:
    """Told by the processor time that the process uses after the wish, which no noise of the machine can lengthen."""
    hard = studio.submit(job("burn", lane="long"))
    assert until(lambda: hard.told)
    process = next(one for one in studio.processes() if one.processor_seconds() > 0 and one.is_alive)
    before = process.processor_seconds()
    assert until(lambda: process.processor_seconds() > before), "it is not working at all"
    used = [process.processor_seconds()]
    studio.cancel(hard)
    assert until(lambda: used.append(process.processor_seconds()) or hard.is_over)
    assert hard.state == "cancelled"
    assert max(used) - used[0] <= 1.0
    assert until(lambda: not is_running(process.pid))
    assert done(studio, job("echo", lane="long")).state == "done"


def test_a_work_can_be_paused_and_goes_on(studio: Studio, job: Make) -> None:
    work = studio.submit(job("dawdle", lane="long"))
    assert until(lambda: work.told)
    studio.pause(work)
    assert until(lambda: rests(work))
    at = work.told["step"]
    studio.resume(work)
    assert until(lambda: work.told["step"] > at)
    studio.stop_and_keep(work)
    assert work.finished.wait(60)
    assert work.answer["steps"] > at


def test_a_paused_work_can_be_stopped_and_cancelled(studio: Studio, job: Make) -> None:
    work = studio.submit(job("dawdle", lane="long"))
    assert until(lambda: work.told)
    studio.pause(work)
    studio.stop_and_keep(work)
    studio.resume(work)  # pressed before, told of after
    assert work.is_stopping
    assert work.finished.wait(60)
    assert work.state == "done"


def test_a_work_that_waits_cannot_pause_and_when_stopped_it_leaves_the_line(studio: Studio, job: Make) -> None:
    first, paused, stopped = (job("dawdle", owner=f"visitor {number}", lane="long") for number in range(3))
    for one in (first, paused, stopped):
        studio.submit(one)
    assert until(lambda: first.told)
    studio.pause(paused)
    studio.stop_and_keep(stopped)
    assert not paused.paused
    assert stopped.state == "cancelled", "there was nothing to keep"
    assert not stopped.is_stopping
    assert studio.position(paused) == 1
    studio.stop_and_keep(first)
    assert until(lambda: paused.told), "it does not begin when its turn comes"


def test_a_wish_about_a_work_that_is_over_changes_nothing(studio: Studio, job: Make) -> None:
    over = done(studio, job("echo"))
    studio.pause(over)
    studio.stop_and_keep(over)
    assert (over.state, over.paused, over.is_stopping) == ("done", False, False)


def test_when_its_time_is_up_a_work_keeps_what_it_has(studio_with: Callable[..., Studio], job: Make) -> None:
    studio = studio_with(seconds=1)
    work = done(studio, job("dawdle", lane="long"))
    assert work.state == "done"
    assert "steps" in work.answer, "it was ended without having been asked"


def test_a_work_that_does_not_listen_is_ended_when_its_time_is_up(
    studio_with: Callable[..., Studio], job: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "KEEP_SECONDS", 0.3)
    work = done(studio_with(seconds=1), job("burn", lane="long"))
    assert work.state == "failed"
    assert "longer than the 1 s" in work.sentence


def test_a_work_that_takes_too_much_memory_is_ended(studio_with: Callable[..., Studio], job: Make) -> None:
    greedy = done(studio_with(memory_megabytes=200), job("hog", arguments={"bytes": 300_000_000, "dawdle": True}))
    assert greedy.state == "failed"
    assert "more memory than is allowed" in greedy.sentence


def test_a_process_that_has_grown_is_replaced(studio: Studio, job: Make) -> None:
    first = done(studio, job("hog", arguments={"bytes": 300_000_000, "keep": True})).answer["pid"]
    assert until(lambda: not is_running(first))
    second = done(studio, job("echo")).answer["pid"]
    assert second != first
    assert sum(process.memory() for process in studio.processes()) < 200_000_000


def test_a_process_for_long_works_is_ended_when_it_idles(
    studio: Studio, job: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "IDLE_SECONDS", 0.2)
    idle = done(studio, job("echo", lane="long")).answer["pid"]
    assert until(lambda: not is_running(idle))


def test_closing_ends_everything(studio: Studio, job: Make) -> None:
    running = studio.submit(job("burn", lane="long"))
    waiting = studio.submit(job("echo", owner="another", lane="long"))
    assert until(lambda: running.told)
    processes = [process.pid for process in studio.processes()]
    studio.close()
    assert waiting.state == "cancelled"
    assert not [process for process in processes if is_running(process)]
    assert running.finished.wait(60)


def test_folders_of_the_owner_are_the_same_ones_for_a_worker(
    studio: Studio, job: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMPASTO_STYLES", "styles")
    monkeypatch.setenv("IMPASTO_WEIGHTS", os.pathsep.join(["one", "two"]))
    seen = done(studio, job("surroundings")).answer
    assert seen["IMPASTO_STYLES"] == str(tmp_path / "styles")
    assert seen["IMPASTO_WEIGHTS"].split(os.pathsep) == [str(tmp_path / "one"), str(tmp_path / "two")]
