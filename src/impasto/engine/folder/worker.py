"""One who paints pictures of a folder, one after the other, with a method that is loaded once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import Tensor

from impasto.engine.door import Stylizer
from impasto.engine.folder.finding import Item
from impasto.engine.folder.orders import Order
from impasto.engine.folder.places import place_of
from impasto.engine.huge import PaintedFile, is_huge, paint_file
from impasto.engine.inputs import Style
from impasto.engine.onepass import OnePass
from impasto.engine.painter import Painter
from impasto.engine.progress import Step
from impasto.engine.recipe import Ingredient
from impasto.errors import ImpastoError
from impasto.images import read

__all__ = ["AT_ONCE", "Done", "Failed", "Lost", "Outcome", "Worker"]

AT_ONCE = 3
"""Pictures that a worker should have at the same time: one is read, one is painted, one is written."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Done:
    """The result is in its place."""

    item: Item
    facts: dict[str, Any] = field(default_factory=dict)  # for the journal


@dataclass(frozen=True)
class Failed:
    """There will be no result, and why."""

    item: Item
    why: str


@dataclass(frozen=True)
class Lost:
    """The worker died over it or was stopped; another one may try."""

    item: Item
    why: str


Outcome: TypeAlias = "Done | Failed | Lost"


class Worker:
    """Reads, paints and writes pictures; call :meth:`work` from as many threads as pictures should overlap.

    Painting itself happens in one thread of its own, so pictures are painted one after the other, each with all the
    processor that is given, while others are read and written.
    """

    def __init__(self, order: Order, *, threads: int | None = None) -> None:
        self._stylizer = _with_known_styles(order.stylizer(), order.styles)
        self._order = order
        self._photos, self._out = place_of(order.photos), place_of(order.out)
        self._halted = threading.Event()
        threads = threads or torch.get_num_threads()
        self._painting = ThreadPoolExecutor(1, "painting", initializer=torch.set_num_threads, initargs=(threads,))

    def work(self, item: Item) -> Outcome:
        """Turn one picture into its result; whatever goes wrong is told, not raised."""
        began = time.monotonic()
        try:
            sha256 = self._through(item)
        except _HaltedError:
            return Lost(item, "stopped")
        except ImpastoError as refusal:
            return Failed(item, str(refusal))
        except OSError as fault:
            return Failed(item, f"{item.output} could not be written ({fault.strerror or fault}).")
        except MemoryError:
            return Failed(item, f"{item.photo} needs more memory than there is; paint it by itself, or smaller.")
        except Exception as fault:  # noqa: BLE001 - one picture must not end the others
            _log.exception("painting %s failed", item.photo)
            return Failed(
                item, f"{item.photo} could not be painted ({type(fault).__name__}: {fault}); please report this."
            )
        return Done(item, {"photo": sha256, "seconds": round(time.monotonic() - began, 3)})

    def halt(self) -> None:
        """Leave pictures unfinished at their next step."""
        self._halted.set()

    def close(self) -> None:
        """Give the thread back."""
        self._painting.shutdown(wait=True, cancel_futures=True)

    def _through(self, item: Item) -> str:
        """Read, paint and write; return the photo's hash."""
        with self._photos.fetched(item.photo) as path:
            if isinstance(self._stylizer, OnePass) and is_huge(path, self._stylizer.config.size):
                return self._by_bands(path, item)
            picture = read(path)
        result = self._in_turn(self._stylizer, picture, list(self._order.styles), on_step=self._on_step)
        with self._out.putting(item.output) as target:
            result.save(target, **vars(self._order.saving))
        return picture.sha256

    def _by_bands(self, photo: Path, item: Item) -> str:
        """Do all three at once, for a picture that should not be in memory as a whole."""
        options = {"on_step": self._on_step, **vars(self._order.saving)}
        with self._out.putting(item.output) as target:
            styles = list(self._order.styles)
            done: PaintedFile = self._in_turn(paint_file, self._stylizer, photo, styles, target, **options)
        return done.recipe.photo.sha256

    def _in_turn(self, work: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Do something in the thread that paints, when those before are done."""
        done = self._painting.submit(work, *arguments, **options).result()
        if self._halted.is_set():
            raise _HaltedError
        return done

    def _on_step(self, step: Step) -> None:
        del step
        if self._halted.is_set():
            raise _HaltedError


class _HaltedError(Exception):
    """Painting was stopped from outside."""


def _with_known_styles(stylizer: Stylizer, styles: Sequence[Style]) -> Stylizer:
    """Return a method that looks at each of these styles once for all pictures."""
    if not isinstance(stylizer, OnePass):
        return stylizer
    return stylizer.like(stylizer.config, _Remembering(stylizer.painter, styles))


class _Remembering:
    """A painter that remembers what it knows of certain styles, and of itself."""

    def __init__(self, painter: Painter, styles: Sequence[Style]) -> None:
        self._painter, self._styles = painter, {id(style): style for style in styles}
        self._codes: dict[int, Tensor] = {}
        self._weights = painter.weights()  # read from the files, which is slow

    def weights(self) -> list[Ingredient]:
        """Return its weights as a recipe names them."""
        return self._weights

    def __getattr__(self, name: str) -> Any:
        return getattr(self._painter, name)

    def code(self, style: Style) -> Tensor:
        """Return what is known of a style; the photo taken for a style is another one each time."""
        key = id(style)
        if key not in self._styles:
            return self._painter.code(style)
        if key not in self._codes:
            self._codes[key] = self._painter.code(style)
        return self._codes[key]
