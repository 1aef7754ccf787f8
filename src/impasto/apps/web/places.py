"""A place in the studio: one process, the job it works on, and the limits that both are held to."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from impasto.apps.web.jobs import Job
from impasto.apps.web.processes import WorkerProcess
from impasto.config.serving import Serving

__all__ = ["Place"]

OBEY_SECONDS = 0.5  # a cancelled job may take so long to stop by itself
KEEP_SECONDS = 15.0  # a job whose time is up may take so long to hand over what it has
IDLE_SECONDS = 60.0  # a process for long jobs is ended after so long without one
GROWTH = 250_000_000  # bytes that a process may have grown by after a job; beyond it is replaced
MEGABYTE = 1_000_000


@dataclass(eq=False)
class Place:
    """A place where one process works on one job at a time. Who calls anything here holds the studio's lock."""

    is_spare: bool = False  # its process is started for a job, and ended when it idles
    process: WorkerProcess | None = None
    job: Job | None = None
    kill_at: float | None = None
    complaint: str = ""  # why its process is about to be killed; empty when the visitor wished so
    is_ready: bool = False  # its process has come up; one that never did is not started again by itself
    at_rest: int = 0  # bytes that the process held then
    idle_since: float = field(default_factory=time.monotonic)
    is_stopping: bool = False  # its job's time is up

    @property
    def is_free(self) -> bool:
        """Whether it can take a job."""
        return self.job is None and self.kill_at is None

    def begin(self, job: Job) -> None:
        """Give its process a job."""
        assert self.process is not None
        self.job, self.is_stopping = job, False
        job.state, job.began = "running", time.monotonic()
        self.process.tell({"id": job.number, "task": job.task, "folder": str(job.folder), "arguments": job.arguments})

    def has_come_up(self) -> None:
        """Take note that the process is ready; only now does the time of a job begin that was waiting for it."""
        assert self.process is not None
        self.is_ready, self.at_rest = True, self.process.memory()
        if self.job is not None:
            self.job.began = time.monotonic()

    def tell(self, word: str) -> None:
        """Tell the job what is wished of it."""
        if self.process is not None and self.job is not None:
            self.process.tell({"control": word, "id": self.job.number})

    def cancel(self) -> None:
        """Ask the job to drop everything, and end it if it does not."""
        self.tell("drop")
        self.kill_at, self.complaint = time.monotonic() + OBEY_SECONDS, ""

    def is_done(self) -> None:
        """Take note that the job is over."""
        self.job, self.kill_at, self.idle_since = None, None, time.monotonic()

    def has_rested(self) -> None:
        """Take note that the process gave back what memory it could; one that has grown all the same is replaced."""
        process = self.process
        if process is not None and self.is_free and process.memory() - self.at_rest > GROWTH:
            self.kill_at = 0.0  # no job is given to it any more
            process.kill()

    def hold_to_limits(self, serving: Serving) -> None:
        """Stop or end what takes too long or too much, and what idles."""
        process, now = self.process, time.monotonic()
        if process is None:
            return
        if self.kill_at is not None and now >= self.kill_at:
            process.kill()
        elif self.job is None:
            if self.is_spare and now - self.idle_since > IDLE_SECONDS:
                process.kill()
        elif self.kill_at is None:
            self._limit_seconds(self.job, serving.seconds, now)
            self._limit_memory(process, serving.memory_megabytes, now)

    def _limit_seconds(self, job: Job, most: int, now: float) -> None:
        if job.seconds > most + KEEP_SECONDS:
            self.kill_at, self.complaint = now, f"This took longer than the {most} s that are allowed here; try less."
        elif job.seconds > most and not self.is_stopping:
            self.is_stopping = True
            self.tell("stop")

    def _limit_memory(self, process: WorkerProcess, megabytes: int, now: float) -> None:
        if process.memory() > megabytes * MEGABYTE:
            self.kill_at = now
            self.complaint = "This needed more memory than is allowed here; choose a smaller size."
