"""``impasto``: the command line. Each command is a function in a module of its own; here they become one."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from impasto.apps import (
    compare,
    data,
    doctor,
    evaluate,
    exporting,
    features,
    importing,
    lint,
    live,
    methods_list,
    remaking,
    serve,
    styles,
    stylize,
    sweep,
    train,
    train_any,
    train_paired,
    train_style,
    trying,
    weights,
)
from impasto.apps.console import BAD_INPUT, INTERRUPTED, guarded, refuse
from impasto.apps.helping import speaking_plainly
from impasto.apps.options import Flag, flags_of, with_flags
from impasto.config import (
    METHODS,
    AnyTraining,
    EncoderTraining,
    FilmOptions,
    MethodOptions,
    PairedTraining,
    StyleTraining,
)
from impasto.config.exporting import Exporting
from impasto.config.serving import Serving

__all__ = ["build_app", "main", "run"]

PICTURES_PANEL, HELPERS_PANEL = "Paint", "Look and manage"


def main() -> None:
    """Run the command line and exit with its status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names may hold what the terminal's encoding has no letter for
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; a wrong flag is refused in one line like anything else."""
    command = speaking_plainly(typer.main.get_command(build_app()))
    try:
        status = command.main(args=list(arguments), prog_name="impasto", standalone_mode=False)
    except typer.Abort:  # Ctrl-C before the command began
        return INTERRUPTED
    except Exception as fault:
        if not hasattr(fault, "format_message"):  # a bug; what the user typed wrongly has a message
            raise
        refuse(_usage_sentence(fault), kind="UsageError", as_json="--json" in arguments)
        return BAD_INPUT
    return status if isinstance(status, int) else 0


def build_app() -> typer.Typer:
    """Make the program: its flags come from the configs as they are at this moment."""
    app = _group("Paint one picture with the style of another, offline, at any size.")
    app.callback(invoke_without_command=True)(_start)
    method_flags = flags_of(METHODS)
    film_flags = flags_of({"films": FilmOptions}, panel="Films")
    _add(app, "stylize", stylize.stylize, panel=PICTURES_PANEL, flags=[*method_flags, *film_flags])
    _add(app, "live", live.live, panel=PICTURES_PANEL, flags=[flag for flag in method_flags if flag.name != "size"])
    _add(app, "try", trying.try_styles, panel=PICTURES_PANEL, flags=method_flags)
    _add(app, "sweep", sweep.sweep, panel=PICTURES_PANEL, flags=method_flags)
    _add(app, "compare", compare.compare, panel=PICTURES_PANEL, flags=flags_of({"every method": MethodOptions}))
    _add(app, "replay", remaking.replay, panel=PICTURES_PANEL, flags=_computing_flags())
    _add(app, "resume", remaking.resume, panel=PICTURES_PANEL, flags=_computing_flags())
    _add(app, "features", features.features, panel=HELPERS_PANEL)
    _add(app, "lint", lint.lint, panel=HELPERS_PANEL)
    _add(app, "methods", methods_list.list_methods, panel=HELPERS_PANEL)
    _add(app, "import", importing.import_model, panel=HELPERS_PANEL)
    export_flags = flags_of({"export": Exporting}, panel="The file")
    _add(app, "export", exporting.export_model, panel=HELPERS_PANEL, flags=export_flags)
    _add(app, "web", serve.serve, panel=PICTURES_PANEL, flags=flags_of({"web": Serving}, panel="The server"))
    _add(app, "doctor", doctor.doctor, panel=HELPERS_PANEL)
    app.add_typer(_styles_app(), name="styles", rich_help_panel=HELPERS_PANEL)
    app.add_typer(_weights_app(), name="weights", rich_help_panel=HELPERS_PANEL)
    app.add_typer(_train_app(), name="train", rich_help_panel=HELPERS_PANEL)
    app.add_typer(_data_app(), name="data", rich_help_panel=HELPERS_PANEL)
    _add(app, "evaluate", evaluate.evaluate, panel=HELPERS_PANEL)
    return app


def _weights_app() -> typer.Typer:
    app = _group("List, fetch, verify or locate published weights.")
    _begin_with(app, weights.list_weights)
    _add(app, "list", weights.list_weights)
    _add(app, "fetch", weights.fetch_weights)
    _add(app, "verify", weights.verify_weights)
    _add(app, "where", weights.where_weights)
    return app


def _styles_app() -> typer.Typer:
    app = _group("List the gallery of named styles, draw it, and keep styles of your own.")
    _begin_with(app, styles.list_styles)
    _add(app, "list", styles.list_styles)
    _add(app, "sheet", styles.sheet_of_styles)
    _add(app, "add", styles.add_style)
    _add(app, "remove", styles.remove_style)
    return app


def _train_app() -> typer.Typer:
    app = _group("Learn the weights of Impasto's own networks.")
    _add(app, "encoder", train.train_encoder, flags=flags_of({"encoder": EncoderTraining}, panel="Training"))
    _add(app, "any", train_any.train_any, flags=flags_of({"any": AnyTraining}, panel="Training"))
    style_flags = flags_of({"style": StyleTraining}, panel="Training")
    _add(app, "style", train_style.train_style, flags=[flag for flag in style_flags if flag.name != "style"])
    paired_flags = flags_of({"paired": PairedTraining}, panel="Training")
    _add(app, "paired", train_paired.train_paired, flags=[flag for flag in paired_flags if flag.name != "pairs"])
    return app


def _data_app() -> typer.Typer:
    app = _group("Make, fetch and look over pairs of pictures to train on.")
    app.callback()(lambda: None)
    pair_flags = [flag for flag in flags_of({"paired": PairedTraining}) if flag.name in data.PAIR_OPTIONS]
    _add(app, "make-pairs", data.make_pairs, flags=flags_of(METHODS))
    _add(app, "check", data.check, flags=pair_flags)
    _add(app, "kaggle", data.kaggle)
    return app


def _begin_with(app: typer.Typer, command: Callable[..., int | None]) -> None:
    """Run ``command`` where the group is called without naming one."""

    def start(ctx: typer.Context) -> None:
        if ctx.invoked_subcommand is None:
            guarded(command)()

    app.callback(invoke_without_command=True)(start)


def _group(summary: str) -> typer.Typer:
    return typer.Typer(help=summary, rich_markup_mode="rich", pretty_exceptions_enable=False, add_completion=False)


def _add(
    app: typer.Typer,
    name: str,
    command: Callable[..., int | None],
    *,
    panel: str | None = None,
    flags: Sequence[Flag] = (),
) -> None:
    app.command(name, rich_help_panel=panel)(with_flags(guarded(command), flags))


def _computing_flags() -> list[Flag]:
    """Return the flags about where and how to compute: all that may differ when a picture is made again."""
    flags = flags_of({"every method": MethodOptions})
    return [flag for flag in flags if not next(iter(flag.fields.values())).affects_result]


def _start(
    ctx: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        import impasto

        typer.echo(impasto.__version__)
    elif ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def _usage_sentence(fault: Any) -> str:
    """Return what typer says of a wrong command line, and where to read more, as one line."""
    context: Any = getattr(fault, "ctx", None)
    path = context.command_path if context is not None else "impasto"
    message = str(fault.format_message()).rstrip(".")
    return f"{message}{'' if message.endswith('?') else '.'} See {path} --help."
