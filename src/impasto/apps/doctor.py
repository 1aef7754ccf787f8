"""``impasto doctor``: what this computer has, as text to read and to paste into a bug report."""

from __future__ import annotations

import os
import platform
import re
from typing import Any

import typer

from impasto.apps.console import print_json, print_table
from impasto.apps.parameters import AsJson

__all__ = ["doctor", "findings"]

LIBRARIES = ("torch", "numpy", "pillow", "pillow-heif", "safetensors", "typer", "rich")


def doctor(*, as_json: AsJson = False) -> None:
    """Show device, memory, extras and weights: paste it into a bug report."""
    found = findings()
    if as_json:
        print_json(found)
        return
    for section, facts in found.items():
        typer.echo(f"{section}")
        print_table([("", name, str(value)) for name, value in facts.items()])


def findings() -> dict[str, dict[str, Any]]:
    """Return everything that helps to understand a bug, by section; no folder of the user's is among it."""
    return {
        "versions": _versions(),
        "computing": _computing(),
        "extras": _extras(),
        "weights": _weights(),
        "environment": _environment(),
    }


def _versions() -> dict[str, str]:
    import impasto

    libraries = {name: _version(name) for name in LIBRARIES}
    return {
        "impasto": impasto.__version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        **libraries,
    }


def _computing() -> dict[str, Any]:
    import torch

    from impasto.device import available_memory, pick_device, pick_precision

    device = pick_device()
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    native = pick_precision("auto", device) == torch.bfloat16
    return {
        "device": f"{device} ({name})",
        "threads": torch.get_num_threads(),
        "bfloat16": "native, used by default" if native else "not native, float32 is used by default",
        "free memory": f"{available_memory(device) / 1e9:.1f} GB",
    }


def _extras() -> dict[str, str]:
    """Say for each extra of the package which of its libraries are here."""
    found: dict[str, list[str]] = {}
    for requirement in _requirements():
        extra = re.search(r"""extra\s*==\s*['"]([\w-]+)['"]""", requirement)
        library = re.match(r"[\w.-]+", requirement)
        if extra and library:
            found.setdefault(extra[1], []).append(f"{library[0]} {_version(library[0])}")
    return {extra: ", ".join(libraries) for extra, libraries in found.items()} or {"": "unknown: run from source"}


def _weights() -> dict[str, str]:
    from impasto.models import embedded_encoder
    from impasto.weights import holdings

    try:
        embedded_encoder(["relu1_1"])
        embedded = "here"
    except Exception as fault:  # noqa: BLE001 - whatever is wrong with it belongs into the report
        embedded = f"not usable ({fault})"
    return {"embedded": embedded, **{holding.entry.name: holding.state for holding in holdings()}}


def _environment() -> dict[str, str]:
    """Name the settings, without the folders that they hold."""
    names = sorted(name for name in os.environ if name.startswith("IMPASTO_"))
    return dict.fromkeys(names, "set") or {"": "no IMPASTO_ setting"}


def _requirements() -> list[str]:
    from importlib.metadata import PackageNotFoundError, requires

    try:
        return requires("impasto") or []
    except PackageNotFoundError:
        return []


def _version(library: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"
