"""What a worker can do: one function for each task, from a :class:`~impasto.apps.web.calls.Call` to its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from impasto.apps.web.calls import Call
from impasto.apps.web.tasks.filming import film
from impasto.apps.web.tasks.introducing import introduce
from impasto.apps.web.tasks.looking import look
from impasto.apps.web.tasks.painting import finish, paint, warm_up
from impasto.apps.web.tasks.perfecting import moment, perfect, plan
from impasto.apps.web.tasks.pictures import admit

__all__ = ["TASKS", "warm_up"]

TASKS: Mapping[str, Callable[[Call], dict[str, Any]]] = {
    "admit": admit,
    "film": film,
    "finish": finish,
    "introduce": introduce,
    "look": look,
    "moment": moment,
    "paint": paint,
    "perfect": perfect,
    "plan": plan,
}
"""Every task by the name that a request has for it."""
