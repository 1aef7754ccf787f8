"""``impasto train style``: what is typed, what is refused, what is said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from impasto.apps.fit_progress import show_fit
from impasto.config import StyleTraining
from impasto.training import style
from impasto.training.fitting import FitStep, Fitted

COMMAND = ("train", "style", "ink.png", "--photos", "photos", "-o", "ink.safetensors")


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[StyleTraining]:
    """The training, replaced by one that is over at once."""
    calls: list[StyleTraining] = []

    def train(config, output, *, on_step):
        calls.append(config)
        on_step(step(1, fresh=True))
        output.write_bytes(b"a model")
        return Fitted(8, 6, 0.25, "early", {"total": 0.25}, 61.0)

    monkeypatch.setattr(style, "train_style", train)
    return calls


def step(number: int, *, fresh: bool = False, best: float = 0.5) -> FitStep:
    validation = {"style": 0.4, "content": 0.1, "total": 0.5}
    losses = {"style": 0.45, "total": 0.6}
    return FitStep(number, 8, losses, validation, best, 70.0 * number, 30.0, fresh=fresh)


def test_the_painting_is_the_first_word_and_the_rest_are_options(studio, impasto, trained):
    assert impasto(*COMMAND, "--steps", "7", "--content-weight", "2") == 0
    (config,) = trained
    assert (config.style, config.photos) == (Path("ink.png"), Path("photos"))
    assert (config.steps, config.content_weight) == (7, 2.0)
    assert impasto.out.strip() == "ink.safetensors"
    assert "step 6" in impasto.err
    assert "impasto stylize PHOTO --method ink.safetensors" in impasto.err


def test_options_from_a_file_and_dry_run(studio, impasto, trained):
    Path("mine.toml").write_text("steps = 9\nbatch = 3\n")
    assert impasto(*COMMAND, "--config", "mine.toml", "--batch", "2", "--dry-run") == 0
    shown = json.loads(impasto.out)
    assert (shown["steps"], shown["batch"], shown["style"]) == (9, 2, "ink.png")
    assert trained == []


def test_as_json(studio, impasto, trained):
    assert impasto(*COMMAND, "--json", "--quiet") == 0
    facts = {"step": 8, "best_step": 6, "loss": 0.25, "stopped": "early"}
    assert json.loads(impasto.out) == {"model": "ink.safetensors", **facts}
    assert not impasto.err


def test_a_model_that_is_there_stays_unless_its_training_goes_on(studio, impasto, trained):
    Path("ink.safetensors").write_bytes(b"precious")
    assert impasto(*COMMAND) == 2
    assert "--force" in impasto.sentence
    assert Path("ink.safetensors").read_bytes() == b"precious"
    Path("ink.run").mkdir()
    assert impasto(*COMMAND) == 0


def test_a_painting_that_is_not_there(studio, impasto, trained):
    assert impasto("train", "style", "monalisa.png", "--photos", "photos", "-o", "m.safetensors") == 2
    assert "monalisa.png does not exist" in impasto.sentence


def test_the_ending_and_the_photos_are_checked_first(studio, impasto):
    assert impasto(*COMMAND[:-1], "ink.png.model") == 2
    assert "safetensors" in impasto.sentence
    assert impasto(*COMMAND) == 2
    assert "photos is not a folder" in impasto.sentence
    assert not Path("ink.run").exists()


def test_interrupted_is_its_own_status(studio, impasto, monkeypatch):
    monkeypatch.setattr(style, "train_style", lambda *_, **__: Fitted(3, 2, 0.4, "interrupted", {}, 5.0))
    assert impasto(*COMMAND) == 130
    assert "the same command goes on" in impasto.err
    assert "There is no model" in impasto.err
    assert not impasto.out


def test_progress_says_a_line_for_each_validation(capsys):
    with show_fit() as tell:
        tell(step(1))
        tell(step(2, fresh=True))
        tell(step(3, fresh=True, best=0.4))
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "step 1/8 · loss 0.600 · 30 s left"
    assert said[1] == "step 2 · kept-out photos 0.500 (style 0.400 content 0.100), the best so far"
    assert said[3].endswith("best 0.400")


def test_from_words_to_a_picture(studio, impasto):
    """A real training, as short as can be, and a photo painted with its model."""
    pytest.importorskip("lightning")
    Path("photos").mkdir()
    for number in range(2):
        shutil.copy("harbour.jpg", f"photos/{number}.jpg")
    short = ("--steps", "1", "--batch", "1", "--crop", "64", "--width", "4", "--style-side", "64", "--device", "cpu")
    assert impasto(*COMMAND, *short) == 0
    status = impasto("stylize", "harbour.jpg", "--method", "ink.safetensors", "-o", "out.png")
    assert status == 0, impasto.err
    assert Path("out.png").is_file()
