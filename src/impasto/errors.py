"""Every way in which Impasto says no, as one small tree.

A message is one sentence for the person at the keyboard: what was given, what is allowed, what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "ImpastoError",
    "InputError",
    "MissingExtraError",
    "OptionError",
    "OutputError",
    "WeightsError",
    "did_you_mean",
]


class ImpastoError(Exception):
    """Something the user can mend; apps print it as one sentence and exit with status 2."""


class InputError(ImpastoError):
    """A picture (or folder) that was given cannot be used."""


class OutputError(ImpastoError):
    """The result cannot be written where it should go."""


class OptionError(ImpastoError):
    """An option has a value that is not allowed, or does not fit the others."""


class WeightsError(ImpastoError):
    """Weights are missing, damaged, or not what they claim to be."""


class MissingExtraError(ImpastoError):
    """An optional library is needed; the message carries the line that installs it."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} needs an extra that is not installed: pip install 'impasto[{extra}]'")


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` for the nearest allowed name, or an empty string."""
    near = difflib.get_close_matches(name, list(allowed), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
