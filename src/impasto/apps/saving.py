"""Writing results and saying, for people and for machines, what was written."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.apps.options import config_from
from impasto.apps.progress import duration
from impasto.config import Saving, to_dict
from impasto.errors import OutputError

if TYPE_CHECKING:
    from impasto.engine.result import Result

__all__ = ["chosen_saving", "save", "sentence_of", "summary_of"]


def chosen_saving(*, quality: int, bits: int, no_metadata: bool, no_recipe: bool) -> Saving:
    """Return how results are written, from the flags that were given."""
    wanted = {"quality": quality, "bits": bits, "keep_metadata": not no_metadata, "keep_recipe": not no_recipe}
    return config_from(Saving, wanted, owner="the file", start={})


def save(result: Result, path: Path, saving: Saving) -> None:
    """Write a result where it has been checked that it may be written.

    Should that fail all the same (a full disk, a drive pulled out), the work of perhaps an hour is not lost: it is
    kept in the system's folder for temporary files, as a PNG, since the format asked for may be what failed.
    """
    try:
        result.save(path, **vars(saving))
    except OutputError as refusal:
        kept = Path(tempfile.mkdtemp(prefix="impasto-")) / f"{path.stem}.png"
        result.save(kept, **vars(saving))
        raise OutputError(f"{str(refusal).rstrip('.')}; until then the picture is kept as {kept}.") from refusal


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
