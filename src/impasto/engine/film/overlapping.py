"""Doing things at the same time: what comes later is read and painted ahead, what is done is written behind."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable
from typing import Any, Generic, TypeVar, cast

__all__ = ["Behind", "ahead"]

T = TypeVar("T")

_END = object()


def ahead(items: Iterable[T], count: int = 4) -> Generator[T, None, None]:
    """Yield the items, made by a thread of their own up to ``count`` ahead; its errors arrive here."""
    ready: queue.Queue[Any] = queue.Queue(maxsize=count)
    stopped = threading.Event()

    def make() -> None:
        try:
            for item in items:
                if not _offered(ready, item, stopped):
                    return
            _offered(ready, _END, stopped)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to who reads
            _offered(ready, _Fault(error), stopped)
        finally:
            if hasattr(items, "close"):
                items.close()

    thread = threading.Thread(target=make, name="working ahead", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not _END:
            if isinstance(item, _Fault):
                raise item.error
            yield cast("T", item)
    finally:
        stopped.set()
        thread.join()


class Behind(Generic[T]):
    """Calls ``work`` for every item put in, in their order, in a thread of its own; at most ``count`` wait.

    Use it in a ``with`` block: at its end everything is done, or an error of the work is raised.
    """

    def __init__(self, work: Callable[[T], object], count: int = 4) -> None:
        self._work, self._waiting = work, queue.Queue[Any](maxsize=count)
        self._stopped, self._error = threading.Event(), cast("BaseException | None", None)
        self._thread = threading.Thread(target=self._run, name="writing behind", daemon=True)

    def put(self, item: T) -> None:
        """Hand over an item; waits while too many wait already."""
        _offered(self._waiting, item, self._stopped)
        if self._error is not None:
            raise self._error

    def __enter__(self) -> Behind[T]:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._stopped.set()
        try:
            _offered(self._waiting, _END, self._stopped)
            self._thread.join()
        except BaseException:  # Ctrl-C: whoever closes what is written to must know that nobody writes any more
            self._stopped.set()
            self._thread.join()
            raise
        if kind is None and self._error is not None:
            raise self._error

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                item = self._waiting.get(timeout=0.1)
            except queue.Empty:
                continue
            if item is _END:
                return
            try:
                self._work(item)
            except BaseException as error:  # noqa: BLE001 - it is raised where the items come from
                self._error = error
                self._stopped.set()


class _Fault:
    def __init__(self, error: BaseException) -> None:
        self.error = error


def _offered(waiting: queue.Queue[Any], item: object, stopped: threading.Event) -> bool:
    """Put an item in, unless nobody wants it any more."""
    while not stopped.is_set():
        try:
            waiting.put(item, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False
