"""``weights``, ``methods``, ``doctor`` and ``train``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from impasto.apps import doctor
from impasto.apps.train import show_training
from impasto.config import METHODS, PRESETS
from impasto.training import encoder
from impasto.training.encoder import TrainingStep
from impasto.weights import PUBLISHED


def test_weights_alone_lists_them(studio, impasto):
    assert impasto("weights") == 0
    assert [line.split()[0] for line in impasto.out.splitlines()[1:]] == [entry.name for entry in PUBLISHED]
    assert impasto.out.count("missing") == len(PUBLISHED)


def test_the_list_of_weights_as_json(studio, impasto):
    assert impasto("weights", "list", "--json") == 0
    first = json.loads(impasto.out)[0]
    assert (first["name"], first["state"], first["path"]) == (PUBLISHED[0].name, "missing", None)


def test_weights_are_not_fetched_offline_and_the_sentence_says_which_file_goes_where(studio, impasto, monkeypatch):
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")
    assert impasto("weights", "fetch", "vgg19-keras") == 2
    assert PUBLISHED[0].file in impasto.sentence
    assert str(studio / "cache") in impasto.sentence


def test_a_painting_that_needs_missing_weights_fetches_them_first(studio, painter, impasto, monkeypatch):
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")
    assert impasto("stylize", "harbour.jpg", "ink.png", "-m", "optimize", "--backbone", "vgg19", "-q") == 2
    assert "IMPASTO_OFFLINE" in impasto.sentence
    assert painter.calls == []


def test_unknown_weights_are_refused(studio, impasto):
    assert impasto("weights", "fetch", "vgg19-kera") == 2
    assert "did you mean 'vgg19-keras'" in impasto.sentence


def test_damaged_weights_are_found(studio, impasto):
    folder = studio / "cache" / "weights"
    folder.mkdir(parents=True)
    (folder / PUBLISHED[0].file).write_bytes(b"not what was published")
    assert impasto("weights", "verify") == 2
    assert "damaged" in impasto.out


def test_where_weights_are_looked_for(studio, impasto, monkeypatch):
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(studio))
    assert impasto("weights", "where") == 0
    assert impasto.out.splitlines() == [str(studio), str(studio / "cache" / "weights")]


def test_methods_are_listed_with_their_presets(impasto):
    assert impasto("methods", "--json") == 0
    listed = {method["name"]: method for method in json.loads(impasto.out)}
    assert set(listed) == set(METHODS)
    assert listed["optimize"]["presets"] == PRESETS["optimize"]
    assert impasto("methods") == 0
    assert "optimize: ready\n  Paint by optimisation" in impasto.out


def test_a_style_of_ones_own_is_added_once_and_overwritten_only_when_asked(studio, impasto, monkeypatch):
    monkeypatch.setenv("IMPASTO_STYLES", str(studio / "styles"))
    assert impasto("styles", "add", "mine", "ink.png") == 0
    assert impasto("styles", "add", "mine", "night.png") == 2
    assert "--force" in impasto.sentence
    assert impasto("styles", "add", "mine", "night.png", "--force") == 0
    assert impasto("styles", "add", "My Ink", "ink.png") == 0
    assert impasto.err.endswith("use it as: impasto stylize PHOTO my-ink\n")
    assert impasto("styles", "remove", "My Ink") == 0
    assert impasto("styles", "add", "other", "ink.png", "mine") == 2
    assert "mine is a style of the gallery" in impasto.sentence
    assert impasto("styles", "remove", "mine") == 0
    assert not list((studio / "styles").iterdir())


def test_the_engine_and_the_help_know_the_same_methods():
    from impasto import engine

    assert {name: engine.config_of(name) for name in engine.methods()} == METHODS


def test_the_doctor_tells_what_a_bug_report_needs_and_no_folder(studio, impasto, monkeypatch):
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(studio))
    assert impasto("doctor") == 0
    for word in ("impasto", "torch", "device", "bfloat16", "free memory", "plots", "film", "embedded", "vgg19-keras"):
        assert word in impasto.out
    assert str(studio) not in impasto.out
    assert impasto("doctor", "--json") == 0
    found = json.loads(impasto.out)
    assert found["environment"] == {"IMPASTO_CACHE": "set", "IMPASTO_WEIGHTS": "set"}


def test_the_doctor_says_when_an_extra_is_missing(monkeypatch):
    monkeypatch.setattr(doctor, "_requirements", lambda: ["no-such-library>=1; extra == 'plots'", "torch>=2"])
    assert doctor.findings()["extras"] == {"plots": "no-such-library not installed"}


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The last call of the trainer, which only pretends."""
    call: dict[str, object] = {}

    def train(config, run, *, on_step):
        call.update(config=config, run=run)
        for step in (51, 60, config.steps):
            on_step(TrainingStep(step, config.steps, float(2 * (step - 50)), {"relu1_1": 0.5}))
        return run / "encoder.safetensors"

    monkeypatch.setattr(encoder, "train_encoder", train)
    return call


def test_training_takes_its_config_from_a_file_and_flags_win(studio, impasto, trained):
    Path("small.toml").write_text('steps = 100\nbatch = 2\nteacher = ["a.safetensors"]\n')
    assert impasto("train", "encoder", "-o", "run", "--config", "small.toml", "--batch", "3", "--photos", "p") == 0
    config = trained["config"]
    assert (config.steps, config.batch, config.teacher) == (100, 3, (Path("a.safetensors"),))
    assert (config.photos, trained["run"]) == (Path("p"), Path("run"))
    assert impasto.out == f"{Path('run', 'encoder.safetensors')}\n"
    assert impasto.err.splitlines() == [
        "step 51/100 · explains relu1_1 50.0%",
        "step 100/100 · explains relu1_1 50.0% · 0.0 s left",
    ]


def test_the_time_left_is_judged_by_this_run_alone(capsys):
    with show_training() as tell:
        tell(TrainingStep(1000, 1100, 5.0, {}))
        tell(TrainingStep(1050, 1100, 105.0, {}))
    assert capsys.readouterr().err.splitlines()[-1] == "step 1050/1100 · 1 min 40 s left"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("stepz = 1", "'stepz' is not an option of EncoderTraining (did you mean 'steps'?)"),
        ("steps = 0", "--steps is 0"),
        ("steps", "is not TOML"),
    ],
)
def test_a_wrong_config_file_is_refused(studio, impasto, trained, text, part):
    Path("bad.toml").write_text(text)
    assert impasto("train", "encoder", "-o", "run", "--config", "bad.toml") == 2
    assert part in impasto.sentence
    assert trained == {}


def test_a_run_cannot_be_a_file(studio, impasto, trained):
    assert impasto("train", "encoder", "-o", "ink.png") == 2
    assert "ink.png is a file" in impasto.sentence


def test_a_training_that_is_refused_leaves_no_run_behind(studio, impasto):
    assert impasto("train", "any", "-o", "run", "--crop", "290") == 2
    assert "multiples of 8" in impasto.sentence
    assert not Path("run").exists()


def test_a_dry_run_shows_the_options(studio, impasto, trained):
    assert impasto("train", "encoder", "-o", "run", "--steps", "7", "--dry-run") == 0
    assert json.loads(impasto.out)["steps"] == 7
    assert trained == {}
