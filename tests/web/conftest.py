"""A studio with a worker that needs no networks; and for the journeys, a real server and a real browser."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("streamlit", reason="the extra web is not installed")

from browsing import Server, browser_pages, serving

from impasto.apps.web.jobs import Job
from impasto.apps.web.studio import Studio
from impasto.config.serving import Serving
from impasto.images import brushwork, write
from impasto.models.style_network import StyleNetwork
from impasto.models.trained import save_model

LIMITS = ("--preview", "160", "--perfect-longest", "384", "--clip-seconds", "8")
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


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an owner's folder with one trained network and the curves of its training."""
    folder = tmp_path_factory.mktemp("models")
    network = StyleNetwork(width=4, blocks=1)
    save_model(
        folder / "mona.safetensors", network, network.kind, network.config, {"source": "a test", "licence": "none"}
    )
    write(brushwork((48, 64)), folder / "mona-losses.png")
    return folder


@pytest.fixture(scope="session")
def server(chromium_path: str, models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One real server for all journeys."""
    with serving(tmp_path_factory.mktemp("tour"), *LIMITS, "--models", str(models)) as server:
        yield server


@pytest.fixture
def browser(chromium_path: str) -> Iterator[Any]:
    """A browser of its own for each journey."""
    with browser_pages(chromium_path) as context:
        yield context
