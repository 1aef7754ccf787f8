"""One piece of work that a visitor asked for, as the pages see it."""

from __future__ import annotations

import itertools
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

__all__ = ["Job", "Lane", "State"]

Lane = Literal["quick", "long"]
State = Literal["waiting", "running", "done", "refused", "failed", "cancelled"]

_numbers = itertools.count(1)


@dataclass(eq=False)
class Job:
    """A task, what it was given, and what became of it. The studio changes it; pages only read it."""

    task: str
    owner: str
    home: Path  # the visitor's folder; the job gets one of its own inside
    arguments: dict[str, Any] = field(default_factory=dict)
    lane: Lane = "quick"
    state: State = "waiting"
    told: dict[str, Any] = field(default_factory=dict)  # the latest progress
    history: list[dict[str, float]] = field(default_factory=list)  # the losses of every step that was told
    answer: dict[str, Any] = field(default_factory=dict)
    sentence: str = ""  # why it was refused, or failed
    paused: bool = False
    is_stopping: bool = False  # the visitor wants what there is; it is being tidied up
    began: float | None = None
    number: int = field(default_factory=lambda: next(_numbers))
    finished: threading.Event = field(default_factory=threading.Event, repr=False)
    _is_unwanted: bool = field(default=False, repr=False)

    @property
    def folder(self) -> Path:
        """Where the files of this job are."""
        return self.home / f"job-{self.number}"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.finished.is_set()

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return 0.0 if self.began is None else time.monotonic() - self.began

    def file(self, name: str) -> bytes:
        """Return the content of one of its files; empty where it is gone."""
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            return b""

    def forget(self) -> None:
        """Remove its files; while it runs it needs them, and they go when it ends."""
        self._is_unwanted = True
        if self.state != "running":
            self._remove()

    def end(self, state: State, sentence: str = "") -> None:
        """Close it; whoever waits for it goes on."""
        if not self.is_over:
            self.state, self.sentence = state, sentence
            if self._is_unwanted:
                self._remove()
            self.finished.set()

    def _remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
