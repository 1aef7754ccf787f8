"""Cancelling a real painting stops the work: the worker's processor time says so, whatever the page shows."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browsing import Server, clip, healthy, opened, perfecting, uploader, worked

pytestmark = [pytest.mark.long, pytest.mark.web]


def begin_perfecting(browser: Any, server: Server, _: Path) -> Any:
    page = opened(browser, server, "perfect")
    perfecting(page)
    return page


def begin_film(browser: Any, server: Server, folder: Path) -> Any:
    """Begin a film of minutes, and wait for its first frame."""
    pytest.importorskip("av", reason="the extra film is not installed")
    pytest.importorskip("cv2", reason="the extra film is not installed")
    page = opened(browser, server, "film")
    uploader(page).set_input_files(clip(folder / "walk.mp4", frames=90, size=(480, 640)))
    page.get_by_role("button", name="Paint the film").click()
    page.get_by_alt_text("The frame that was painted last").wait_for()
    return page


@pytest.mark.parametrize(
    ("begin", "afterwards"), [(begin_perfecting, "Begin again"), (begin_film, "Another clip")], ids=["perfect", "film"]
)
def test_a_cancelled_painting_is_no_more_worked_on_within_a_second(
    browser: Any, server: Server, tmp_path: Path, begin: Callable[..., Any], afterwards: str
) -> None:
    page = begin(browser, server, tmp_path)
    worker = server.worker()
    before = worked(worker)
    page.get_by_role("button", name="Cancel").dispatch_event("click")
    more = worked_until_it_rests(worker) - before
    print(f"{more:.2f} s of processor time after the click")
    assert more <= 1.0
    page.get_by_text(afterwards).wait_for()
    healthy(page)


def worked_until_it_rests(process: int) -> float:
    """Return the processor time of a process at the moment from which on it uses none, or is no more."""
    most, since = worked(process), time.monotonic()
    while time.monotonic() - since < 1.0:
        now = worked(process)
        if now > most or is_ready_to_run(process):
            most, since = max(now, most), time.monotonic()
        time.sleep(0.02)
    return most


def is_ready_to_run(process: int) -> bool:
    """Say whether a process wants to go on: one that waits for its turn on a busy machine does not rest."""
    try:
        state = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state in ("R", "D")
