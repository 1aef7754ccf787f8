"""Flags made from config dataclasses: an option is declared once, in :mod:`impasto.config`, and appears here.

Flags carry text; :func:`value_of` turns it into what the field's type asks for and leaves the judging to the
config, so that a wrong value is refused in the same words on the command line, in the web app and in Python.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from impasto.config import METHODS, Field, MethodOptions, fields_of, from_dict
from impasto.errors import OptionError, did_you_mean

__all__ = [
    "Flag",
    "as_flag",
    "config_from",
    "default_text",
    "flags_of",
    "given",
    "kind_text",
    "value_of",
    "with_flags",
]

Config = TypeVar("Config")
COMMON_PANEL = "Options of every method"
_WORDS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
_METAVARS = {int: "N", float: "X", Path: "FILE", str: "NAME"}


@dataclass(frozen=True)
class Flag:
    """One flag of a command: an option, as each of the configs that have it declares it."""

    name: str
    fields: Mapping[str, Field]  # by owner, which is a method's name
    panel: str

    @property
    def spelling(self) -> str:
        """The flag as it is typed."""
        return as_flag(self.name)

    @property
    def help(self) -> str:
        """The help of every owner; owners that agree are not repeated."""
        texts = {owner: _help(field) for owner, field in self.fields.items()}
        if len(set(texts.values())) == 1:
            return next(iter(texts.values()))
        return " ".join(f"{owner}: {text}" for owner, text in texts.items())

    def parameter(self) -> inspect.Parameter:
        """Return the flag as a parameter that typer understands; None means that it was not given."""
        field = next(iter(self.fields.values()))
        is_switch = field.plain_type is bool
        kind: Any = bool if is_switch else list[str] if field.item_type is Path else str
        info = typer.Option(
            f"{self.spelling}/--no-{self.spelling[2:]}" if is_switch else self.spelling,
            help=self.help.replace("[", r"\["),
            metavar=None if is_switch else _metavar(field),
            rich_help_panel=self.panel,
            show_default=False,
        )
        return inspect.Parameter(
            self.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, info]
        )


def as_flag(name: str) -> str:
    """Return an option's name as it is typed on the command line."""
    return f"--{name.replace('_', '-')}"


def flags_of(configs: Mapping[str, type], *, panel: str | None = None) -> list[Flag]:
    """Return one flag for each option that any of the configs has, those of every method first.

    The help shows them in ``panel``, or else in one panel for each group of methods that share them.
    """
    owners: dict[str, dict[str, Field]] = {}
    for owner, config in configs.items():
        for field in fields_of(config):
            owners.setdefault(field.name, {})[owner] = field
    shared = {field.name for field in fields_of(MethodOptions)}
    flags = [Flag(name, fields, panel or _panel(name in shared, fields, configs)) for name, fields in owners.items()]
    return sorted(flags, key=lambda flag: flag.panel != COMMON_PANEL)  # stable: otherwise in the order written


def with_flags(command: Callable[..., Any], flags: Iterable[Flag]) -> Callable[..., Any]:
    """Return ``command`` with a flag for each option in place of its ``**options``."""

    @functools.wraps(command)
    def run(**values: Any) -> Any:
        return command(**values)

    own = inspect.signature(command, eval_str=True).parameters.values()
    kept = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in own
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    run.__signature__ = inspect.Signature([*kept, *(flag.parameter() for flag in flags)])  # type: ignore[attr-defined]
    return run


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were given on the command line; False is a value, an empty list is none."""
    return {name: value for name, value in options.items() if value is not None and value not in ([], ())}


def config_from(cls: type[Config], options: Mapping[str, Any], *, owner: str, start: Mapping[str, Any]) -> Config:
    """Make a config of ``cls`` from flags as they were typed, over the values of ``start``.

    ``owner`` is the name of the method (or training), for the sentence about a flag that it does not have.
    """
    known = {field.name: field for field in fields_of(cls)}
    for name in options:
        if name not in known:
            raise OptionError(_not_an_option(name, owner, known))
    values = {name: value_of(known[name], text) for name, text in options.items()}
    try:
        return from_dict(cls, {**start, **values})
    except OptionError as refusal:
        raise OptionError(_in_flags(str(refusal), known)) from None


def value_of(field: Field, given: Any) -> Any:
    """Return what the command line says as the value that the field's type asks for.

    Text that does not fit is returned as it is: the config then refuses it in its own words.
    """
    if field.item_type is not None:
        parts = given.split(",") if isinstance(given, str) else given
        return tuple(_converted(field.item_type, str(part).strip()) for part in parts if str(part).strip())
    return _converted(field.plain_type, given)


def default_text(field: Field) -> str:
    """Return the default as it would be typed; empty where the help tells what happens by default."""
    if field.default is None or field.default == ():
        return ""
    if isinstance(field.default, bool):
        return "on" if field.default else "off"
    if field.item_type is not None:
        return ",".join(str(item) for item in field.default)
    return f"{field.default:g}" if isinstance(field.default, float) else str(field.default)


def kind_text(field: Field) -> str:
    """Return in words what may be given."""
    if field.choices:
        return ", ".join(f"`{choice}`" for choice in field.choices)
    kind = field.item_type or field.plain_type
    words = {int: "whole number", float: "number", bool: "on or off", Path: "file or folder"}.get(kind, "text")
    limits = " ".join(part for part in (field.limits, field.unit) if part)
    return f"{words}{', one or more' if field.item_type else ''}{f', {limits}' if limits else ''}"


def _converted(kind: Any, text: Any) -> Any:
    if not isinstance(text, str):
        return text
    if kind is bool:
        return _WORDS.get(text.lower(), text)
    try:
        return kind(text) if kind in (int, float, Path) else text
    except ValueError:
        return text


def _help(field: Field) -> str:
    limits = "" if field.choices else " ".join(part for part in (field.limits, field.unit) if part)
    default = "" if field.plain_type is bool else default_text(field)
    facts = "; ".join(part for part in (limits, f"default: {default}" if default else "") if part)
    return f"{field.help} ({facts})" if facts else field.help


def _metavar(field: Field) -> str:
    if field.choices:
        return "|".join(field.choices)
    if field.item_type is None:
        return _METAVARS.get(field.plain_type, "TEXT")
    item = _METAVARS.get(field.item_type, "TEXT")
    return item if field.item_type is Path else f"{item},{item},…"


def _panel(is_shared: bool, fields: Mapping[str, Field], configs: Mapping[str, type]) -> str:
    if is_shared or len(fields) == len(configs) > 1:
        return COMMON_PANEL
    return f"Options of {' and '.join(fields)}"


def _not_an_option(name: str, owner: str, known: Mapping[str, Field]) -> str:
    sentence = f"{as_flag(name)} is not an option of {owner}"
    having = [method for method, config in METHODS.items() if any(field.name == name for field in fields_of(config))]
    if not having:
        return f"{sentence}{did_you_mean(name, known)}."
    return f"{sentence}; {' and '.join(having)} {'has' if len(having) == 1 else 'have'} it."


def _in_flags(sentence: str, names: Iterable[str]) -> str:
    """Spell the options in a config's refusal as they were typed: ``tv_weight`` becomes ``--tv-weight``."""
    for name in names:
        pattern = rf"(?<![\w-]){name}\b" if "_" in name else rf"^{name}\b"
        sentence = re.sub(pattern, as_flag(name), sentence)
    return sentence
