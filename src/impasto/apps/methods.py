"""From what was typed to a method's config; and ``impasto methods``, which lists them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from impasto.apps.console import print_json, print_table
from impasto.apps.options import config_from, given
from impasto.apps.parameters import AsJson
from impasto.config import PRESETS, MethodOptions, fields_of, to_dict
from impasto.errors import OptionError, did_you_mean

__all__ = ["chosen_config", "list_methods", "preset_values"]


def chosen_config(method: str, preset: str | None, options: Mapping[str, Any]) -> MethodOptions:
    """Return the config of a method, from a preset and the flags that were given; these win."""
    from impasto.engine import config_of

    return config_from(config_of(method), given(options), owner=method, start=preset_values(method, preset))


def preset_values(method: str, preset: str | None) -> Mapping[str, Any]:
    """Return the options that a preset begins with."""
    known = PRESETS.get(method, {})
    if preset is None:
        return {}
    if preset not in known:
        allowed = f"{method} has {', '.join(known)}" if known else f"{method} has none"
        raise OptionError(f"--preset is {preset!r}{did_you_mean(preset, known)}; {allowed}.")
    return known[preset]


def list_methods(*, as_json: AsJson = False) -> None:
    """List the ways of stylising, with their presets."""
    from impasto.engine import config_of, methods

    configs = {name: config_of(name) for name in methods()}
    if as_json:
        print_json([_facts(name, config) for name, config in configs.items()])
        return
    print_table(
        [
            (name, _summary(config), f"presets: {', '.join(PRESETS.get(name, {})) or 'none'}")
            for name, config in configs.items()
        ]
    )


def _facts(name: str, config: type[MethodOptions]) -> dict[str, Any]:
    return {
        "name": name,
        "summary": _summary(config),
        "presets": PRESETS.get(name, {}),
        "defaults": to_dict(config()),
        "options": {field.name: field.help for field in fields_of(config)},
    }


def _summary(config: type[MethodOptions]) -> str:
    return (inspect.getdoc(config) or "").partition("\n")[0]
