"""Kinds of film: each writes numbered frames at a constant rate, fetching one picture at a time."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

from PIL import Image

from impasto.errors import MissingExtraError
from impasto.images.dithering import common_palette, dithered

__all__ = ["FILMS", "Film", "Gif", "Mp4", "WebP"]

Fetch = Callable[[int], Image.Image]  # the picture of an index, RGB and already of the film's size
_BUDGET = 2**28  # bytes of frames that a format may keep which Pillow builds in memory


class Film(ABC):
    """What a timelapse must know of a format, and how to write it."""

    long_side = 480
    highest_fps = 120.0

    def check(self) -> None:  # noqa: B027 - most formats need nothing
        """Raise :class:`~impasto.errors.MissingExtraError` where the format needs what is not installed."""

    def allowed_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the nearest (height, width) that the format can have."""
        return size

    def most_frames(self, pixels: int) -> int | None:  # noqa: ARG002
        """Return how many different pictures of so many pixels the film may hold; None is no bound."""
        return None

    @abstractmethod
    def write(self, path: Path, indices: Sequence[int], fetch: Fetch, fps: float) -> None:
        """Write the pictures ``fetch(index)``, one for each frame."""


class Gif(Film):
    """GIF, with one palette for the whole film and a dither that stands still, so that nothing flickers."""

    highest_fps = 50.0  # browsers slow down what is faster

    def most_frames(self, pixels: int) -> int:
        """As many as fit in the budget at one byte for each pixel."""
        return max(2, _BUDGET // max(1, pixels))

    def write(self, path: Path, indices: Sequence[int], fetch: Fetch, fps: float) -> None:
        """Write it through Pillow."""
        palette = _common_palette(indices, fetch)
        shown, durations = _held(indices, fps, unit=10)
        frames = (dithered(fetch(index), palette) for index in shown)
        _save_all(path, "GIF", frames, durations, optimize=False)


class WebP(Film):
    """Animated WebP."""

    def most_frames(self, pixels: int) -> int:
        """As many as fit in the budget at three bytes for each pixel."""
        return max(2, _BUDGET // max(1, 3 * pixels))

    def write(self, path: Path, indices: Sequence[int], fetch: Fetch, fps: float) -> None:
        """Write it through Pillow."""
        shown, durations = _held(indices, fps, unit=1)
        _save_all(path, "WEBP", map(fetch, shown), durations, quality=85, method=4)


class Mp4(Film):
    """MP4 with H.264, or MPEG-4 where PyAV was built without; one frame in memory at a time."""

    long_side = 720
    _CODECS = ("libx264", "libopenh264", "mpeg4")

    def check(self) -> None:
        """Raise where PyAV is missing."""
        _av()

    def allowed_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Colors are stored at half the size, so sides are even."""
        height, width = (max(2, 2 * round(side / 2)) for side in size)
        return height, width

    def write(self, path: Path, indices: Sequence[int], fetch: Fetch, fps: float) -> None:
        """Write it through PyAV, the index in front so that browsers can begin at once."""
        av = _av()
        with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
            stream = None
            for index, run in groupby(indices):
                picture = fetch(index)
                stream = stream or self._stream(container, picture.size, fps)
                for _ in run:
                    container.mux(stream.encode(_video_frame(av, picture)))
            if stream is not None:
                container.mux(stream.encode(None))

    def _stream(self, container: Any, size: tuple[int, int], fps: float) -> Any:
        codec = next(name for name in self._CODECS if name in _av().codecs_available)
        stream = container.add_stream(codec, rate=Fraction(fps).limit_denominator(1001))
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        # Told, not left to be guessed: players take small films for BT.601 and large ones for BT.709.
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = 1  # BT.709
        context.color_range = 1  # 16 to 235
        if codec == "libx264":
            stream.options = {"crf": "17", "preset": "medium"}
        else:
            stream.bit_rate = math.ceil(0.25 * size[0] * size[1] * fps)
        return stream


FILMS: dict[str, Film] = {".mp4": Mp4(), ".gif": Gif(), ".webp": WebP()}
"""Kinds of film by the ending of a file's name."""


def _av() -> Any:
    try:
        import av
    except ImportError as error:
        raise MissingExtraError("Writing MP4", "film") from error
    return av


def _video_frame(av: Any, picture: Image.Image) -> Any:
    frame = av.VideoFrame.from_image(picture)
    return frame.reformat(
        format="yuv420p",
        dst_colorspace="ITU709",
        src_color_range="JPEG",
        dst_color_range="MPEG",
        dst_color_primaries=1,
        dst_color_trc=1,
    )


def _held(indices: Sequence[int], fps: float, unit: int) -> tuple[list[int], list[int]]:
    """Return each picture once with its milliseconds, whole ``unit``s that never drift from the film's time."""
    shown, durations, frames, told = [], [], 0, 0
    for index, run in groupby(indices):
        frames += sum(1 for _ in run)
        until = unit * round(1000 * frames / fps / unit)
        shown.append(index)
        durations.append(until - told)
        told = until
    return shown, durations


def _save_all(path: Path, kind: str, frames: Iterator[Image.Image], durations: list[int], **options: Any) -> None:
    first = next(frames)
    rest = {"save_all": True, "append_images": frames} if len(durations) > 1 else {}
    first.save(path, kind, duration=durations if rest else durations[0], loop=0, **rest, **options)


def _common_palette(indices: Sequence[int], fetch: Fetch) -> Image.Image:
    """Return a palette for pictures from all over the film; the finished picture, looked at longest, counts most."""
    different = sorted(set(indices))
    chosen = [fetch(different[round(i * (len(different) - 1) / 15)]) for i in range(16)]
    return common_palette(chosen + chosen[-1:] * 8)
