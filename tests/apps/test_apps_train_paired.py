"""From photos to a report with four commands: make-pairs, check, train paired, evaluate."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from impasto.images import read, write
from impasto.training import kaggle

TRAIN = ("--crop", "32", "--width", "4", "--depth", "2", "--blocks", "1", "--batch", "2", "--precision", "float32")


def photo(seed: int):
    coarse = torch.rand(1, 3, 7, 9, generator=torch.Generator().manual_seed(seed))
    return F.interpolate(coarse, size=(48, 64), mode="bicubic").clamp(0, 1)


def put(picture, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write(picture, path)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    for number in range(6):
        put(photo(number), folder / "source" / f"p{number}.png")
        put(photo(number).roll(1, dims=1), folder / "target" / f"p{number}.png")
    return folder


def test_pairs_are_made_by_an_engine(studio, impasto, tiny_backbone):
    for number in range(3):
        put(photo(number), Path("photos") / f"p{number}.png")
    command = ("data", "make-pairs", "photos", "--style", "ink.png", "-o", "set", "--steps", "2", "--size", "32")
    assert impasto(*command, "--count", "2") == 0
    assert impasto.out.strip() == "set"
    assert "2 pairs are there, 2 of them new" in impasto.err
    assert read(next(Path("set", "target").iterdir())).size == (24, 32)
    assert impasto(*command, "--json", "--quiet") == 0
    assert json.loads(impasto.out)["there"] == 3


def test_a_style_that_is_missing_is_refused_before_anything_is_made(studio, impasto, tiny_backbone):
    put(photo(1), Path("photos", "p.png"))
    assert impasto("data", "make-pairs", "photos", "--style", "gone.png", "-o", "set") == 2
    assert "gone.png" in impasto.sentence
    assert not Path("set").exists()


def test_a_sound_set_is_0_and_a_faulty_one_1(studio, impasto, pairs):
    assert impasto("data", "check", pairs, "--quiet") == 0
    assert impasto.out.strip() == "6 pairs in folders source and target"
    shutil.copytree(pairs, "set")
    Path("set", "target", "p1.png").write_bytes(b"broken")
    assert impasto("data", "check", "set", "--quiet") == 1
    assert "broken: p1 is left out" in impasto.out
    assert impasto("data", "check", "set", "--json", "--quiet") == 1
    assert json.loads(impasto.out)["problems"][0]["kind"] == "broken"


def test_train_and_evaluate(studio, impasto, pairs, tiny_backbone):
    command = ("train", "paired", pairs, "-o", "run", *TRAIN, "--validate-every", "3")
    assert impasto(*command, "--steps", "6", "--ablation", "2") == 0
    assert impasto.out.strip() == str(Path("run", "model.safetensors"))
    for part in (
        "6 pairs in folders source and target: 4 to learn from, 1 to validate on, 1 kept",
        "impasto evaluate run",
    ):
        assert part in impasto.err
    assert impasto("evaluate", "run") == 0
    assert impasto.out.strip() == str(Path("run", "report", "report.html"))
    assert "1 pictures: SSIM to the ground truth" in impasto.err
    assert "+ content" in Path("run", "report", "report.html").read_text(encoding="utf-8")
    assert impasto("evaluate", "run", "-o", "elsewhere", "--json", "--quiet") == 0
    assert json.loads(impasto.out)["pictures"] == 1
    assert Path("elsewhere", "report.png").is_file()


def test_a_run_goes_on_but_not_with_another_network(studio, impasto, pairs, tiny_backbone):
    command = ("train", "paired", pairs, "-o", "run", *TRAIN, "--validate-every", "2", "--quiet", "--json")
    assert impasto(*command, "--steps", "2") == 0
    assert impasto(*command, "--steps", "3") == 0
    assert json.loads(impasto.out)["step"] == 3
    assert impasto(*command, "--steps", "3", "--seed", "5") == 2
    assert "begun with seed 0, not 5" in json.loads(impasto.out)["error"]["message"]


def test_dry_run_says_what_was_found_and_makes_nothing(studio, impasto, pairs):
    Path("mine.toml").write_text("steps = 9\n")
    assert impasto("train", "paired", pairs, "-o", "run", "--config", "mine.toml", "--dry-run", "--quiet") == 0
    shown = json.loads(impasto.out)
    assert (shown["steps"], shown["found"]) == (9, "6 pairs in folders source and target")
    assert not Path("run").exists()


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("train", "paired", "gone", "-o", "run"), "gone does not exist"),
        (("train", "paired", "ink.png", "-o", "run"), "cannot be read as a table"),
        (("evaluate", "gone"), "not the folder of a run"),
        (("data", "check", "gone"), "gone does not exist"),
        (("data", "kaggle", "nonsense", "-o", "set", "--quiet"), "OWNER/NAME"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(studio, impasto, command, told):
    assert impasto(*command) == 2
    assert told in impasto.sentence


def test_a_run_of_another_kind_is_not_evaluated(studio, impasto):
    Path("run").mkdir()
    Path("run", "config.json").write_text('{"style": "ink.png"}')
    assert impasto("evaluate", "run") == 2
    assert "another kind" in impasto.sentence


def test_kaggle_says_what_arrived(studio, impasto, monkeypatch):
    def fetch(dataset, folder):
        put(photo(1), folder / "content" / "a.png")
        return folder

    monkeypatch.setattr(kaggle, "fetch_kaggle", fetch)
    assert impasto("data", "kaggle", "-o", "set") == 0
    assert impasto.out.strip() == "set"
    assert "content/: 1 pictures" in impasto.err
    assert "impasto data check set" in impasto.err
