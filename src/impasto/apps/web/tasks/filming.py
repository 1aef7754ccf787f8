"""Painting a clip; only where what films need is installed."""

from __future__ import annotations

from typing import Any

from impasto.apps.web.calls import Call
from impasto.apps.web.tasks.painting import quick_method, styles_of
from impasto.apps.web.tasks.pictures import show
from impasto.apps.web.uploads import CLIP
from impasto.engine.film import FilmStep, open_clip, stylize_video
from impasto.errors import InputError

__all__ = ["film"]

LIVE_SECONDS, LIVE_SIDE = 1.0, 640


def film(call: Call) -> dict[str, Any]:
    """Paint a clip, sound and frame rate kept; of a long one, as much as is allowed."""
    given, wanted = call.arguments, dict(call.arguments["options"])
    clip = call.folder / f"{CLIP}{given['ending']}"
    source = open_clip(clip)
    if source.size[0] * source.size[1] > given["megapixels"] * 1e6:
        raise InputError(
            f"This clip has {source.size[1]} × {source.size[0]} pixels, more than the {given['megapixels']:g} million "
            "that are allowed. Please choose a smaller one."
        )
    wanted["size"] = min(wanted["size"], max(source.size))
    if not source.rate or source.frame_count / source.rate > given["seconds"]:
        wanted["preview"] = given["seconds"]
    out = call.folder / "painting.mp4"
    report = stylize_video(clip, styles_of(given), out, quick_method(), on_step=_listener(call), **wanted)
    if report.stopped == "interrupted":
        raise InputError("This took longer than is allowed here. Please choose a shorter clip, or a smaller size.")
    return {"file": out.name, "bytes": out.stat().st_size, "frames": report.frames, "seconds": report.film_seconds}


def _listener(call: Call) -> Any:
    def on_step(step: FilmStep) -> None:
        call.obey()
        if call.is_time(LIVE_SECONDS):
            show(step.picture(), call.folder / "live.jpg", long_side=LIVE_SIDE)
            call.say(share=step.frame / step.frames, remaining=step.remaining, frame=step.frame, frames=step.frames)

    return on_step
