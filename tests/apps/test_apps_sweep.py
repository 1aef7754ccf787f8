"""``impasto sweep``: every combination, on a labelled sheet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from impasto import evaluation
from impasto.apps.sweep import combinations, values_to_try
from impasto.config import MethodOptions, Optimize
from impasto.errors import InputError

BASE = Optimize(size=64)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What would be drawn, instead of a sheet."""
    seen: dict[str, object] = {}

    def sheet(pictures, path, *, columns):
        seen.update(labels=[label for label, _ in pictures], columns=columns)
        path.touch()

    def grid(rows, columns, pictures, path):
        seen.update(rows=rows, columns=columns, holes=[[one is None for one in row] for row in pictures])
        path.touch()

    monkeypatch.setattr(evaluation, "contact_sheet", sheet, raising=False)
    monkeypatch.setattr(evaluation, "grid_sheet", grid, raising=False)
    return seen


def test_combinations_are_all_there_with_the_last_option_changing_fastest():
    tried = values_to_try(["strength=30,60", "tv-weight=0.5,1"], BASE, method="optimize")
    found = combinations(BASE, tried, method="optimize")
    assert [(config.strength, config.tv_weight) for _, config in found] == [(30, 0.5), (30, 1), (60, 0.5), (60, 1)]
    assert [label for label, _ in found][:2] == ["strength 30 · tv weight 0.5", "strength 30 · tv weight 1"]
    assert {config.size for _, config in found} == {64}


def test_switches_and_words_can_be_varied():
    tried = values_to_try(["keep_color=yes,no", "optimizer=adam,lbfgs"], BASE, method="optimize")
    found = combinations(BASE, tried, method="optimize")
    assert [(config.keep_color, config.optimizer) for _, config in found][0::3] == [(True, "adam"), (False, "lbfgs")]


def test_two_options_make_a_table(studio, painter, impasto, drawn):
    vary = ["--vary", "strength=30,60,90", "--vary", "stroke=0.5,1"]
    assert impasto("sweep", "harbour.jpg", "ink.png", *vary) == 0
    assert impasto.out == "harbour-ink-sweep.png\n"
    assert drawn["rows"] == ["strength 30", "strength 60", "strength 90"]
    assert drawn["columns"] == ["stroke 0.5", "stroke 1"]
    assert len(painter.calls) == 6
    assert {config.size for _, _, config in painter.calls} == {384}


def test_one_option_makes_a_row(studio, painter, impasto, drawn):
    assert impasto("sweep", "harbour.jpg", "ink.png", "--vary", "seed=1,2", "--size", "32", "--json", "-q") == 0
    answer = json.loads(impasto.out)
    assert [picture["label"] for picture in answer["pictures"]] == drawn["labels"] == ["seed 1", "seed 2"]
    assert [picture["config"]["size"] for picture in answer["pictures"]] == [32, 32]


@pytest.mark.parametrize("by_method", [True, False])
def test_ctrl_c_draws_what_was_done(studio, painter, impasto, drawn, by_method):
    """A method in steps ends with what it has, one in a single pass just ends."""
    painter.interrupted_call = 3
    painter.raises = not by_method
    vary = ["--vary", "strength=30,60", "--vary", "stroke=0.5,1"]
    assert impasto("sweep", "harbour.jpg", "ink.png", *vary) == 130
    assert drawn["holes"] == [[False, False], [True, True]]
    assert "Interrupted; 2 of 4 were done." in impasto.err


def test_a_combination_that_is_refused_leaves_its_place_empty(studio, painter, impasto, drawn, monkeypatch):
    def paint(content, style, config, **options):
        if (config.strength, config.stroke) == (60, 0.5):
            raise InputError("harbour.jpg needs more memory than there is.")
        return painter(content, style, config, **options)

    monkeypatch.setattr("impasto.engine.stylize", paint)
    vary = ["--vary", "strength=30,60", "--vary", "stroke=0.5,1"]
    assert impasto("sweep", "harbour.jpg", "ink.png", *vary, "-q") == 1
    assert drawn["holes"] == [[False, False], [True, False]]
    assert "strength 60 · stroke 0.5: harbour.jpg needs more memory than there is." in impasto.err
    assert impasto("sweep", "harbour.jpg", "ink.png", *vary, "-q", "--json", "--force") == 1
    answer = json.loads(impasto.out)
    assert [one["label"] for one in answer["failed"]] == ["strength 60 · stroke 0.5"]
    assert len(answer["pictures"]) == 3


def test_what_all_combinations_refuse_is_one_sentence_and_no_sheet(studio, painter, impasto, drawn):
    painter.fails_for = "ink.png"
    assert impasto("sweep", "harbour.jpg", "ink.png", "--vary", "seed=1,2", "-q") == 2
    assert impasto.sentence == "impasto: ink.png is not a picture."
    assert not list(Path().glob("*sweep*"))


@pytest.mark.parametrize("taken", ["harbour.jpg", "ink.png"])
def test_the_sheet_replaces_no_picture_it_is_made_from(studio, painter, impasto, taken):
    assert impasto("sweep", "harbour.jpg", "ink.png", "--vary", "seed=1,2", "-o", taken, "--force") == 2
    assert "one of the pictures to start from" in impasto.sentence


@pytest.mark.parametrize(
    ("vary", "part"),
    [
        (["strength"], "write an option and its values"),
        (["strength="], "write an option and its values"),
        (["strenght=1,2"], "did you mean 'strength'"),
        (["strength=1", "strength=2"], "names strength twice"),
        (["style_weights=1,2"], "takes several values by itself"),
        (["strength=30,600"], "--strength is 600"),
    ],
)
def test_a_wrong_wish_is_refused_before_anything_is_painted(studio, painter, impasto, vary, part):
    flags = [word for wish in vary for word in ("--vary", wish)]
    assert impasto("sweep", "harbour.jpg", "ink.png", *flags) == 2
    assert part in impasto.sentence
    assert painter.calls == []
    assert not list(Path().glob("*sweep*"))


def test_a_model_that_has_learnt_its_style_needs_no_other(studio, painter, impasto, drawn, monkeypatch):
    config = MethodOptions(size=64)
    monkeypatch.setattr("impasto.apps.trials.chosen_config", lambda *_: config)
    assert impasto("sweep", "harbour.jpg", "--method", "candy.safetensors", "--vary", "strength=30,60") == 0
    assert [style for _, style, _ in painter.calls] == [[], []]
