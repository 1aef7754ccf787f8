"""What ``--help`` shows, for people: no types of Python, and paragraphs that fit the terminal."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

__all__ = ["speaking_plainly"]


def speaking_plainly(command: Any) -> Any:
    """Return a command of typer's, its help and that of all below it made plain.

    Typer names the type of everything that has no placeholder (``<bool>``, ``<list[Path]>``), which tells nobody
    anything: a switch takes no value, and what an argument is stands beside it. It also keeps the line breaks of
    docstrings, which fall in the middle of the lines of a narrower terminal.
    """
    if command.help:
        paragraphs = inspect.cleandoc(command.help).split("\n\n")
        command.help = "\n\n".join(paragraph.replace("\n", " ") for paragraph in paragraphs)
    command.get_params = _without_types(command.get_params)
    for inner in getattr(command, "commands", {}).values():
        speaking_plainly(inner)
    return command


def _without_types(parameters_of: Callable[[Any], list[Any]]) -> Callable[[Any], list[Any]]:
    """Return what gives a command's parameters, ``--help`` among them, those that need no type without one."""

    def silenced(context: Any) -> list[Any]:
        parameters = parameters_of(context)
        for parameter in parameters:
            if parameter.param_type_name == "argument" or parameter.is_flag:
                parameter.display_type_rich = _nothing
        return parameters

    return silenced


def _nothing(*, ctx: Any) -> str:  # noqa: ARG001  called by name
    return ""
