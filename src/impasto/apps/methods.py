"""From what was typed to a method's config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from impasto.apps.options import config_from, given
from impasto.config import PRESETS, MethodOptions
from impasto.errors import OptionError, did_you_mean

__all__ = ["chosen_config", "preset_values"]


def chosen_config(method: str, preset: str | None, options: Mapping[str, Any]) -> MethodOptions:
    """Return the config of a method, from a preset and the flags that were given; these win."""
    from impasto.engine import method_of

    kind, decided = method_of(method)
    return config_from(kind, given(options), owner=method, start={**preset_values(method, preset), **decided})


def preset_values(method: str, preset: str | None) -> Mapping[str, Any]:
    """Return the options that a preset begins with."""
    known = PRESETS.get(method, {})
    if preset is None:
        return {}
    if preset not in known:
        allowed = f"{method} has {', '.join(known)}" if known else f"{method} has none"
        raise OptionError(f"--preset is {preset!r}{did_you_mean(preset, known)}; {allowed}.")
    return known[preset]
