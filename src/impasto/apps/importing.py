"""``impasto import``: a network that another tool trained, as a model that Impasto paints with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from impasto.apps.console import print_json, say
from impasto.apps.outputs import check_place
from impasto.apps.parameters import AsJson, Force
from impasto.errors import OutputError

__all__ = ["check_model_place", "import_model"]

NOT_STATED = "not stated; ask whoever made the file"


def import_model(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="A checkpoint of PyTorch's examples/fast_neural_style (.pth, .model), the same network of ncnn "
            "(.bin), or lengstrom's variables (.npz).",
            show_default=False,
        ),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="NAME.safetensors", help="Where to write the model.", show_default=False
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Whose network it is, and where it is from.", show_default=False)
    ] = None,
    licence: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Under which licence it was given.", show_default=False)
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Bring a per-style network of another tool in, as a model for --method.

    Only numbers are read; nothing in the file is run. The model is tried before it is written.
    """
    from impasto.models.importing import import_network
    from impasto.models.trained import save_model
    from impasto.weights import file_sha256

    output = output or Path(f"{path.stem}.safetensors")
    check_model_place(output, force=force)
    found = import_network(path)
    about = {
        "source": source or f"{path.name}, {found.origin}",
        "licence": licence or NOT_STATED,
        "tool": found.origin,
        "sha256": file_sha256(path),
    }
    save_model(output, found.network, found.kind, found.config, about)
    if as_json:
        print_json({"output": str(output), "kind": found.kind, **about})
        return
    say(f"Read as {found.origin}. Paint with it: impasto stylize PHOTO --method {output}")
    if licence is None:
        say("Its licence is not stated; --licence keeps it in the file.")
    typer.echo(output)


def check_model_place(path: Path, *, force: bool) -> None:
    """Refuse a place where a model could not be written, before anything slow begins."""
    if path.suffix != ".safetensors":
        raise OutputError(f"{path} does not end in .safetensors; give the model such a name.")
    check_place(path, force=force)
