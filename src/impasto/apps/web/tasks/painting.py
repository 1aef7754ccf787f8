"""Painting at once, by the quickest method there is, or by a model that the owner provides."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from impasto import engine
from impasto.apps.web.calls import Call
from impasto.apps.web.environment import serving_from_environment
from impasto.apps.web.styles import material
from impasto.apps.web.tasks.pictures import original, show, working_copy
from impasto.engine import Result, Step
from impasto.engine.progress import OnStep
from impasto.errors import ImpastoError
from impasto.images import Picture

__all__ = ["SLOW_METHOD", "finish", "listener", "paint", "quick_method", "styles_of", "warm_up"]

_log = logging.getLogger(__name__)

SLOW_METHOD = "optimize"
HURRIED: dict[str, Any] = {"size": 256, "steps": 24}  # for the slow method, while there is no quick one
FINISHED_QUALITY = 95


def warm_up() -> None:
    """Load what the first visitor would otherwise have to wait for; what is wrong with it is told when it is used."""
    try:
        _stylizer(quick_method())
    except ImpastoError as refusal:
        _log.warning("the method %s cannot be used: %s", quick_method(), refusal)


def quick_method() -> str:
    """Return the method that answers at once: the one the owner names, or the first that is not slow."""
    named = serving_from_environment().method
    return named or next((name for name in engine.methods() if name != SLOW_METHOD), SLOW_METHOD)


def paint(call: Call) -> dict[str, Any]:
    """Paint the picture on the page."""
    photo = working_copy(call.arguments["photo"])
    styles = styles_of(call.arguments)
    result = _painted(call, photo, styles, {**call.arguments["options"], "size": max(photo.size)})
    show(result.image, call.folder / "painting.jpg")
    height, width = result.image.shape[-2:]
    return {"file": "painting.jpg", "height": height, "width": width, "seconds": result.seconds}


def finish(call: Call) -> dict[str, Any]:
    """Paint the picture to be taken home, from the photo as it was uploaded, with its recipe inside."""
    photo = original(call.arguments["photo"])
    result = _painted(call, photo, styles_of(call.arguments, original), call.arguments["options"])
    path = result.save(call.folder / f"painting.{call.arguments['ending']}", quality=FINISHED_QUALITY)
    height, width = result.image.shape[-2:]
    return {"file": path.name, "height": height, "width": width, "bytes": path.stat().st_size}


def listener(call: Call) -> OnStep:
    """Return what an engine may tell of its steps: it obeys the visitor, and tells of progress."""

    def on_step(step: Step) -> None:
        call.obey()
        if call.is_time(0.2):
            call.say(share=(step.scale - 1 + step.step / step.steps) / step.scales, remaining=step.remaining)

    return on_step


def styles_of(arguments: Mapping[str, Any], uploaded: Callable[[str], Picture] = working_copy) -> list[Any]:
    """Return the styles of a request as the engine takes them; ``uploaded`` reads those of the visitor's own."""
    return [material(one["name"]) if one["folder"] is None else uploaded(one["folder"]) for one in arguments["styles"]]


def _painted(call: Call, photo: Any, styles: Sequence[Any], options: Mapping[str, Any]) -> Result:
    model = call.arguments.get("model")
    if model is not None:
        painted: Result = _stylizer(model)(photo, (), on_step=listener(call), **options)
        return painted
    method = quick_method()
    if method == SLOW_METHOD:
        options = {**options, **HURRIED, "size": min(options["size"] or HURRIED["size"], HURRIED["size"])}
    result: Result = _stylizer(method)(photo, styles, on_step=listener(call), **options)
    return result


@lru_cache(maxsize=3)
def _stylizer(name: str) -> Any:
    return engine.load(name if not Path(name).is_absolute() else Path(name).as_posix())
