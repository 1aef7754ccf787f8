"""Painting a film: frames are read, watched and painted ahead, made steady in their order, and written behind."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from impasto.config import to_dict
from impasto.device import prefer_big_pages
from impasto.engine.door import Method
from impasto.engine.film.extras import opencv
from impasto.engine.film.flicker import FlickerMeter
from impasto.engine.film.frames import Frame, as_float
from impasto.engine.film.joining import Window
from impasto.engine.film.motion import Motion, Watcher, reduced
from impasto.engine.film.outlets import Ending
from impasto.engine.film.overlapping import Behind, ahead
from impasto.engine.film.painters import film_painter
from impasto.engine.film.planning import FilmPlan, plan_film
from impasto.engine.film.reporting import FilmReport, FilmStep, OnFrame, silent
from impasto.engine.film.steadying import Steadier
from impasto.engine.film.workshop import Memory, Workshop
from impasto.engine.inputs import Given
from impasto.errors import InputError
from impasto.images import Picture
from impasto.images.arrays import from_plane, to_plane

__all__ = ["film_of", "stylize_video"]

FRAMES_A_PIECE = 48
"""So many frames are lost at most when a film is interrupted."""

_REMEMBERING = ("steadier", "painter", "meter")  # the parts that keep something from frame to frame


def stylize_video(
    clip: str | os.PathLike[str],
    style: Given = (),
    out: str | os.PathLike[str] | None = None,
    config: Method = None,
    *,
    on_step: OnFrame = silent,
    restart: bool = False,
    keep_recipe: bool = True,
    keep_metadata: bool = True,
    **options: Any,
) -> FilmReport:
    """Paint a film, an animation or a sequence of frames in the manner of ``style``, and write it to ``out``.

    ``config`` is a method's name, a model's path, a config or a loaded method; ``options`` are changes to it, or belong
    to the film (:class:`impasto.FilmOptions`). The ending of ``out`` names the kind of result; a folder, or a pattern
    such as ``frames/%04d.png``, takes single frames. A film that was interrupted goes on when it is called for again in
    the same way; ``restart`` begins anew. ``keep_metadata`` is about what a clip says of itself: author, date, place.
    """
    plan = plan_film(clip, style, out, config, **options)
    return film_of(plan, on_step=on_step, restart=restart, keep_recipe=keep_recipe, keep_metadata=keep_metadata)


def film_of(
    plan: FilmPlan,
    *,
    on_step: OnFrame = silent,
    restart: bool = False,
    keep_recipe: bool = True,
    keep_metadata: bool = True,
) -> FilmReport:
    """Make a film that is planned; see :func:`stylize_video`."""
    with Workshop(plan.out, plan.order(), restart=restart) as workshop:
        return _Filming(plan, workshop, on_step).film(keep_recipe=keep_recipe, keep_metadata=keep_metadata)


@dataclass(frozen=True, eq=False)
class _Seen:
    """A frame with how it came from the one before."""

    frame: Frame
    grey: NDArray[np.uint8]
    motion: Motion


@dataclass(frozen=True, eq=False)
class _Painted(_Seen):
    """A frame that is painted, and not steady yet."""

    picture: NDArray[np.float32]  # (H, W, 3)
    painter: dict[str, NDArray[Any]] | None  # what a painter that goes ahead remembered after the last of a piece


class _Filming:
    """One film while it is made."""

    def __init__(self, plan: FilmPlan, workshop: Workshop, on_step: OnFrame) -> None:
        self.plan, self.workshop, self.on_step = plan, workshop, on_step
        self.memory = workshop.memory()
        self.painter = film_painter(plan.stylizer, plan.styles)
        is_painted = plan.stylizer.config.strength > 0
        self.steadier = Steadier(plan.film.steadiness / 100 if is_painted else 0.0)
        self.watcher, self.meter = Watcher(), FlickerMeter()
        self.started, self.frames_here = time.monotonic(), 0
        self._seconds_before = self.memory.seconds
        self.note: str | None = None
        if self.memory.frames:
            self._restore(self.memory.arrays)
            self.note = f"going on after frame {self.memory.frames}"

    def film(self, *, keep_recipe: bool, keep_metadata: bool) -> FilmReport:
        """Make it, and tell how it came out."""
        prefer_big_pages()
        recipe = self._recipe()
        try:
            self._paint_all()
        except KeyboardInterrupt:
            return self._report("interrupted", recipe)
        if not self.memory.frames:
            self.workshop.clear()
            raise InputError(f"{self.plan.clip.path.name} has no frames after {self.plan.film.start:g} s.")
        comment = json.dumps(recipe, sort_keys=True) if keep_recipe else None
        ending = Ending(self.memory.last_duration, self._window(), comment, keep_metadata)
        self.plan.outlet.finish(self.workshop.folder, self.memory.pieces, ending)
        self.workshop.clear()
        return self._report("finished", recipe)

    def _paint_all(self) -> None:
        painted = self._painted(ahead(self._watched(ahead(self._frames_to_paint()))))
        if self.painter.paints_ahead:
            painted = ahead(painted, count=1)
        try:
            while self._make_piece(painted):
                pass
        finally:
            painted.close()

    def _make_piece(self, painted: Iterator[_Painted]) -> bool:
        """Make the next piece; say whether there was anything left to make."""
        first = next(painted, None)
        if first is None:
            return False
        memory = dataclasses.replace(self.memory, cuts=list(self.memory.cuts))
        piece = self.plan.outlet.open(self.workshop.folder, memory.pieces, self.plan.size)
        last = first
        try:
            with Behind[tuple[Any, Frame, int]](lambda item: piece.add(*item)) as writer:
                for last in itertools.chain([first], itertools.islice(painted, FRAMES_A_PIECE - 1)):
                    shown = self._steady(last, memory)
                    writer.put((shown, last.frame, last.frame.time - (memory.origin or 0)))
                    self._tell(memory, shown)
        except BaseException:
            piece.close(is_whole=False)
            raise
        piece.close()
        memory.pieces += 1
        memory.seconds = self._seconds()
        memory.arrays = self._state(last)
        self.workshop.remember(memory)
        self.memory = memory
        return True

    def _steady(self, painted: _Painted, memory: Memory) -> NDArray[np.float32]:
        """Return the frame to show (H, W, 3), and note what is known by then."""
        frame, motion = painted.frame, painted.motion
        shown = self.steadier.steady(painted.picture, motion)
        self.painter.show(shown)
        self.meter.add((shown, painted.picture, as_float(frame.pixels)), motion)
        if memory.origin is None:
            memory.origin = 0 if self.plan.is_whole else frame.time
        if motion.is_cut and memory.frames:
            memory.cuts.append(frame.time)
        memory.frames += 1
        memory.last_time, memory.last_duration = frame.time, frame.duration
        self.frames_here += 1
        return shown

    def _painted(self, frames: Generator[_Seen, None, None]) -> Generator[_Painted, None, None]:
        """Paint the frames; this may be ahead of what is made steady, so the painter's memory goes along."""
        try:
            for number, seen in enumerate(frames, 1):
                pixels = from_plane(as_float(seen.frame.pixels))
                painted = self.painter.paint(Picture(pixels, name=seen.frame.name), seen.motion)
                is_asked = self.painter.paints_ahead and number % FRAMES_A_PIECE == 0
                state = self.painter.state() if is_asked else None
                yield _Painted(**vars(seen), picture=_at_size(to_plane(painted), self.plan.size), painter=state)
        finally:
            frames.close()

    def _frames_to_paint(self) -> Iterator[Frame]:
        """Yield the frames that are still to be painted, at the size of the result."""
        begin, end = self.plan.begin, self.plan.end
        after = self.memory.last_time if self.memory.frames else (begin - 1 if self.plan.film.start else None)
        for number, frame in enumerate(self.plan.clip.frames(after), self.memory.frames):
            if end is not None and frame.time >= end:
                return
            alpha = None if frame.alpha is None else _at_size(frame.alpha, self.plan.size)
            yield dataclasses.replace(frame, number=number, pixels=_at_size(frame.pixels, self.plan.size), alpha=alpha)

    def _watched(self, frames: Generator[Frame, None, None]) -> Iterator[_Seen]:
        try:
            for frame in frames:
                grey = reduced(_eight_bits(frame))
                yield _Seen(frame, grey, self.watcher.see(grey))
        finally:
            frames.close()

    def _window(self) -> Window:
        if self.plan.is_whole:
            return Window()
        begin = (self.memory.origin or 0) * self.plan.clip.time_base
        return Window(begin, None if self.plan.length is None else begin + self.plan.length)

    def _tell(self, memory: Memory, shown: NDArray[np.float32]) -> None:
        elapsed = time.monotonic() - self.started
        left = max(self.plan.frames - memory.frames, 0)
        passed = (memory.last_time or 0) + memory.last_duration - max(memory.origin or 0, self.plan.begin)
        note, self.note = self.note, None
        self.on_step(
            FilmStep(
                frame=memory.frames,
                frames=max(self.plan.frames, memory.frames),
                seconds=float(passed * self.plan.clip.time_base),
                size=self.plan.size,
                elapsed=elapsed,
                remaining=elapsed / self.frames_here * left,
                picture=lambda: from_plane(shown),
                note=note,
            )
        )

    def _report(self, stopped: Literal["finished", "interrupted"], recipe: dict[str, Any]) -> FilmReport:
        memory, base = self.memory, self.plan.clip.time_base
        start = max(memory.origin or 0, self.plan.begin)
        shown, painted, clip = self.meter.means
        plays = float(((memory.last_time or 0) + memory.last_duration - start) * base)
        return FilmReport(
            path=self.plan.out,
            frames=memory.frames,
            size=self.plan.size,
            film_seconds=plays if memory.frames else 0.0,
            seconds=self._seconds() if stopped == "finished" else memory.seconds,
            cuts=[float((cut - start) * base) for cut in memory.cuts],
            flicker=shown,
            flicker_painted=painted,
            flicker_clip=clip,
            sound=self.plan.sound,
            recipe=recipe,
            stopped=stopped,
        )

    def _recipe(self) -> dict[str, Any]:
        """Return what decides the film: the recipe of a picture, and the options of the film."""
        return {**json.loads(self.plan.recipe().to_json()), "film": to_dict(self.plan.film)}

    def _seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self.started

    def _state(self, last: _Painted) -> dict[str, NDArray[Any]]:
        """Return what is remembered after a frame, the last of a piece or of the film."""
        states = {name: getattr(self, name).state() for name in _REMEMBERING}
        states["watcher"] = {"before": last.grey}
        if last.painter is not None:
            states["painter"] = last.painter
        return {f"{name}/{key}": value for name, state in states.items() for key, value in state.items()}

    def _restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        for name in _REMEMBERING:
            start, part = f"{name}/", getattr(self, name)
            part.restore({key.removeprefix(start): value for key, value in arrays.items() if key.startswith(start)})
        self.watcher.before = np.asarray(arrays["watcher/before"], np.uint8)


def _at_size(picture: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Return a frame (H, W, 3), or its transparency (H, W), at the size of the film."""
    if picture.shape[:2] == size:
        return picture
    cv2 = opencv()
    kernel = cv2.INTER_AREA if picture.shape[0] > size[0] else cv2.INTER_CUBIC
    resized: NDArray[Any] = cv2.resize(np.ascontiguousarray(picture), size[::-1], interpolation=kernel)
    return resized


def _eight_bits(frame: Frame) -> NDArray[np.uint8]:
    return frame.pixels if frame.pixels.dtype == np.uint8 else (frame.pixels >> 8).astype(np.uint8)
