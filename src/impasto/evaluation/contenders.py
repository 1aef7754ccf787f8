"""Painters that compete: in this process, or each in a process of its own.

A process of its own is what makes memory comparable: nothing that one painter leaves behind counts for the next, and
one that is ended for taking too much takes nobody with it. The two sides talk in lines of JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, TypeAlias

from impasto import engine
from impasto.engine import Step
from impasto.engine.onepass import needs_style
from impasto.errors import ImpastoError, MissingExtraError, WeightsError
from impasto.evaluation.peaks import watched

__all__ = ["CannotPaintError", "Contender", "OnShare", "Paint", "Painted", "painting_apart", "painting_here", "serve"]

OnShare: TypeAlias = Callable[[float, "float | None"], object]
"""Told now and then which share of a picture is painted, 0 to 1, and how many seconds are probably left of it."""


class CannotPaintError(ImpastoError):
    """A contender will refuse every picture: what it needs is not on this computer."""


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A method (or the path of a model file) with its options, under the label it has in the report."""

    label: str
    method: str
    options: Mapping[str, Any] = field(default_factory=dict)  # plain JSON values


@dataclass(frozen=True)
class Painted:
    """What painting one picture took."""

    seconds: float
    bytes: int | None = None
    gpu_bytes: int | None = None


Paint: TypeAlias = Callable[[Path, Path, Path, OnShare], Painted]
"""Paints a photo in a style and writes the result: (photo, style, output, on_share)."""


@contextlib.contextmanager
def painting_here(contender: Contender) -> Iterator[Paint]:
    """Give a painter that works in this process."""
    with _for_good():
        stylizer = engine.load(contender.method, **contender.options)
    takes_styles = needs_style(stylizer)

    def paint(photo: Path, style: Path, output: Path, on_share: OnShare) -> Painted:
        with _for_good(), watched() as peak:
            result = stylizer(
                photo, style if takes_styles else (), on_step=lambda step: on_share(_share(step), step.remaining)
            )
        if result.stopped == "interrupted":
            raise KeyboardInterrupt
        result.save(output)
        return Painted(result.seconds, peak.bytes, peak.gpu_bytes)

    yield paint


@contextlib.contextmanager
def _for_good() -> Iterator[None]:
    """Tell refusals that no other picture will change from those of one picture."""
    try:
        yield
    except (WeightsError, MissingExtraError) as refusal:
        raise CannotPaintError(str(refusal)) from refusal


@contextlib.contextmanager
def painting_apart(contender: Contender) -> Iterator[Paint]:
    """Give a painter in a process of its own, which ends with the block."""
    command = [sys.executable, "-c", "from impasto.evaluation.contenders import serve; serve()"]
    with subprocess.Popen(  # noqa: S603 - the words are our own
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            _tell_if_there(child.stdin, asdict(contender))

            def paint(photo: Path, style: Path, output: Path, on_share: OnShare) -> Painted:
                return _ask(child, {"photo": str(photo), "style": str(style), "output": str(output)}, on_share)

            yield paint
        finally:
            with contextlib.suppress(BrokenPipeError):  # what it never read is still to be written, which cannot be
                child.stdin.close()
            child.kill()


def serve() -> None:
    """Be the other process: read a contender, then one picture after the other, and answer each."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first process, which then ends this one
    lines, answers = sys.stdin, os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print goes where it disturbs nobody
    contender = Contender(**json.loads(lines.readline()))
    try:
        with painting_here(contender) as paint:
            for line in lines:
                _answer(paint, json.loads(line), answers)
    except ImpastoError as refusal:  # the method itself cannot be loaded
        for _ in lines:
            _tell(answers, {"refused": str(refusal), "for good": True})


def _answer(paint: Paint, wish: Mapping[str, str], answers: IO[str]) -> None:
    photo, style, output = (Path(wish[name]) for name in ("photo", "style", "output"))
    try:
        painted = paint(photo, style, output, lambda share, left: _tell(answers, {"share": share, "left": left}))
        _tell(answers, asdict(painted))
    except ImpastoError as refusal:
        _tell(answers, {"refused": str(refusal), "for good": isinstance(refusal, CannotPaintError)})


def _ask(child: subprocess.Popen[str], wish: Mapping[str, str], on_share: OnShare) -> Painted:
    assert child.stdin is not None
    assert child.stdout is not None
    _tell_if_there(child.stdin, wish)
    for line in child.stdout:
        answer = json.loads(line)
        if "refused" in answer:
            raise (CannotPaintError if answer["for good"] else ImpastoError)(answer["refused"])
        if "seconds" in answer:
            return Painted(**answer)
        on_share(answer["share"], answer["left"])
    raise CannotPaintError(f"its process ended by itself (status {child.wait()}), perhaps for lack of memory.")


def _tell_if_there(pipe: IO[str], message: Mapping[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):  # it is gone, which the missing answer will say
        _tell(pipe, message)


def _tell(pipe: IO[str], message: Mapping[str, Any]) -> None:
    pipe.write(json.dumps(message) + "\n")
    pipe.flush()


def _share(step: Step) -> float:
    return (step.scale - 1 + step.step / step.steps) / step.scales
