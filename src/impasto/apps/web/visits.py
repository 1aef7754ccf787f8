"""One visitor's stay: a private folder, the pictures in it, the jobs under way. When it ends, all of it goes."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.apps.web.jobs import Job
from impasto.apps.web.studio import Studio
from impasto.apps.web.uploads import MEGABYTE, ORIGINAL, check_picture, clean_name, fresh_folder
from impasto.config.serving import Serving
from impasto.errors import ImpastoError, InputError

__all__ = ["Upload", "Visit", "Visits"]

MOST_STYLES = 4  # of their own
REMEMBERED = 12  # paintings that come back at once when a slider goes back to where it was


@dataclass(frozen=True)
class Upload:
    """A picture that was looked at and found good."""

    name: str  # shown, and part of a download's name
    job: Job
    height: int
    width: int

    @property
    def folder(self) -> str:
        """Where it is, for requests."""
        return str(self.job.folder)

    @property
    def shown(self) -> bytes:
        """The JPEG that the page shows."""
        return self.job.file("shown.jpg")


class Visit:
    """What a visitor has here."""

    def __init__(self, studio: Studio, session: str) -> None:
        self.studio, self.session = studio, session
        self.folder = fresh_folder(studio.folder)
        self.photo: Upload | None = None  # None: the sample
        self.styles: dict[str, Upload] = {}
        self.jobs: dict[str, Job] = {}  # the latest by what it is for
        self.arriving: dict[str, Job] = {}  # uploads that are being looked at, by what they are for
        self._remembered: OrderedDict[Hashable, Job] = OrderedDict()
        self._put_aside: list[Upload] = []  # pictures that only works begun before still need
        self.is_over = False

    @property
    def serving(self) -> Serving:
        """The limits."""
        return self.studio.serving

    @property
    def photo_folder(self) -> str | None:
        """Where the photo is, for requests; None for the sample."""
        return None if self.photo is None else self.photo.folder

    def used(self) -> int:
        """Return the bytes that lie in the folder."""
        return sum(_size(Path(place) / name) for place, _, names in os.walk(self.folder) for name in names)

    def job(self, task: str, **more: Any) -> Job:
        """Make a job of this visitor's; it is not submitted yet."""
        return Job(task, owner=self.session, home=self.folder, **more)

    def start(self, purpose: str, job: Job) -> Job:
        """Submit a job in place of the last one for the same purpose, whose files go; refused, its own go."""
        before = self.jobs.get(purpose)
        self._submitted(job)
        if before is not None:
            self.studio.cancel(before)
            before.forget()
        self.jobs[purpose] = job
        return job

    def recall(self, key: Hashable, make: Callable[[], Job]) -> Job:
        """Return the job that was made for this key, or make and submit it; the oldest are forgotten."""
        job = self._remembered.get(key)
        if job is None or job.state in ("cancelled", "failed"):
            job = self._remembered[key] = self._submitted(make())
        self._remembered.move_to_end(key)
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)[1].forget()
        return job

    def receive(self, data: bytes, name: str, purpose: str) -> Job:
        """Take in a picture to be looked at, or raise the sentence that says why not; :meth:`admitted` comes next.

        One for the same purpose that came before and was not admitted yet gives way.
        """
        check_picture(data, megabytes=self.serving.upload_megabytes)
        self._make_room(len(data))
        limits = {"megapixels": self.serving.megapixels, "preview": self.serving.preview}
        job = self.job("admit", arguments={"name": clean_name(name), **limits})
        job.folder.mkdir(parents=True)
        (job.folder / ORIGINAL).write_bytes(data)
        earlier = self.arriving.pop(purpose, None)
        try:
            self.arriving[purpose] = self._submitted(job)
        finally:
            if earlier is not None:
                earlier.forget()
        return job

    def admitted(self, purpose: str) -> Upload:
        """Return what was received and found good; raise the sentence that says why it was not."""
        job = self.arriving.pop(purpose)
        if job.state != "done":
            job.forget()
            raise InputError(job.sentence or "The picture was put aside. Please choose it again.")
        return Upload(job.arguments["name"], job, job.answer["height"], job.answer["width"])

    def use_photo(self, upload: Upload | None) -> None:
        """Paint this photo from now on; None is the sample."""
        former, self.photo = self.photo, upload
        self._release(*([] if former is None else [former]))  # while the paintings that need it are still known
        self._forget_paintings()

    def add_style(self, upload: Upload) -> str:
        """Add a painting of the visitor's own, and return what it is called in requests; the oldest gives way."""
        name = f"own-{upload.job.number}"
        self.styles[name] = upload
        while len(self.styles) > MOST_STYLES:
            self._release(self.styles.pop(next(iter(self.styles))))
        return name

    def end(self) -> None:
        """Cancel what is under way and remove everything."""
        self.is_over = True
        self.studio.cancel_all(self.session)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _submitted(self, job: Job) -> Job:
        """Submit a job; where there is no room for it, the files that it has already go."""
        try:
            self._make_room()
            return self.studio.submit(job)
        except ImpastoError:
            job.forget()
            raise

    def _release(self, *uploads: Upload) -> None:
        """Forget pictures that are not used any more, each once no work that waits or runs needs its files."""
        self._put_aside.extend(uploads)
        needed = set[str]().union(*(_folders_in(job.arguments) for job in self._all_jobs() if not job.is_over))
        for upload in [one for one in self._put_aside if one.folder not in needed]:
            self._put_aside.remove(upload)
            upload.job.forget()

    def _all_jobs(self) -> list[Job]:
        return [*self.jobs.values(), *self._remembered.values()]

    def _forget_paintings(self) -> None:
        while self._remembered:
            self._remembered.popitem()[1].forget()

    def _make_room(self, wanted: int = 0) -> None:
        """Forget old paintings until there is room; refuse where there is none."""
        self._release()
        most = self.serving.disk_megabytes * MEGABYTE
        while self._remembered and self.used() + wanted > most:
            self._remembered.popitem(last=False)[1].forget()
        if self.used() + wanted > most:
            raise InputError(
                f"Your pictures fill the {self.serving.disk_megabytes} MB that a visitor has here. "
                "Please reload the page to begin anew."
            )


def _folders_in(arguments: Mapping[str, Any]) -> set[str]:
    """Return the folders of uploads that a request names."""
    return {arguments.get("photo"), *(style["folder"] for style in arguments.get("styles", ()))} - {None}


def _size(path: Path) -> int:
    """Return the bytes of a file; jobs end at any moment, and their files may be gone by now."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


class Visits:
    """All stays, by session. One whose page was closed a while ago is ended."""

    def __init__(self, studio: Studio, is_here: Callable[[str], bool]) -> None:
        self.studio, self._is_here = studio, is_here
        self._lock = threading.Lock()
        self._visits: dict[str, Visit] = {}
        self._gone_since: dict[str, float] = {}
        studio.chores.append(self.tidy_up)

    def of(self, session: str) -> Visit:
        """Return the stay of a session, a new one where there is none."""
        with self._lock:
            visit = self._visits.get(session)
            if visit is None or visit.is_over:
                visit = self._visits[session] = Visit(self.studio, session)
            return visit

    def tidy_up(self) -> None:
        """End the stays of those who have gone."""
        now = time.monotonic()
        with self._lock:
            for session in list(self._visits):
                if self._is_here(session):
                    self._gone_since.pop(session, None)
                elif now - self._gone_since.setdefault(session, now) >= self.studio.serving.keep_seconds:
                    self._gone_since.pop(session)
                    self._visits.pop(session).end()

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._visits)
