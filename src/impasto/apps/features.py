"""``impasto features``: what a network sees in a picture, drawn on one sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.apps.console import print_json
from impasto.apps.outputs import check_picture
from impasto.apps.parameters import AsJson, Backbone, Force, Output, Quiet
from impasto.apps.progress import show_download, show_progress
from impasto.errors import OptionError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["features"]

MOST_COUNT = 512

LookedInto = Annotated[Path, typer.Argument(metavar="PHOTO", help="The picture to look into.", show_default=False)]


@dataclass(frozen=True, kw_only=True)
class Look:
    """What is to be looked at, and how."""

    layers: tuple[str, ...]
    gram: bool
    reconstruct: str | None
    texture: bool
    backbone: str
    size: int
    steps: int
    count: int
    quiet: bool

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be."""
        if self.size < 16 or self.steps < 1 or not 1 <= self.count <= MOST_COUNT:
            raise OptionError(f"--size is at least 16, --steps at least 1, and --count is 1 to {MOST_COUNT}.")
        if not self.layers:
            raise OptionError("--layers names no layer; give one or more, as in --layers relu1_1,relu3_1.")


def features(
    photo: LookedInto,
    *,
    layers: Annotated[str, typer.Option(metavar="A,B,…", help="Layers to show.")] = "relu1_1,relu2_1,relu3_1,relu4_1",
    output: Output = None,
    gram: Annotated[bool, typer.Option("--gram", help="Show the layers' Gram matrices too.")] = False,
    reconstruct: Annotated[
        str | None,
        typer.Option(metavar="LAYER", help="Recover the picture from this layer alone.", show_default=False),
    ] = None,
    texture: Annotated[
        bool, typer.Option("--texture", help="Recover a texture from the statistics of the layers alone.")
    ] = False,
    backbone: Backbone = "embedded",
    size: Annotated[int, typer.Option(metavar="N", help="Long side at which to look, in pixels.")] = 384,
    steps: Annotated[int, typer.Option(metavar="N", help="Steps of --reconstruct and --texture.")] = 200,
    count: Annotated[int, typer.Option(metavar="N", help="Channels to show of each layer, the most telling.")] = 16,
    force: Force = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Draw what a network sees in PHOTO: feature maps, Gram matrices, reconstructions.

    The sheet is called PHOTO-features.png unless -o says otherwise.
    """
    from impasto.images import fit_long_side, read, resize, write

    named = tuple(part.strip() for part in layers.split(",") if part.strip())
    look = Look(
        layers=named, gram=gram, reconstruct=reconstruct, texture=texture, backbone=backbone,
        size=size, steps=steps, count=count, quiet=quiet,
    )  # fmt: skip
    output = output or Path(f"{photo.stem}-features.png")
    check_picture(output, force=force, inputs=[photo])
    given = read(photo)
    picture = resize(given.pixels, fit_long_side(given.size, min(size, max(given.size))))
    write(_stacked(list(_sheets(picture, look, photo.name))), output, overwrite=True)
    if as_json:
        print_json({"output": str(output)})
    else:
        typer.echo(output)


def _sheets(picture: Tensor, look: Look, name: str) -> Iterator[Tensor]:
    """Yield the parts of the sheet, from top to bottom."""
    import torch

    from impasto.evaluation import contact_sheet, feature_sheet, gram_sheet
    from impasto.models import load_backbone

    _check_layers(look)
    network = load_backbone(look.backbone, look.layers, on_progress=show_download(quiet=look.quiet))
    with torch.no_grad():
        found = network(picture)
    yield feature_sheet(found, channels=look.count, title=f"{name}, seen by {Path(look.backbone).name}")
    if look.gram:
        yield gram_sheet(found)
    recovered = list(_recovered(picture, look))
    if recovered:
        yield contact_sheet([("photo", picture), *recovered], title="Recovered")


def _stacked(sheets: Sequence[Tensor]) -> Tensor:
    """Put sheets above each other, the narrower ones filled up with their paper."""
    import torch

    width = max(sheet.shape[-1] for sheet in sheets)
    papers = [sheet[..., :1, :1].expand(-1, -1, sheet.shape[-2], width - sheet.shape[-1]) for sheet in sheets]
    return torch.cat([torch.cat(pair, -1) for pair in zip(sheets, papers, strict=True)], -2)


def _check_layers(look: Look) -> None:
    """Refuse an unknown layer before anything is loaded, that of --reconstruct included."""
    from impasto.errors import did_you_mean
    from impasto.models import backbone_layers

    name, known = look.backbone, backbone_layers(look.backbone)
    for layer in (*look.layers, *([look.reconstruct] if look.reconstruct else [])):
        if layer not in known:
            raise OptionError(f"{name} has no layer {layer!r}{did_you_mean(layer, known)}; it has {', '.join(known)}.")


def _recovered(picture: Tensor, look: Look) -> Iterator[tuple[str, Tensor]]:
    from impasto import engine

    how = {"backbone": look.backbone, "size": look.size, "steps": look.steps}
    if look.reconstruct:
        with show_progress(f"from {look.reconstruct}", quiet=look.quiet) as on_step:
            found = engine.reconstruct_content(picture, look.reconstruct, **how, on_step=on_step)
        yield f"from {look.reconstruct} alone", found
    if look.texture:
        with show_progress("texture", quiet=look.quiet) as on_step:
            found = engine.reconstruct_style(picture, look.layers, **how, on_step=on_step)
        yield "from the layers' statistics alone", found
