"""``impasto compare``: every method on every pair of photo and painting, as a report that opens from disk."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from impasto.apps.console import INTERRUPTED, SOME_FAILED, print_json, say
from impasto.apps.methods import preset_values
from impasto.apps.options import config_from, given
from impasto.apps.parameters import AsJson, Force, Quiet
from impasto.apps.progress import Gauge, joined, time_left
from impasto.apps.weights import fetch_for
from impasto.config import METHODS, to_dict
from impasto.errors import ImpastoError, InputError, OptionError, OutputError

if TYPE_CHECKING:
    from impasto.evaluation import Comparison, Contender, Pair
    from impasto.evaluation.comparing import Progress

__all__ = ["after", "compare", "contender_of", "pictures_of"]

SIZE = 512  # long side unless --size says otherwise: large enough to see the strokes, small enough to wait for

Many = "a picture, a folder of pictures, or several separated by commas"
Photos = Annotated[str, typer.Argument(metavar="PHOTOS", help=f"Photographs: {Many}.", show_default=False)]
Paintings = Annotated[str, typer.Argument(metavar="STYLES", help=f"Paintings: {Many}.", show_default=False)]
Folder = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="FOLDER", help="Where the report goes; a folder that is new or empty."),
]
Methods = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,NAME,…",
        help="Methods, or files of weights; a preset or options after a colon, as in optimize:quick:stroke=2. "
        "Default: all that can paint with what is here.",
        show_default=False,
    ),
]
JudgedBy = Annotated[
    str, typer.Option("--judge", metavar="NAME", help="Network that measures style and content: a name, or a file.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the unfinished report in that folder.")]


def compare(
    photos: Photos,
    styles: Paintings,
    *,
    methods: Methods = None,
    output: Folder = Path("report"),
    judge: JudgedBy = "embedded",
    resume: Resume = False,
    force: Force = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    **options: Any,
) -> int:
    """Paint every photo in every style by every method, and report how they compare.

    The report is a page that opens from disk, with a sheet of all results, and the numbers as CSV and JSON. Pictures
    are 512 px unless --size says otherwise. Each method works in a process of its own, so that its memory can be told.
    Ctrl-C keeps what was painted until then; --resume goes on with it.
    """
    from impasto import evaluation
    from impasto.evaluation import report
    from impasto.models import backbone_layers

    _check_folder(output, resume=resume, force=force)
    backbone_layers(judge)  # refuses one that is none, before anything is fetched
    photographs, paintings = pictures_of(photos), _paintings_of(styles)
    pairs = evaluation.pairs_of(photographs, paintings)
    _tell_doubles(photographs, {pair.photo for pair in pairs})
    _tell_doubles(paintings, {pair.style for pair in pairs})
    wanted = _competitors(methods) if methods else _ready(pairs[0])
    contenders = [contender_of(text, given(options)) for text in wanted]
    _fetch(contenders, quiet=quiet)
    with _showing(quiet=quiet) as show:
        found = evaluation.compare(
            pairs,
            contenders,
            output,
            judge=judge,
            earlier=report.earlier_comparison(output) if resume else None,
            on_progress=show,
            on_pair=lambda known: report.save_numbers(known, output),
        )
    page = report.save_report(found, pairs, output)
    return _told(found, page, as_json=as_json)


def contender_of(text: str, common: Mapping[str, Any]) -> Contender:
    """Return who competes, from ``METHOD``, ``METHOD:PRESET`` or ``METHOD:OPTION=VALUE``.

    What stands there goes before ``common``, the flags given for all, and these before the preset's values.
    """
    from impasto.engine import method_of
    from impasto.evaluation import Contender

    label = text.strip()
    method, *wishes = _parts(label)
    config, decided = method_of(method)
    presets = [wish for wish in wishes if "=" not in wish]
    if len(presets) > 1:
        raise OptionError(f"{label!r} names the presets {' and '.join(presets)}; allowed is one.")
    start = {"size": SIZE, **preset_values(method, presets[0] if presets else None), **decided}
    wanted = {**common, **dict(_option(wish) for wish in wishes if "=" in wish)}
    chosen = config_from(config, wanted, owner=method, start=start)
    return Contender(label=label, method=method, options=to_dict(chosen))


def _competitors(text: str) -> list[str]:
    """Return the methods that are named; the values of an option are separated by commas as well."""
    found: list[str] = []
    for part in filter(None, map(str.strip, text.split(","))):
        if found and "=" in found[-1] and not _names_method(part):
            found[-1] += f",{part}"
        else:
            found.append(part)
    return found


def _names_method(text: str) -> bool:
    """Say whether a text begins with a method or a model's file; a picture is the value of an option, such as mask."""
    from impasto.engine import method_of
    from impasto.images.formats import is_picture

    name = _parts(text)[0]
    try:
        method_of(name)
    except OptionError:
        return False
    return not is_picture(Path(name))


def _tell_doubles(given: Sequence[Path], used: Container[Path]) -> None:
    for path in given:
        if path not in used:
            say(f"{path} is left out: the same picture was given under another name.")


def _ready(pair: Pair) -> list[str]:
    """Return the methods that can paint with what this computer has; say which cannot, and why."""
    found = []
    for name in METHODS:
        reason = _obstacle(name, pair)
        if reason:
            say(f"{name} is left out: {reason}")
        else:
            found.append(name)
    return found


def _obstacle(method: str, pair: Pair) -> str:
    from impasto import engine

    try:
        needed = engine.load(method).plan(pair.photo, pair.style).downloads
    except ImpastoError as refusal:
        return str(refusal)
    return f"it would fetch {' and '.join(needed)} first; name it in --methods for that." if needed else ""


def _paintings_of(text: str) -> list[Path]:
    """Return the paintings that an argument names; a style of the gallery is none: it cannot be measured."""
    from impasto.engine.gallery import looks_like_a_name

    found = pictures_of(text)
    for path in found:
        if not path.exists() and looks_like_a_name(str(path)):
            raise InputError(
                f"{path} is no file here; results are measured against paintings, so give their files, or a folder of "
                "them (of a style by name no painting is kept)."
            )
    return found


def pictures_of(text: str) -> list[Path]:
    """Return the pictures that an argument names: a file, a folder's, or several separated by commas."""
    from impasto.images.formats import is_picture

    names = [part.strip() for part in text.split(",") if part.strip()]  # nothing between commas is no folder
    if not names:
        raise InputError("no pictures were named; give a picture, a folder, or several separated by commas.")
    parts = [Path(text)] if _exists(text) else [Path(name) for name in names]
    found: list[Path] = []
    for part in parts:
        inside = sorted(filter(is_picture, part.iterdir())) if part.is_dir() else [part]
        if not inside:
            raise InputError(f"the folder {part} holds no pictures; give one that does.")
        found.extend(inside)
    return list(dict.fromkeys(found))


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except OSError:  # many names in a row are too long for one
        return False


def _parts(label: str) -> list[str]:
    """Split at colons, but not the one of a Windows drive."""
    drive, rest = (label[:2], label[2:]) if label[1:3] in (":\\", ":/") else ("", label)
    first, *others = rest.split(":")
    return [drive + first, *others]


def _option(wish: str) -> tuple[str, str]:
    name, _, value = wish.partition("=")
    return name.strip().removeprefix("--").replace("-", "_"), value.strip()


def _check_folder(folder: Path, *, resume: bool, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file; the report needs a folder, new or empty: choose another with -o.")
    if folder.is_dir() and any(folder.iterdir()) and not (resume or force):
        raise OutputError(
            f"{folder} is not empty; go on with the report in it with --resume, write over it with --force, or choose "
            "another folder with -o."
        )


def _fetch(contenders: Sequence[Contender], *, quiet: bool) -> None:
    """Fetch what methods will ask for, so that the wait is seen; whoever cannot have it says so in the report."""
    for contender in contenders:
        if contender.method in METHODS:
            with contextlib.suppress(ImpastoError):
                fetch_for(METHODS[contender.method](**contender.options), quiet=quiet)


@contextlib.contextmanager
def _showing(*, quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """Give what shows the progress: a bar in a terminal, else a line for every picture and now and then one more."""
    with Gauge(quiet=quiet) as gauge:

        def show(now: Progress) -> None:
            begins = not now.share
            done = round(100 * (now.run - 1 + now.share))
            gauge.move(now.label, done, 100 * now.runs, after(now), elapsed=now.elapsed, due=begins)

        yield show


def after(now: Progress) -> str:
    """Return how many pictures are done, and the time left for all, or while nobody can tell, for this one."""
    left = time_left(now.remaining)
    if now.remaining is None and now.this_picture is not None:
        left = f"{time_left(now.this_picture)} of this picture"
    return joined(f"{now.run}/{now.runs}", left)


def _told(found: Comparison, page: Path, *, as_json: bool) -> int:
    """Say where the report is, and what came of it as the exit status."""
    refused = list(dict.fromkeys((run.contender, run.refusal) for run in found.runs if run.refusal))
    if as_json:
        painted = sum(bool(run.picture) for run in found.runs)
        refusals = [{"method": label, "message": why} for label, why in refused]
        print_json({"report": str(page), "painted": painted, "refused": refusals, "complete": found.complete})
    else:
        for label, why in refused:
            say(f"{label} did not paint: {why}")
        if not found.complete:
            say("Interrupted; --resume goes on from here.")
        typer.echo(page)
    if not found.complete:
        return INTERRUPTED
    return SOME_FAILED if refused else 0
