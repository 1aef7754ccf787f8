"""The studio: a line of jobs, the processes that do them, and the limits that the owner has set.

There are two lines, so that a quick job never waits for a slow one; with a single worker there is one. A visitor has at
most one job in each. A job that is cancelled is asked to stop and, half a second later, stopped.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from impasto.apps.web.environment import as_environment
from impasto.apps.web.jobs import Job, Lane
from impasto.apps.web.places import Place
from impasto.apps.web.processes import WORKER, WorkerProcess
from impasto.config.serving import Serving
from impasto.errors import ImpastoError

__all__ = ["Studio", "StudioBusyError"]

_log = logging.getLogger(__name__)

TICK_SECONDS = 0.1
TICKS_PER_CHORE = 10


class StudioBusyError(ImpastoError):
    """There is no room for another job now."""


class Studio:
    """Takes jobs and sees to it that they are done, one after the other, within the limits."""

    def __init__(self, serving: Serving, folder: Path, *, command: Sequence[str] = WORKER) -> None:
        self.serving, self.folder, self._command = serving, folder, command
        self._lock = threading.RLock()
        self._closed = threading.Event()
        self._lines: dict[str, deque[Job]] = {"quick": deque()}
        self._places: dict[str, list[Place]] = {"quick": [Place()]}
        if serving.workers > 1:
            self._lines["long"] = deque()
            self._places["long"] = [Place(is_spare=True) for _ in range(serving.workers - 1)]
        self.chores: list[Callable[[], object]] = []  # what else is to be seen to from time to time
        threading.Thread(target=self._look_after, name="studio", daemon=True).start()

    # -- for the pages -------------------------------------------------------------------------------------------------

    def submit(self, job: Job) -> Job:
        """Put a job at the end of its line. A quick one takes the place of the visitor's earlier quick one."""
        with self._lock:
            line = self._line_of(job.lane)
            if job.lane == "quick":
                for earlier in self._jobs_of(job.owner, "quick"):
                    self._withdraw(earlier)
            elif self._jobs_of(job.owner, "long"):
                raise StudioBusyError("You have a work under way already; let it finish, or cancel it first.")
            if len(line) >= self.serving.waiting:
                raise StudioBusyError(
                    f"The studio is full: {len(line)} works are waiting. Please come back in a minute."
                )
            job.folder.mkdir(parents=True, exist_ok=True)
            line.append(job)
            self._dispatch()
        return job

    def position(self, job: Job) -> int:
        """Return the place of a waiting job in its line, from 1; 0 for one that does not wait."""
        with self._lock:
            line = self._line_of(job.lane)
            return line.index(job) + 1 if job in line else 0

    def cancel(self, job: Job) -> None:
        """Stop a job within a second, whatever it is doing; what it has made so far stays in its folder."""
        with self._lock:
            if job in self._line_of(job.lane):
                self._line_of(job.lane).remove(job)
                job.end("cancelled")
            elif (place := self._place_of(job)) is not None:
                place.cancel()

    def stop_and_keep(self, job: Job) -> None:
        """Let a job end now with what it has; one that waits in line has nothing, and is cancelled."""
        with self._lock:
            if self.position(job):
                self.cancel(job)
            else:
                job.is_stopping = self._control(job, "stop")

    def pause(self, job: Job) -> None:
        """Let a job rest where it is; one that waits in line rests already."""
        job.paused = self._control(job, "pause")

    def resume(self, job: Job) -> None:
        """Let a paused job go on."""
        job.paused = False
        self._control(job, "resume")

    def cancel_all(self, owner: str) -> None:
        """Cancel every job of a visitor."""
        for lane in ("quick", "long"):
            for job in self._jobs_of(owner, lane):
                self.cancel(job)

    def warm_up(self) -> None:
        """Start the process for quick jobs, so that the first visitor need not wait for it."""
        with self._lock:
            if self._places["quick"][0].process is None and not self._closed.is_set():
                self._start(self._places["quick"][0])

    def processes(self) -> list[WorkerProcess]:
        """Return the processes that are alive."""
        with self._lock:
            return [place.process for place in self._all_places() if place.process is not None]

    def close(self) -> None:
        """End every job and every process."""
        with self._lock:
            self._closed.set()
            ended = self.processes()
            for line in self._lines.values():
                while line:
                    line.popleft().end("cancelled")
            for process in ended:
                process.kill()
        for process in ended:
            process.wait(2.0)

    # -- lines and places ----------------------------------------------------------------------------------------------

    def _line_of(self, lane: Lane | str) -> deque[Job]:
        return self._lines.get(lane, self._lines["quick"])

    def _all_places(self) -> list[Place]:
        return [place for places in self._places.values() for place in places]

    def _place_of(self, job: Job) -> Place | None:
        return next((place for place in self._all_places() if place.job is job), None)

    def _jobs_of(self, owner: str, lane: str) -> list[Job]:
        with self._lock:
            running = [place.job for place in self._all_places() if place.job is not None]
            return [job for job in [*running, *self._line_of(lane)] if job.owner == owner and job.lane == lane]

    def _withdraw(self, job: Job) -> None:
        """Take back a quick job. One that runs is only asked: killing would cost the next visitor the start anew."""
        if job in self._line_of(job.lane):
            self._line_of(job.lane).remove(job)
            job.end("cancelled")
        elif (place := self._place_of(job)) is not None:
            place.tell("drop")

    def _dispatch(self) -> None:
        """Give waiting jobs to idle places."""
        if self._closed.is_set():
            return
        for lane, places in self._places.items():
            for place in places:
                if place.is_free and self._lines[lane]:
                    self._begin(place, self._lines[lane].popleft())

    def _begin(self, place: Place, job: Job) -> None:
        if place.process is None:
            self._start(place)
        place.begin(job)

    def _start(self, place: Place) -> None:
        environment = {**as_environment(self.serving), "IMPASTO_OFFLINE": "1"}
        if self.serving.threads is not None:
            environment["OMP_NUM_THREADS"] = str(self.serving.threads)
        place.is_ready, place.at_rest = False, 0
        place.process = WorkerProcess(
            self._on_message, folder=self.folder, environment=environment, command=self._command
        )

    def _control(self, job: Job, word: str) -> bool:
        """Tell a job what is wished of it, and say whether it is under way to hear that."""
        with self._lock:
            place = self._place_of(job)
            if place is not None:
                place.tell(word)
            return place is not None

    # -- what the processes say ----------------------------------------------------------------------------------------

    def _on_message(self, process: WorkerProcess, message: dict[str, Any] | None) -> None:
        with self._lock:
            place = next((place for place in self._all_places() if place.process is process), None)
            if place is None:  # of a process that was already given up
                return
            if message is None:
                self._has_ended(place)
            elif "ready" in message:
                place.has_come_up()
            elif "rested" in message:
                place.has_rested()
            elif place.job is not None and message.get("id") == place.job.number:
                self._hear(place, place.job, message)

    def _hear(self, place: Place, job: Job, message: dict[str, Any]) -> None:
        if "said" in message:
            job.told = message["said"]
            if "losses" in job.told:
                job.history.append(job.told["losses"])
            return
        if "done" in message:
            job.answer = message["done"]
            job.end("done")
        elif "refused" in message:
            job.end("refused", message["refused"])
        elif "dropped" in message:
            job.end("cancelled")
        else:
            job.end("failed", _unexpected(job))
        place.is_done()
        self._dispatch()

    def _has_ended(self, place: Place) -> None:
        """Close the job of a process that is no more, and let the next one have another process."""
        job, wished = place.job, place.kill_at is not None and not place.complaint
        place.process, place.job, place.kill_at = None, None, None
        if job is not None:
            job.end("cancelled" if wished else "failed", "" if wished else place.complaint or _unexpected(job))
        place.complaint = ""
        self._dispatch()
        if place.is_ready and place is self._places["quick"][0]:
            self.warm_up()

    # -- limits --------------------------------------------------------------------------------------------------------

    def _look_after(self) -> None:
        for tick in itertools.count():
            if self._closed.wait(TICK_SECONDS):
                return
            with self._lock:
                for place in self._all_places():
                    place.hold_to_limits(self.serving)
            if tick % TICKS_PER_CHORE == 0:
                for chore in self.chores:
                    chore()


def _unexpected(job: Job) -> str:
    _log.error("job %d (%s) ended unexpectedly", job.number, job.task)
    return "The work ended unexpectedly, most likely for lack of memory; try again, or choose a smaller size."
