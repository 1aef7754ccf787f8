"""``impasto try``: a photo in many styles, on one sheet."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from impasto import evaluation, images
from impasto.engine import gallery


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The captions of what would be drawn, instead of a sheet."""
    captions: list[str] = []

    def sheet(pictures, path, *, cell):
        captions.extend(caption for caption, _ in pictures)
        path.touch()

    monkeypatch.setattr(evaluation, "contact_sheet", sheet)
    return captions


@pytest.fixture
def three_styles(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gallery of three names; what they look like is the painter's matter."""
    named = [SimpleNamespace(name=name) for name in ("ink-wash", "great-wave", "mosaic")]
    monkeypatch.setattr(gallery, "gallery", lambda: named)


def test_the_whole_gallery_is_tried_in_its_order(studio, painter, impasto, drawn, three_styles):
    assert impasto("try", "harbour.jpg") == 0
    assert impasto.out == "harbour-try.png\n"
    assert drawn == ["photo", "ink-wash", "great-wave", "mosaic"]
    assert [styles for _, styles, _ in painter.calls] == [["ink-wash"], ["great-wave"], ["mosaic"]]
    assert {config.size for _, _, config in painter.calls} == {384}


def test_the_time_left_is_that_of_all_styles(studio, painter, impasto, drawn, three_styles):
    assert impasto("try", "harbour.jpg") == 0
    lines = [line for line in impasto.err.splitlines() if line.endswith(" left")]
    assert lines[0].startswith("1/3 ink-wash")
    assert lines[0].endswith(" 0.9 s left")  # each takes 0.3 s, says the painter
    assert lines[-1].startswith("3/3 mosaic")
    assert lines[-1].endswith(" 0.1 s left")  # of the last one's second scale


def test_styles_method_and_options_can_be_chosen(studio, painter, impasto, drawn, three_styles):
    arguments = ["mosaic", "ink.png", "--method", "optimize", "--steps", "3", "--size", "32", "-o", "s.png", "--json"]
    assert impasto("try", "harbour.jpg", *arguments) == 0
    assert json.loads(impasto.out) == {"output": "s.png", "styles": ["mosaic", "ink"], "failed": []}
    assert {(type(config).__name__, config.size, config.steps) for _, _, config in painter.calls} == {
        ("Optimize", 32, 3)
    }


def test_a_style_that_fails_does_not_keep_the_others_from_the_sheet(studio, painter, impasto, drawn, three_styles):
    painter.fails_for = "great-wave"
    assert impasto("try", "harbour.jpg", "-q") == 1
    assert drawn == ["photo", "ink-wash", "mosaic"]
    assert "great-wave: great-wave is not a picture." in impasto.err
    Path("harbour-try.png").unlink()
    assert impasto("try", "harbour.jpg", "--json", "-q") == 1
    assert [one["style"] for one in json.loads(impasto.out)["failed"]] == ["great-wave"]


def test_nothing_at_all_is_one_sentence_and_no_sheet(studio, painter, impasto, drawn):
    painter.fails_for = "ink.png"
    assert impasto("try", "harbour.jpg", "ink.png", "-q") == 2
    assert impasto.sentence == "impasto: ink.png is not a picture."
    assert not Path("harbour-try.png").exists()


def test_an_empty_gallery_is_one_sentence(studio, painter, impasto, drawn, monkeypatch):
    monkeypatch.setattr(gallery, "gallery", list)
    assert impasto("try", "harbour.jpg") == 2
    assert "the gallery is empty" in impasto.sentence


@pytest.mark.usefixtures("studio", "three_styles")
@pytest.mark.parametrize("by_method", [True, False])
def test_ctrl_c_draws_what_was_done(painter, impasto, drawn, by_method):
    """A method in steps ends with what it has, one in a single pass just ends."""
    painter.interrupted_call = 2
    painter.raises = not by_method
    assert impasto("try", "harbour.jpg", "-q") == 130
    assert drawn == ["photo", "ink-wash"]
    assert "Interrupted; 1 of 3 were done." in impasto.err


@pytest.mark.usefixtures("studio", "drawn", "three_styles")
@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["nowhere.jpg"], "nowhere.jpg does not exist"),
        (["harbour.jpg", "-o", "taken.png"], "--force"),
        (["harbour.jpg", "-o", "harbour.jpg", "--force"], "one of the pictures"),
        (["harbour.jpg", "ink.png", "-o", "ink.png", "--force"], "one of the pictures"),
        (["harbour.jpg", "--method", "optimise"], "did you mean 'optimize'"),
        (["harbour.jpg", "--strength", "200"], "--strength is 200"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_painted(painter, impasto, arguments, part):
    images.write(images.brushwork((8, 8)), "taken.png")
    assert impasto("try", *arguments) == 2
    assert part in impasto.sentence
    assert painter.calls == []


def test_a_real_sheet_is_drawn(studio, impasto):
    """With the engine itself, from paintings: no gallery is needed for that."""
    flags = "ink.png night.png --method optimize --size 32 --steps 2 --device cpu --precision float32 -q"
    assert impasto("try", "harbour.jpg", *flags.split()) == 0
    height, width = images.read("harbour-try.png").size
    assert width > height > 200
