"""The note beside a file in the cache: what its content was when it came, and from where."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from impasto.weights.atomic import write_text_whole

__all__ = ["Record", "read_record", "write_record"]


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is remembered of a file in the cache."""

    sha256: str
    source: str  #: the URL it was fetched from, or the file it was converted from
    checked: str  #: the publisher's digest that it passed, or an empty string


def write_record(path: Path, record: Record) -> None:
    """Keep ``record`` beside the file ``path``."""
    write_text_whole(_beside(path), json.dumps(dataclasses.asdict(record), indent=2) + "\n")


def read_record(path: Path) -> Record | None:
    """Return what was recorded of the file ``path`` (which itself may be gone), or None."""
    try:
        return Record(**json.loads(_beside(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # missing, or damaged: then nothing is known
        return None


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")
