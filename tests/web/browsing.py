"""A real server and a real browser, and how to find things on the page."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patience import until

__all__ = ["Server", "another_picture", "browser_pages", "serving"]

START_SECONDS = 120.0


@dataclass(frozen=True)
class Server:
    """A server that was started for a test."""

    url: str
    process: subprocess.Popen[bytes]
    temporary: Path  # where it keeps its private folder
    home: Path

    def processes(self) -> list[int]:
        """Return the server and its workers."""
        return [self.process.pid, *_children(self.process.pid)]

    def memory(self) -> int:
        """Return the bytes that all of them hold."""
        return sum(_resident(process) for process in self.processes())

    def files(self) -> list[Path]:
        """Return what lies in the private folder."""
        return [path for path in self.temporary.rglob("*") if path.is_file()]


@contextlib.contextmanager
def serving(at: Path, *flags: str, command: Sequence[str] = (), folder: Path | None = None) -> Iterator[Server]:
    """Run ``impasto web`` (or another command, in a folder) with an empty home until the block ends."""
    port, home, temporary = _free_port(), at / "home", at / "temporary"
    for place in (home, temporary):
        place.mkdir()
    own = [sys.executable, "-m", "impasto", "web", "--no-browser", "--port", str(port), "--threads", "1", *flags]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("IMPASTO", "STREAMLIT", "XDG"))},
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    log = at / "server.log"
    with log.open("wb") as lines:
        arguments = [part.replace("{port}", str(port)) for part in command] or own
        process = subprocess.Popen(arguments, cwd=folder or at, env=environment, stdout=lines, stderr=lines)
    server = Server(f"http://127.0.0.1:{port}", process, temporary, home)
    try:
        assert until(lambda: _answers(server.url) or process.poll() is not None, START_SECONDS)
        assert process.poll() is None, log.read_text(encoding="utf-8")
        yield server
        assert "Traceback" not in log.read_text(encoding="utf-8"), log.read_text(encoding="utf-8")
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()


@contextlib.contextmanager
def browser_pages(chromium: str, **viewport: Any) -> Iterator[Any]:
    """Open a browser; what it logs as errors fails the test, and nothing but loopback may be asked for."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **viewport})
        context.set_default_timeout(90_000)
        strange: list[str] = []
        context.on("request", lambda request: _note(request.url, strange))
        yield context
        assert not strange, f"the page asked others: {strange}"
        browser.close()


def _note(url: str, strange: list[str]) -> None:
    if not url.startswith(("http://127.0.0.1:", "data:", "blob:")):
        strange.append(url)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _children(process: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            parent = int((folder / "stat").read_text("ascii").rpartition(")")[2].split()[1])
            if parent == process:
                found += [int(folder.name), *_children(int(folder.name))]
    return found


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def another_picture(page: Any, before: str) -> None:
    """Wait until the divider shows another painting than the one at this address; it may be gone for a moment."""
    page.wait_for_function(
        """before => {
            const after = document.querySelector(".divider img.after");
            return after && after.src !== before;
        }""",
        arg=before,
    )
