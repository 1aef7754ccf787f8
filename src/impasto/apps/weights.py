"""``impasto weights``: which published weights there are, and what this computer has of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.apps.console import BAD_INPUT, print_json, print_table, say
from impasto.apps.parameters import AsJson, Quiet
from impasto.apps.progress import show_download

if TYPE_CHECKING:
    from impasto.config import MethodOptions
    from impasto.weights import Holding

__all__ = ["fetch_for", "fetch_weights", "list_weights", "verify_weights", "where_weights"]


def list_weights(*, as_json: AsJson = False) -> None:
    """List the published weights and what this computer has of them."""
    from impasto.weights import holdings

    _show(holdings(), as_json=as_json)


def fetch_weights(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="As the list calls it, or a network's name such as vgg19.")
    ],
    *,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Fetch published weights from their official home, unless they are here."""
    from impasto.weights import obtain, published

    entry = published(name)
    path = obtain(entry, on_progress=show_download(quiet=quiet))
    if as_json:
        print_json({"name": entry.name, "path": str(path)})
    else:
        typer.echo(path)


def fetch_for(config: MethodOptions, *, quiet: bool) -> None:
    """Fetch the published weights that a method will ask for, if any, so that the wait is seen."""
    from impasto.engine.published import networks_of
    from impasto.weights import choose, obtain

    for network in networks_of(config):
        entry, path = choose(network)
        if path is None:
            if not quiet:
                say(f"Fetching {entry.name} ({entry.size_text}), {entry.licence}, {entry.digest or 'not verified'}.")
            obtain(entry, on_progress=show_download(quiet=quiet))


def verify_weights(*, as_json: AsJson = False) -> int:
    """Read every file of weights anew and say whether it is what it should be."""
    from impasto.weights import verify

    found = verify()
    _show(found, as_json=as_json)
    return BAD_INPUT if any(holding.state == "damaged" for holding in found) else 0


def where_weights(*, as_json: AsJson = False) -> None:
    """Show the folders that are searched for weights, in their order."""
    from impasto.weights import fetched_folder, is_offline, search_folders

    if as_json:
        folders = [str(folder) for folder in search_folders()]
        print_json({"searched": folders, "fetched_to": str(fetched_folder()), "offline": is_offline()})
        return
    for folder in search_folders():
        typer.echo(folder)
    say(f"Fetched weights go to {fetched_folder()}; IMPASTO_WEIGHTS names more folders.")
    if is_offline():
        say("IMPASTO_OFFLINE is set: nothing is fetched.")


def _show(found: Iterable[Holding], *, as_json: bool) -> None:
    if as_json:
        print_json([_facts(holding) for holding in found])
        return
    header = ("name", "network", "size", "state", "where or licence")
    rows = [
        (
            one.entry.name,
            one.entry.network,
            one.entry.size_text,
            one.state,
            str(one.path or one.entry.licence),
        )
        for one in found
    ]
    print_table([header, *rows])


def _facts(holding: Holding) -> dict[str, Any]:
    entry = holding.entry
    return {
        "name": entry.name,
        "network": entry.network,
        "file": entry.file,
        "bytes": entry.size,
        "state": holding.state,
        "meaning": holding.meaning,
        "path": None if holding.path is None else str(holding.path),
        "urls": entry.urls,
        "licence": entry.licence,
        "source": entry.source,
    }
