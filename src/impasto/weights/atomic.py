"""Writing a file whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

__all__ = ["sync", "write_text_whole", "writing_whole"]


@contextlib.contextmanager
def writing_whole(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path`` to write to, and rename it to ``path`` if all went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_text_whole(path: Path, text: str) -> None:
    """Write a text as UTF-8, whole or not at all; bytes in a file's name that are no UTF-8 are written as escapes."""
    with writing_whole(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8", errors="backslashreplace")


def sync(path: Path) -> None:
    """Make sure that a file, or a folder's names, would be there after a power cut, where the system can do that."""
    if path.is_dir() and os.name != "posix":
        return
    opened = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
