"""Painting the frames of a film one after the other, with whatever method: each remembers what helps the next.

- A method that paints in one pass sees global statistics in every frame, and strokes would shift with them. Here they
  follow the film slowly. Noise inside the network moves with the motion, so that strokes grow from the same places.
- Painting by optimisation begins each frame with the former one, carried along the motion.
- Any other method paints every frame for itself.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.engine.door import Stylizer
from impasto.engine.film.extras import opencv
from impasto.engine.film.fields import enlarged, read_at
from impasto.engine.film.grain import MovingGrain
from impasto.engine.film.motion import Motion
from impasto.engine.inputs import Style
from impasto.engine.onepass import OnePass, sizes
from impasto.engine.painter import Painter, rehearsed
from impasto.engine.recipe import Ingredient
from impasto.engine.result import Result
from impasto.images import Picture, write
from impasto.images.arrays import from_plane
from impasto.models.normalizing import Reading, Statistics

__all__ = ["FilmPainter", "GrainyPainter", "film_painter"]

Plane = NDArray[np.float32]
State = Mapping[str, NDArray[np.generic]]
Look = dict[str, tuple[Tensor, Tensor]]

LOOK_EVERY = 4  # frames: looking costs as much as painting; at twice that a zoom loses sharpness
LOOK_IN_PASSING_EVERY = 2  # while it is painted, which costs a sixth more
FOLLOWING = 0.5  # share by which statistics follow, with every frame, what the last look saw


class FilmPainter(Protocol):
    """Paints the frames of a film in their order."""

    paints_ahead: bool  # whether it need not know what was shown of one frame before it paints the next

    def paint(self, frame: Picture, motion: Motion) -> Tensor:
        """Return the painted frame (1, 3, H, W)."""
        ...

    def show(self, shown: Plane) -> None:
        """Be told what was shown for the frame just painted (H, W, 3)."""
        ...

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return all that is remembered, for :meth:`restore`."""
        ...

    def restore(self, state: State) -> None:
        """Go on where :meth:`state` was taken."""
        ...


@runtime_checkable
class GrainyPainter(Painter, Protocol):
    """A painter whose strokes may grow from noise; it can be given another field of it."""

    has_grain: bool

    def grain(self, size: tuple[int, int], at: tuple[int, int] = (0, 0)) -> Tensor:
        """Return the noise (1, C, h, w) for a part of this size (in pixels) whose top left corner lies at ``at``."""
        ...

    def paint(
        self,
        picture: Tensor,
        code: Tensor,
        seen: Statistics | None,
        at: tuple[int, int] = (0, 0),
        *,
        noise: Tensor | None = None,
        reading: Reading | None = None,
    ) -> Tensor:
        """Paint a part of a picture with this noise; a ``reading`` of the caller's goes before ``seen``."""
        ...


def film_painter(stylizer: Stylizer, styles: Sequence[Style]) -> FilmPainter:
    """Return what paints films with a method, in the manner of ``styles``."""
    if isinstance(stylizer, OnePass):
        return _OnePassFilm(stylizer, styles)
    if hasattr(stylizer.config, "init"):
        return _CarryingFilm(stylizer, styles)
    return _PlainFilm(stylizer, styles)


class _PlainFilm:
    """Paints every frame for itself."""

    paints_ahead = True

    def __init__(self, stylizer: Stylizer, styles: Sequence[Style]) -> None:
        self._stylizer, self._styles = stylizer, list(styles)

    def paint(self, frame: Picture, motion: Motion) -> Tensor:
        del motion
        return _whole(self._stylizer(frame, self._styles))

    def show(self, shown: Plane) -> None:
        pass

    def state(self) -> dict[str, NDArray[np.generic]]:
        return {}

    def restore(self, state: State) -> None:
        pass


class _CarryingFilm:
    """Begins each frame with the former result, carried along the motion."""

    paints_ahead = False

    def __init__(self, stylizer: Stylizer, styles: Sequence[Style]) -> None:
        self._stylizer, self._styles = stylizer, list(styles)
        self._shown: Plane | None = None

    def paint(self, frame: Picture, motion: Motion) -> Tensor:
        if self._shown is None or motion.is_cut:
            return _whole(self._stylizer(frame, self._styles))
        with tempfile.TemporaryDirectory() as folder:
            start = Path(folder) / "former.png"
            write(_moved(self._shown, frame, motion), start, bits=16)
            return _whole(self._stylizer(frame, self._styles, init=str(start)))

    def show(self, shown: Plane) -> None:
        self._shown = shown

    def state(self) -> dict[str, NDArray[np.generic]]:
        return {} if self._shown is None else {"former": self._shown}

    def restore(self, state: State) -> None:
        self._shown = np.asarray(state["former"], np.float32) if "former" in state else None


def _whole(result: Result) -> Tensor:
    """Return the picture; what was interrupted is no frame of a film."""
    if result.stopped == "interrupted":
        raise KeyboardInterrupt
    return result.image


def _moved(shown: Plane, frame: Picture, motion: Motion) -> Tensor:
    """Return the former result carried to the present, and the frame itself where it was hidden."""
    size = (shown.shape[0], shown.shape[1])
    cv2 = opencv()
    there = cv2.remap(shown, read_at(motion.flow, size), None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    valid = enlarged(motion.valid, size)
    carried = from_plane(there).clamp(0, 1)
    if frame.size != size:
        return carried
    return frame.pixels.lerp(carried, torch.from_numpy(valid)[None, None])


class _OnePassFilm:
    """Paints with a network whose statistics follow the film slowly and whose noise moves along."""

    paints_ahead = True

    def __init__(self, stylizer: OnePass, styles: Sequence[Style]) -> None:
        self._calm = _CalmPainter(stylizer.painter, styles)
        self._stylizer, self._styles = stylizer.like(stylizer.config, self._calm), list(styles)

    def paint(self, frame: Picture, motion: Motion) -> Tensor:
        size, _ = sizes(frame.size, self._stylizer.config)
        self._calm.next_frame(size, motion)
        return self._stylizer(frame, self._styles).image

    def show(self, shown: Plane) -> None:
        pass

    def state(self) -> dict[str, NDArray[np.generic]]:
        return self._calm.state()

    def restore(self, state: State) -> None:
        self._calm.restore(state)


class _CalmPainter:
    """A painter that does not let itself be startled: between two frames it changes its mind only a little.

    To everyone else it is an ordinary painter. Its looks, and codes of styles that are not the film's own, are told
    apart by their order within a frame.
    """

    def __init__(self, painter: Painter, styles: Sequence[Style]) -> None:
        self._painter, self._known = painter, {id(style): index for index, style in enumerate(styles)}
        self._codes: dict[int, Tensor] = {}
        self._own_codes: list[Tensor] = []  # of what is another style in every frame, such as the frame itself
        self._corrections: list[Tensor] = []  # what was found in the first frame of a scene
        self._looks: list[Look] = []  # what it goes by
        self._seen: list[Look] = []  # what it saw last, which that follows
        self._looked = self._coded = self._rehearsed = self._frames = 0
        has_grain = isinstance(painter, GrainyPainter) and painter.has_grain
        self._grain = MovingGrain() if has_grain else None
        self._size = (0, 0)
        self._weights: list[Ingredient] | None = None
        self.name, self.needs_style = painter.name, painter.needs_style
        self.margin, self.stride = painter.margin, painter.stride
        self.device, self.precision = painter.device, painter.precision

    def next_frame(self, size: tuple[int, int], motion: Motion) -> None:
        """Go on to the next frame of the film, whose result has this size."""
        if motion.is_cut:
            self._looks, self._seen, self._own_codes, self._corrections, self._frames = [], [], [], [], 0
        if self._grain is not None:
            self._grain.follow(motion)
        self._size, self._looked, self._coded, self._rehearsed = size, 0, 0, 0
        self._frames += 1

    def weights(self) -> list[Ingredient]:
        if self._weights is None:  # their files are read through for it: once a film, not once a frame
            self._weights = self._painter.weights()
        return self._weights

    def code(self, style: Style) -> Tensor:
        index = self._known.get(id(style))
        if index is not None:
            if index not in self._codes:
                self._codes[index] = self._painter.code(style)
            return self._codes[index]
        # The frame itself, to which less strength leans, or a painting in this frame's colors.
        number, self._coded = self._coded, self._coded + 1
        found = self._painter.code(style)
        if number < len(self._own_codes):
            self._own_codes[number] = torch.lerp(self._own_codes[number], found, FOLLOWING)
        else:
            self._own_codes.append(found)
        return self._own_codes[number]

    def corrections(self, picture: Tensor, code: Tensor) -> Tensor:
        number, self._rehearsed = self._rehearsed, self._rehearsed + 1
        if number >= len(self._corrections):
            self._corrections.append(rehearsed(self._painter, picture, code)[:, code.shape[1] :])
        return self._corrections[number]

    def look(self, picture: Tensor, code: Tensor) -> Statistics:
        number, self._looked = self._looked, self._looked + 1
        if number >= len(self._looks):
            first = dict(self._painter.look(picture, code))
            self._looks.append(first)
            self._seen.append(first)
        elif (self._frames - 1) % LOOK_EVERY == 0:
            self._seen[number] = dict(self._painter.look(picture, code))
        former, seen = self._looks[number], self._seen[number]
        self._looks[number] = {name: _nearer(former[name], seen[name]) for name in seen}
        return self._looks[number]

    def paint(self, picture: Tensor, code: Tensor, seen: Statistics | None, at: tuple[int, int] = (0, 0)) -> Tensor:
        part = (picture.shape[-2], picture.shape[-1])
        whole = part if seen is None else self._size  # what was seen before is what a tile goes by
        if self._grain is None or not isinstance(self._painter, GrainyPainter):
            return self._painter.paint(picture, code, self.look(picture, code) if seen is None else seen, at)
        noise = self._grain.field(self._painter.grain, part, at, whole)
        if seen is not None or self._looked >= len(self._looks):
            return self._painter.paint(picture, code, seen or self.look(picture, code), at, noise=noise)
        return self._painted_while_looking(self._painter, picture, code, noise)

    def _painted_while_looking(self, painter: GrainyPainter, picture: Tensor, code: Tensor, noise: Tensor) -> Tensor:
        """Paint a frame by what is known, which follows what is seen on the way now and then."""
        number, self._looked = self._looked, self._looked + 1
        is_time = (self._frames - 1) % LOOK_IN_PASSING_EVERY == 0
        reading = Reading(self._looks[number], following=FOLLOWING if is_time else 0.0)
        painted = painter.paint(picture, code, None, noise=noise, reading=reading)
        self._looks[number] = reading.found or self._looks[number]
        return painted

    def state(self) -> dict[str, NDArray[np.generic]]:
        kept: dict[str, Any] = {"frames": torch.tensor([self._frames])}
        for kind, looks in (("look", self._looks), ("seen", self._seen)):
            for number, look in enumerate(looks):
                for name, (mean, deviation) in look.items():
                    kept[f"{kind}.{number}.{name}.mean"], kept[f"{kind}.{number}.{name}.deviation"] = mean, deviation
        for kind, rows in (("own_code", self._own_codes), ("corrections", self._corrections)):
            kept |= {f"{kind}.{number}": row for number, row in enumerate(rows)}
        if self._grain is not None:
            kept["grain"] = torch.from_numpy(self._grain.shift)
        return {name: value.detach().cpu().contiguous().numpy() for name, value in kept.items()}

    def restore(self, state: State) -> None:
        tensors = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in state.items()}
        self._frames = int(tensors["frames"])
        self._own_codes, self._corrections = (_rows_from(tensors, kind) for kind in ("own_code", "corrections"))
        if self._grain is not None:
            self._grain.shift = np.asarray(state["grain"], np.float32)
        looks = {name: tensor.to(self.device) for name, tensor in tensors.items()}
        self._looks, self._seen = _looks_from(looks, "look"), _looks_from(looks, "seen")


def _rows_from(tensors: Mapping[str, Tensor], kind: str) -> list[Tensor]:
    """Return the rows of numbers of a kind as a state holds them, in their order."""
    count = sum(name.startswith(f"{kind}.") for name in tensors)
    return [tensors[f"{kind}.{number}"] for number in range(count)]


def _looks_from(tensors: Mapping[str, Tensor], kind: str) -> list[Look]:
    """Return the looks of a kind as a state holds them, in their order."""
    looks: list[Look] = []
    for name in sorted(name for name in tensors if name.startswith(f"{kind}.") and name.endswith(".mean")):
        number, layer = name.removeprefix(f"{kind}.").removesuffix(".mean").split(".", 1)
        while len(looks) <= int(number):
            looks.append({})
        looks[int(number)][layer] = (tensors[name], tensors[f"{kind}.{number}.{layer}.deviation"])
    return looks


def _nearer(former: tuple[Tensor, Tensor], seen: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    mean, deviation = (torch.lerp(old, new, FOLLOWING) for old, new in zip(former, seen, strict=True))
    return mean, deviation
