"""Where the safetensors copies of pickled files are, and that they are still what was written.

Who converts knows tensors, and that is not this layer. A copy is named after the content of its original
and the purpose it was made for, because it holds only the tensors of that purpose.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from impasto.weights.digests import Fingerprint, file_sha256, known_fingerprint
from impasto.weights.folders import cache_folder, fetched_folder
from impasto.weights.records import Record, read_record, write_record

__all__ = ["conversion_path", "conversions_of", "is_as_recorded", "keep_conversion"]


def conversion_path(original: Path, purpose: str) -> Path:
    """Return where the copy of ``original`` for ``purpose`` is or would be."""
    return _folder() / f"{_stem(known_fingerprint(original).sha256)}-{purpose}.safetensors"


def conversions_of(sha256: str) -> list[Path]:
    """Return the copies of the file that had this SHA-256."""
    return sorted(_folder().glob(f"{_stem(sha256)}-*.safetensors"))


def keep_conversion(original: Path, copy: Path) -> None:
    """Record the finished ``copy``, and delete ``original`` if it is ours: nobody reads it again.

    A file in a folder of the user is never deleted.
    """
    write_record(copy, Record(sha256=file_sha256(copy), source=original.name, checked=""))
    if original.parent.resolve() == fetched_folder().resolve():
        with contextlib.suppress(OSError):  # in use elsewhere: it stays, which is only a matter of room
            original.unlink()


def is_as_recorded(path: Path, read: Callable[[Path], Fingerprint] = known_fingerprint) -> bool:
    """Whether the file exists with the content recorded when it came; ``read`` gives its digests."""
    record = read_record(path)
    return record is not None and path.is_file() and read(path).sha256 == record.sha256


def _folder() -> Path:
    return cache_folder() / "converted"


def _stem(sha256: str) -> str:
    return sha256[:32]
