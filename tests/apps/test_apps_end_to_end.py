"""The commands as a user runs them, with the real engine: tiny pictures, few steps."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch

from impasto import images
from impasto.apps import stylize

QUICK = ["--method", "optimize", "--size", "32", "--steps", "3", "--precision", "float32", "--device", "cpu", "-q"]


def pixels(path: str) -> torch.Tensor:
    return images.read(path).pixels


def test_a_photo_becomes_a_painting_that_can_be_made_again(studio, impasto):
    assert impasto("stylize", "harbour.jpg", "ink.png", "-o", "out.png", *QUICK) == 0
    assert images.read("out.png").size == (24, 32)
    assert not torch.equal(pixels("out.png"), images.resize(pixels("harbour.jpg"), (24, 32)))
    assert impasto("replay", "out.png") == 0
    assert impasto.out == "out-replay.png\n"
    assert "It is identical to out.png." in impasto.err
    assert torch.equal(pixels("out.png"), pixels("out-replay.png"))


def test_a_changed_input_is_refused(studio, impasto):
    assert impasto("stylize", "harbour.jpg", "ink.png", "-o", "out.png", *QUICK) == 0
    images.write(pixels("night.png"), "ink.png", overwrite=True)
    assert impasto("replay", "out.png") == 2
    assert "ink.png has changed" in impasto.sentence
    assert not Path("out-replay.png").exists()


def test_inputs_elsewhere_can_be_shown(studio, impasto):
    assert impasto("stylize", "harbour.jpg", "ink.png", "-o", "out.png", *QUICK) == 0
    Path("moved").mkdir()
    for name in ("harbour.jpg", "ink.png"):
        Path(name).rename(Path("moved", name))
    assert impasto("replay", "out.png", "--json") == 2
    assert "--photo or --style" in json.loads(impasto.out)["error"]["message"]
    assert impasto("replay", "out.png", "--photo", "moved/harbour.jpg", "--style", "moved", "-o", "again.png") == 0


def test_a_picture_without_a_recipe_cannot_be_made_again(studio, impasto):
    assert impasto("replay", "ink.png") == 2
    assert "holds no recipe" in impasto.sentence


def test_the_untouched_photo_at_strength_0(studio, impasto):
    assert impasto("stylize", "harbour.jpg", "ink.png", "-o", "out.png", "--strength", "0", "-q") == 0
    assert torch.equal(pixels("out.png"), pixels("harbour.jpg"))


def ctrl_c_at_the_third_step() -> Callable[[object], None]:
    seen: list[object] = []

    def tell(step: object) -> None:
        seen.append(step)
        if len(seen) == 3:
            raise KeyboardInterrupt

    return tell


def test_ctrl_c_keeps_the_best_and_resume_goes_on(studio, impasto, monkeypatch):
    arguments = ["stylize", "harbour.jpg", "ink.png", "-o", "out.png", *QUICK, "--steps", "6"]
    with monkeypatch.context() as patch:
        patch.setattr(stylize, "show_progress", lambda *_, **__: nullcontext(ctrl_c_at_the_third_step()))
        assert impasto(*arguments, "--json") == 130
    assert json.loads(impasto.out)["results"][0]["stopped"] == "interrupted"
    assert impasto("replay", "out.png") == 2
    assert "impasto resume" in impasto.sentence
    assert impasto("resume", "out.png", "--json", "-q") == 0
    finished = json.loads(impasto.out)["results"][0]
    assert (finished["output"], finished["stopped"]) == ("out.png", "finished")
    assert impasto("resume", "out.png") == 2
    assert "nothing to resume" in impasto.sentence


def test_a_dry_run_plans_and_writes_nothing(studio, impasto):
    before = set(studio.iterdir())
    assert impasto("stylize", "harbour.jpg", "ink.png", "--dry-run", *QUICK) == 0
    assert "harbour-ink.jpg" in impasto.out
    assert "32 × 24" in impasto.out
    assert impasto("stylize", "harbour.jpg", "ink.png", "--dry-run", "--json", *QUICK) == 0
    (plan,) = json.loads(impasto.out)["plans"]
    assert (plan["output"], plan["size"], sum(plan["steps"])) == ("harbour-ink.jpg", [24, 32], 3)
    assert set(studio.iterdir()) == before


def test_several_styles_masks_and_everything_that_can_be_recorded(studio, impasto):
    pytest.importorskip("matplotlib")
    left = torch.zeros(1, 3, 48, 64)
    left[..., :32] = 1
    images.write(left, "left.png")
    images.write(1 - left, "right.png")
    flags = "--mask left.png --mask right.png --save-every 2 --timelapse f.gif --plot p.png --sheet s.png --bits 16"
    assert impasto("stylize", "harbour.jpg", "ink.png", "night.png", *flags.split(), *QUICK) == 0
    assert impasto.out.split() == ["harbour-ink+night.png", "f.gif", "p.png", "s.png"]
    assert images.read("harbour-ink+night.png").bits == 16
    assert Path("harbour-ink+night.00002.png").is_file()


def test_a_sweep_draws_its_sheet(studio, impasto):
    vary = ["--vary", "strength=30,90", "--vary", "stroke=0.5,1"]
    assert impasto("sweep", "harbour.jpg", "ink.png", *vary, *QUICK) == 0
    assert min(images.read("harbour-ink-sweep.png").size) > 600  # two rows, two columns


def test_features_are_drawn(studio, impasto):
    arguments = ["features", "harbour.jpg", "--layers", "relu1_1,relu3_1", "--count", "4", "-q"]
    assert impasto(*arguments) == 0
    assert impasto.out == "harbour-features.png\n"
    assert impasto(*arguments, "--gram", "-o", "gram.png") == 0
    assert images.read("gram.png").height > images.read("harbour-features.png").height


def test_a_picture_and_a_texture_are_recovered_from_features(studio, impasto):
    flags = "--layers relu1_1,relu2_1 --reconstruct relu2_1 --texture --steps 2 --size 32 -q -o sheet.png --count 2"
    assert impasto("features", "harbour.jpg", *flags.split()) == 0
    assert Path("sheet.png").is_file()


@pytest.mark.parametrize(
    ("flags", "part"),
    [
        (["--layers", "relu9_1"], "no layer 'relu9_1'"),
        (["--reconstruct", "relu1_9"], "no layer 'relu1_9'"),
        (["--layers", ","], "names no layer"),
        (["--count", "0"], "--count"),
        (["--backbone", "vgg99"], "vgg99"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(studio, impasto, flags, part):
    before = set(studio.iterdir())
    assert impasto("features", "harbour.jpg", *flags) == 2
    assert part in impasto.sentence
    assert set(studio.iterdir()) == before
