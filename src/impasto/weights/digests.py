"""Telling files by their content: SHA-256, publishers' digests, and a memory of files already hashed."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from impasto.weights.atomic import writing_whole
from impasto.weights.folders import cache_folder

__all__ = ["Digest", "Fingerprint", "file_sha256", "fingerprint", "known_fingerprint"]

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Fingerprint:
    """The digests of one file."""

    sha256: str
    md5: str


@dataclass(frozen=True)
class Digest:
    """What a publisher says about a file's content."""

    kind: Literal["sha256", "sha256-prefix", "md5"]
    value: str

    def matches(self, found: Fingerprint) -> bool:
        """Whether a file with this fingerprint is the published one."""
        if self.kind == "md5":
            return found.md5 == self.value
        return found.sha256.startswith(self.value) if self.kind == "sha256-prefix" else found.sha256 == self.value

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


def fingerprint(path: Path) -> Fingerprint:
    """Read the whole file and return its digests."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            sha256.update(chunk)
            md5.update(chunk)
    return Fingerprint(sha256.hexdigest(), md5.hexdigest())


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of the file's content in hexadecimal, read from the file and never remembered."""
    with path.open("rb") as file:
        sha256 = hashlib.sha256()
        while chunk := file.read(_CHUNK):
            sha256.update(chunk)
    return sha256.hexdigest()


def known_fingerprint(path: Path) -> Fingerprint:
    """Return the file's digests, remembered by its path, size and time of change.

    The memory is a file in the cache; losing it, or a race for it, costs only time.
    """
    state = path.stat()
    key, stamp = str(path.resolve()), [state.st_size, state.st_mtime_ns]
    memory = _read_memory()
    match memory.get(key):
        case [size, changed, str(sha256), str(md5)] if [size, changed] == stamp:
            return Fingerprint(sha256, md5)
    found = fingerprint(path)
    memory[key] = [*stamp, found.sha256, found.md5]
    # A cache that cannot be written must not stop anyone.
    with contextlib.suppress(OSError), writing_whole(_memory_file()) as unfinished:
        unfinished.write_text(json.dumps(memory, indent=0), encoding="utf-8")
    return found


def _memory_file() -> Path:
    return cache_folder() / "fingerprints.json"


def _read_memory() -> dict[str, object]:
    try:
        memory = json.loads(_memory_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return memory if isinstance(memory, dict) else {}
