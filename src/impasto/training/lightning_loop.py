"""The loop of :mod:`impasto.training.fitting`, driven by Lightning; imported only by it.

Lightning knows devices, processes, precision, optimizers and what a checkpoint of them holds. When to validate, what to
keep and when to stop is decided here, after a whole step, so that every checkpoint is of a whole step.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO

from impasto.config import FitOptions
from impasto.device import pick_device, pick_precision, prefer_big_pages
from impasto.errors import OptionError
from impasto.training.fitting import Fitted, Lesson, OnFitStep
from impasto.training.lightning_keeper import Keeper
from impasto.training.lightning_learner import Learner
from impasto.training.runs import LAST, begin_run, check_room, read_checkpoint, unwritten, write_checkpoint

__all__ = ["run_loop"]

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
CHECKPOINT_SHARE = 5  # a checkpoint holds the weights, their average and Adam's two moments, and some room


def run_loop(lesson: Lesson, run: Path, config: FitOptions, on_step: OnFitStep) -> Fitted:
    """Train; see :func:`impasto.training.fitting.fit`."""
    prefer_big_pages()
    device = pick_device(config.device)
    begin_run(run, config)
    check_room(run, 3 * CHECKPOINT_SHARE * sum(4 * weight.numel() for weight in lesson.network.parameters()))
    last = run / LAST
    learner, keeper = Learner(lesson, config), Keeper(lesson, run, config, on_step)
    try:
        with _quiet(), _ctrl_c(keeper), torch.random.fork_rng(devices=[]):
            trainer = _trainer(run, config, device, keeper)
            trainer.fit(learner, ckpt_path=last if last.exists() else None, weights_only=True)
    except OSError as fault:
        if fault.errno not in FULL and run.is_dir():
            raise  # not of this folder; what cannot be read is said where it is read
        raise unwritten(last, fault) from fault
    return keeper.fitted()


class _WholeCheckpoints(TorchCheckpointIO):
    """Checkpoints that are there whole or not at all."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        del storage_options
        write_checkpoint(Path(path), checkpoint)

    def load_checkpoint(self, path: Any, map_location: Any = None, weights_only: bool | None = None) -> dict[str, Any]:
        del map_location, weights_only
        return read_checkpoint(Path(path))


def _trainer(run: Path, config: FitOptions, device: torch.device, keeper: Keeper) -> lightning.Trainer:
    if device.type == "cuda" and config.devices > torch.cuda.device_count():
        raise OptionError(f"devices is {config.devices}; this machine has {torch.cuda.device_count()}.")
    mixed = pick_precision(config.precision, device) == torch.bfloat16
    return lightning.Trainer(
        accelerator={"cuda": "gpu"}.get(device.type, device.type),
        devices=config.devices,
        strategy="ddp" if config.devices > 1 else "auto",
        precision="bf16-mixed" if mixed else "32-true",
        max_epochs=-1,
        max_steps=config.steps,
        limit_val_batches=0,
        callbacks=[keeper],
        plugins=[_WholeCheckpoints()],
        logger=_tensorboard(run),
        default_root_dir=run,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )


def _tensorboard(run: Path) -> Any:
    from lightning.pytorch.loggers import TensorBoardLogger

    try:
        return TensorBoardLogger(run, name="tensorboard", version="")
    except ImportError:  # everything is in the CSV as well
        return False


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep Lightning from giving advice that fits other trainings than ours."""
    names = ("lightning.pytorch", "lightning.fabric", "lightning")
    levels = {name: logging.getLogger(name).level for name in names}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning|torch")
        for name in names:
            logging.getLogger(name).setLevel(logging.ERROR)
        hook, threading.excepthook = threading.excepthook, _hook_without_tensorboard(threading.excepthook)
        try:
            yield
        finally:
            threading.excepthook = hook
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)


def _hook_without_tensorboard(hook: Callable[[Any], object]) -> Callable[[Any], object]:
    """Keep the thread that writes for TensorBoard from printing its fault: it reaches us with the next value."""

    def tell(fault: Any) -> None:
        if not type(fault.thread).__module__.startswith("tensorboard"):
            hook(fault)

    return tell


@contextlib.contextmanager
def _ctrl_c(keeper: Keeper) -> Iterator[None]:
    """Let the first Ctrl-C end the training after its step, and only the second one at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(*_: object) -> None:
        if keeper.asked_to_stop:
            raise KeyboardInterrupt
        keeper.asked_to_stop = True

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    except SystemExit as left:  # what Lightning makes of a KeyboardInterrupt
        raise KeyboardInterrupt from left
    finally:
        signal.signal(signal.SIGINT, before)
