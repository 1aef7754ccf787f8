"""The one door: which methods there are, how to load one, and the shortcut that does both."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

from impasto.config import DEFAULT_METHOD, METHODS, MethodOptions, Trained, from_dict, name_of
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

__all__ = ["Method", "Stylizer", "config_of", "load", "loaded", "method_of", "methods", "plan", "stylize"]

Named = str | os.PathLike[str]

_STYLIZERS: dict[str, Any] = {
    "fast": fast_stylizer,
    "optimize": Optimizer,
    "adain": adain_stylizer,
    "magenta": magenta_stylizer,
    "magenta-hub": hub_stylizer,
    "trained": trained_stylizer,
}


@runtime_checkable
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


Method: TypeAlias = MethodOptions | Stylizer | Named | None
"""Whatever names a method: its config, itself, its name or its file; None is the default."""


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
    return loaded(method, options)


def loaded(method: Method, options: Mapping[str, Any]) -> Stylizer:
    """Return a method ready to paint, whatever names it; ``options`` are changes to its config."""
    if isinstance(method, MethodOptions):
        return _made(from_dict(type(method), {**vars(method), **options}))
    if isinstance(method, str | os.PathLike | None):
        kind, decided = method_of(DEFAULT_METHOD if method is None else method)
        return _made(from_dict(kind, {**decided, **options}))
    if not isinstance(method, Stylizer):
        raise OptionError(
            f"a {type(method).__name__} was given as config; it takes a method's name or a method's config."
        )
    if options:
        names = ", ".join(options)
        raise OptionError(f"{names} cannot be changed in a method that is loaded already; load it with them.")
    return method


def stylize(content: One, style: Given, config: Method = None, *, on_step: OnStep = silent, **options: Any) -> Result:
    """Paint ``content`` in the manner of ``style``.

    ``config`` is a method's name or a config, and ``options`` are changes to it.
    """
    return loaded(config, options)(content, style, on_step=on_step)


def plan(content: One, style: Given, config: Method = None, **options: Any) -> Plan:
    """Say what :func:`stylize` would do with the same arguments, without doing it."""
    return loaded(config, options).plan(content, style)


def _made(config: MethodOptions) -> Stylizer:
    make = _STYLIZERS.get(name_of(config))
    if make is None:
        raise OptionError(f"a {type(config).__name__} is not the config of any method; there are {', '.join(METHODS)}.")
    made: Stylizer = make(config)
    return made
