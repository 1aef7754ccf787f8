"""Photograph the web app: ``python docs/screenshots.py [--to FOLDER] [--models FOLDER] [NAME ... | all]``.

Needs Chromium and playwright. Without names those are taken that the documents show; ``all`` are every page, some at
the width of a phone and by night. ``--models`` names trained models for the page that shows them.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

FOLDER = Path(__file__).parent / "pictures"
SHOWN = ("web", "web-perfected")  # in the documents
PATIENCE = 600_000  # milliseconds for the slowest of them, on a busy machine
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}}
NIGHT: dict[str, Any] = {**DESK, "color_scheme": "dark"}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}


def main() -> None:
    """Start the app, take the photographs, end it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones: {', '.join(SHOTS)}")
    parser.add_argument("--to", type=Path, default=FOLDER, metavar="FOLDER")
    parser.add_argument("--models", type=Path, metavar="FOLDER")
    given = parser.parse_args()
    names = given.names or list(SHOWN)
    if names == ["all"]:
        names = [name for name in SHOTS if given.models or SHOTS[name].path != "models"]
    given.to.mkdir(parents=True, exist_ok=True)
    with served(given.models) as address, chromium() as browser:
        for name in names:
            began = time.monotonic()
            photograph(browser, address, SHOTS[name], given.to / f"{name}.webp")
            print(f"{given.to / name}.webp, {time.monotonic() - began:.0f} s", flush=True)


def painted(page: Any) -> None:
    """Wait for the painting."""
    page.locator(".divider[aria-busy='false']").first.wait_for()


def mixed(page: Any) -> None:
    """Show the pad."""
    painted(page)
    page.locator(".pad").scroll_into_view_if_needed()


def planned(page: Any) -> None:
    """Wait for the plan."""
    page.get_by_text("The plan:").wait_for()


def perfecting(page: Any) -> None:
    """Begin a painting, and wait until there is something to see."""
    planned(page)
    page.get_by_role("button", name="Begin").click()
    page.locator(".divider figcaption", has_text=re.compile("scale [2-9]")).wait_for()  # a quick one may pass unseen
    page.wait_for_timeout(2000)


def perfected(page: Any) -> None:
    """Stop the painting, and keep it."""
    perfecting(page)
    page.get_by_role("button", name="Stop and keep").click()
    page.locator(".divider figcaption", has_text="stopped by you").wait_for()


def masked(page: Any) -> None:
    """Brush over a part of the photo."""
    planned(page)
    page.get_by_text("Protect a face, or paint only a part").click()
    page.get_by_text("Not where I brush").click()
    canvas = page.locator(".brush canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.35 * box["height"])
    page.mouse.down()
    for across, down in ((0.4, 0.5), (0.5, 0.4), (0.6, 0.6), (0.45, 0.65)):
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"], steps=6)
    page.mouse.up()
    page.get_by_text("of the picture is painted over").wait_for()


def looked(page: Any) -> None:
    """Wait for the feature maps."""
    page.locator("img[alt^='Feature maps']").wait_for()


def offered(page: Any) -> None:
    """Wait for the place where a clip is dropped."""
    page.get_by_text("Your clip").wait_for()
    page.locator(".gallery .style img").first.wait_for()


@dataclass(frozen=True)
class Shot:
    """A page, what is done there before it is taken, and the browser's looks."""

    path: str
    prepare: Callable[[Any], None]
    how: dict[str, Any] = field(default_factory=lambda: DESK)


SHOTS: dict[str, Shot] = {
    "web": Shot("?style=great-wave", painted),
    "web-night": Shot("?style=the-scream", painted, NIGHT),
    "web-phone": Shot("?style=great-wave", painted, PHONE),
    "web-mix": Shot("?style=great-wave,the-scream,starry-night&mix=50,30,20", mixed),
    "web-mask": Shot("perfect", masked),
    "web-perfect": Shot("perfect?style=great-wave", perfecting),
    "web-perfected": Shot("perfect?style=great-wave", perfected),
    "web-perfect-phone": Shot("perfect?style=great-wave", perfecting, PHONE),
    "web-look": Shot("look", looked),
    "web-look-phone": Shot("look", looked, PHONE),
    "web-film": Shot("film", offered),
    "web-film-phone": Shot("film", offered, PHONE),
    "web-models": Shot("models", painted),
    "web-models-phone": Shot("models", painted, PHONE),
}


def photograph(browser: Any, address: str, shot: Shot, path: Path) -> None:
    """Take one photograph."""
    context = browser.new_context(**shot.how)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/{shot.path}")
    shot.prepare(page)
    page.wait_for_timeout(1500)  # icons are still coming, and what moves comes to rest
    Image.open(BytesIO(page.screenshot())).convert("RGB").save(path, "WEBP", quality=82, method=6)
    context.close()


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Open a browser."""
    from playwright.sync_api import sync_playwright

    program = os.environ.get("IMPASTO_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextlib.contextmanager
def served(models: Path | None) -> Iterator[str]:
    """Run the app on a port of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "impasto", "web", "--no-browser", "--port", str(port)]
    if models is not None:
        command += ["--models", str(models.resolve())]
    with tempfile.TemporaryDirectory() as home:
        process = subprocess.Popen(command, cwd=home)
        try:
            address = f"http://127.0.0.1:{port}"
            while not answers(address):
                if process.poll() is not None:
                    raise SystemExit("The web app could not be started.")
                time.sleep(0.2)
            yield address
        finally:
            process.terminate()
            process.wait()


def answers(address: str) -> bool:
    """Say whether the app is there."""
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    main()
