"""One request as a task sees it: what it was given, where its files go, how to tell of progress and hear wishes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Call", "DroppedError", "Wishes"]


class DroppedError(Exception):
    """The visitor no longer wants this work."""


FINAL = {"stop": 1, "drop": 2}
"""Words that end a work, by weight: nothing lighter that is heard later takes them back."""


class Wishes:
    """What the visitor wishes of the work under way; heard in one thread, obeyed in another.

    Two buttons that are pressed at nearly the same time may be told of in either order, hence the words' weights.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._current: int | None = None
        self._early: dict[int, str] = {}  # said before the work began
        self._word = ""

    def begin(self, number: int) -> None:
        """Listen for wishes about this request from now on."""
        with self._changed:
            self._current, self._word = number, self._early.pop(number, "")
            self._early.clear()

    def hear(self, number: int, word: str) -> None:
        """Take a wish: pause, resume, stop or drop."""
        with self._changed:
            if number == self._current:
                self._word = _weightier(word, self._word)
                self._changed.notify_all()
            else:
                self._early = {number: _weightier(word, self._early.get(number, ""))}

    def obey(self) -> None:
        """Wait while paused; raise what ends the work where that is wished."""
        with self._changed:
            self._changed.wait_for(lambda: self._word != "pause")
            if self._word == "drop":
                raise DroppedError
            if self._word == "stop":
                self._word = ""  # once: what follows is the tidying up
                raise KeyboardInterrupt  # the engine ends with the best picture so far


def _weightier(word: str, earlier: str) -> str:
    return word if FINAL.get(word, 0) >= FINAL.get(earlier, 0) else earlier


@dataclass
class Call:
    """One request."""

    folder: Path
    arguments: Mapping[str, Any]
    wishes: Wishes
    send: Callable[[dict[str, Any]], None]
    number: int = 0
    _told_at: float = field(default=-1.0, repr=False)

    @classmethod
    def of(cls, request: Mapping[str, Any], wishes: Wishes, send: Callable[[dict[str, Any]], None]) -> Call:
        """Read a request."""
        return cls(Path(request["folder"]), request["arguments"], wishes, send, request["id"])

    def say(self, **facts: Any) -> None:
        """Tell of progress."""
        self.send({"id": self.number, "said": facts})

    def obey(self) -> None:
        """Do what the visitor wishes: rest, stop, or drop everything."""
        self.wishes.obey()

    def is_time(self, seconds: float) -> bool:
        """Say whether so many seconds have gone by since this last said yes."""
        now = time.monotonic()
        if now - self._told_at < seconds:
            return False
        self._told_at = now
        return True
