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

import numpy as np
from patience import until

from impasto.images import harbour

__all__ = [
    "Server",
    "browser_pages",
    "clip",
    "downloaded",
    "healthy",
    "opened",
    "painted",
    "perfecting",
    "serving",
    "uploader",
]

START_SECONDS = 240.0
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


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

    def peak(self) -> int:
        """Return the bytes that each of them held at its most, added up: never together did they hold more."""
        return sum(_most_resident(process) for process in self.processes())

    def processor_seconds(self) -> float:
        """Return the processor time that all of them have used: a busy machine does not add to it."""
        return sum(worked(process) for process in self.processes())

    def worker(self) -> int:
        """Wait until one of the workers is working hard, and return it."""
        workers = self.processes()[1:]
        before = {one: worked(one) for one in workers}
        busy: list[int] = []
        assert until(lambda: busy.extend(one for one in workers if worked(one) > before[one] + 0.5) or busy)
        return busy[0]

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
    """Open a browser with a camera that shows a test picture; nothing but loopback may be asked for."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", *CAMERA])
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 900}, "permissions": ["camera"], **viewport}
        )
        context.set_default_timeout(180_000)
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


def worked(process: int) -> float:
    """Return the processor time that a process has used; 0 where it has ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _most_resident(process: int) -> int:
    try:
        facts = Path(f"/proc/{process}/status").read_text("ascii")
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1024 for line in facts.splitlines() if line.startswith("VmHWM:"))


def opened(context: Any, server: Server, page: str = "") -> Any:
    """Open a page of the app."""
    found = context.new_page()
    found.goto(f"{server.url}/{page}")
    return found


def healthy(page: Any) -> None:
    """See that nothing went wrong on the page."""
    assert page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count() == 0


def perfecting(page: Any) -> None:
    """Begin a work of many minutes on the page Perfect it, and wait until it is seen to come along."""
    page.get_by_text("The plan:").wait_for()
    page.get_by_role("slider", name="Steps").focus()
    page.keyboard.press("End")
    page.get_by_text("in 600 steps").wait_for()
    page.get_by_role("button", name="Begin").click()
    page.locator(".divider figcaption", has_text="step").wait_for()


def painted(page: Any, words: str = "", *, instead_of: str = "") -> str:
    """Wait until the painting that was asked for is there, and return its address.

    ``words`` are to stand below it; ``instead_of`` is the address of the one before. The divider lives in a shadow
    tree, which Playwright's selectors look into and scripts of the page do not.
    """
    done = page.locator(".divider[aria-busy='false']", has_text=words)
    done.locator(f"img.after[src]:not([src='{instead_of}'])").wait_for()
    address: str = done.locator("img.after").get_attribute("src")
    return address


def uploader(page: Any, number: int = 0) -> Any:
    """Return the place where files are dropped: of the photo first, of a painting second."""
    return page.locator("[data-testid=stFileUploaderDropzoneInput]").nth(number)


def downloaded(page: Any, button: str, to: Path) -> Path:
    """Press a download's button and return the file that came, under the name it came with."""
    with page.expect_download() as download:
        page.get_by_role("button", name=button).first.click()
    path = to / download.value.suggested_filename
    download.value.save_as(path)
    return path


def clip(path: Path, *, frames: int = 4, size: tuple[int, int] = (48, 64)) -> Path:
    """Write a film of so many frames."""
    import av

    picture = (harbour(size)[0].permute(1, 2, 0) * 255).byte().numpy()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=12)
        stream.height, stream.width, stream.pix_fmt = *size, "yuv420p"
        for number in range(frames):
            moved = np.ascontiguousarray(np.roll(picture, number, axis=1))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(moved, "rgb24")))
        container.mux(stream.encode(None))
    return path
