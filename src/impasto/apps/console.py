"""What every command has in common: sentences on stderr, results on stdout, and the exit status.

0 done · 1 some of many failed · 2 something that was given cannot be used · 130 Ctrl-C.
"""

from __future__ import annotations

import errno
import functools
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import typer

from impasto.errors import ImpastoError

__all__ = ["BAD_INPUT", "INTERRUPTED", "SOME_FAILED", "guarded", "print_json", "print_table", "refuse", "say"]

SOME_FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
LONGEST_SHOWN = 120  # characters of a path in a sentence
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def say(sentence: str) -> None:
    """Tell the person at the keyboard something that is no result."""
    typer.echo(sentence, err=True)


def refuse(sentence: str, *, kind: str, as_json: bool) -> None:
    """Say why nothing came of it: one line on stderr, or one JSON document on stdout."""
    sentence = " ".join(sentence.split())
    if as_json:
        print_json({"error": {"kind": kind, "message": sentence}})
    else:
        typer.secho(f"impasto: {sentence}", err=True, fg=typer.colors.RED)


def print_json(document: Any) -> None:
    """Print one JSON document for machines."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def print_table(rows: Iterable[Sequence[str]]) -> None:
    """Print aligned columns, plain enough to be copied into a bug report."""
    lines = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def guarded(command: Callable[..., int | None]) -> Callable[..., None]:
    """Return ``command`` with its refusals and its status turned into what a shell expects.

    So is what the system says of a file's place, wherever it says it. A bug is not caught: its traceback is what we
    need to mend it.
    """

    @functools.wraps(command)
    def run(**values: Any) -> None:
        try:
            status = command(**values)
        except ImpastoError as refusal:
            refuse(str(refusal), kind=type(refusal).__name__, as_json=bool(values.get("as_json")))
            raise typer.Exit(BAD_INPUT) from None
        except OSError as fault:
            if fault.filename is None and fault.errno not in NO_ROOM:
                raise
            refuse(_disk_sentence(fault), kind="OutputError", as_json=bool(values.get("as_json")))
            raise typer.Exit(BAD_INPUT) from None
        except KeyboardInterrupt:
            say("Interrupted.")
            raise typer.Exit(INTERRUPTED) from None
        if status:
            raise typer.Exit(status)

    return run


def _disk_sentence(fault: OSError) -> str:
    place = str(fault.filename or "the disk")
    shown = place if len(place) < LONGEST_SHOWN else f"{place[: LONGEST_SHOWN // 2]}…"
    return f"{shown} cannot be used ({fault.strerror}); check the name and its permissions, or choose another place."
