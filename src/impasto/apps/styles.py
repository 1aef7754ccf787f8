"""``impasto styles``: the gallery, as a list and as a sheet, and styles of one's own."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.apps.console import print_json, print_table, say
from impasto.apps.outputs import check_picture
from impasto.apps.parameters import AsJson, Force

if TYPE_CHECKING:
    from torch import Tensor

    from impasto.engine.gallery import NamedStyle

__all__ = ["add_style", "list_styles", "remove_style", "sheet_of_styles"]

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the style is called.", show_default=False)]


def list_styles(*, as_json: AsJson = False) -> None:
    """List the styles that have a name: those that come with Impasto, then your own."""
    from impasto.engine.gallery import gallery

    names = ("name", "title", "artist", "year", "museum", "own")
    facts = [{name: getattr(style, name) for name in names} for style in gallery()]
    if as_json:
        print_json(facts)
        return
    rows = [(one["name"], one["artist"], one["title"], one["year"], one["museum"]) for one in facts]
    print_table([("name", "artist", "painting", "year", "museum"), *rows])
    say("Use one by its name: impasto stylize PHOTO NAME. `impasto styles sheet` draws what each does.")


def sheet_of_styles(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="Where to write the sheet.")] = Path(
        "styles.png"
    ),
    *,
    force: Force = False,
) -> None:
    """Draw every style on one sheet: the same little picture, painted in each."""
    from impasto.engine.gallery import gallery
    from impasto.evaluation import contact_sheet

    check_picture(output, force=force)
    contact_sheet([(style.name, _shown(style)) for style in gallery()], output, cell=256)
    typer.echo(output)


def add_style(
    name: Name,
    paintings: Annotated[
        list[Path],
        typer.Argument(metavar="PAINTING", help="A painting, or several by one hand, or a folder of them."),
    ],
    *,
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="What to say of it in lists.")] = "",
    force: Force = False,
) -> None:
    """Keep the style of a painting under a name of your own."""
    from impasto.device import pick_device, pick_precision
    from impasto.engine.fast import vector_of
    from impasto.engine.gallery import add_style as keep
    from impasto.engine.gallery import check_name
    from impasto.engine.inputs import together

    plain = check_name(name, overwrite=force)
    style = together(paintings)
    device = pick_device()
    keep(name, vector_of(style, device, pick_precision("auto", device)), title=title, overwrite=force)
    say(f"Added; use it as: impasto stylize PHOTO {plain}")


def remove_style(name: Name) -> None:
    """Forget a style of your own."""
    from impasto.engine.gallery import remove_style as forget

    forget(name)
    say(f"Forgotten: {name}.")


def _shown(style: NamedStyle) -> Tensor:
    """Return the style's icon, or paint one for a style of the user's."""
    from PIL import Image

    from impasto.images.arrays import from_pillow

    if style.icon is not None:
        return from_pillow(Image.open(io.BytesIO(style.icon)))
    from impasto import engine
    from impasto.engine.inputs import Style
    from impasto.images import samples

    return engine.stylize(samples.harbour((384, 512)), Style(style.name, vector=style.vector), "fast", size=256).image
