"""``impasto stylize`` for a folder of photos: its flags, its progress, and what it says in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from impasto.apps.console import INTERRUPTED, SOME_FAILED, print_json, refuse, say
from impasto.apps.options import as_flag
from impasto.apps.progress import Gauge, duration, joined, time_left
from impasto.apps.weights import fetch_for
from impasto.config import MethodOptions, Saving
from impasto.errors import OptionError, OutputError

if TYPE_CHECKING:
    from impasto.engine.folder import Advance, FolderReport

__all__ = ["Address", "FolderRequest", "Workers", "is_folder", "paint_folder", "refuse_workers", "show_pictures"]

PANEL = "Folders of photos"

Workers = Annotated[
    str | None,
    typer.Option(
        metavar="N|ray",
        help="How many processes paint at once, or all machines of a Ray cluster. (default: 1)",
        rich_help_panel=PANEL,
    ),
]
Address = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="Of the Ray cluster; auto finds this machine's.", rich_help_panel=PANEL),
]


@dataclass(frozen=True, kw_only=True)
class FolderRequest:
    """What was asked for."""

    photos: Path
    styles: Sequence[str]
    config: MethodOptions
    saving: Saving
    output: Path | None
    workers: str | None
    address: str | None
    force: bool
    for_one_photo: dict[str, Any]  # flags that make no sense here, by name

    def check(self) -> Path:
        """Refuse what cannot be done with a folder; return where the results go."""
        for name, value in self.for_one_photo.items():
            if value:
                raise OptionError(f"{as_flag(name)} is for one photo; leave it out for a folder.")
        if self.output is None:
            raise OptionError(f"{self.photos} is a folder; say with -o which folder its results go to.")
        if self.output.is_file():
            raise OutputError(f"{self.output} is a file; the results of a folder need a folder: name one with -o.")
        return self.output

    @property
    def crew(self) -> int | Literal["ray"]:
        """The workers as the engine takes them."""
        text = self.workers or ("ray" if self.address else "1")
        if text == "ray":
            return "ray"
        if not text.isdecimal() or int(text) < 1:
            raise OptionError(f"--workers is {text!r}; allowed is a number of processes, 1 or more, or ray.")
        return int(text)


def is_folder(photo: Path) -> bool:
    """Say whether what was given as a photo is a folder, here or in object storage."""
    from impasto.engine.folder import is_address

    if str(photo).lower().startswith(("http:", "https:")):
        raise OptionError(f"{str(photo)!r} is an address on the web; download the picture first, and give its file.")
    return photo.is_dir() or is_address(photo)


def refuse_workers(workers: str | None, address: str | None) -> None:
    """Refuse the flags of folders for one photo."""
    for flag, value in (("--workers", workers), ("--address", address)):
        if value is not None:
            raise OptionError(f"{flag} is for folders, but one photo was given; leave it out.")


def paint_folder(request: FolderRequest, *, dry_run: bool, quiet: bool, as_json: bool) -> int:
    """Paint a folder, or say what would be painted; return the exit status."""
    out = request.check()
    if dry_run:
        _show_plan(request, out, as_json=as_json)
        return 0
    from impasto.engine.folder import stylize_folder

    fetch_for(request.config, quiet=quiet)
    with show_pictures(quiet=quiet) as on_step:
        report = stylize_folder(
            request.photos,
            list(request.styles),
            request.config,
            out=out,
            workers=request.crew,
            address=request.address,
            overwrite=request.force,
            on_step=on_step,
            **vars(request.saving),
        )
    _tell(report, as_json=as_json, quiet=quiet)
    if report.interrupted:
        return INTERRUPTED
    return SOME_FAILED if report.failed else 0


@contextmanager
def show_pictures(*, quiet: bool = False) -> Iterator[Callable[[Advance], None]]:
    """Return a callback for the pictures of a folder: how many are done, how quickly, and the time left."""
    with Gauge(quiet=quiet) as gauge:

        def tell(advance: Advance) -> None:
            finished = advance.done + advance.kept + advance.failed
            failed = f"{advance.failed} failed" if advance.failed else ""
            rest = joined(_rate(advance.rate), failed, time_left(advance.remaining))
            where = f"{finished}/{advance.total} pictures"
            gauge.move(where, finished, advance.total, rest, elapsed=advance.elapsed)

        yield tell


def _rate(a_second: float) -> str:
    if not a_second:
        return ""
    return f"{a_second:.1f} a second" if a_second >= 1 else f"{60 * a_second:.1f} a minute"


def _show_plan(request: FolderRequest, out: Path, *, as_json: bool) -> None:
    from impasto.engine.folder import find_items, place_of
    from impasto.engine.folder.orders import Order

    items = find_items(place_of(request.photos), place_of(out), bits=request.saving.bits)
    Order.of(str(request.photos), str(out), request.config, list(request.styles), request.saving)  # or it is refused
    if as_json:
        print_json({"pictures": len(items), "output": str(out), "workers": request.crew})
        return
    typer.echo(f"pictures   {len(items)}, from {items[0].photo} to {items[-1].photo}")
    typer.echo(f"output     {out}\nworkers    {request.crew}")


def _tell(report: FolderReport, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        failed = [{"photo": failure.photo, "message": failure.why} for failure in report.failed]
        print_json({**vars(report), "failed": failed, "seconds": round(report.seconds, 2)})
        return
    for failure in report.failed:
        named = failure.why.startswith(f"{failure.photo} ")  # by the sentence itself, as refusals of a file do
        refuse(failure.why if named else f"{failure.photo}: {failure.why}", kind="InputError", as_json=False)
    if not quiet or report.failed or report.interrupted:
        say(_sentence(report))
    typer.echo(_from_here(report.out))


def _from_here(folder: str) -> str:
    here = Path.cwd()
    return str(Path(folder).relative_to(here)) if Path(folder).is_relative_to(here) else folder


def _sentence(report: FolderReport) -> str:
    kept = f", {report.kept} were there already" if report.kept else ""
    failed = f", {len(report.failed)} failed" if report.failed else ""
    told = f"{report.done} painted{kept}{failed} in {duration(report.seconds)}."
    return f"Interrupted: {told} The same command goes on." if report.interrupted else told
