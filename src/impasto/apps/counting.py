"""How a work on many things shows that it gets on: so many done, and the time left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from impasto.apps.progress import Gauge, joined, time_left

__all__ = ["show_count"]


@contextmanager
def show_count(title: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Return a callback for ``(done, all)``: a bar in a terminal, now and then a line elsewhere."""
    began = time.monotonic()
    with Gauge(quiet=quiet) as gauge:

        def show(done: int, count: int) -> None:
            elapsed = time.monotonic() - began
            left = time_left(elapsed / done * (count - done))
            gauge.move(title, done, count, joined(f"{done}/{count}", left), elapsed=elapsed)

        yield show
