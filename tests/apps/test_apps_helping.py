"""What --help shows is for people."""

from __future__ import annotations

import pytest
import typer

from impasto.apps.cli import build_app
from impasto.apps.helping import speaking_plainly


def commands_in(command, path=()):
    """Give the way to every command and group below this one."""
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands_in(inner, (*path, name))


EVERY = list(commands_in(typer.main.get_command(build_app())))


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
def test_no_help_speaks_of_python(path, impasto):
    assert impasto(*path, "--help") == 0
    assert [word for word in ("<bool>", "<str>", "<path>", "list[", "Path]") if word in impasto.out] == []


def test_paragraphs_have_the_width_of_the_terminal():
    app = typer.Typer()

    @app.command()
    def draw() -> None:
        """Draw.

        A line that ends
        where the source ends.

        Another paragraph.
        """

    command = speaking_plainly(typer.main.get_command(app))
    assert command.help == "Draw.\n\nA line that ends where the source ends.\n\nAnother paragraph."
