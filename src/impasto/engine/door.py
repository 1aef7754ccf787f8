"""The one door: which methods there are, how to load one, and the shortcut that does both."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

from impasto.config import DEFAULT_METHOD, METHODS, MethodOptions, Trained, from_dict
from impasto.engine.adain import adain_stylizer
from impasto.engine.fast import fast_stylizer
from impasto.engine.inputs import Given, One
from impasto.engine.magenta import hub_stylizer, magenta_stylizer
from impasto.engine.optimize import Optimizer
from impasto.engine.planning import Plan
from impasto.engine.progress import OnStep, silent
from impasto.engine.recipe import Ingredient
from impasto.engine.result import Result
from impasto.engine.trained import trained_stylizer
from impasto.errors import OptionError, did_you_mean

__all__ = ["Stylizer", "config_of", "load", "method_of", "methods", "plan", "stylize"]

Named = str | os.PathLike[str]

_STYLIZERS: dict[str, Any] = {
    "fast": fast_stylizer,
    "optimize": Optimizer,
    "adain": adain_stylizer,
    "magenta": magenta_stylizer,
    "magenta-hub": hub_stylizer,
    "trained": trained_stylizer,
}


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

    def weights(self) -> list[Ingredient]:
        """Return the weights it paints with, as a recipe names them."""
        ...


def methods() -> list[str]:
    """Return the names of all methods."""
    return list(METHODS)


def config_of(method: Named) -> type[MethodOptions]:
    """Return the config class of a method, or of a model in a file."""
    return method_of(method)[0]


def method_of(method: Named) -> tuple[type[MethodOptions], dict[str, Any]]:
    """Return the config class of a method, and the options that its name decides: a path is a model."""
    name = os.fspath(method)
    if name in METHODS:
        return METHODS[name], {}
    if Path(name).suffix == ".safetensors" or Path(name).is_file():
        return Trained, {"model": Path(name)}
    hint = did_you_mean(name, METHODS)
    raise OptionError(f"there is no method {name!r}{hint}; there are {', '.join(METHODS)}, and models by their path.")


def load(method: Named = DEFAULT_METHOD, **options: Any) -> Stylizer:
    """Return a method ready to paint, by its name; or a model, by the path of its file."""
    return _stylizer(_configured(method, options))


def stylize(
    content: One, style: Given, config: MethodOptions | Named | None = None, *, on_step: OnStep = silent, **options: Any
) -> Result:
    """Paint ``content`` in the manner of ``style``.

    ``config`` is a method's name or a config, and ``options`` are changes to it.
    """
    return _stylizer(_configured(config, options))(content, style, on_step=on_step)


def plan(content: One, style: Given, config: MethodOptions | Named | None = None, **options: Any) -> Plan:
    """Say what :func:`stylize` would do with the same arguments, without doing it."""
    return _stylizer(_configured(config, options)).plan(content, style)


def _configured(config: MethodOptions | Named | None, options: dict[str, Any]) -> MethodOptions:
    if isinstance(config, MethodOptions):
        return from_dict(type(config), {**vars(config), **options})
    if not isinstance(config, str | os.PathLike | None):
        raise OptionError(
            f"a {type(config).__name__} was given as config; it takes a method's name or a method's config."
        )
    kind, decided = method_of(config or DEFAULT_METHOD)
    return from_dict(kind, {**decided, **options})


def _stylizer(config: MethodOptions) -> Stylizer:
    for method, known in METHODS.items():
        if type(config) is known:
            made: Stylizer = _STYLIZERS[method](config)
            return made
    raise OptionError(f"a {type(config).__name__} is not the config of any method; there are {', '.join(METHODS)}.")
