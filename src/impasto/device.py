"""Where to run, in which precision, and with how much memory."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.errors import OptionError

if TYPE_CHECKING:
    import torch

__all__ = [
    "available_memory",
    "computing_in",
    "pick_device",
    "pick_precision",
    "prefer_big_pages",
    "return_memory",
]


def pick_device(wanted: str = "auto") -> torch.device:
    """Return the device asked for, or the best one there is; refuse one that is not there."""
    import torch

    present = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return torch.device(next(name for name in ("cuda", "mps", "cpu") if present[name]))
    if not present.get(wanted, False):
        usable = ", ".join(name for name, here in present.items() if here)
        raise OptionError(f"device {wanted!r} is not available here; this machine has {usable} (or say auto).")
    return torch.device(wanted)


def pick_precision(wanted: str, device: torch.device) -> torch.dtype:
    """Return bfloat16 where it is asked for or natively quick, else float32."""
    import torch

    if wanted == "bfloat16" or (wanted == "auto" and _has_bfloat16(device)):
        return torch.bfloat16
    return torch.float32


def computing_in(device: torch.device, precision: torch.dtype) -> contextlib.AbstractContextManager[object]:
    """Return a context in which convolutions of a float32 network use the quick precision of the device."""
    import torch

    return contextlib.nullcontext() if precision == torch.float32 else torch.autocast(device.type, precision)


@functools.cache
def _has_bfloat16(device: torch.device) -> bool:
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    if device.type != "cpu":
        return False
    asked = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")  # private, and not in every version of torch
    return any(bool(getattr(torch.cpu, name, bool)()) for name in asked)


def available_memory(device: torch.device) -> int:
    """Return the bytes that a new work may use."""
    import torch

    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return _container_limit(_free_memory())


def _free_memory() -> int:
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:  # noqa: PTH123 - not a file of the user's
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):
        return 4 * 2**30  # nothing can be asked (Windows); assume a small laptop


def _container_limit(free: int, group: Path = Path("/sys/fs/cgroup")) -> int:
    """Return ``free``, or what the container's control group leaves of it.

    Files that were read count as used memory there, though they give way at once; they are taken out again.
    """
    try:
        most, used = ((group / name).read_text("ascii").strip() for name in ("memory.max", "memory.current"))
        if most == "max":
            return free
        parts = dict(line.split() for line in (group / "memory.stat").read_text("ascii").splitlines())
        return max(0, min(free, int(most) - int(used) + int(parts.get("inactive_file", 0))))
    except (OSError, ValueError):
        return free


@functools.cache
def prefer_big_pages() -> None:
    """Let glibc keep and reuse large blocks instead of asking the kernel for fresh zeroed pages every time.

    Feature maps are tens of megabytes and live for milliseconds; by default each is mapped, faulted in page by page
    and given back, which costs more than the convolutions that fill it. Does nothing elsewhere than on glibc.
    """
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # torch asks for huge pages; read at its first allocation
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    m_trim_threshold, m_top_pad, m_mmap_max = -1, -2, -4
    mallopt(m_mmap_max, 0)
    mallopt(m_trim_threshold, 512 * 2**20)
    mallopt(m_top_pad, 64 * 2**20)


def return_memory() -> None:
    """Give the system back what was freed and is only kept for reuse. Does nothing elsewhere than on glibc."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
