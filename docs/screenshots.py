"""Photograph the web app for the documents: ``python docs/screenshots.py [FOLDER]`` (needs Chromium and playwright).

Every page at the width of a desk, the first one also at that of a phone and by night.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

FOLDER = Path(__file__).parent / "pictures"
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}}
NIGHT: dict[str, Any] = {**DESK, "color_scheme": "dark"}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
SHOTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "web": ("?style=great-wave", DESK, ".divider[aria-busy='false']"),
    "web-night": ("?style=the-scream", NIGHT, ".divider[aria-busy='false']"),
    "web-phone": ("?style=great-wave", PHONE, ".divider[aria-busy='false']"),
    "web-mix": ("?style=great-wave,the-scream&mix=60,40", DESK, ".divider[aria-busy='false']"),
    "web-perfect": ("perfect", DESK, "text=The plan:"),
    "web-look": ("look", DESK, "img[alt^='Feature maps']"),
    "web-film": ("film", DESK, "text=Your clip"),
}
"""What is photographed, with which browser, and what has to be there before."""


def main(folder: Path) -> None:
    """Start the app, take the photographs, end it."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    program = os.environ.get("IMPASTO_CHROMIUM") or shutil.which("chromium")
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name, (path, how, awaited) in SHOTS.items():
            photograph(browser, f"{address}/{path}", how, awaited, folder / f"{name}.webp")
            print(folder / f"{name}.webp")
        browser.close()


def photograph(browser: Any, address: str, how: dict[str, Any], awaited: str, path: Path) -> None:
    """Take one photograph once what is awaited can be seen."""
    context = browser.new_context(**how)
    page = context.new_page()
    page.set_default_timeout(240_000)
    page.goto(address)
    page.locator(awaited).first.wait_for()
    page.wait_for_timeout(1500)  # icons are still coming, and what moves comes to rest
    Image.open(BytesIO(page.screenshot())).convert("RGB").save(path, "WEBP", quality=82, method=6)
    context.close()


@contextlib.contextmanager
def served() -> Iterator[str]:
    """Run the app on a port of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "impasto", "web", "--no-browser", "--port", str(port)]
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
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
