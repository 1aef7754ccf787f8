"""``impasto methods``: the ways of stylising, what each needs, and whether it can run here and now."""

from __future__ import annotations

import dataclasses
import inspect
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

from impasto.apps.console import print_json
from impasto.apps.parameters import AsJson
from impasto.config import PRESETS, MethodOptions, fields_of, to_dict

if TYPE_CHECKING:
    from impasto.engine.readiness import Readiness

__all__ = ["list_methods"]

WIDTH = 100


def list_methods(*, as_json: AsJson = False) -> None:
    """List the ways of stylising: what each is, whether it can run here and now, and how to get what it needs."""
    from impasto.engine import config_of
    from impasto.engine.readiness import readiness

    found = readiness()
    if as_json:
        print_json([_facts(one, config_of(one.method)) for one in found])
        return
    for one in found:
        for line in _lines(one, config_of(one.method)):
            typer.echo(line)


def _lines(one: Readiness, config: type[MethodOptions]) -> Iterator[str]:
    yield f"{one.method}: {one.state}"
    told = [("", _summary(config))]
    told += [("needs", step) for step in one.missing]
    told += [("needs", one.yours)] if one.yours else []
    if one.downloads:
        told.append(("fetches", f"{', '.join(one.downloads)}; beforehand: {' && '.join(one.fetching)}"))
    told += [("paper", one.paper), ("learnt", one.learnt), ("presets", ", ".join(PRESETS.get(one.method, {})))]
    for label, text in told:
        if text:
            yield from _wrapped(label, text)
    yield ""


def _wrapped(label: str, text: str) -> list[str]:
    lead = f"  {label:<9}" if label else "  "
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _facts(one: Readiness, config: type[MethodOptions]) -> dict[str, Any]:
    return {
        "name": one.method,
        "summary": _summary(config),
        "ready": one.is_ready,
        **{name: value for name, value in dataclasses.asdict(one).items() if name != "method"},
        "presets": PRESETS.get(one.method, {}),
        "defaults": to_dict(config()),
        "options": {field.name: field.help for field in fields_of(config)},
    }


def _summary(config: type[MethodOptions]) -> str:
    return (inspect.getdoc(config) or "").partition("\n")[0]
