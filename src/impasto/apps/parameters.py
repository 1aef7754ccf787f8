"""Parameters that several commands share, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from impasto.config import PRESETS, Saving, fields_of

__all__ = [
    "AsJson",
    "Backbone",
    "Bits",
    "ConfigFile",
    "DryRun",
    "Force",
    "Method",
    "NoMetadata",
    "NoRecipe",
    "Output",
    "Photo",
    "Preset",
    "Quality",
    "Quiet",
    "StylesIfAny",
]

FILE_PANEL = "The file"
_OF_FILES = {field.name: field for field in fields_of(Saving)}

Photo = Annotated[Path, typer.Argument(metavar="PHOTO", help="The photograph to paint.", show_default=False)]
StylesIfAny = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="STYLE",
        help="A painting, a style by name, or a folder of paintings by one hand. Several are mixed. None for a model "
        "in a file, which has learnt its own.",
        show_default=False,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="OUT",
        help="Where to write; the ending names the format.",
        show_default=False,
    ),
]
Method = Annotated[
    str,
    typer.Option("--method", "-m", metavar="NAME", help="Way of stylising; `impasto methods` lists them."),
]
Preset = Annotated[
    str | None,
    typer.Option(
        "--preset",
        "-p",
        metavar="|".join(dict.fromkeys(name for presets in PRESETS.values() for name in presets)),
        help="Options to begin with, of fast and optimize; those given beside it win.",
    ),
]
Backbone = Annotated[
    str,
    typer.Option("--backbone", metavar="NAME", help="Network to look into: a name, or a file of its weights."),
]
Force = Annotated[bool, typer.Option("--force", "-f", help="Overwrite what exists.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, errors too.")]
Quality = Annotated[
    int,
    typer.Option(
        metavar="N",
        help=f"{_OF_FILES['quality'].help} ({_OF_FILES['quality'].limits})",
        rich_help_panel=FILE_PANEL,
    ),
]
Bits = Annotated[int, typer.Option(metavar="8|16", help=_OF_FILES["bits"].help, rich_help_panel=FILE_PANEL)]
NoMetadata = Annotated[
    bool,
    typer.Option("--no-metadata", help="Leave out the photo's date, place, author.", rich_help_panel=FILE_PANEL),
]
NoRecipe = Annotated[
    bool, typer.Option("--no-recipe", help="Leave out how the picture was made.", rich_help_panel=FILE_PANEL)
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="TOML with options; flags win over it.", show_default=False),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show the options that would be used.")]
