"""One process at a time: a lock that the system gives up by itself when its holder dies."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

__all__ = ["only_one_process", "take_lock"]

_LOOK_AGAIN = 0.1  # seconds


@contextlib.contextmanager
def only_one_process(lock: Path) -> Iterator[None]:
    """Wait until no other process is inside a block with the same ``lock`` file, then go in.

    The file stays behind, empty: removing it while another waits for it would let two in.
    """
    with lock.open("a+b") as file:
        while not take_lock(file):
            time.sleep(_LOOK_AGAIN)
        yield  # closing the file gives the lock back


def take_lock(file: IO[bytes]) -> bool:
    """Take the lock that an opened file stands for, until it is closed; say whether it was free."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a file system without locks: then two at once only waste each other's work
        return True
    return True
