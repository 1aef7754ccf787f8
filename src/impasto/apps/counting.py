"""How a work on many things shows that it gets on: so many done, and the time left."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from impasto.apps.console import say
from impasto.apps.progress import PLAIN_INTERVAL, Bar, joined, time_left

__all__ = ["show_count"]


@contextmanager
def show_count(title: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Return a callback for ``(done, all)``: a bar in a terminal, now and then a line elsewhere."""
    if quiet:
        yield lambda _done, _count: None
        return
    bar = Bar(title) if sys.stderr.isatty() else None
    began, said_at = time.monotonic(), -math.inf

    def show(done: int, count: int) -> None:
        nonlocal said_at
        elapsed = time.monotonic() - began
        left = time_left(elapsed / done * (count - done))
        if bar is not None:
            bar.move(title, done, count, joined(f"{done}/{count}", left))
        elif elapsed - said_at >= PLAIN_INTERVAL and done < count:
            said_at = elapsed
            say(joined(title, f"{done}/{count}", left))

    if bar is not None:
        bar.start()
    try:
        yield show
    finally:
        if bar is not None:
            bar.stop()
