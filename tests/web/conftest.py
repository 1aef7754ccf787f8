"""A studio with a worker that needs no networks, and one that works on the spot for the pages."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("streamlit", reason="the extra web is not installed")

from impasto.apps.web.jobs import Job
from impasto.apps.web.studio import Studio
from impasto.config.serving import Serving

FAKE_WORKER = (sys.executable, str(Path(__file__).with_name("fake_worker.py")))


@pytest.fixture
def studio_with(tmp_path: Path) -> Iterator[Callable[..., Studio]]:
    """Make studios with other limits; they are closed at the end."""
    made: list[Studio] = []

    def make(**limits: object) -> Studio:
        folder = tmp_path / f"studio-{len(made)}"
        folder.mkdir()
        made.append(Studio(Serving(**limits), folder, command=FAKE_WORKER))
        return made[-1]

    yield make
    for studio in made:
        studio.close()


@pytest.fixture
def studio(studio_with: Callable[..., Studio]) -> Studio:
    return studio_with()


@pytest.fixture
def job(studio: Studio) -> Callable[..., Job]:
    """Make a job without submitting it."""

    def make(task: str, owner: str = "somebody", **more: object) -> Job:
        return Job(task, owner=owner, home=studio.folder / owner, **more)

    return make
