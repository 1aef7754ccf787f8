"""Painters that compete: in this process, or each in a process of its own.

A process of its own is what makes memory comparable: nothing that one painter leaves behind counts for the next, and
one that is ended for taking too much takes nobody with it; another is begun for the next picture. The two sides talk in
lines of JSON.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any, TypeAlias

from impasto import engine
from impasto.engine import Step, Stylizer
from impasto.engine.inputs import Given
from impasto.engine.onepass import needs_style
from impasto.engine.painting import is_out_of_memory
from impasto.errors import ImpastoError, MissingExtraError, WeightsError
from impasto.evaluation.peaks import watched
from impasto.images import brushwork, harbour
from impasto.weights import file_sha256

__all__ = [
    "CannotPaintError",
    "Contender",
    "OnShare",
    "Paint",
    "Painted",
    "painting_apart",
    "painting_here",
    "serve",
    "with_files",
]

TINY = 64  # pixels: a side of what is painted before anything counts
MOST_DEATHS = 2  # in a row; then the picture is not to blame
KILLED = -9  # the status of a process that the system ended, as it does with who takes too much memory

_log = logging.getLogger(__name__)

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
    files: Mapping[str, str] = field(default_factory=dict)  # the SHA-256 of those that these name, by their path


def with_files(contender: Contender) -> Contender:
    """Return a contender that knows the files it is made of by their content: once they change it is another one."""
    words = [contender.method]
    for value in contender.options.values():
        words += value if isinstance(value, list | tuple) else [value]
    paths = {word for word in words if isinstance(word, str) and Path(word).is_file()}
    return replace(contender, files={path: file_sha256(Path(path)) for path in sorted(paths)})


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
    with _refusals():
        stylizer = engine.load(contender.method, **contender.options)
    takes_styles = needs_style(stylizer)
    _warm_up(stylizer, brushwork((TINY, TINY)) if takes_styles else ())

    def paint(photo: Path, style: Path, output: Path, on_share: OnShare) -> Painted:
        with _refusals():
            with watched() as peak:
                result = stylizer(
                    photo, style if takes_styles else (), on_step=lambda step: on_share(_share(step), step.remaining)
                )
            if result.stopped == "interrupted":
                raise KeyboardInterrupt
            result.save(output)
        return Painted(result.seconds, peak.bytes, peak.gpu_bytes)

    yield paint


def _warm_up(stylizer: Stylizer, style: Given) -> None:
    """Paint a tiny drawing, in one step where there are steps: what is loaded at the first call counts for no picture.

    Whatever is wrong with the method, the first picture will say.
    """
    with contextlib.suppress(Exception):
        once: dict[str, Any] = {name: 1 for name in ("steps", "scales") if hasattr(stylizer.config, name)}
        result = stylizer(harbour((TINY, TINY)), style, size=TINY, **once)
        if result.stopped == "interrupted":
            raise KeyboardInterrupt


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    """Make a refusal of whatever goes wrong, and tell those that no other picture will change from the others."""
    try:
        yield
    except (WeightsError, MissingExtraError) as refusal:
        raise CannotPaintError(str(refusal)) from refusal
    except ImpastoError:
        raise
    except Exception as fault:  # a method is foreign code, which fails in many ways
        _log.debug("painting failed", exc_info=True)
        raise ImpastoError(_sentence(fault)) from fault


def _sentence(fault: Exception) -> str:
    if is_out_of_memory(fault):
        return "it needs more memory than there is; choose a smaller size."
    said = str(fault).strip().partition("\n")[0]
    return f"it failed ({type(fault).__name__}{': ' * bool(said)}{said})."


@contextlib.contextmanager
def painting_apart(contender: Contender) -> Iterator[Paint]:
    """Give a painter in a process of its own, which ends with the block."""
    apart = _Apart(contender)
    try:
        yield apart.paint
    finally:
        _end(apart.child)


class _Apart:
    """A contender's process. One that dies is this picture's loss, and the next picture gets a new one."""

    def __init__(self, contender: Contender) -> None:
        self.contender, self.child, self.deaths = contender, _begun(contender), 0

    def paint(self, photo: Path, style: Path, output: Path, on_share: OnShare) -> Painted:
        if self.child.returncode is not None:
            self.child = _begun(self.contender)
        wish = {"photo": str(photo), "style": str(style), "output": str(output)}
        answer = _answer_of(self.child, wish, on_share)
        if answer is None:
            raise self._died()
        self.deaths = 0
        if "refused" in answer:
            raise (CannotPaintError if answer["for good"] else ImpastoError)(answer["refused"])
        return Painted(**answer)

    def _died(self) -> ImpastoError:
        status = self.child.wait()
        _end(self.child)
        self.deaths += 1
        is_over = self.deaths >= MOST_DEATHS
        twice = ", as the one before" if is_over else ""
        why = ", perhaps for lack of memory; choose a smaller size" if status == KILLED else ""
        kind = CannotPaintError if is_over else ImpastoError
        return kind(f"its process ended by itself (status {status}){twice}{why}.")


def _begun(contender: Contender) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from impasto.evaluation.contenders import serve; serve()"]
    child = subprocess.Popen(  # noqa: S603 - the words are our own
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    _tell_if_there(child, asdict(contender))
    return child


def _end(child: subprocess.Popen[str]) -> None:
    with child:  # closes its pipes, and waits for it
        assert child.stdin is not None
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


def _answer_of(child: subprocess.Popen[str], wish: Mapping[str, str], on_share: OnShare) -> dict[str, Any] | None:
    """Ask for a picture and return what came of it; None where the process ended without a word."""
    assert child.stdout is not None
    _tell_if_there(child, wish)
    for line in child.stdout:
        answer: dict[str, Any] = json.loads(line)
        if "share" not in answer:
            return answer
        on_share(answer["share"], answer["left"])
    return None


def _tell_if_there(child: subprocess.Popen[str], message: Mapping[str, Any]) -> None:
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it is gone, which the missing answer will say
        _tell(child.stdin, message)


def _tell(pipe: IO[str], message: Mapping[str, Any]) -> None:
    pipe.write(json.dumps(message) + "\n")
    pipe.flush()


def _share(step: Step) -> float:
    return (step.scale - 1 + step.step / step.steps) / step.scales
