"""Painting what a camera sees while it sees it: always the newest frame, never a queue of old ones."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.config import FilmOptions
from impasto.device import prefer_big_pages
from impasto.engine.door import Method, loaded
from impasto.engine.film.clips import open_clip
from impasto.engine.film.extras import opencv
from impasto.engine.film.frames import as_float, as_levels
from impasto.engine.film.motion import Watcher, reduced
from impasto.engine.film.painters import film_painter
from impasto.engine.film.steadying import Steadier
from impasto.engine.inputs import Given, prepare
from impasto.engine.onepass import needs_style
from impasto.errors import InputError
from impasto.images import Picture, fit_long_side
from impasto.images.arrays import from_plane, to_plane

__all__ = ["LiveFrame", "as_jpeg", "live"]

Pixels = NDArray[np.uint8]

_RECENT = 30  # frames that the rate is measured over


@dataclass(frozen=True, eq=False)
class LiveFrame:
    """One painted frame, and how the painting keeps up."""

    pixels: Pixels  # (H, W, 3)
    number: int  # from 1
    skipped: int  # frames of the source that were too many, so far
    rate: float  # frames painted in a second, lately
    latency: float  # seconds from the moment the source gave the frame until it was painted


def live(
    source: int | str | os.PathLike[str] = 0,
    style: Given = (),
    config: Method = None,
    *,
    size: int = 512,
    steadiness: float = 70.0,
    mirror: bool = False,
    **options: Any,
) -> Iterator[LiveFrame]:
    """Paint what a camera (by its number) or a file, played at its own speed, shows; yield each painted frame.

    Frames that arrive while one is painted are skipped, so the picture is never late by more than one frame. It goes on
    until the source ends or the caller stops. ``size`` is the long side of the frames, ``steadiness`` as in films.
    """
    film = FilmOptions(steadiness=steadiness)
    stylizer = loaded(config, options)
    probe = torch.full((1, 3, 8, 8), 0.5)
    given = list(style) if isinstance(style, (list, tuple)) else [style]
    work = prepare(probe, given, stylizer.config, needs_style=needs_style(stylizer))  # type: ignore[arg-type]
    painter = film_painter(stylizer, work.styles)
    return _painted(_opened(source), painter, Steadier(film.steadiness / 100), size=size, mirror=mirror)


def as_jpeg(pixels: Pixels, quality: int = 88) -> bytes:
    """Return a frame (H, W, 3) as a JPEG, for a page that shows it."""
    cv2 = opencv()
    _, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return bytes(data)


def _painted(source: _Source, painter: Any, steadier: Steadier, *, size: int, mirror: bool) -> Iterator[LiveFrame]:
    prefer_big_pages()
    watcher, moments = Watcher(), deque[float](maxlen=_RECENT)
    with _Newest(source) as newest:
        for number, (pixels, born, seen) in enumerate(newest, 1):
            small = _fitted(pixels[:, ::-1] if mirror else pixels, size)
            motion = watcher.see(reduced(small))
            frame = Picture(from_plane(as_float(small)))
            painted = to_plane(painter.paint(frame, motion))
            shown = steadier.steady(painted, motion)
            painter.show(shown)
            moments.append(time.monotonic())
            rate = (len(moments) - 1) / max(moments[-1] - moments[0], 1e-6) if len(moments) > 1 else 0.0
            levels = np.asarray(as_levels(shown, 8), np.uint8)
            yield LiveFrame(levels, number, seen - number, rate, moments[-1] - born)


class _Source(Protocol):
    """Something that gives frames, each when its time has come."""

    def __iter__(self) -> Iterator[Pixels]: ...


def _opened(source: int | str | os.PathLike[str]) -> _Source:
    text = os.fspath(source) if not isinstance(source, int) else str(source)
    if text.isdecimal() and not Path(text).exists():
        return _Camera(int(text))
    return _Played(Path(text))


class _Camera:
    """A camera of this computer."""

    def __init__(self, number: int) -> None:
        cv2 = opencv()
        self._camera = cv2.VideoCapture(number)
        if not self._camera.isOpened():
            raise InputError(f"there is no camera {number} here, or another program has it; name a file with --source.")
        with contextlib.suppress(cv2.error):  # the newest frame only, where the driver can be told so
            self._camera.set(cv2.CAP_PROP_BUFFERSIZE, 1)

    def __iter__(self) -> Iterator[Pixels]:
        cv2 = opencv()
        try:
            while True:
                there, frame = self._camera.read()
                if not there:
                    return
                yield cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        finally:
            self._camera.release()


class _Played:
    """A clip that is played at its own speed, as if it were a camera."""

    def __init__(self, path: Path) -> None:
        self._clip = open_clip(path)

    def __iter__(self) -> Iterator[Pixels]:
        started, first = time.monotonic(), None
        for frame in self._clip.frames():
            first = frame.time if first is None else first
            due = started + float((frame.time - first) * self._clip.time_base)
            time.sleep(max(0.0, due - time.monotonic()))
            yield np.asarray(frame.pixels if frame.pixels.dtype == np.uint8 else frame.pixels >> 8, np.uint8)


class _Newest:
    """Reads a source in a thread of its own and hands out only the newest frame; use it in a ``with`` block."""

    def __init__(self, source: _Source) -> None:
        self._source, self._changed = source, threading.Condition()
        self._frame: tuple[Pixels, float, int] | None = None
        self._seen, self._is_over = 0, False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._read, name="camera", daemon=True)

    def __enter__(self) -> _Newest:  # noqa: PYI034 - Self came with Python 3.11
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._thread.join(timeout=2)

    def __iter__(self) -> Iterator[tuple[Pixels, float, int]]:
        """Yield the newest frame, when it came, and how many have come."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._frame is not None or self._is_over)
                frame, self._frame = self._frame, None
            if frame is None:
                if self._error is not None:
                    raise self._error
                return
            yield frame

    def _read(self) -> None:
        try:
            for pixels in self._source:
                with self._changed:
                    self._seen += 1
                    self._frame = (pixels, time.monotonic(), self._seen)
                    self._changed.notify()
                if self._is_over:
                    return
        except Exception as error:  # noqa: BLE001 - it is raised where the frames are used
            self._error = error
        finally:
            with self._changed:
                self._is_over = True
                self._changed.notify()


def _fitted(pixels: Pixels, size: int) -> Pixels:
    height, width = pixels.shape[:2]
    if max(height, width) <= size:
        return np.ascontiguousarray(pixels)
    cv2, fitted = opencv(), fit_long_side((height, width), size)
    smaller: Pixels = cv2.resize(np.ascontiguousarray(pixels), fitted[::-1], interpolation=cv2.INTER_AREA)
    return smaller
