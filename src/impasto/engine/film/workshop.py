"""Where a film is made: a hidden folder beside it, which survives a kill at any moment and is gone in the end.

It holds the order (what is being made, with which recipe), the finished pieces, and what has to be remembered to go on
after the last of them. A piece counts only when the memory after it is in its place; both appear whole or not at all.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impasto.engine.folder.orders import differences
from impasto.errors import OutputError
from impasto.weights.atomic import sync, write_text_whole, writing_whole
from impasto.weights.locking import take_lock

__all__ = ["Memory", "Workshop", "is_half_done", "workshop_of"]

_ORDER = "order.json"

State = dict[str, NDArray[np.generic]]


@dataclass
class Memory:
    """What is known after a number of whole pieces."""

    pieces: int = 0
    frames: int = 0
    origin: int | None = None  # time of the first frame that is shown, in units of the clip
    last_time: int | None = None
    last_duration: int = 1
    seconds: float = 0.0  # of work
    cuts: list[int] = field(default_factory=list)  # times of the frames that begin a new shot
    arrays: State = field(default_factory=dict)  # what painter, steadier and meter remember


def workshop_of(out: Path) -> Path:
    """Return the folder in which a film is made."""
    return out.with_name(f".{out.name}.film")


def is_half_done(out: Path, order: Mapping[str, Any]) -> bool:
    """Say whether a film was begun in this very way and is not done."""
    workshop = Workshop(out, order)
    before = workshop.begun_order()
    return before is not None and not differences(before, workshop.order)


class Workshop:
    """The folder of one film while it is made; use it in a ``with`` block."""

    def __init__(self, out: Path, order: Mapping[str, Any], *, restart: bool = False) -> None:
        self.out, self.order, self._restart = out, json.loads(json.dumps(order, default=str)), restart
        self.folder = workshop_of(out)
        self._lock: Any = None

    def __enter__(self) -> Workshop:  # noqa: PYI034 - Self came with Python 3.11
        try:
            self.folder.mkdir(exist_ok=True)
            self._lock = (self.folder / "lock").open("a+b")
        except OSError as error:
            raise OutputError(f"{self.out.parent} cannot be written in ({error.strerror}).") from error
        if not take_lock(self._lock):
            self._lock.close()
            raise OutputError(f"{self.out.name} is being made by another process right now; wait for it.")
        try:
            self._check_order()
        except BaseException:
            self._lock.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.close()

    def memory(self) -> Memory:
        """Return what is remembered after the last whole piece."""
        from safetensors import safe_open

        found = self._memories()
        if not found:
            return Memory()
        with safe_open(found[-1], "numpy") as file:
            facts = json.loads(file.metadata()["memory"])
            return Memory(**facts, arrays={name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118

    def remember(self, memory: Memory) -> None:
        """Make the pieces so far count."""
        from safetensors.numpy import save_file

        facts = {name: value for name, value in vars(memory).items() if name != "arrays"}
        arrays = {name: np.ascontiguousarray(value) for name, value in memory.arrays.items()}
        place = self.folder / f"memory-{memory.pieces:06d}.safetensors"
        with writing_whole(place) as unfinished:
            save_file(arrays, unfinished, metadata={"memory": json.dumps(facts)})
            sync(unfinished)
        sync(self.folder)  # with the names of memory and pieces: from here on the older memory is not needed
        for older in self._memories():
            if older.name < place.name:
                older.unlink()

    def clear(self) -> None:
        """Remove the folder: the film is done."""
        self._lock.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def begun_order(self) -> dict[str, Any] | None:
        """Return what is being made here already, if a piece of it is done."""
        place = self.folder / _ORDER
        return json.loads(place.read_text("utf-8")) if self._memories() and place.is_file() else None

    def _memories(self) -> list[Path]:
        return sorted(self.folder.glob("memory-*.safetensors"))

    def _check_order(self) -> None:
        """Go on with the same order; refuse another one, unless it is to begin anew or no piece is done yet."""
        before = self.begun_order()
        if before is not None and not self._restart:
            different = differences(before, self.order)
            if different:
                raise OutputError(
                    f"{self.out.name} was begun in another way ({different}); finish it as it was begun, "
                    "or begin anew with --force."
                )
            return
        for old in self.folder.iterdir():
            if old.name != "lock":
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        write_text_whole(self.folder / _ORDER, json.dumps(self.order, indent=1))
