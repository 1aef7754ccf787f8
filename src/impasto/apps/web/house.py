"""The one studio of this server, its private folder and its visitors; opened at the first request."""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from impasto.apps.web.environment import serving_from_environment
from impasto.apps.web.jobs import Job
from impasto.apps.web.studio import Studio
from impasto.apps.web.styles import GalleryStyle
from impasto.apps.web.visits import Visit, Visits
from impasto.config.serving import Serving

__all__ = [
    "House",
    "Introduction",
    "close_house",
    "current_visit",
    "open_house",
    "session_id",
    "the_house",
    "use_house",
]

PREFIX = "impasto-web"
LONGEST_RUN = 7 * 24 * 3600  # seconds: where no process can be asked, an older folder is one left behind
_lock = threading.Lock()
_house: House | None = None


@dataclass(frozen=True)
class Introduction:
    """What the studio can do."""

    method: str
    networks: dict[str, list[str]]  # the layers of each, shallowest first
    styles: tuple[GalleryStyle, ...]
    sample: bytes  # the JPEG of the photo to begin with

    @classmethod
    def of(cls, job: Job) -> Introduction:
        """Read the answer of the task."""
        answer: dict[str, Any] = dict(job.answer)
        styles = tuple(GalleryStyle.from_json(one) for one in answer.pop("styles"))
        return cls(**answer, styles=styles, sample=job.file("sample.jpg"))


class House:
    """A studio and who visits it."""

    def __init__(self, studio: Studio, *, folder: Path | None = None) -> None:
        self.studio, self._folder = studio, folder
        self.visits = Visits(studio, _is_here)
        self._introducing: Job | None = None
        self._introduction: Introduction | None = None
        self._once = threading.Lock()

    @property
    def serving(self) -> Serving:
        """The limits."""
        return self.studio.serving

    def introducing(self) -> Job:
        """Return the job that finds out what the studio can do; it is done once, and again where it failed."""
        with self._once:
            job = self._introducing
            if job is None or job.state in ("cancelled", "refused", "failed"):
                job = Job("introduce", owner=PREFIX, home=self.studio.folder)
                self._introducing = self.studio.submit(job)
            return self._introducing or job

    def introduction(self) -> Introduction | None:
        """Return what the studio can do; None while that is not known."""
        job = self.introducing()
        if self._introduction is None and job.state == "done":
            self._introduction = Introduction.of(job)
        return self._introduction

    def close(self) -> None:
        """End everything, and leave nothing behind."""
        self.studio.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def open_house(serving: Serving) -> House:
    """Open the house of this process, unless it is open already."""
    global _house  # noqa: PLW0603 - one for all sessions of the process
    with _lock:
        if _house is None:
            _sweep()
            folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}-{os.getpid()}-"))
            tempfile.tempdir = str(folder)  # whatever a library keeps for a moment is kept there too
            _house = House(Studio(serving, folder), folder=folder)
            _house.studio.warm_up()
            atexit.register(close_house)
        return _house


def the_house() -> House:
    """Return the house; a hosted app opens it here, as the environment says."""
    return _house or open_house(serving_from_environment())


def close_house() -> None:
    """Close it, if it is open."""
    global _house
    with _lock:
        if _house is not None:
            closing, _house = _house, None
            tempfile.tempdir = None
            closing.close()


@contextlib.contextmanager
def use_house(house: House) -> Iterator[House]:
    """Let this be the house for a while; for tests."""
    global _house  # noqa: PLW0603
    before, _house = _house, house
    try:
        yield house
    finally:
        _house = before


def session_id() -> str:
    """Return what Streamlit calls the session of the page that runs now."""
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    return "nobody" if context is None else context.session_id


def current_visit() -> Visit:
    """Return the stay of whoever looks at the page that runs now."""
    return the_house().visits.of(session_id())


def _is_here(session: str) -> bool:
    from streamlit import runtime

    return bool(runtime.exists() and runtime.get_instance().is_active_session(session))


def _sweep() -> None:
    """Remove what servers left that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}-*"):
        found = re.fullmatch(rf"{PREFIX}-(\d+)-\w+", folder.name)
        if found and folder.is_dir() and not folder.is_symlink() and not _is_in_use(folder, int(found[1])):
            shutil.rmtree(folder, ignore_errors=True)


def _is_in_use(folder: Path, process: int) -> bool:
    """Say whether the server that made a folder still runs."""
    if sys.platform == "win32":  # where asking the process would send it Ctrl-C
        return time.time() - folder.stat().st_mtime < LONGEST_RUN
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
