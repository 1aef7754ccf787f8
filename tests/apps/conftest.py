"""A photo, a style, and an engine that paints at once: for tests of the command line alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from impasto import engine, images
from impasto.apps.cli import run
from impasto.config import MethodOptions
from impasto.engine import Ingredient, Recipe, Result, Step
from impasto.errors import InputError


class Painter:
    """Stands in for ``engine.stylize``: records its calls, tells four steps, gives back a grey picture."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, list[str], MethodOptions]] = []
        self.interrupted_call: int | None = None
        self.raises = False  # whether Ctrl-C ends it, as it does a method that paints in a single pass
        self.fails_for: str | None = None

    def __call__(
        self,
        content: images.Picture,
        style: list[str],
        config: MethodOptions,
        *,
        on_step: Callable[[Step], object],
    ) -> Result:
        self.calls.append((content, style, config))
        if self.fails_for in style:
            raise InputError(f"{self.fails_for} is not a picture.")
        stopped = "finished"
        for number in range(4):
            on_step(_step(number, content.pixels))
            if len(self.calls) == self.interrupted_call:
                if self.raises:
                    raise KeyboardInterrupt
                stopped = "interrupted"
                break
        recipe = Recipe(method="optimize", options={}, photo=Ingredient("p", ""), styles=[[Ingredient("s", "")]])
        return Result(
            image=content.pixels * 0.5,
            losses={"total": [4.0, 3.0, 2.0, 1.0]},
            config=config,
            seconds=1.5,
            recipe=recipe,
            alpha=content.alpha,
            metadata=content.metadata,
            stopped=stopped,
        )


def _step(number: int, pixels: Tensor) -> Step:
    return Step(
        scale=number // 2 + 1,
        scales=2,
        step=number % 2 + 1,
        steps=2,
        size=(12, 16),
        losses={"total": 4.0 - number},
        elapsed=0.1 * number,
        remaining=0.1 * (3 - number),
        picture=lambda: pixels,
        note="memory is short" if number == 1 else None,
    )


@pytest.fixture
def painter(monkeypatch: pytest.MonkeyPatch) -> Painter:
    """The engine, replaced by one that paints at once."""
    stand_in = Painter()
    monkeypatch.setattr(engine, "stylize", stand_in)
    return stand_in


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three pictures, made once."""
    folder = tmp_path_factory.mktemp("pictures")
    images.write(images.harbour((48, 64)), folder / "harbour.jpg")
    images.write(images.brushwork((40, 40)), folder / "ink.png")
    images.write(images.brushwork((40, 56)).flip(1), folder / "night.png")
    return folder


@pytest.fixture
def studio(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder with ``harbour.jpg``, ``ink.png`` and ``night.png``, far from the user's cache."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("IMPASTO_WEIGHTS", raising=False)
    shutil.copytree(pictures, tmp_path, dirs_exist_ok=True)
    return tmp_path


class Shell:
    """Runs commands and keeps what they print."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out, self.err = "", ""

    def __call__(self, *arguments: str | Path) -> int:
        status = run([str(argument) for argument in arguments])
        self.out, self.err = self._capsys.readouterr()
        return status

    @property
    def sentence(self) -> str:
        """What was printed on stderr, which must be one line."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


@pytest.fixture
def impasto(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The command line, as wide as the longest flag needs."""
    monkeypatch.setenv("COLUMNS", "220")
    return Shell(capsys)
