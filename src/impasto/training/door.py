"""The one door to all trainings: what is learnt follows from the type of the config."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from impasto.config import AnyTraining, EncoderTraining, PairedTraining, StyleTraining
from impasto.errors import OptionError, OutputError

__all__ = ["train"]

Training = AnyTraining | EncoderTraining | StyleTraining | PairedTraining


def train(
    config: Training, output: Path | str | None = None, *, on_step: Callable[[Any], object] = lambda _: None
) -> Path:
    """Learn what ``config`` says and return the path of the weights, which :func:`impasto.load` takes.

    ``output`` is what ``-o`` is on the command line; by default a folder below ``runs``, or for one style a file named
    like the painting. The same call goes on where it was interrupted. ``on_step`` is told every step.
    """
    for kind, learn in _TRAININGS.items():
        if type(config) is kind:
            weights = learn(config, None if output is None else Path(output), on_step)
            if not weights.exists():
                raise OutputError("the training was interrupted before it had a model; the same call goes on with it.")
            return weights
    known = ", ".join(sorted(kind.__name__ for kind in _TRAININGS))
    raise OptionError(f"a {type(config).__name__} is no training; impasto.train takes {known}.")


def _encoder(config: EncoderTraining, output: Path | None, on_step: Callable[[Any], object]) -> Path:
    from impasto.training.encoder import train_encoder

    def tell(step: object) -> None:
        on_step(step)

    return train_encoder(config, output or Path("runs") / "encoder", on_step=tell)


def _any(config: AnyTraining, output: Path | None, on_step: Callable[[Any], object]) -> Path:
    from impasto.training.any_style import MODEL, train_any

    run = output or Path("runs") / "fast"
    train_any(config, run, on_step=on_step)
    return run / MODEL


def _paired(config: PairedTraining, output: Path | None, on_step: Callable[[Any], object]) -> Path:
    from impasto.training.paired import MODEL, train_paired

    run = output or Path("runs") / f"paired-{config.pairs.resolve().stem}"
    train_paired(config, run, on_step=on_step)
    return run / MODEL


def _style(config: StyleTraining, output: Path | None, on_step: Callable[[Any], object]) -> Path:
    from impasto.training.style import train_style

    file = output or Path(f"{config.style.resolve().stem}.safetensors")
    train_style(config, file, on_step=on_step)
    return file


_TRAININGS: dict[type, Callable[[Any, Path | None, Callable[[Any], object]], Path]] = {
    AnyTraining: _any,
    EncoderTraining: _encoder,
    PairedTraining: _paired,
    StyleTraining: _style,
}
