"""Waiting in tests, with an end to it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

__all__ = ["is_running", "until"]


def until(condition: Callable[[], object], seconds: float = 60.0) -> bool:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())


def is_running(process: int) -> bool:
    """Say whether there is a process of this number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
