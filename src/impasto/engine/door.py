"""The one door: which methods there are, how to load one, and the shortcut that does both."""

from __future__ import annotations

from typing import Any, Protocol

from impasto.config import METHODS, MethodOptions, from_dict
from impasto.engine.inputs import Given, One
from impasto.engine.optimize import Optimizer
from impasto.engine.planning import Plan
from impasto.engine.progress import OnStep, silent
from impasto.engine.result import Result
from impasto.errors import OptionError, did_you_mean

__all__ = ["Stylizer", "config_of", "load", "methods", "plan", "stylize"]

DEFAULT_METHOD = "optimize"
_STYLIZERS: dict[str, Any] = {"optimize": Optimizer}


class Stylizer(Protocol):
    """A method ready to paint; it can be shared and called again and again, and remembers nothing."""

    @property
    def config(self) -> MethodOptions:
        """The options it was loaded with."""
        ...

    def __call__(self, content: One, style: Given, *, on_step: OnStep = silent, **changes: Any) -> Result:
        """Paint ``content`` in the manner of ``style``."""
        ...

    def plan(self, content: One, style: Given) -> Plan:
        """Say what a call would do, without doing it."""
        ...


def methods() -> list[str]:
    """Return the names of all methods."""
    return list(METHODS)


def config_of(method: str) -> type[MethodOptions]:
    """Return the config class of a method."""
    if method not in METHODS:
        hint = did_you_mean(method, METHODS)
        raise OptionError(f"there is no method {method!r}{hint}; there are {', '.join(METHODS)}.")
    return METHODS[method]


def load(method: str = DEFAULT_METHOD, **options: Any) -> Stylizer:
    """Return a method ready to paint."""
    return _stylizer(_configured(method, options))


def stylize(
    content: One, style: Given, config: MethodOptions | str | None = None, *, on_step: OnStep = silent, **options: Any
) -> Result:
    """Paint ``content`` in the manner of ``style``.

    ``config`` is a method's name or a config, and ``options`` are changes to it.
    """
    return _stylizer(_configured(config, options))(content, style, on_step=on_step)


def plan(content: One, style: Given, config: MethodOptions | str | None = None, **options: Any) -> Plan:
    """Say what :func:`stylize` would do with the same arguments, without doing it."""
    return _stylizer(_configured(config, options)).plan(content, style)


def _configured(config: MethodOptions | str | None, options: dict[str, Any]) -> MethodOptions:
    if isinstance(config, MethodOptions):
        return from_dict(type(config), {**vars(config), **options})
    if not isinstance(config, str | None):
        raise OptionError(
            f"a {type(config).__name__} was given as config; it takes a method's name or a method's config."
        )
    return from_dict(config_of(config or DEFAULT_METHOD), options)


def _stylizer(config: MethodOptions) -> Stylizer:
    for method, known in METHODS.items():
        if type(config) is known:
            made: Stylizer = _STYLIZERS[method](config)
            return made
    raise OptionError(f"a {type(config).__name__} is not the config of any method; there are {', '.join(METHODS)}.")
