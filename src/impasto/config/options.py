"""Options, each said once.

An option is one field of a frozen dataclass, made by :func:`option`: its type, default, limits and help live there and
nowhere else. Command-line flags, web widgets, the docs' tables and the recipes in pictures are all derived from these
fields, so adding a field is all it takes to add an option.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar

from impasto.errors import OptionError, did_you_mean

__all__ = ["Checked", "Field", "fields_of", "from_dict", "option", "to_dict"]

Config = TypeVar("Config")


def option(
    default: Any,
    help: str,  # noqa: A002 - it becomes the flag's help and is called that everywhere
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    unit: str = "",
    is_input: bool = False,
    words: tuple[str, ...] = (),
    affects_result: bool = True,
) -> Any:
    """Declare one option of a config dataclass.

    ``is_input`` marks options that name files: recipes keep the file's base name and hash instead of its path.
    ``words`` are what an input may say instead of naming a file.
    ``affects_result=False`` marks options that change how a picture is made but not the picture.
    """
    facts = {
        "help": help,
        "minimum": minimum,
        "maximum": maximum,
        "unit": unit,
        "is_input": is_input,
        "words": words,
        "affects_result": affects_result,
    }
    return dataclasses.field(default=default, metadata=facts)


@dataclass(frozen=True)
class Field:
    """One option as the apps see it: everything needed to draw a flag, a widget or a row of the docs."""

    name: str
    type: Any
    default: Any
    help: str
    minimum: float | None
    maximum: float | None
    unit: str
    is_input: bool
    words: tuple[str, ...]
    affects_result: bool

    def files_in(self, value: Any) -> tuple[Path, ...]:
        """Return the files that a value of this option names."""
        if not self.is_input:
            return ()
        named = value if isinstance(value, tuple) else (value,)
        return tuple(Path(name) for name in named if name is not None and name not in self.words)

    @property
    def choices(self) -> tuple[str, ...]:
        """The allowed words, or an empty tuple when the option is not an enumeration."""
        return typing.get_args(self.plain_type) if typing.get_origin(self.plain_type) is Literal else ()

    @property
    def plain_type(self) -> Any:
        """The type without ``| None``."""
        if isinstance(self.type, UnionType) or typing.get_origin(self.type) is typing.Union:
            return next(kind for kind in typing.get_args(self.type) if kind is not type(None))
        return self.type

    @property
    def item_type(self) -> Any:
        """The type of one item for a repeatable option (``tuple[item, ...]``), else None."""
        return typing.get_args(self.plain_type)[0] if typing.get_origin(self.plain_type) is tuple else None

    @property
    def optional(self) -> bool:
        """Whether None is allowed."""
        return self.plain_type is not self.type

    @property
    def limits(self) -> str:
        """The allowed values in words, for help texts and error messages."""
        if self.choices:
            return ", ".join(self.choices)
        low, high = self.minimum, self.maximum
        if low is not None and high is not None:
            return f"{_shown(low)} to {_shown(high)}"
        if low is not None:
            return f"{_shown(low)} or more"
        return f"{_shown(high)} or less" if high is not None else ""


def _shown(number: float) -> str:
    """Return a number for people: whole ones with all their digits."""
    return str(number) if isinstance(number, int) else f"{number:g}"


def fields_of(config: Any) -> Iterator[Field]:
    """Yield every option of a config class or instance, in the order they were written."""
    return iter(_fields_of(config if isinstance(config, type) else type(config)))


@functools.cache
def _fields_of(cls: type[Any]) -> tuple[Field, ...]:
    """Understand a class once: every picture asks for its options a dozen times."""
    types = typing.get_type_hints(cls)
    return tuple(
        Field(name=field.name, type=types[field.name], default=field.default, **field.metadata)
        for field in dataclasses.fields(cls)
    )


def to_dict(config: Any) -> dict[str, Any]:
    """Return a config as plain JSON values."""
    return {field.name: _plain(getattr(config, field.name)) for field in fields_of(config)}


def from_dict(cls: type[Config], values: Mapping[str, Any]) -> Config:
    """Make a config from plain JSON values; the opposite of :func:`to_dict`."""
    known = {field.name: field for field in fields_of(cls)}
    for name in values:
        if name not in known:
            raise OptionError(f"{name!r} is not an option of {cls.__name__}{did_you_mean(name, known)}.")
    return cls(**values)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


class Checked:
    """Checks every option against its declared type and limits when a config is made.

    A list is taken for a tuple and text for a path, as both come from JSON and from people.
    """

    def __post_init__(self) -> None:
        for field in fields_of(self):
            value = _typed(field, getattr(self, field.name))
            _check(field, value)
            object.__setattr__(self, field.name, value)  # frozen for everyone else


def _typed(field: Field, value: Any) -> Any:
    if field.item_type is not None and isinstance(value, (list, tuple)):
        return tuple(_as_path(field.item_type, item) for item in value)
    return _as_path(field.plain_type, value)


def _as_path(kind: Any, value: Any) -> Any:
    return Path(value) if kind is Path and isinstance(value, str) else value


def _check(field: Field, value: Any) -> None:
    if value is None:
        if not field.optional:
            raise OptionError(f"{field.name} was not given a value; {_allowed(field)}.")
        return
    if field.item_type is not None:
        if not isinstance(value, tuple):
            raise OptionError(f"{field.name} is {value!r}; it takes a list of values.")
        for item in value:
            _check_one(field, field.item_type, item)
    else:
        _check_one(field, field.plain_type, value)


def _check_one(field: Field, kind: Any, value: Any) -> None:
    if field.choices:
        if value not in field.choices:
            near = difflib.get_close_matches(str(value), field.choices, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise OptionError(f"{field.name} is {value!r}{hint}; {_allowed(field)}.")
        return
    accepted = {float: (int, float), int: (int,), bool: (bool,), str: (str,), Path: (Path,)}.get(kind, (object,))
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        raise OptionError(f"{field.name} is {value!r}; {_allowed(field)}.")
    if kind in (int, float):
        _check_number(field, value)


def _check_number(field: Field, value: Any) -> None:
    too_low = field.minimum is not None and value < field.minimum
    too_high = field.maximum is not None and value > field.maximum
    if too_low or too_high or (isinstance(value, float) and not math.isfinite(value)):
        shown = f"{value:g}" if isinstance(value, float) else value
        raise OptionError(f"{field.name} is {shown}; {_allowed(field)}.")


def _allowed(field: Field) -> str:
    kind = field.item_type or field.plain_type
    noun = {int: "a whole number", float: "a number", bool: "True or False", Path: "a path"}.get(kind, "a word")
    if field.choices:
        return f"allowed are {field.limits}"
    return f"allowed is {noun}" + (f", {field.limits}" if field.limits else "")
