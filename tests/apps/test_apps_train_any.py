"""``impasto train any``: what is typed, what is refused, what is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from impasto.config import AnyTraining
from impasto.training import any_style
from impasto.training.fitting import FitStep, Fitted

COMMAND = ("train", "any", "--photos", "photos", "--paintings", "paintings", "-o", "run")


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[AnyTraining]:
    """The training, replaced by one that looks at two paintings and is over after a step."""
    calls: list[AnyTraining] = []

    def train(config, run, *, on_step, on_described):
        calls.append(config)
        for done in (1, 2):
            on_described(done, 2)
        validation = {"style": 0.4, "content": 0.1, "total": 0.5}
        on_step(FitStep(1, 1, {"style": 0.45, "total": 0.6}, validation, 0.5, 0.1, 0.0, fresh=True))
        run.mkdir()
        (run / "fast.safetensors").write_bytes(b"a model")
        return Fitted(1, 1, 0.5, "finished", {"total": 0.5}, 61.0)

    monkeypatch.setattr(any_style, "train_any", train)
    return calls


def test_paintings_and_steps_are_told_one_after_the_other(studio, impasto, trained):
    assert impasto(*COMMAND, "--steps", "1", "--variants", "3") == 0
    (config,) = trained
    assert (config.photos, config.paintings, config.variants) == (Path("photos"), Path("paintings"), 3)
    assert impasto.out.strip() == str(Path("run") / "fast.safetensors")
    assert impasto.err.index("looking at paintings") < impasto.err.index("step 1/1")
    assert "kept-out photos 0.500" in impasto.err


def test_dry_run_and_json(studio, impasto, trained):
    assert impasto(*COMMAND, "--dry-run") == 0
    assert json.loads(impasto.out)["paintings"] == "paintings"
    assert trained == []
    assert impasto(*COMMAND, "--json", "--quiet") == 0
    assert json.loads(impasto.out)["stopped"] == "finished"
    assert "looking at paintings" not in impasto.err


def test_folders_that_are_not_there_are_refused(studio, impasto):
    assert impasto(*COMMAND) == 2
    assert "photos" in impasto.err
