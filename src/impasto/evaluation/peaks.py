"""The most memory that a piece of work held, as the operating system counts it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Peak", "watched"]

_RESET, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


@dataclass
class Peak:
    """What was held at most; None where nothing can be asked, or where no graphics card was in use."""

    bytes: int | None = None
    gpu_bytes: int | None = None


@contextlib.contextmanager
def watched() -> Iterator[Peak]:
    """Measure the process while a ``with`` block runs; the peak is told at its end.

    On Linux the count starts anew at every block. Elsewhere the system only knows the peak since the process began, so
    there a smaller work that follows a larger one reads like the larger one; Windows is not asked.
    """
    peak = Peak()
    with contextlib.suppress(OSError):
        _RESET.write_text("5", encoding="ascii")  # see proc(5): resets the peak of the resident set
    if _on_gpu():
        import torch

        torch.cuda.reset_peak_memory_stats()
    try:
        yield peak
    finally:
        peak.bytes = _peak_bytes()
        if _on_gpu():
            import torch

            peak.gpu_bytes = torch.cuda.max_memory_allocated() or None


def _peak_bytes() -> int | None:
    try:
        status = _STATUS.read_text(encoding="ascii")
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return _peak_since_start()


def _peak_since_start() -> int | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024  # macOS counts in bytes


def _on_gpu() -> bool:
    """Whether a graphics card is in use; asking never wakes one."""
    torch = sys.modules.get("torch")
    return torch is not None and bool(torch.cuda.is_initialized())
