"""A training validates, keeps the best, goes on where it stopped, and ends in one sentence when it must."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from lessons import error, negative, pair, short
from torch import Tensor, nn

from impasto.errors import MissingExtraError, OptionError, OutputError
from impasto.training import runs
from impasto.training.curves import read_curve
from impasto.training.fitting import FitStep, Fitted, fit


def interrupting(at: int) -> Any:
    def on_step(told: FitStep) -> None:
        if told.step == at:
            raise KeyboardInterrupt

    return on_step


def curves(run: Path) -> dict[str, dict[str, list[float]]]:
    return {name: read_curve(run / f"{name}.csv") for name in ("training", "validation")}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Fitted, list[FitStep]]:
    run, told = tmp_path_factory.mktemp("run"), []
    return run, fit(negative(run), run, short(), on_step=told.append), told


def test_it_learns_and_tells_every_step(undisturbed: tuple[Path, Fitted, list[FitStep]]) -> None:
    _, fitted, told = undisturbed
    assert [step.step for step in told] == list(range(1, 13))
    assert [step.step for step in told if step.fresh] == [4, 8, 12]
    assert (fitted.step, fitted.stopped) == (12, "finished")
    assert told[-1].validation["total"] < told[4].validation["total"]
    assert told[-1].remaining == 0 < told[5].remaining
    assert set(told[0].losses) == {"mse", "along", "total"}


def test_the_run_holds_its_curves_checkpoints_and_the_exported_weights(
    undisturbed: tuple[Path, Fitted, list[FitStep]],
) -> None:
    run, _, told = undisturbed
    found = curves(run)
    assert found["training"]["total"] == pytest.approx([step.losses["total"] for step in told])
    assert found["validation"]["step"] == [4, 8, 12]
    assert {"last.ckpt", "best.ckpt", "weights.pt", "config.json"} <= {path.name for path in run.iterdir()}
    assert list((run / "tensorboard").glob("events*"))


@pytest.mark.parametrize("at", [3, 4, 11])
def test_an_interrupted_run_goes_on_to_the_same_numbers(
    undisturbed: tuple[Path, Fitted, list[FitStep]], tmp_path: Path, at: int
) -> None:
    stopped = fit(negative(tmp_path), tmp_path, short(), on_step=interrupting(at))
    assert (stopped.step, stopped.stopped) == (at, "interrupted")
    told: list[FitStep] = []
    fitted = fit(negative(tmp_path), tmp_path, short(), on_step=told.append)
    assert told[0].step == at + 1
    assert fitted.best == pytest.approx(undisturbed[1].best, abs=1e-7)
    for name, curve in curves(undisturbed[0]).items():
        for column, values in curve.items():
            assert curves(tmp_path)[name][column] == pytest.approx(values, abs=1e-7), (name, column)


class Killed(BaseException):
    """What nobody catches: nothing is saved on the way out."""


@pytest.mark.parametrize("at", [2, 6, 11])
def test_a_run_that_died_goes_on_from_its_last_checkpoint_to_the_same_numbers(
    undisturbed: tuple[Path, Fitted, list[FitStep]], tmp_path: Path, at: int
) -> None:
    def on_step(told: FitStep) -> None:
        if told.step == at:
            raise Killed

    with pytest.raises(Killed):
        fit(negative(tmp_path), tmp_path, short(), on_step=on_step)
    told: list[FitStep] = []
    fit(negative(tmp_path), tmp_path, short(), on_step=told.append)
    assert told[0].step == at // 4 * 4 + 1
    for name, curve in curves(undisturbed[0]).items():
        for column, values in curve.items():
            assert curves(tmp_path)[name][column] == pytest.approx(values, abs=1e-7), (name, column)


def test_a_finished_run_is_not_trained_again(undisturbed: tuple[Path, Fitted, list[FitStep]], tmp_path: Path) -> None:
    shutil.copytree(undisturbed[0], tmp_path, dirs_exist_ok=True)
    told: list[FitStep] = []
    again = fit(negative(tmp_path), tmp_path, short(), on_step=told.append)
    assert not told
    assert (again.step, again.best) == (12, undisturbed[1].best)


def test_more_steps_go_on_from_a_finished_run(undisturbed: tuple[Path, Fitted, list[FitStep]], tmp_path: Path) -> None:
    shutil.copytree(undisturbed[0], tmp_path, dirs_exist_ok=True)
    assert fit(negative(tmp_path), tmp_path, short(steps=14)).step == 14


def test_ctrl_c_ends_the_step_and_saves(tmp_path: Path) -> None:
    def on_step(told: FitStep) -> None:
        if told.step == 2:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    assert fit(negative(tmp_path), tmp_path, short(), on_step=on_step).stopped == "interrupted"
    assert signal.getsignal(signal.SIGINT) is before
    assert runs.read_checkpoint(tmp_path / "last.ckpt")["global_step"] in (2, 3)


def test_it_runs_in_another_thread_too(tmp_path: Path) -> None:
    ended: list[Fitted] = []
    thread = threading.Thread(target=lambda: ended.append(fit(negative(tmp_path), tmp_path, short(steps=2))))
    thread.start()
    thread.join()
    assert ended[0].step == 2


def test_a_plateau_stops_it_and_a_slope_does_not(tmp_path: Path) -> None:
    def flat(network: nn.Module, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        return {"flat": 0.0 * network(batch[0]).mean() + 1.0}

    options = short(steps=40, validate_every=2, patience=3)
    (tmp_path / "flat").mkdir()
    stopped = fit(negative(tmp_path / "flat", terms=flat), tmp_path / "flat", options)
    assert (stopped.stopped, stopped.step, stopped.best_step) == ("early", 8, 2)
    again = fit(negative(tmp_path / "flat", terms=flat), tmp_path / "flat", options)
    assert (again.stopped, again.step) == ("early", 8)
    (tmp_path / "slope").mkdir()
    assert fit(negative(tmp_path / "slope"), tmp_path / "slope", options).stopped == "finished"


def test_the_best_is_exported_not_the_last(tmp_path: Path) -> None:
    def worse_after_4(network: nn.Module, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        seen.append(network.training)
        return {"total": (network[2].bias.sum() - 1).square() + 0.1 * len(seen)}

    seen: list[bool] = []
    fitted = fit(negative(tmp_path, terms=worse_after_4), tmp_path, short(validate_every=2, averaging=0.0))
    assert fitted.best_step == 2
    best = runs.read_checkpoint(tmp_path / "best.ckpt")["state_dict"]
    exported = torch.load(tmp_path / "weights.pt", weights_only=True)
    assert all(torch.equal(exported[name], best[f"average.{name}"]) for name in exported)


def test_one_bad_step_is_passed_over(tmp_path: Path) -> None:
    planted = planting({5: torch.nan, 9: torch.inf})
    fitted = fit(negative(tmp_path, batch=planted), tmp_path, short())
    assert fitted.stopped == "finished"
    assert all(torch.isfinite(value).all() for value in torch.load(tmp_path / "weights.pt", weights_only=True).values())


def test_a_loss_that_stays_nan_ends_it_and_keeps_the_checkpoint(tmp_path: Path) -> None:
    planted = planting(dict.fromkeys(range(6, 20), torch.nan))
    with pytest.raises(OptionError, match=r"not a number.*step 9.*--learning-rate"):
        fit(negative(tmp_path, batch=planted), tmp_path, short())
    saved = runs.read_checkpoint(tmp_path / "last.ckpt")
    assert saved["global_step"] == 8
    assert all(torch.isfinite(value).all() for value in saved["state_dict"].values())
    assert fit(negative(tmp_path), tmp_path, short()).step == 12


def planting(values: dict[int, float]) -> Any:
    def batch(number: int) -> tuple[Tensor, Tensor]:
        photo, wanted = pair(number)
        return photo, wanted * values.get(number, 1.0)

    return batch


def test_a_full_disk_is_one_sentence_and_the_checkpoint_before_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def on_step(told: FitStep) -> None:
        if told.step == 6:
            monkeypatch.setattr(runs.os, "fsync", full)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match=r"disk is full.*same command again"):
        fit(negative(tmp_path), tmp_path, short(), on_step=on_step)
    monkeypatch.undo()
    assert runs.read_checkpoint(tmp_path / "last.ckpt")["global_step"] == 4
    assert not list(tmp_path.glob(".last*"))
    assert fit(negative(tmp_path), tmp_path, short()).step == 12


def test_too_little_room_is_refused_before_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(OutputError, match="make room"):
        fit(negative(tmp_path), tmp_path, short())
    assert not (tmp_path / "last.ckpt").exists()


def test_a_folder_that_vanishes_is_one_sentence(tmp_path: Path) -> None:
    run = tmp_path / "run"

    def on_step(told: FitStep) -> None:
        if told.step == 2:
            run.rename(tmp_path / "elsewhere")  # at once, while TensorBoard is writing into it

    run.mkdir()
    with pytest.raises(OutputError, match=r"folder .*run is gone"):
        fit(negative(run), run, short(), on_step=on_step)


def test_what_a_batch_refuses_ends_it_in_its_own_words(tmp_path: Path) -> None:
    def batch(number: int) -> tuple[Tensor, Tensor]:
        if number == 5:
            raise OutputError("the pictures are gone.")
        return pair(number)

    with pytest.raises(OutputError, match="the pictures are gone"):
        fit(negative(tmp_path, batch=batch), tmp_path, short())


def test_bfloat16_learns_too(tmp_path: Path) -> None:
    fitted = fit(negative(tmp_path), tmp_path, short(precision="bfloat16"))
    assert fitted.best < error(negative(tmp_path).network, pair(10**6))["mse"]


def test_samples_are_drawn_at_every_validation(tmp_path: Path) -> None:
    fit(negative(tmp_path, sheet=lambda network: network(pair(0)[0][:1])), tmp_path, short())
    assert [path.name for path in sorted((tmp_path / "samples").iterdir())] == [
        "step-000004.jpg",
        "step-000008.jpg",
        "step-000012.jpg",
    ]


def test_without_lightning_the_install_line_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "impasto.training.lightning_loop", raising=False)
    monkeypatch.setitem(sys.modules, "lightning.pytorch", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'impasto\[train\]'"):
        fit(negative(tmp_path), tmp_path, short())


KILLED = """
import os, signal, sys, time
from pathlib import Path
sys.path.insert(0, {folder!r})
from impasto.training.fitting import fit
from impasto.training import lightning_loop  # imported first, so that the time is that of the training
from lessons import negative, short
run, at = Path(sys.argv[1]), float(sys.argv[2])
if at:
    signal.setitimer(signal.ITIMER_REAL, at)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
began = time.monotonic()
fit(negative(run), run, short(steps=400, validate_every=20))
(run / "seconds").write_text(str(time.monotonic() - began))
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_kill_9_at_any_moment_loses_no_step_of_the_curve(tmp_path: Path) -> None:
    script, rng = tmp_path / "train.py", random.Random(0)
    script.write_text(KILLED.format(folder=str(Path(__file__).parent)))

    def train(run: Path, seconds: float) -> int:
        run.mkdir(exist_ok=True)
        return subprocess.run([sys.executable, str(script), str(run), str(seconds)], check=False).returncode

    assert train(tmp_path / "whole", 0) == 0
    whole = float((tmp_path / "whole" / "seconds").read_text())
    killed = [train(tmp_path / "killed", rng.uniform(0.05, 0.5) * whole) for _ in range(8)]
    assert -signal.SIGKILL in killed
    assert train(tmp_path / "killed", 0) == 0
    for name, curve in curves(tmp_path / "whole").items():
        for column, values in curve.items():
            assert curves(tmp_path / "killed")[name][column] == pytest.approx(values, abs=1e-5)
