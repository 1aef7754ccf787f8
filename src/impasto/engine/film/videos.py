"""Reading films: upright frames, exact times, nothing guessed where the file says it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from impasto.engine.film.colors import ColorTags, bits_of, tags_of, to_rgb
from impasto.engine.film.extras import opencv, pyav
from impasto.engine.film.frames import Frame, Pixels
from impasto.errors import InputError
from impasto.weights import file_sha256

__all__ = ["VideoClip"]

_EARLIER = (0, 1, 4, 16, 64)  # seconds before a time


class VideoClip:
    """A film in any container that FFmpeg reads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _opened(path) as container:
            stream = _film_stream(container, path)
            self.time_base: Fraction = stream.time_base
            self.rate: Fraction | None = stream.average_rate or stream.guessed_rate
            self.frame_count = stream.frames or _estimated_count(container, stream, self.rate)
            first = next(_decoded(container, stream), None)
            if first is None:
                raise InputError(f"{path.name} holds no frame that can be decoded; it is damaged or empty.")
            self.tags: ColorTags = _best_tags(stream.codec_context, first)
            self.bits = bits_of(first.format)
            self.starts = int(first.pts or 0)
            self._turn = _display_matrix(first)
            self.size = _turned(np.empty((first.height, first.width, 0), np.uint8), self._turn).shape[:2]
            ratio = stream.sample_aspect_ratio or Fraction(1)
            self.pixel_shape = 1 / ratio if _is_transposed(self._turn) else ratio
            self.has_sound = bool(container.streams.audio)

    def frames(self, after: int | None = None) -> Iterator[Frame]:
        """Yield the frames in their order; with ``after``, only those later than that time."""
        for start in self._places_before(after):
            with _opened(self.path) as container:
                stream = _film_stream(container, self.path)
                stream.thread_type = "AUTO"
                if start is not None:
                    container.seek(start, stream=stream, backward=True)
                decoded = _decoded(container, stream)
                first = next(decoded, None)
                if start is not None and not _is_by(after, first):
                    continue
                found = _progressive(itertools.chain([] if first is None else [first], decoded), stream)
                timed = _with_times(found, self._usual_duration)
                left = (one for one in timed if after is None or one[1] > after)
                for number, (frame, time, duration) in enumerate(left):
                    yield Frame(number, self._upright(frame), time, duration)
                return

    def _places_before(self, time: int | None) -> Iterator[int | None]:
        """Yield where to begin reading, until it is early enough; None is the beginning of the file.

        Some containers, such as MPEG's streams, know of no key frames: one goes where one is told, and the first frame
        that can be decoded there comes later.
        """
        if time is not None:
            starts = (time - round(seconds / self.time_base) for seconds in _EARLIER)
            yield from (start for start in starts if start > self.starts)
        yield None

    def fingerprint(self) -> str:
        """Return the SHA-256 of the file."""
        return file_sha256(self.path)

    @property
    def _usual_duration(self) -> int:
        return max(1, round(1 / (self.rate * self.time_base))) if self.rate else 1

    def _upright(self, frame: Any) -> Pixels:
        pixels = _turned(to_rgb(frame, self.tags), self._turn)
        if pixels.shape[:2] != self.size:  # some films change their size on the way
            pixels = opencv().resize(pixels, self.size[::-1], interpolation=opencv().INTER_AREA)
        return np.ascontiguousarray(pixels)


def _opened(path: Path) -> Any:
    av = pyav()
    try:
        return av.open(str(path))
    except (av.FFmpegError, OSError, ValueError) as error:
        raise InputError(f"{path.name} cannot be read as a film ({_reason(error)}).") from error


def _reason(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error) or type(error).__name__


def _film_stream(container: Any, path: Path) -> Any:
    """Return the stream with the film; a cover picture of a song is none."""
    moving = [stream for stream in container.streams.video if "attached_pic" not in _words(stream.disposition)]
    if not moving:
        raise InputError(f"{path.name} holds no moving pictures; give a film, an animation or a folder of frames.")
    return moving[0]


def _words(disposition: Any) -> str:
    return str(getattr(disposition, "name", disposition) or "")


def _estimated_count(container: Any, stream: Any, rate: Fraction | None) -> int:
    seconds = float(stream.duration * stream.time_base) if stream.duration else (container.duration or 0) / 1e6
    return max(1, round(seconds * float(rate or 25)))


def _is_by(time: int | None, frame: Any) -> bool:
    """Say whether a frame that was decoded is known to be no later than this time."""
    return time is not None and frame is not None and frame.pts is not None and frame.pts <= time


def _decoded(container: Any, stream: Any) -> Iterator[Any]:
    """Decode what can be decoded: a damaged packet costs its frame, not the film."""
    errors = pyav().FFmpegError
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except errors:
            continue
        yield from frames


def _progressive(frames: Iterable[Any], stream: Any) -> Iterator[Any]:
    """Fill the missing lines of interlaced frames, which otherwise look like combs where something moves."""
    graph = None
    for frame in frames:
        if graph is None and frame.interlaced_frame:
            graph = _deinterlacer(stream)
        if graph is None:
            yield frame
        else:
            graph.push(frame)
            yield from _pulled(graph, stream.time_base)
    if graph is not None:
        graph.push(None)
        yield from _pulled(graph, stream.time_base)


def _deinterlacer(stream: Any) -> Any:
    graph = pyav().filter.Graph()
    source = graph.add_buffer(template=stream)
    bwdif = graph.add("bwdif", "mode=send_frame:deint=interlaced")
    sink = graph.add("buffersink")
    source.link_to(bwdif)
    bwdif.link_to(sink)
    graph.configure()
    return graph


def _pulled(graph: Any, time_base: Fraction) -> Iterator[Any]:
    """Yield what the filter has ready, with its times in the stream's units: the filter counts in finer ones."""
    av = pyav()
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        finer = frame.time_base / time_base if frame.time_base else 1
        frame.pts = None if frame.pts is None else round(frame.pts * finer)
        frame.duration = round((frame.duration or 0) * finer)
        yield frame


def _with_times(frames: Iterable[Any], usual: int) -> Iterator[tuple[Any, int, int]]:
    """Yield each frame with its time and how long it stays; times always grow, whatever the file says."""
    waiting, waiting_time = None, 0
    for frame in frames:
        time = int(frame.pts) if frame.pts is not None else (waiting_time + usual if waiting is not None else 0)
        if waiting is not None:
            time = max(time, waiting_time + 1)
            yield waiting, waiting_time, time - waiting_time
        waiting, waiting_time = frame, time
    if waiting is not None:
        yield waiting, waiting_time, int(getattr(waiting, "duration", 0) or usual)


def _best_tags(context: Any, frame: Any) -> ColorTags:
    """Return the tags of the stream, or of its first frame where the stream says nothing."""
    told, seen = tags_of(context), tags_of(frame)
    pairs = [(getattr(told, name), getattr(seen, name)) for name in ("primaries", "transfer", "matrix")]
    primaries, transfer, matrix = (found if said == 2 else said for said, found in pairs)
    is_full = told.is_full_range or seen.is_full_range or frame.format.name.startswith("yuvj")
    return ColorTags(primaries, transfer, matrix, is_full_range=is_full)


def _display_matrix(frame: Any) -> tuple[int, int, int, int]:
    """Return how a frame is to be turned: x' = a x + c y, y' = b x + d y as (a, b, c, d), each -1, 0 or 1."""
    found = frame.side_data.get("DISPLAYMATRIX")
    if found is None:
        return 1, 0, 0, 1
    a, b, _, c, d = (int(number) for number in np.frombuffer(bytes(found), np.int32)[:5])
    if abs(b) > abs(a):
        return 0, _sign(b), _sign(c), 0
    return _sign(a), 0, 0, _sign(d)


def _sign(number: int) -> int:
    return -1 if number < 0 else 1


def _is_transposed(turn: tuple[int, int, int, int]) -> bool:
    return turn[0] == 0


def _turned(pixels: Pixels, turn: tuple[int, int, int, int]) -> Pixels:
    a, b, c, d = turn
    if _is_transposed(turn):
        pixels, across, down = pixels.swapaxes(0, 1), c, b
    else:
        across, down = a, d
    return pixels[:: down or 1, :: across or 1]
