"""``impasto web``: the app in a browser, on this computer unless told otherwise."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from importlib.resources import files
from typing import Annotated, Any

import typer

from impasto.apps.console import say
from impasto.apps.options import config_from, given
from impasto.config.serving import Serving
from impasto.errors import MissingExtraError, OptionError

__all__ = ["check", "serve", "streamlit_flags"]


def serve(
    *,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
    **options: Any,
) -> None:
    """Serve the web app: paint in a browser. Ctrl-C ends it, and nothing is left behind."""
    serving = config_from(Serving, given(options), owner="web", start=_from_environment())
    check(serving)
    try:
        from streamlit.web import cli
    except ImportError as fault:
        raise MissingExtraError("The web app", "web") from fault
    from impasto.apps.web.environment import as_environment
    from impasto.apps.web.house import close_house, open_house

    os.environ.update(as_environment(serving))
    script = str(files("impasto.apps.web") / "app.py")
    say(f"Impasto is at http://{_address(serving.host)}:{serving.port}  (Ctrl-C ends it)")
    open_house(serving)
    try:
        cli.main(["run", script, *streamlit_flags(serving, browser=browser)], standalone_mode=False)
    finally:
        close_house()


def streamlit_flags(serving: Serving, *, browser: bool) -> list[str]:
    """Return how Streamlit is to behave: looks, limits, and no word to anybody else."""
    settings = {
        "server.address": serving.host,
        "server.port": serving.port,
        "server.headless": not browser,
        "server.maxUploadSize": serving.upload_megabytes,
        "server.fileWatcherType": "none",
        "server.disconnectedSessionTTL": serving.keep_seconds,
        "server.showEmailPrompt": False,
        "browser.gatherUsageStats": False,
        "client.showErrorDetails": "none",
        "client.toolbarMode": "minimal",
        "logger.hideWelcomeMessage": True,
        "theme.base": str(files("impasto.apps.web") / "theme.toml"),
    }
    return list(_flags(settings))


def _flags(settings: dict[str, Any]) -> Iterator[str]:
    for name, value in settings.items():
        yield f"--{name}"
        yield str(value).lower() if isinstance(value, bool) else str(value)


def _from_environment() -> dict[str, Any]:
    """Return what the environment says, for the flags to overrule."""
    from impasto.apps.web.environment import serving_from_environment

    return dict(vars(serving_from_environment()))


def check(serving: Serving) -> None:
    """Refuse what could not be served, before anything is started."""
    if serving.models is not None and not serving.models.is_dir():
        raise OptionError(f"--models is {str(serving.models)!r}, which is no folder here; name one with .safetensors.")
    if serving.method is not None:
        from impasto.engine import method_of

        method_of(serving.method)  # or it is refused
    family = socket.AF_INET6 if ":" in serving.host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((serving.host, serving.port))
    except OSError as fault:
        reason = fault.strerror or str(fault)
        if isinstance(fault, socket.gaierror) or fault.errno == errno.EADDRNOTAVAIL:
            advice = "name an address of this computer with --host, or 0.0.0.0 for all of them"
            raise OptionError(f"{serving.host} is no address to serve at ({reason}); {advice}.") from fault
        raise OptionError(f"{serving.host}:{serving.port} is not free ({reason}); try another --port.") from fault


def _address(host: str) -> str:
    shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host  # noqa: S104 - only shown
    return f"[{shown}]" if ":" in shown else shown
