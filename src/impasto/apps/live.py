"""``impasto live``: paint what a camera sees, shown in the browser with its frames per second and its delay.

The browser is the only window that every computer has. The page is served to this computer alone.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
import webbrowser
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.apps.console import print_json, say
from impasto.apps.methods import chosen_config
from impasto.apps.parameters import AsJson, Method, Preset, Quiet, StylesIfAny
from impasto.apps.progress import Bar, joined
from impasto.apps.weights import fetch_for
from impasto.config import DEFAULT_METHOD
from impasto.errors import OptionError, OutputError

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

    from impasto.engine.film import LiveFrame

__all__ = ["LivePage", "live"]

Source = Annotated[
    str,
    typer.Option(metavar="N|FILE", help="A camera by its number, or a film that is played as if it were one."),
]
LARGEST_PORT, LEAST_SIDE = 65_535, 16


def live(
    styles: StylesIfAny = None,
    *,
    source: Source = "0",
    method: Method = DEFAULT_METHOD,
    preset: Preset = None,
    longest: Annotated[int, typer.Option(metavar="N", help="Long side of the picture in pixels.")] = 512,
    steadiness: Annotated[float, typer.Option(metavar="X", help="How still the strokes hold, 0 to 100.")] = 70.0,
    mirror: Annotated[bool, typer.Option("--mirror/--no-mirror", help="Show it as a mirror does.")] = True,
    port: Annotated[int, typer.Option(metavar="N", help="Port of the page; 0 takes a free one.")] = 8520,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page at once.")] = True,
    seconds: Annotated[
        float | None, typer.Option(metavar="X", help="Stop after so long. Default: at Ctrl-C.", show_default=False)
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Paint what the camera sees in the manner of STYLE, while it sees it.

    The picture is shown in the browser, with frames per second and delay. Frames that come while one is painted are
    left out, so it is never late by more than one frame.
    """
    from impasto.engine import film

    if seconds is not None and seconds <= 0:
        raise OptionError(f"--seconds is {seconds:g}; allowed is a number above 0.")
    if not 0 <= port <= LARGEST_PORT:
        raise OptionError(f"--port is {port}; allowed is a whole number, 0 to {LARGEST_PORT}.")
    if longest < LEAST_SIDE:
        raise OptionError(f"--longest is {longest}; allowed is a whole number of pixels, {LEAST_SIDE} or more.")
    config = replace(chosen_config(method, preset, options), size=None)  # presets have one for single pictures
    fetch_for(config, quiet=quiet)
    is_camera = source.isdecimal() and not Path(source).exists()
    frames = film.live(source, styles or [], config, size=longest, steadiness=steadiness, mirror=mirror and is_camera)
    with LivePage(port) as page:
        if not quiet:
            say(f"Painting at {page.address} (Ctrl-C stops)")
        if browser:
            webbrowser.open(page.address)
        last = _shown(frames, page, seconds, quiet=quiet)
    _tell(last, as_json=as_json)
    return 0


def _shown(frames: Iterator[LiveFrame], page: LivePage, seconds: float | None, *, quiet: bool) -> LiveFrame | None:
    """Show frame after frame until the source, the time or the person ends it; return the last."""
    bar = None if quiet else Bar("live")
    started, last = time.monotonic(), None
    try:
        if bar is not None:
            bar.start()
        for last in frames:
            page.show(last)
            if bar is not None:
                bar.move("live", 1, 1, _sentence(last))
            if seconds is not None and time.monotonic() - started >= seconds:
                break
    except KeyboardInterrupt:
        pass
    finally:
        if bar is not None:
            bar.stop()
        frames.close()  # type: ignore[attr-defined]
    return last


def _sentence(frame: LiveFrame) -> str:
    return joined(
        f"{frame.rate:.1f} frames a second", f"{1000 * frame.latency:.0f} ms late", f"{frame.skipped} left out"
    )


def _tell(last: LiveFrame | None, *, as_json: bool) -> None:
    if as_json:
        facts = {} if last is None else {"rate": round(last.rate, 2), "latency": round(last.latency, 4)}
        print_json(
            {"frames": 0 if last is None else last.number, "left_out": 0 if last is None else last.skipped, **facts}
        )
    elif last is None:
        say("The source gave no picture.")
    else:
        say(f"{last.number} frame{'' if last.number == 1 else 's'} painted: {_sentence(last)}.")


class LivePage:
    """A page for this computer that shows the newest frame; use it in a ``with`` block."""

    def __init__(self, port: int) -> None:
        self._changed, self._picture, self._facts = threading.Condition(), b"", "{}"
        self._count = itertools.count(1)
        self._number, self._is_over = 0, False
        from http.server import ThreadingHTTPServer  # here, so that help need not wait for it

        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        except OSError as error:
            raise OutputError(f"port {port} is taken ({error.strerror}); choose another with --port.") from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="page", daemon=True)

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def show(self, frame: LiveFrame) -> None:
        """Show a frame."""
        from impasto.engine.film import as_jpeg

        picture = as_jpeg(frame.pixels)
        facts = {"rate": round(frame.rate, 1), "latency": round(1000 * frame.latency), "skipped": frame.skipped}
        with self._changed:
            self._picture, self._facts, self._number = picture, json.dumps(facts), next(self._count)
            self._changed.notify_all()

    def newest(self, after: int) -> tuple[int, bytes] | None:
        """Wait for a frame newer than ``after``, however long it takes; None where none comes any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._number > after or self._is_over)
            return None if self._is_over else (self._number, self._picture)

    @property
    def facts(self) -> str:
        """What the page says below the picture, as JSON."""
        return self._facts

    def __enter__(self) -> LivePage:  # noqa: PYI034 - Self came with Python 3.11
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()


_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Impasto live</title>
<style>
body { margin: 0; background: #15130f; color: #eee5d3; font: 16px/1.5 system-ui, sans-serif; text-align: center }
img { display: block; margin: 0 auto; max-width: 100vw; max-height: calc(100vh - 3em) }
p { margin: .6em }
</style>
<img src="/stream" alt="What the camera sees, painted">
<p id="facts" role="status">getting ready</p>
<script>
setInterval(async () => {
  try {
    const facts = await (await fetch("/facts")).json();
    if ("rate" in facts) document.getElementById("facts").textContent =
      `${facts.rate} frames a second · ${facts.latency} ms late · ${facts.skipped} frames left out`;
  } catch { document.getElementById("facts").textContent = "the painting has ended"; }
}, 500);
</script></html>"""


def _handler(page: LivePage) -> type[BaseHTTPRequestHandler]:
    """Return what answers the browser: the page, the stream of pictures, and the facts."""
    from http.server import BaseHTTPRequestHandler

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/":
                self._answer("text/html; charset=utf-8", _PAGE.encode())
            elif self.path == "/facts":
                self._answer("application/json", page.facts.encode())
            elif self.path == "/stream":
                self._stream()
            else:
                self.send_error(404)

        def _answer(self, kind: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def _stream(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            number = 0
            try:
                while (found := page.newest(number)) is not None:
                    number, picture = found
                    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                    self.wfile.write(head.encode() + picture + b"\r\n")
            except OSError:
                return  # the browser was closed

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - its name there
            pass

    return Handler
