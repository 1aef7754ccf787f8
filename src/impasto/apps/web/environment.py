"""The owner's options as environment variables: that is how they reach the pages, and how a hosted app is set up."""

from __future__ import annotations

import os
from collections.abc import Mapping

from impasto.apps.options import value_of
from impasto.config import fields_of, from_dict, to_dict
from impasto.config.serving import Serving
from impasto.errors import OptionError

__all__ = ["as_environment", "serving_from_environment", "variable_of"]


def variable_of(name: str) -> str:
    """Return what an option is called in the environment."""
    return f"IMPASTO_WEB_{name.upper()}"


def as_environment(serving: Serving) -> dict[str, str]:
    """Return the options as environment variables; those without a value are left out."""
    return {variable_of(name): str(value) for name, value in to_dict(serving).items() if value is not None}


def serving_from_environment(environment: Mapping[str, str] | None = None) -> Serving:
    """Read the options; those that the environment does not name have their defaults."""
    environment = os.environ if environment is None else environment
    named = {field: environment.get(variable_of(field.name), "") for field in fields_of(Serving)}
    values = {field.name: value_of(field, text) for field, text in named.items() if text}
    try:
        return from_dict(Serving, values)
    except OptionError as refusal:
        raise OptionError(f"in the environment (IMPASTO_WEB_…), {refusal}") from None
