"""Writing results and saying, for people and for machines, what was written."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.apps.progress import duration
from impasto.config import to_dict
from impasto.errors import OptionError, OutputError

if TYPE_CHECKING:
    from impasto.engine.result import Result

__all__ = ["Saving", "sentence_of", "summary_of"]


@dataclass(frozen=True, kw_only=True)
class Saving:
    """How results are written; made before the work, so that it refuses what no format can do in time."""

    quality: int = 95
    bits: int = 8
    keep_metadata: bool = True
    keep_recipe: bool = True

    def __post_init__(self) -> None:
        """Check what does not depend on the format."""
        if not 1 <= self.quality <= 100:
            raise OptionError(f"--quality is {self.quality}; allowed is a whole number, 1 to 100.")
        if self.bits not in (8, 16):
            raise OptionError(f"--bits is {self.bits}; allowed are 8 and 16.")

    def save(self, result: Result, path: Path) -> None:
        """Write a result where it has been checked that it may be written.

        Should that fail all the same (a full disk, a drive pulled out), the work of perhaps an hour is not lost: it is
        kept in the system's folder for temporary files.
        """
        try:
            self._write(result, path)
        except OutputError as refusal:
            kept = Path(tempfile.mkdtemp(prefix="impasto-")) / path.name
            self._write(result, kept)
            raise OutputError(f"{str(refusal).rstrip('.')}; until then the picture is kept as {kept}.") from refusal

    def _write(self, result: Result, path: Path) -> None:
        result.save(
            path,
            bits=self.bits,
            quality=self.quality,
            keep_metadata=self.keep_metadata,
            keep_recipe=self.keep_recipe,
            overwrite=True,
        )


def summary_of(result: Result, path: Path) -> dict[str, Any]:
    """Return what machines want to know of a result."""
    height, width = result.image.shape[-2:]
    return {
        "output": str(path),
        "width": width,
        "height": height,
        "seconds": round(result.seconds, 2),
        "stopped": result.stopped,
        "losses": {name: values[-1] for name, values in result.losses.items() if len(values)},
        "config": to_dict(result.config),
    }


def sentence_of(result: Result) -> str:
    """Return what people want to know of a result."""
    height, width = result.image.shape[-2:]
    how = {
        "finished": "Done",
        "converged": "Done, since nothing got better any more",
        "interrupted": "Interrupted; the best so far is kept, and impasto resume goes on from it",
    }[result.stopped]
    return f"{how}: {width}x{height} px in {duration(result.seconds)}."
