"""A studio that does every job on the spot, in the process of the test: what the pages do with it is what is tested."""

from __future__ import annotations

from pathlib import Path

from impasto.apps.web.calls import Call, DroppedError, Wishes
from impasto.apps.web.jobs import Job
from impasto.apps.web.studio import StudioBusyError
from impasto.config.serving import Serving
from impasto.errors import ImpastoError

__all__ = ["OnTheSpot"]


class OnTheSpot:
    """Has the face of :class:`~impasto.apps.web.studio.Studio`."""

    def __init__(self, serving: Serving, folder: Path) -> None:
        self.serving, self.folder = serving, folder
        self.chores: list[object] = []
        self.held: set[str] = set()  # tasks that stay where they are
        self.asked: list[Job] = []
        self.is_full = False

    def submit(self, job: Job) -> Job:
        from impasto.apps.web.tasks import TASKS

        if self.is_full:
            raise StudioBusyError("The studio is full: 40 works are waiting. Please come back in a minute.")
        job.folder.mkdir(parents=True, exist_ok=True)
        self.asked.append(job)
        if job.task in self.held:
            job.state = "running"
            return job
        try:
            job.answer = TASKS[job.task](Call(job.folder, job.arguments, Wishes(), lambda said: _hear(job, said)))
            job.end("done")
        except DroppedError:
            job.end("cancelled")
        except ImpastoError as refusal:
            job.end("refused", str(refusal))
        return job

    def position(self, job: Job) -> int:
        return 0

    def cancel(self, job: Job) -> None:
        job.end("cancelled")

    def cancel_all(self, owner: str) -> None:
        return None

    def pause(self, job: Job) -> None:
        job.paused = True

    def resume(self, job: Job) -> None:
        job.paused = False

    def stop_and_keep(self, job: Job) -> None:
        job.end("done")

    def close(self) -> None:
        return None

    def of(self, task: str) -> list[Job]:
        """Return the jobs of a task that were asked for."""
        return [job for job in self.asked if job.task == task]


def _hear(job: Job, message: dict[str, object]) -> None:
    job.told = message["said"]  # type: ignore[assignment]
    if "losses" in job.told:
        job.history.append(job.told["losses"])
