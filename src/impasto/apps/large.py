"""``impasto stylize`` for a photo that is painted from disk to disk, without ever being in memory as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.apps.console import say
from impasto.apps.jobs import Job
from impasto.apps.progress import duration, show_progress
from impasto.config import MethodOptions, Saving, to_dict

if TYPE_CHECKING:
    from impasto.engine import Plan
    from impasto.engine.huge import PaintedFile
    from impasto.engine.onepass import OnePass
    from impasto.images import Picture

__all__ = ["is_large", "paint_large", "plan_large", "sentence_of_file", "summary_of_file", "unread"]


def is_large(photo: Path, config: MethodOptions) -> bool:
    """Say whether a photo is so large, and the method such, that it is painted by bands."""
    from impasto.engine.huge import is_huge

    return not hasattr(config, "steps") and is_huge(photo, config.size)


def unread() -> Picture:
    """Return what stands for a photo that is not read as a whole."""
    import torch

    from impasto.images import Picture

    return Picture(torch.zeros(1, 3, 1, 1))


def plan_large(photo: Path, job: Job) -> Plan:
    """Return what :func:`paint_large` would do."""
    from impasto.engine.huge import plan_file

    return plan_file(_stylizer(job), photo, list(job.styles))


def paint_large(photo: Path, job: Job, saving: Saving, *, quiet: bool, title: str) -> dict[str, Any]:
    """Paint a photo into its output, and return what machines want to know of it."""
    from impasto.engine.huge import paint_file

    with show_progress(title, quiet=quiet) as on_step:
        options = {"overwrite": True, "on_step": on_step, **vars(saving)}
        done = paint_file(_stylizer(job), photo, list(job.styles), job.output, **options)
    if not quiet:
        say(sentence_of_file(done))
    return {**summary_of_file(done), "also": [], "given_up": []}


def sentence_of_file(done: PaintedFile) -> str:
    """Return what people want to know of a result that is only in its file."""
    height, width = done.size
    return f"Done: {width}x{height} px in {duration(done.seconds)}."


def summary_of_file(done: PaintedFile) -> dict[str, Any]:
    """Return what machines want to know of it."""
    height, width = done.size
    return {
        "output": str(done.path),
        "width": width,
        "height": height,
        "seconds": round(done.seconds, 2),
        "stopped": "finished",
        "losses": {},
        "config": to_dict(done.config),
    }


def _stylizer(job: Job) -> OnePass:
    from impasto.engine.door import loaded
    from impasto.engine.onepass import OnePass

    stylizer = loaded(job.config, {})
    assert isinstance(stylizer, OnePass)
    return stylizer
