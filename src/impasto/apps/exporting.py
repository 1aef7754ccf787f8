"""``impasto export``: a model as ONNX, for programs that know nothing of Impasto."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from impasto.apps.console import print_json, say
from impasto.apps.options import config_from, given
from impasto.apps.outputs import check_place
from impasto.apps.parameters import AsJson, Force, Quiet
from impasto.config.exporting import Exporting

__all__ = ["export_model"]


def export_model(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="fast, or a model's file (.safetensors).")],
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="NAME.onnx", help="Where to write it.", show_default=False),
    ] = None,
    force: Force = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    **options: Any,
) -> None:
    """Write a model as ONNX and prove with ONNX Runtime that it paints as it does here.

    fast becomes two files: NAME.onnx paints, NAME-style.onnx reads a painting.
    """
    from impasto.engine.exporting import export, files_of

    config = config_from(Exporting, given(options), owner="export", start={})
    output = output or Path(f"{Path(model).stem}.onnx")
    for file in files_of(model, output):
        check_place(file, force=force)
    if not quiet:
        say("Writing and comparing; this takes up to a minute.")
    made = export(model, output, config)
    if as_json:
        print_json(
            [{"output": str(one.path), "bytes": one.size, "inputs": one.inputs, **vars(one.agreement)} for one in made]
        )
        return
    for one in made:
        if not quiet:
            say(f"{one.path.name}: {one.size / 1e6:.1f} MB, differs from ours by {one.agreement}.")
        typer.echo(one.path)
