"""Curves of a training as CSV: one row a step, continued without a seam when a run goes on."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path

from impasto.errors import InputError
from impasto.training.runs import replaced, unwritten

__all__ = ["Curve", "read_curve"]


class Curve:
    """A CSV file with a ``step`` and one column for each value.

    Opened at ``start``, it keeps the rows up to that step and forgets those after it, whose run was lost.
    """

    def __init__(self, path: Path, *, start: int = 0) -> None:
        self.path = path
        kept = [row for row in _rows(path) if int(row["step"]) <= start] if start and path.exists() else []
        self._columns = list(kept[0]) if kept else []
        self._waiting: list[dict[str, str]] = []
        with replaced(path) as unfinished, unfinished.open("w", newline="", encoding="utf-8") as file:
            if kept:
                writer = csv.DictWriter(file, self._columns)
                writer.writeheader()
                writer.writerows(kept)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Take one row; it reaches the file with the next :meth:`write`."""
        self._waiting.append({"step": str(step)} | {name: repr(float(value)) for name, value in values.items()})

    def write(self) -> None:
        """Bring what is waiting to the file."""
        if not self._waiting:
            return
        try:
            with self.path.open("a", newline="", encoding="utf-8") as file:
                if not self._columns:
                    self._columns = list(self._waiting[0])
                    csv.DictWriter(file, self._columns).writeheader()
                csv.DictWriter(file, self._columns, extrasaction="ignore").writerows(self._waiting)
        except OSError as fault:
            raise unwritten(self.path, fault) from fault
        self._waiting = []


def read_curve(path: Path) -> dict[str, list[float]]:
    """Return the columns of a curve, ``step`` among them; empty where nothing was written yet."""
    if not path.exists():
        return {}
    rows = _rows(path)
    try:
        return {name: [float(row[name]) for row in rows] for name in (rows[0] if rows else {})}
    except (TypeError, ValueError) as fault:
        raise InputError(f"{path.name} holds something else than numbers; it was changed or damaged.") from fault


def _rows(path: Path) -> list[dict[str, str]]:
    """Read the rows that are whole: a kill may have cut off the last one."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise InputError(f"{path.name} cannot be read as a table; it was changed or damaged.") from fault
    return [row for row in rows if row.get("step") and all(_is_number(value) for value in row.values())]


def _is_number(text: object) -> bool:
    try:
        return isinstance(text, str) and not math.isinf(float(text))
    except ValueError:
        return False
