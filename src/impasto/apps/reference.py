"""The page of the docs that lists every option: ``python -m impasto.apps.reference`` writes it anew."""

from __future__ import annotations

import inspect
from pathlib import Path

from impasto.apps.options import as_flag, default_text, kind_text
from impasto.config import (
    METHODS,
    PRESETS,
    AnyTraining,
    EncoderTraining,
    FilmOptions,
    MethodOptions,
    PairedTraining,
    StyleTraining,
    fields_of,
)
from impasto.config.exporting import Exporting
from impasto.config.serving import Serving

__all__ = ["options_page", "options_table"]

PAGE = Path("docs") / "options.md"
INTRODUCTION = """\
# Options

<!-- Written by `python -m impasto.apps.reference` from `src/impasto/config/`: change it there. -->

Every option is one field of a config. On the command line it is a flag (`--keep-color`), in Python an
argument (`impasto.stylize(photo, style, keep_color=True)`), in a recipe a value by the same name."""


def main() -> None:
    """Write the page; run it from the root of the repository."""
    PAGE.write_text(options_page(), encoding="utf-8")


def options_page() -> str:
    """Return the whole page."""
    shared = {field.name for field in fields_of(MethodOptions)}
    parts = [INTRODUCTION, _section("Every method", MethodOptions)]
    for method, config in METHODS.items():
        parts.append(_section(f"Method `{method}`", config, without=shared))
        parts.append(_presets(method))
    parts.append(_section("Films", FilmOptions))
    parts.append(_section("`impasto train any`", AnyTraining))
    parts.append(_section("`impasto train encoder`", EncoderTraining))
    parts.append(_section("`impasto train style`", StyleTraining, without={"style"}))
    parts.append(_section("`impasto train paired`", PairedTraining, without={"pairs"}))
    parts.append(_section("`impasto export`", Exporting))
    parts.append(_section("`impasto web`", Serving))
    return "\n\n".join(part for part in parts if part) + "\n"


def options_table(config_class: type, *, without: frozenset[str] | set[str] = frozenset()) -> str:
    """Return the options of a config as a table in Markdown, but those named in ``without``."""
    rows = [("Option", "Value", "Default", "What it does"), ("---",) * 4]
    for field in fields_of(config_class):
        if field.name not in without:
            default = default_text(field)
            rows.append((f"`{as_flag(field.name)}`", kind_text(field), f"`{default}`" if default else "", field.help))
    if len(rows) == 2:
        return "It has no options of its own."
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows)


def _section(title: str, config_class: type, *, without: frozenset[str] | set[str] = frozenset()) -> str:
    about = (inspect.getdoc(config_class) or "").replace("``", "`")
    return f"## {title}\n\n{about}\n\n{options_table(config_class, without=without)}"


def _presets(method: str) -> str:
    """Say what each preset begins with."""
    lines = []
    for name, values in PRESETS.get(method, {}).items():
        flags = " ".join(f"{as_flag(option)} {value}" for option, value in values.items())
        lines.append(f"- `--preset {name}`: " + (f"`{flags}`" if flags else "the defaults"))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
