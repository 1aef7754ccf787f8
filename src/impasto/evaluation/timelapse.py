"""A film of a picture coming into being: collect its states while it is painted, write them at the end.

Until then the frames lie as JPEG in a file without a name, which the system removes whatever happens. So
memory stays flat however long the work is, the length of the film can be chosen at the end, and a painting
that fails leaves nothing behind.
"""

from __future__ import annotations

import io
import math
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from PIL import Image
from torch import Tensor

from impasto.errors import OptionError, OutputError
from impasto.evaluation.canvas import resized
from impasto.evaluation.films import FILMS, Film
from impasto.images import fit_long_side
from impasto.weights.atomic import writing_whole

if TYPE_CHECKING:
    from typing_extensions import Self  # in typing from Python 3.11 on

__all__ = ["Timelapse", "timeline"]

_FIRST_HELD, _LAST_HELD = 0.75, 2.0  # seconds


class Timelapse:
    """Write the pictures given to :meth:`add` as a film: MP4 (needs the extra ``film``), GIF or WebP.

    ``size`` is the film's (height, width); by default the first picture's proportions with a long side of 720
    pixels (MP4) or 480. Pictures of any size are brought to it. ``seconds`` is how long the painting takes in
    the film, whatever the number of pictures; by default each is shown for one frame of ``fps``. The first and
    last picture are held a while longer. What stands at ``path`` is replaced when the film is closed.

    Use it in a ``with`` block: the film is written at its end, and dropped if the block fails. Without, call
    :meth:`close` or :meth:`discard`. A film without pictures is not written.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        fps: float = 24,
        size: tuple[int, int] | None = None,
        seconds: float | None = None,
    ) -> None:
        self.path = Path(path)
        self._film = _film_for(self.path)
        _check_options(fps, size, seconds)
        self.fps = min(fps, self._film.highest_fps)
        self.seconds = seconds
        self.size = size
        self._starts = [0]
        self._reel = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the film

    def add(self, picture: Tensor) -> None:
        """Append a picture (1, 3, H, W) to the film."""
        if self._reel.closed:
            raise ValueError("This timelapse is closed; make another one.")
        if self.size is None:
            height, width = picture.shape[-2:]
            self.size = fit_long_side((height, width), self._film.long_side)
        size = self._film.allowed_size(self.size)
        try:
            resized(picture, size).save(self._reel, "JPEG", quality=95, subsampling=0)
        except OSError as error:
            raise OutputError(f"{self.path.name}: no room for another frame ({error.strerror}).") from error
        self._starts.append(self._reel.tell())

    def close(self) -> None:
        """Write the film, unless that was done already."""
        if self._reel.closed:
            return
        try:
            if len(self) > 0:
                self._write()
        finally:
            self._reel.close()

    def discard(self) -> None:
        """Close without writing anything."""
        self._reel.close()

    def __len__(self) -> int:
        """Return the number of pictures given so far."""
        return len(self._starts) - 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def _write(self) -> None:
        pixels = math.prod(self._film.allowed_size(self.size or (1, 1)))
        indices = timeline(len(self), self.fps, self.seconds, most=self._film.most_frames(pixels))
        try:
            with writing_whole(self.path) as unfinished:
                self._film.write(unfinished, indices, self._frame, self.fps)
        except (OSError, ValueError) as error:  # av's errors are among them
            raise OutputError(
                f"The film {self.path.name} could not be written ({error}); try another place or format."
            ) from error

    def _frame(self, index: int) -> Image.Image:
        self._reel.seek(self._starts[index])
        data = self._reel.read(self._starts[index + 1] - self._starts[index])
        self._reel.seek(0, os.SEEK_END)
        return Image.open(io.BytesIO(data)).convert("RGB")


def timeline(count: int, fps: float, seconds: float | None = None, *, most: int | None = None) -> list[int]:
    """Return which of ``count`` pictures is seen in each frame of the film, holds included.

    ``most`` bounds how many different pictures are seen; they are chosen evenly, the first and last always.
    """
    frames = count if seconds is None else max(1, round(seconds * fps))
    moving = [_spread(frame, frames, count) for frame in range(frames)]
    if most is not None and most < count:
        moving = [_spread(_spread(index, count, most), most, count) for index in moving]
    return [0] * round(_FIRST_HELD * fps) + moving + [count - 1] * round(_LAST_HELD * fps)


def _spread(index: int, count: int, over: int) -> int:
    """Return where the index of ``count`` falls among ``over``, ends on ends; the last where there is one."""
    return over - 1 if count < 2 else round(index * (over - 1) / (count - 1))


def _film_for(path: Path) -> Film:
    """Return the kind of film, having checked what can be checked before the slow part."""
    film = FILMS.get(path.suffix.lower())
    if film is None:
        raise OutputError(f"A timelapse cannot be written to {path.name}; end the name in {', '.join(FILMS)}.")
    if path.is_dir() or not path.parent.is_dir():
        raise OutputError(f"{path.name} cannot be written there; give a file's name in a folder that exists.")
    film.check()
    return film


def _check_options(fps: float, size: tuple[int, int] | None, seconds: float | None) -> None:
    if not 1 <= fps <= 120:
        raise OptionError(f"fps is {fps:g}; allowed is a number, 1 to 120.")
    if size is not None and min(size) < 1:
        raise OptionError(f"size is {size}; allowed is (height, width) in pixels, each 1 or more.")
    if seconds is not None and not 0 < seconds <= 3600:
        raise OptionError(f"seconds is {seconds:g}; allowed is a number above 0, up to 3600.")
