"""Batches by number, prepared ahead in other threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

__all__ = ["Batches"]


@dataclass(frozen=True)
class Batches:
    """Yield ``batch(start)``, ``batch(start + stride)``, … for ever.

    Several processes that share the work take every ``stride``-th batch. Since a batch depends on its number alone, it
    does not matter how many are prepared ahead, nor that those are lost when the process dies.
    """

    batch: Callable[[int], Any]
    start: int = 0
    stride: int = 1
    workers: int = 1

    def __iter__(self) -> Iterator[Any]:
        """Begin with the first batch; leaving early waits for none."""
        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="batches")
        number, ahead = self.start, deque[Future[Any]]()
        try:
            while True:
                while len(ahead) <= self.workers:
                    ahead.append(pool.submit(self.batch, number))
                    number += self.stride
                yield ahead.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
