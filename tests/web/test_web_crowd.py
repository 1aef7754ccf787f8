"""Many visitors, many jobs, large photos: the longer proofs, in a real browser."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from browsing import Server, browser_pages, painted, serving, uploader
from patience import until

from impasto.images import harbour, resize, write

pytestmark = pytest.mark.long

VISITORS, JOBS = 20, 50


def opened(context: Any, server: Server) -> Any:
    page = context.new_page()
    page.goto(server.url)
    painted(page)
    return page


def turn(page: Any, label: str, key: str, before: str) -> str:
    """Turn a dial by one step, and return the address of what comes of it."""
    page.get_by_role("slider", name=label).focus()
    page.keyboard.press(key)
    return painted(page, instead_of=before)


def test_twenty_visitors_at_once_are_all_served(chromium_path: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--preview", "320") as server, browser_pages(chromium_path) as context:
        pages = [context.new_page() for _ in range(VISITORS)]
        for page in pages:
            page.goto(server.url, wait_until="commit")
        for page in pages:
            page.locator(".divider, [data-testid=stProgress]").first.wait_for()
        for page in pages:
            painted(page)


def test_memory_comes_back_after_many_jobs_and_visitors(chromium_path: str, tmp_path: Path) -> None:
    with serving(tmp_path, "--preview", "640", "--keep-seconds", "1", "--workers", "1") as server:
        with browser_pages(chromium_path) as context:
            page = opened(context, server)
            shown, after = painted(page), dict[int, int]()
            for number in range(1, JOBS + 1):
                shown = turn(page, "Strength", "ArrowLeft", shown)
                if number in (5, JOBS):
                    time.sleep(2)
                    after[number] = server.memory()
            assert after[JOBS] <= 1.15 * after[5], after
            assert server.files()
            page.close()
        assert until(lambda: not pictures_of_visitors(server), 90), server.files()


def pictures_of_visitors(server: Server) -> list[Path]:
    """Return the files in visitors' folders; those of the house lie one level higher."""
    return [path for path in server.files() if len(path.relative_to(server.temporary).parts) > 3]


def test_a_photo_of_twelve_megapixels_is_painted_soon(chromium_path: str, tmp_path: Path) -> None:
    photo = tmp_path / "large.jpg"
    write(resize(harbour((750, 1000)), (3000, 4000)), photo)
    with serving(tmp_path, "--threads", "2") as server, browser_pages(chromium_path) as context:
        page = opened(context, server)
        before = painted(page)
        began, worked = time.monotonic(), server.processor_seconds()
        uploader(page).set_input_files(photo)
        painted(page, "large", instead_of=before)
        seconds, worked = time.monotonic() - began, server.processor_seconds() - worked
        width = page.locator(".divider img.after").evaluate("image => image.naturalWidth")
        print(f"a preview of {width} px after {seconds:.1f} s, {worked:.1f} s of them processor time of the server")
        assert width >= 1600
        # About three seconds for the visitor on two quiet cores, of which this one cannot be sure. Less than half a
        # second would mean that a process, with all the time it took, is gone.
        assert 0.5 < worked < 5
