"""``impasto``: the command line. Each command is a function in a module of its own; here they become one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from impasto.apps import doctor, features, methods, remaking, stylize, sweep, train, weights
from impasto.apps.console import BAD_INPUT, INTERRUPTED, guarded, refuse
from impasto.apps.options import Flag, flags_of, with_flags
from impasto.config import METHODS, EncoderTraining, MethodOptions

__all__ = ["build_app", "main", "run"]

PICTURES_PANEL, HELPERS_PANEL = "Paint", "Look and manage"


def main() -> None:
    """Run the command line and exit with its status."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; a wrong flag is refused in one line like anything else."""
    command = typer.main.get_command(build_app())
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
    _add(app, "stylize", stylize.stylize, panel=PICTURES_PANEL, flags=method_flags)
    _add(app, "sweep", sweep.sweep, panel=PICTURES_PANEL, flags=method_flags)
    _add(app, "replay", remaking.replay, panel=PICTURES_PANEL, flags=_computing_flags())
    _add(app, "resume", remaking.resume, panel=PICTURES_PANEL, flags=_computing_flags())
    _add(app, "features", features.features, panel=HELPERS_PANEL)
    _add(app, "methods", methods.list_methods, panel=HELPERS_PANEL)
    _add(app, "doctor", doctor.doctor, panel=HELPERS_PANEL)
    app.add_typer(_weights_app(), name="weights", rich_help_panel=HELPERS_PANEL)
    app.add_typer(_train_app(), name="train", rich_help_panel=HELPERS_PANEL)
    return app


def _weights_app() -> typer.Typer:
    app = _group("List, fetch, verify or locate published weights.")

    def start(ctx: typer.Context) -> None:
        if ctx.invoked_subcommand is None:
            guarded(weights.list_weights)()

    app.callback(invoke_without_command=True)(start)
    _add(app, "list", weights.list_weights)
    _add(app, "fetch", weights.fetch_weights)
    _add(app, "verify", weights.verify_weights)
    _add(app, "where", weights.where_weights)
    return app


def _train_app() -> typer.Typer:
    app = _group("Learn the weights of Impasto's own networks.")
    app.callback()(lambda: None)  # one command more will come; until then typer would leave out the word `encoder`
    _add(app, "encoder", train.train_encoder, flags=flags_of({"encoder": EncoderTraining}, panel="Training"))
    return app


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
