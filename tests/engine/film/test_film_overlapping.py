"""Reading ahead, writing behind, and one workshop for one film."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from impasto.engine.film.overlapping import Behind, ahead
from impasto.engine.film.workshop import Memory, Workshop
from impasto.errors import OutputError


def test_items_come_in_their_order_from_another_thread():
    makers = set()

    def make() -> Iterator[int]:
        for number in range(20):
            makers.add(threading.current_thread().name)
            yield number

    assert list(ahead(make(), 3)) == list(range(20))
    assert makers == {"working ahead"}


def test_only_so_many_are_made_ahead():
    made: list[int] = []

    def make() -> Iterator[int]:
        for number in range(50):
            made.append(number)
            yield number

    items = ahead(make(), 2)
    next(items)
    time.sleep(0.05)
    assert len(made) <= 4
    items.close()
    assert len(made) <= 5, "whoever stops reading stops the making"


def test_an_error_arrives_where_items_are_read():
    def make() -> Iterator[int]:
        yield 1
        raise KeyError("lost")

    items = ahead(make())
    assert next(items) == 1
    with pytest.raises(KeyError, match="lost"):
        next(items)


def test_work_is_done_behind_and_finished_at_the_end():
    done: list[int] = []

    def work(item: int) -> None:
        time.sleep(0.001)
        done.append(item)

    with Behind[int](work, 2) as behind:
        for number in range(10):
            behind.put(number)
    assert done == list(range(10))


def test_an_error_behind_is_raised_in_front():
    def work(item: int) -> None:
        if item == 3:
            raise OSError("disk full")

    def put_all() -> None:
        with Behind[int](work, 1) as behind:
            for number in range(1000):
                behind.put(number)

    with pytest.raises(OSError, match="disk full"):
        put_all()


def test_a_failure_in_front_stops_the_work_behind():
    done: list[int] = []

    def fail() -> None:
        with Behind[int](done.append) as behind:
            behind.put(1)
            raise ValueError("in front")

    with pytest.raises(ValueError, match="in front"):
        fail()
    assert threading.active_count() < 20


def test_ctrl_c_while_the_rest_is_waited_for_waits_for_who_writes():
    at_work, done = threading.Event(), threading.Event()

    def work(_: int) -> None:
        at_work.set()
        time.sleep(0.2)
        done.set()

    class Interrupted(threading.Thread):
        def join(self, timeout: float | None = None) -> None:
            if at_work.wait(5) and not done.is_set():
                behind._thread.__class__ = threading.Thread
                raise KeyboardInterrupt
            super().join(timeout)

    behind = Behind[int](work)
    behind._thread.__class__ = Interrupted

    def put_all() -> None:
        with behind:
            behind.put(1)

    with pytest.raises(KeyboardInterrupt):
        put_all()
    assert done.is_set()


def test_a_workshop_remembers_what_counts(tmp_path: Path):
    out = tmp_path / "film.mp4"
    with Workshop(out, {"clip": ["a", "b"]}) as workshop:
        assert workshop.memory() == Memory()
        for pieces in (1, 2):
            workshop.remember(Memory(pieces, 48 * pieces, 0, 99, 4, 1.5, [7], {"one": np.arange(3, dtype=np.uint16)}))
    with Workshop(out, {"clip": ["a", "b"]}) as workshop:
        memory = workshop.memory()
        assert (memory.pieces, memory.frames, memory.cuts, memory.seconds) == (2, 96, [7], 1.5)
        assert memory.arrays["one"].tolist() == [0, 1, 2]
        assert len(list(workshop.folder.glob("memory-*"))) == 1
        workshop.clear()
    assert not list(tmp_path.iterdir())


def test_two_processes_do_not_make_the_same_film(tmp_path: Path):
    out = tmp_path / "film.mp4"
    with Workshop(out, {}), pytest.raises(OutputError, match="is being made by another process"), Workshop(out, {}):
        pass
