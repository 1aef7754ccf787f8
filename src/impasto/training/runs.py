"""The folder of a run: what is in it, and how a checkpoint gets there whole.

``config.json`` the options · ``inputs.json`` what they were trained on · ``last.ckpt``, ``best.ckpt`` where to go on ·
``training.csv``, ``validation.csv`` the curves · ``samples/`` what the network painted on the way · ``tensorboard/``
the same for TensorBoard · and the model, under whatever name the training gives it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from impasto.config import Checked, fields_of, to_dict
from impasto.errors import InputError, OptionError, OutputError, WeightsError
from impasto.weights import file_sha256
from impasto.weights.atomic import writing_whole

__all__ = [
    "BEST",
    "CONFIG",
    "LAST",
    "begin_run",
    "check_room",
    "deciding",
    "read_checkpoint",
    "read_run",
    "replaced",
    "unwritten",
    "without_files",
    "write_checkpoint",
]

CONFIG, INPUTS, LAST, BEST = "config.json", "inputs.json", "last.ckpt", "best.ckpt"
MAY_CHANGE = {"steps", "learning_rate", "patience", "validate_every", "checkpoint_every", "averaging"}
"""Options that a run may go on with differently."""
MAY_GROW = {"photos", "paintings", "stylized", "pairs"}
"""Folders to learn from: a run may go on with more in them."""


def begin_run(run: Path, config: Checked) -> None:
    """Make the folder of a run, or enter it again; refuse options and files that its checkpoint was not trained with.

    Before there is a checkpoint nothing was learnt, and every option may still change.
    """
    if run.exists() and not run.is_dir():
        raise OptionError(f"{run} is a file; -o names the folder of the run.")
    inputs = _fingerprints(config)
    if (run / LAST).exists() and (run / CONFIG).exists():
        _check_unchanged(run, deciding(config))
        _check_same_inputs(run, inputs)
    try:
        run.mkdir(parents=True, exist_ok=True)
        for name, values in ((CONFIG, to_dict(config)), (INPUTS, inputs)):
            with replaced(run / name) as unfinished:
                unfinished.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as fault:
        raise OutputError(f"{run} cannot be written to ({fault.strerror}); choose another folder with -o.") from fault


def read_run(run: Path) -> dict[str, Any]:
    """Return the options that a run was trained with, as plain values."""
    try:
        found = json.loads((run / CONFIG).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{run} is not the folder of a run: it has no {CONFIG}; give what -o named.") from None
    except (OSError, ValueError) as fault:
        raise InputError(f"{run / CONFIG} cannot be read; it was changed or damaged.") from fault
    if not isinstance(found, dict):
        raise InputError(f"{run / CONFIG} holds no options; it was changed or damaged.")
    return found


def deciding(config: Checked) -> dict[str, Any]:
    """Return the options that a run cannot change on its way."""
    values = to_dict(config)
    return {
        option.name: values[option.name]
        for option in fields_of(config)
        if option.affects_result and not option.is_input and option.name not in MAY_CHANGE
    }


def without_files(config: Checked) -> dict[str, Any]:
    """Return the options for a model to carry, but those that name files: folders are nobody's business."""
    files = {option.name for option in fields_of(config) if option.is_input}
    return {name: value for name, value in to_dict(config).items() if name not in files}


def _check_unchanged(run: Path, wanted: dict[str, Any]) -> None:
    before = read_run(run)
    for name, value in wanted.items():
        if name in before and before[name] != value:
            raise OptionError(
                f"{run} was begun with {name} {before[name]}, not {value}; give the same to go on with it, "
                "or another folder with -o to begin anew."
            )


def _check_same_inputs(run: Path, now: dict[str, str]) -> None:
    try:
        before = json.loads((run / INPUTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return  # nobody knows
    for name, found in now.items():
        if before.get(name, found) != found:
            raise OptionError(
                f"{run} was begun with another {name.replace('_', ' ')}; give the same to go on with it, or another "
                "folder with -o to begin anew."
            )


def _fingerprints(config: Checked) -> dict[str, str]:
    """Return what lies where the options point, by option."""
    files = (option.name for option in fields_of(config) if option.is_input and option.name not in MAY_GROW)
    return {name: _fingerprint(getattr(config, name)) for name in files}


def _fingerprint(given: Any) -> str:
    """Return the hash of a file, of the names and sizes of a folder's pictures, or the word that was given."""
    from impasto.training.pictures import pictures_in

    if isinstance(given, tuple):
        return " ".join(map(_fingerprint, given))
    path = Path(given or "")
    if given and path.is_file():
        return file_sha256(path)
    if given and path.is_dir():
        found = sorted((one.relative_to(path).as_posix(), one.stat().st_size) for one in pictures_in(path))
        return hashlib.sha256(repr(found).encode()).hexdigest()
    return str(given or "")


def check_room(run: Path, needed: int) -> None:
    """Refuse to begin where the disk has no room for the checkpoints."""
    free = shutil.disk_usage(run).free
    if free < needed:
        raise OutputError(
            f"{run} has {free / 1e6:.0f} MB free, and the checkpoints need {needed / 1e6:.0f} MB; make room, or choose "
            "a folder on another disk with -o."
        )


def write_checkpoint(path: Path, values: dict[str, Any]) -> None:
    """Write a checkpoint so that neither a kill nor a full disk leaves half a file."""
    import torch

    whole = io.BytesIO()  # written by torch itself, a full disk would be a riddle instead of an OSError
    torch.save(values, whole)
    with replaced(path) as unfinished, unfinished.open("wb") as file:
        file.write(whole.getbuffer())
        file.flush()
        os.fsync(file.fileno())


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read what :func:`write_checkpoint` wrote; nothing in it is executed."""
    import torch

    try:
        values: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, LookupError, pickle.UnpicklingError, zipfile.BadZipFile) as fault:
        other_way = f", or put a copy of {BEST} in its place to go on from the best step"
        raise WeightsError(
            f"{path} is damaged, so the run cannot go on from it; remove it to begin anew"
            f"{other_way if path.with_name(BEST).exists() else ''}."
        ) from fault
    return values


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to, and rename it to ``path``; what stood there stays if that fails."""
    if not path.parent.is_dir():
        raise OutputError(f"the folder {path.parent} is gone, so {path.name} could not be written.")
    try:
        with writing_whole(path) as unfinished:
            yield unfinished
    except OSError as fault:
        raise unwritten(path, fault) from fault


def unwritten(path: Path, fault: OSError) -> OutputError:
    """Say that a file of a run could not be written, why, and what to do next."""
    if not path.parent.is_dir():
        return OutputError(f"the folder {path.parent} is gone, so {path.name} could not be written.")
    why = "the disk is full" if fault.errno == errno.ENOSPC else fault.strerror or str(fault)
    return OutputError(
        f"{path.name} could not be written ({why}); the last checkpoint is kept. Mend that and give the same command "
        "again: the run goes on from there."
    )
