"""How a work on many things shows that it gets on: so many done, and the time left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from impasto.apps.progress import Gauge, joined, time_left

__all__ = ["counting_on", "show_count"]


@contextmanager
def show_count(title: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Return a callback for ``(done, all)``: a bar in a terminal, now and then a line elsewhere."""
    with Gauge(quiet=quiet) as gauge:
        yield counting_on(gauge, title)


def counting_on(gauge: Gauge, title: str) -> Callable[[int, int], None]:
    """Return a callback for ``(done, all)`` that moves a gauge."""
    began = time.monotonic()

    def show(done: int, count: int) -> None:
        elapsed = time.monotonic() - began
        left = time_left(elapsed / done * (count - done))
        gauge.move(title, done, count, joined(f"{done}/{count}", left), elapsed=elapsed)

    return show
