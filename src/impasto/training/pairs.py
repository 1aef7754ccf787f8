"""Pairs of pictures: finding them in a folder or a CSV, whatever it is laid out like."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from impasto.config import PairedTraining
from impasto.errors import InputError, OptionError, did_you_mean
from impasto.images.formats import format_of

__all__ = ["Found", "Pair", "Split", "find_pairs"]

Split = Literal["train", "validation", "test"]

SPLIT_COLUMN = "split"
_SPLITS: dict[str, Split] = {"train": "train", "training": "train", "val": "validation", "valid": "validation"}
_SPLITS |= {name: name for name in get_args(Split)}
_SOURCE_WORDS = {"source", "content", "photo", "input", "original", "before"}
_TARGET_WORDS = {"target", "stylized", "stylised", "styled", "generated", "output", "painted", "result", "after"}


@dataclass(frozen=True, order=True)
class Pair:
    """A photo and what became of it."""

    name: str
    source: Path
    target: Path
    split: Split | None = None  # where the CSV says it


@dataclass(frozen=True)
class Found:
    """What is in a place where pairs were looked for."""

    layout: str  # how it is laid out, in words
    pairs: tuple[Pair, ...]
    unmatched: tuple[str, ...] = ()  # pictures without a partner
    missing: tuple[str, ...] = ()  # pictures that a CSV names and nobody has


def find_pairs(config: PairedTraining) -> Found:
    """Find the pairs of a folder with ``source`` and ``target``, of two patterns, or of a CSV."""
    place = config.pairs
    if not place.exists():
        raise InputError(f"{place} does not exist; give a folder with source and target inside, or a CSV of pairs.")
    if config.source_glob or config.target_glob:
        found = _by_patterns(place, config.source_glob, config.target_glob)
    elif place.is_dir() and (sides := _sides(place)) is not None:
        found = _by_name(*sides)
    elif place.is_dir() and (parts := _parts(place)):
        found = _by_parts(parts)
    else:
        found = _by_table(_table_in(place), config.source_column, config.target_column)
    if not found.pairs:
        raise InputError(f"no pairs were found in {place} ({found.layout}); {_advice(found)}")
    return found


def _advice(found: Found) -> str:
    if found.missing:
        return f"{found.missing[0]}, for one, is not below it."
    if found.unmatched:
        return f"{found.unmatched[0]}, for one, has no partner of the same name."
    return "it holds no pictures."


def _sides(folder: Path) -> tuple[Path, Path] | None:
    sides = {one.name.lower(): one for one in folder.iterdir() if one.is_dir()}
    return (sides["source"], sides["target"]) if {"source", "target"} <= set(sides) else None


def _parts(folder: Path) -> dict[Path, Split]:
    """Return the folders of a set that is divided already: train, validation, test, each with source and target."""
    named = {one: _SPLITS.get(one.name.lower()) for one in sorted(folder.iterdir()) if one.is_dir()}
    return {one: split for one, split in named.items() if split is not None and _sides(one) is not None}


def _by_parts(parts: Mapping[Path, Split]) -> Found:
    found = {part: _by_name(*(_sides(part) or (part, part))) for part in parts}
    pairs = [
        replace(pair, name=f"{part.name}/{pair.name}", split=parts[part])
        for part, inside in found.items()
        for pair in inside.pairs
    ]
    alone = [name for inside in found.values() for name in inside.unmatched]
    return Found(f"folders {', '.join(part.name for part in parts)}", tuple(pairs), unmatched=tuple(alone))


def _by_name(source: Path, target: Path) -> Found:
    """Match what has the same path and name below both folders, whatever its ending."""
    sides = [
        _keyed((path.relative_to(side).with_suffix("").as_posix(), path) for path in _pictures(side))
        for side in (source, target)
    ]
    return _matched("folders source and target", *sides)


def _by_patterns(folder: Path, source: str | None, target: str | None) -> Found:
    if not folder.is_dir():
        raise OptionError(f"source_glob and target_glob look into a folder, and {folder} is none.")
    if not source or not target:
        raise OptionError("source_glob and target_glob belong together; give both patterns.")
    sides = [_keyed(_by_star(folder, pattern)) for pattern in (source, target)]
    return _matched(f"{source} and {target}", *sides)


def _by_star(folder: Path, pattern: str) -> Iterator[tuple[str, Path]]:
    """Yield the pictures that fit a pattern, each with what the pattern's stars stand for in its name."""
    name = re.escape(pattern.rsplit("/", 1)[-1]).replace(r"\*", "(.*)").replace(r"\?", "(.)")
    try:
        paths = sorted(folder.glob(pattern))
    except (ValueError, NotImplementedError) as fault:
        raise OptionError(
            f"{pattern!r} is no pattern of files ({fault}); write one such as 'content/*.jpg'."
        ) from fault
    for path in paths:
        fits = re.fullmatch(name, path.name)
        if fits and format_of(path.suffix):
            key = "/".join(fits.groups()) or path.stem
            yield Path(key).stem if format_of(Path(key).suffix) else key, path


@dataclass(frozen=True)
class _Side:
    """The pictures of one side by key, and those whose key another has already."""

    known: Mapping[str, Path]
    twice: Sequence[Path]


def _keyed(pictures: Iterable[tuple[str, Path]]) -> _Side:
    known: dict[str, Path] = {}
    twice = [path for key, path in pictures if known.setdefault(key, path) != path]
    return _Side(known, twice)


def _matched(layout: str, sources: _Side, targets: _Side) -> Found:
    both = sources.known.keys() & targets.known.keys()
    pairs = tuple(Pair(key, sources.known[key], targets.known[key]) for key in sorted(both))
    alone = [path for side in (sources, targets) for key, path in side.known.items() if key not in both]
    unmatched = sorted(str(path) for path in (*alone, *sources.twice, *targets.twice))
    return Found(layout, pairs, unmatched=tuple(unmatched))


def _table_in(place: Path) -> Path:
    if place.is_file():
        return place
    tables = sorted(place.glob("*.csv")) or sorted(place.rglob("*.csv"))
    if len(tables) == 1:
        return tables[0]
    if tables:
        names = ", ".join(str(table.relative_to(place)) for table in tables[:5])
        raise InputError(f"{place} holds {len(tables)} tables ({names}); give one of them instead of the folder.")
    raise InputError(
        f"{place} has neither source and target inside nor a CSV ({_contents(place)}); name the pictures with "
        "--source-glob and --target-glob."
    )


def _contents(folder: Path) -> str:
    counts: dict[str, int] = {}
    for path in _pictures(folder):
        counts[path.parent.relative_to(folder).as_posix()] = (
            counts.get(path.parent.relative_to(folder).as_posix(), 0) + 1
        )
    return (
        ", ".join(f"{count} pictures in {name}" for name, count in sorted(counts.items())[:6]) or "it holds no pictures"
    )


def _by_table(table: Path, source: str | None, target: str | None) -> Found:
    rows = _rows(table)
    columns = list(rows[0])
    names = [
        _column(table, columns, given, words, flag)
        for given, words, flag in (
            (source, _SOURCE_WORDS, "--source-column"),
            (target, _TARGET_WORDS, "--target-column"),
        )
    ]
    split = next((column for column in columns if column.strip().lower() == SPLIT_COLUMN), None)
    index = _index(table.parent)
    pairs, missing = [], []
    for row in rows:
        files = [_file(table.parent, row[name] or "", index) for name in names]
        missing += [row[name] or "(nothing)" for name, file in zip(names, files, strict=True) if file is None]
        if files[0] is not None and files[1] is not None:
            pairs.append(Pair(_shown(files[0], table.parent), files[0], files[1], _split_of(table, row, split)))
    layout = f"{table.name}, columns {names[0]} and {names[1]}" + (f", split by {split}" if split else "")
    return Found(layout, _told_apart(pairs), missing=tuple(missing))


def _told_apart(pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """Return the pairs, named after their targets too where several begin with one photo."""
    counts = Counter(pair.name for pair in pairs)
    return tuple(
        pair if counts[pair.name] == 1 else replace(pair, name=f"{pair.name}+{pair.target.stem}") for pair in pairs
    )


def _shown(path: Path, folder: Path) -> str:
    return (path.relative_to(folder) if path.is_relative_to(folder) else Path(path.name)).with_suffix("").as_posix()


def _rows(table: Path) -> list[dict[str, str | None]]:
    try:
        text = table.read_text(encoding="utf-8-sig")
        first = text.partition("\n")[0]
        delimiter = max(",;\t", key=first.count)
        reader = csv.DictReader(text.splitlines(), delimiter=delimiter)
        # What stands behind the last column has no name.
        rows = [{name: word for name, word in row.items() if name is not None} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise InputError(f"{table} cannot be read as a table of pairs; give a CSV in UTF-8.") from fault
    if not rows:
        raise InputError(f"{table} holds no rows; it takes a line of column names and a line for each pair.")
    return rows


def _column(table: Path, columns: Sequence[str], given: str | None, words: set[str], flag: str) -> str:
    if given is not None:
        if given not in columns:
            hint = did_you_mean(given, columns)
            raise OptionError(f"{table.name} has no column {given!r}{hint}; it has {', '.join(columns)}.")
        return given
    fitting = [column for column in columns if words & set(re.split(r"[^a-z]+", column.lower()))]
    if len(fitting) == 1:
        return fitting[0]
    raise OptionError(f"{table.name} has the columns {', '.join(columns)}; say with {flag} which one is meant.")


def _split_of(table: Path, row: Mapping[str, str | None], column: str | None) -> Split | None:
    word = (row[column] or "").strip().lower() if column else ""
    if word and word not in _SPLITS:
        raise InputError(f"{table.name} says the split {word!r}; allowed are {', '.join(get_args(Split))}.")
    return _SPLITS.get(word)


def _index(folder: Path) -> dict[str, Path | None]:
    """Return the pictures below a folder by their names; None where a name stands twice."""
    found: dict[str, Path | None] = {}
    for path in _pictures(folder):
        found[path.name] = None if path.name in found else path
    return found


def _file(folder: Path, name: str, index: Mapping[str, Path | None]) -> Path | None:
    """Return the file that a table means: below its folder, or anywhere below it by the name alone."""
    if not name.strip():
        return None
    direct = folder / name.strip()
    return direct if direct.is_file() else index.get(Path(name.strip().replace("\\", "/")).name)


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if format_of(path.suffix) and path.is_file())
