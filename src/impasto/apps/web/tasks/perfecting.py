"""Painting by optimisation, watched: a live picture, the losses, moments to go back to, and a film of it all."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto import engine
from impasto.apps.web.calls import Call
from impasto.apps.web.tasks.painting import FINISHED_QUALITY, styles_of
from impasto.apps.web.tasks.pictures import original, original_bytes, show, working_copy
from impasto.config import Optimize, from_dict
from impasto.engine import Step
from impasto.engine.recipe import Recipe
from impasto.errors import ImpastoError
from impasto.evaluation import Timelapse
from impasto.images import read, read_mask, write
from impasto.weights.atomic import write_text_whole

__all__ = ["moment", "perfect", "plan"]

LIVE_SECONDS, LIVE_SIDE = 1.0, 1024
MOMENTS = 36  # at most; evenly over the steps
FILM_SECONDS = 8.0


def plan(call: Call) -> dict[str, Any]:
    """Say what :func:`perfect` would do and cost."""
    found = engine.plan(working_copy(call.arguments["photo"]), styles_of(call.arguments), _config(call.arguments))
    return {
        "height": found.size[0],
        "width": found.size[1],
        "steps": sum(found.steps),
        "seconds": found.seconds,
        "peak_bytes": found.peak_bytes + sum(map(original_bytes, _uploads(call.arguments))),
        "available_bytes": found.available_bytes,
    }


def _uploads(arguments: Mapping[str, Any]) -> list[str | None]:
    """Return the folders of all pictures that are read as they were uploaded; None for the sample."""
    return [arguments["photo"], *(style["folder"] for style in arguments["styles"] if style["folder"] is not None)]


def perfect(call: Call) -> dict[str, Any]:
    """Paint by optimisation, telling of it meanwhile; when the visitor stops it, what is there is kept."""
    config = _config({**call.arguments, "options": {**call.arguments["options"], **_masked(call)}})
    with _film(call.folder) as film:
        watcher = Watcher(call, config, film)
        photo, styles = original(call.arguments["photo"]), styles_of(call.arguments, original)
        result = engine.stylize(photo, styles, config, on_step=watcher)
    files = [result.save(call.folder / f"painting.{end}", quality=FINISHED_QUALITY).name for end in ("png", "jpg")]
    show(result.image, call.folder / "shown.jpg", long_side=2048)
    (call.folder / "recipe.json").write_text(result.recipe.to_json(), encoding="utf-8")
    height, width = result.image.shape[-2:]
    return {
        "files": files,
        "film": film.path.name if isinstance(film, Timelapse) else None,
        "height": height,
        "width": width,
        "moments": watcher.moments,
        "seconds": result.seconds,
        "stopped": result.stopped,
    }


def moment(call: Call) -> dict[str, Any]:
    """Write an earlier moment of a finished work as a file of its own, with the recipe that leads there."""
    source, ending = Path(call.arguments["source"]), call.arguments["ending"]
    recipe = Recipe.from_json((source / "recipe.json").read_text(encoding="utf-8"))
    stopped = {"scale": call.arguments["scale"] - 1, "step": call.arguments["step"]}
    told = dataclasses.replace(recipe, stopped=stopped).to_json()
    path = call.folder / f"moment.{ending}"
    picture = read(source / call.arguments["file"]).pixels
    write(picture, path, quality=FINISHED_QUALITY, recipe=told, overwrite=True)
    return {"file": path.name}


class Watcher:
    """Listens to the engine: shows the picture each second, keeps moments, feeds the film."""

    def __init__(self, call: Call, config: Optimize, film: Timelapse | None) -> None:
        self.call, self.film = call, film
        self.moments: list[dict[str, Any]] = []
        self.steps = 0
        self.every = max(1, math.ceil(config.steps / MOMENTS))

    def __call__(self, step: Step) -> None:
        """Take note of one step."""
        self.steps += 1
        is_last = step.scale == step.scales and step.step == step.steps
        if self.call.is_time(LIVE_SECONDS) or is_last:
            show(step.picture(), self.call.folder / "live.jpg", long_side=LIVE_SIDE)
        if self.steps % self.every == 1 or self.every == 1 or is_last:
            self._keep(step)
        self.call.say(
            scale=step.scale,
            scales=step.scales,
            step=step.step,
            steps=step.steps,
            height=step.size[0],
            width=step.size[1],
            elapsed=step.elapsed,
            remaining=step.remaining,
            losses=dict(step.losses),
            note=step.note,
            moments=len(self.moments),
        )
        self.call.obey()  # last: who stops at the first step keeps it

    def _keep(self, step: Step) -> None:
        picture, name = step.picture(), f"moment-{len(self.moments)}.jpg"
        write(picture, self.call.folder / name, quality=FINISHED_QUALITY, overwrite=True)
        self.moments.append(
            {"file": name, "scale": step.scale, "step": step.step, "height": step.size[0], "width": step.size[1]}
        )
        write_text_whole(self.call.folder / "moments.json", json.dumps(self.moments))
        if self.film is not None:
            self.film.add(picture)


def _config(arguments: Mapping[str, Any]) -> Optimize:
    return from_dict(Optimize, arguments["options"])


def _masked(call: Call) -> dict[str, Any]:
    """Return the option that keeps the style away from where the brush went, or from everywhere else."""
    if "mask" not in call.arguments:
        return {}
    brushed = read_mask(call.arguments["mask"])
    alone = brushed if call.arguments["mask_kind"] == "protect" else 1 - brushed
    path = call.folder / "protect.png"
    write(alone.expand(-1, 3, -1, -1), path, overwrite=True)
    return {"protect": str(path)}


def _film(folder: Path) -> Timelapse | contextlib.nullcontext[None]:
    """Return the film of a painting coming into being; WebP where MP4 cannot be written."""
    for name in ("film.mp4", "film.webp"):
        with contextlib.suppress(ImpastoError):
            return Timelapse(folder / name, seconds=FILM_SECONDS)
    return contextlib.nullcontext()
