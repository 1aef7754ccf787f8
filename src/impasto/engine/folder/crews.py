"""Those who paint a folder's pictures: threads of this process, or processes of this computer.

A crew takes pictures and gives back what became of them, in any order. It is for others to say what happens to a
picture whose worker died (:mod:`impasto.engine.folder.running`); :mod:`impasto.engine.cluster` is a third crew.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for_any
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

import torch

from impasto.engine.folder.finding import Item
from impasto.engine.folder.orders import Order
from impasto.engine.folder.worker import AT_ONCE, Lost, Outcome, Worker
from impasto.errors import ImpastoError

__all__ = ["Crew", "ProcessCrew", "ThreadCrew"]

GPU_VARIABLE = "CUDA_VISIBLE_DEVICES"
_READY = "ready"  # what a worker says once, when its method is loaded


class Crew(Protocol):
    """Workers who can be given pictures."""

    @property
    def free(self) -> int:
        """How many pictures they could be given now."""
        ...

    def give(self, item: Item) -> None:
        """Let someone paint a picture."""
        ...

    def take(self, timeout: float) -> Sequence[Outcome]:
        """Wait until something has become of a picture, but no longer than so many seconds."""
        ...

    def close(self) -> None:
        """Send everyone home; pictures that are under way are left."""
        ...


class ThreadCrew:
    """One worker in this process, who reads, paints and writes at the same time."""

    def __init__(self, order: Order) -> None:
        self._worker = Worker(order)
        self._threads = ThreadPoolExecutor(AT_ONCE, "folder")
        self._under_way: set[Future[Outcome]] = set()

    @property
    def free(self) -> int:
        """How many pictures could be given now."""
        return AT_ONCE - len(self._under_way)

    def give(self, item: Item) -> None:
        """Paint a picture."""
        self._under_way.add(self._threads.submit(self._worker.work, item))

    def take(self, timeout: float) -> Sequence[Outcome]:
        """Wait until something has become of a picture."""
        done, self._under_way = wait(self._under_way, timeout, FIRST_COMPLETED)
        return [future.result() for future in done]

    def close(self) -> None:
        """Stop at the next step of painting."""
        self._worker.halt()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._worker.close()


class ProcessCrew:
    """Several workers, each in a process of its own, which share the processor's cores or the graphics cards."""

    MOST_STARTS = 3  # of one place in the crew, none of which came to be ready

    def __init__(self, order: Order, count: int) -> None:
        self._order, self._count = order, count
        self._scratch = tempfile.TemporaryDirectory(prefix="impasto-", ignore_cleanup_errors=True)
        self._members: list[_Member] = []
        with ExitStack() as undoing:
            undoing.callback(self.close)
            for place in range(count):
                self._members.append(_Member(self._start(place), place))
            undoing.pop_all()

    @property
    def free(self) -> int:
        """How many pictures could be given now."""
        return sum(AT_ONCE - len(member.items) for member in self._members)

    def give(self, item: Item) -> None:
        """Let the one with the least to do paint a picture."""
        member = min(self._members, key=lambda one: len(one.items))
        member.items.append(item)
        try:
            member.pipe.send(item)
        except OSError:  # dead; `take` will find out and tell
            return

    def take(self, timeout: float) -> Sequence[Outcome]:
        """Wait until something has become of a picture."""
        by_pipe: dict[Any, _Member] = {member.pipe: member for member in self._members}
        outcomes: list[Outcome] = []
        for pipe in wait_for_any(list(by_pipe), timeout):
            outcomes += self._heard(by_pipe[pipe])
        return outcomes

    def close(self) -> None:
        """Close the pipes, at which everyone leaves, and remove what they leave behind."""
        for member in self._members:
            member.pipe.close()
        for member in self._members:
            member.process.join(0 if member.starts else 10)  # one who was never ready has nothing to bring to an end
            if member.process.is_alive():
                member.process.kill()
                member.process.join()
        self._scratch.cleanup()

    def _heard(self, member: _Member) -> list[Outcome]:
        try:
            told = member.pipe.recv()
        except (EOFError, OSError):
            return self._replaced(member)
        if isinstance(told, ImpastoError):
            raise told
        if told == _READY:
            member.starts = 0  # what it dies of from now on is a picture
            return []
        member.items.remove(told.item)
        return [told]

    def _replaced(self, member: _Member) -> list[Outcome]:
        """Put another one in the place of one who died, and tell what is lost."""
        member.process.join(10)
        why = f"its worker died (exit status {member.process.exitcode})"
        lost: list[Outcome] = [Lost(item, why) for item in member.items]
        if member.starts >= self.MOST_STARTS:
            raise ImpastoError(
                "the worker processes die at their start; a script that uses workers must not begin its work when it "
                "is imported (put it under `if __name__ == '__main__':`)."
            )
        member.pipe.close()
        member.process, member.pipe = self._start(member.place)
        member.starts += 1
        member.items = []
        return lost

    def _start(self, place: int) -> tuple[BaseProcess, Connection]:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        threads = max(1, (os.cpu_count() or 1) // self._count)
        asked = theirs, self._order, threads, _gpu_for(place), self._scratch.name
        process = context.Process(target=_live, args=asked, daemon=True)
        with _ctrl_c_held_back(), _ctrl_c_kept_from_children():
            process.start()
        theirs.close()  # so that the end of the process is the end of the pipe
        return process, ours


class _Member:
    """One process, the way to it, and what it has been given."""

    def __init__(self, started: tuple[BaseProcess, Connection], place: int) -> None:
        self.process, self.pipe = started
        self.place, self.starts = place, 1  # since one was ready
        self.items: list[Item] = []


@contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """Let Ctrl-C wait for the end of this block: a process that was told only half of its task would complain."""
    if threading.current_thread() is not threading.main_thread():  # no other one hears it
        yield
        return
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if heard:
            signal.raise_signal(signal.SIGINT)


@contextmanager
def _ctrl_c_kept_from_children() -> Iterator[None]:
    """Let a process that is started in this block hear no Ctrl-C from its first moment on, long before its imports."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # the first start of a process starts it too, and that would end the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _gpu_for(place: int) -> str | None:
    """Return which graphics card the worker in this place sees, where there are several."""
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count < 2 or GPU_VARIABLE in os.environ:
        return None
    return str(place % count)


def _live(pipe: Connection, order: Order, threads: int, gpu: str | None, scratch: str) -> None:
    """Be a worker until the pipe closes: then whoever gave the work is gone, and nothing is worth finishing.

    All temporary files go into ``scratch``, which is of no use to any worker then.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who gives the work
    tempfile.tempdir = scratch
    if gpu is not None:
        os.environ[GPU_VARIABLE] = gpu
    try:
        worker = Worker(order, threads=threads)
    except ImpastoError as refusal:
        pipe.send(refusal)
        return
    telling = threading.Lock()

    def work(item: Item) -> None:
        outcome = worker.work(item)
        with telling:
            pipe.send(outcome)

    with ThreadPoolExecutor(AT_ONCE) as hands:
        try:
            pipe.send(_READY)
            while True:
                hands.submit(work, pipe.recv())
        except (EOFError, OSError):
            shutil.rmtree(scratch, ignore_errors=True)  # whoever gave the work may have been killed
            os._exit(0)  # results appear whole or not at all, whenever this happens
