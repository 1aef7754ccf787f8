"""Trained models in the owner's folder, and what their trainings left beside them: curves, and sheets of samples.

A model is a file of its own with its run beside it (``wave.safetensors`` and ``wave.run``), or it lies in its run
(``monet/model.safetensors``). Only numbers, text and pictures are read; what is pickled is not even looked at.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Training", "models_in", "training_of"]

ENDING = ".safetensors"  # numbers and text; a pickled model could hold a program, and is never opened
PICTURES = (".png", ".jpg", ".jpeg", ".webp")
IN_ITS_RUN = "model"  # what a model is called in its run
MOST_MODELS, MOST_BYTES, MOST_PICTURES = 200, 20_000_000, 12

Row = dict[str, float]


@dataclass(frozen=True)
class Training:
    """What is known of a training."""

    name: str
    losses: tuple[Row, ...] = ()  # one row a step
    validation: tuple[Row, ...] = ()  # one row each time it was tested on pictures kept out
    sheets: tuple[Path, ...] = ()


def models_in(folder: Path | None) -> list[Path]:
    """Return the model files in the owner's folder, and in the folders in it, by name; links are not followed out."""
    if folder is None or not folder.is_dir():
        return []
    root = folder.resolve()
    found = [path for pattern in (f"*{ENDING}", f"*/*{ENDING}") for path in root.glob(pattern)]
    inside = [path for path in found if path.is_file() and path.resolve().is_relative_to(root)]
    return sorted(inside, key=lambda path: _name_of(path).lower())[:MOST_MODELS]


def training_of(model: Path) -> Training:
    """Return what the training of a model left."""
    run = _run_of(model)
    losses, validation = (_rows(run / f"{name}.csv") for name in ("training", "validation")) if run else ((), ())
    return Training(_name_of(model), losses, validation, (*_newest_samples(run), *_beside(model))[:MOST_PICTURES])


def _name_of(model: Path) -> str:
    return model.parent.name if model.stem == IN_ITS_RUN else model.stem


def _run_of(model: Path) -> Path | None:
    """Return the folder of its run; None where there is none."""
    places = (model.with_suffix(".run"), model.parent if model.stem == IN_ITS_RUN else model.with_suffix(""))
    return next((place for place in places if place.is_dir()), None)


def _rows(path: Path) -> tuple[Row, ...]:
    """Return the numbers of a table; none where it is missing, too large or no table of numbers."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return ()
        with path.open(newline="", encoding="utf-8") as lines:
            return tuple({name: float(value) for name, value in row.items()} for row in csv.DictReader(lines))
    except (OSError, ValueError, TypeError, csv.Error):
        return ()


def _newest_samples(run: Path | None) -> list[Path]:
    """Return the last sheet that was painted on the way."""
    folder = None if run is None else run / "samples"
    return _pictures(folder)[-1:] if folder is not None and folder.is_dir() else []


def _beside(model: Path) -> list[Path]:
    """Return the pictures that bear the model's name; all of them where no other model is beside it."""
    pictures = _pictures(model.parent)
    by_name = [path for path in pictures if path.stem.startswith(model.stem)]
    is_alone = len(list(model.parent.glob(f"*{ENDING}"))) == 1
    return by_name or (pictures if is_alone else [])


def _pictures(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.suffix.lower() in PICTURES and not path.is_symlink()]
