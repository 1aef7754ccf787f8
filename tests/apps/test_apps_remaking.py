"""``impasto replay`` and ``impasto resume``: what they say before and after they paint."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from PIL import Image

from impasto import engine, images, weights
from impasto.engine import Result
from impasto.errors import WeightsError
from impasto.images import Metadata

TINY = {"size": 32, "precision": "float32", "device": "cpu", "scales": 1, "patience": 0}


@pytest.fixture
def result(studio: Path) -> Result:
    return engine.stylize("harbour.jpg", "ink.png", "optimize", steps=2, **TINY)


def with_recipe(result: Result, **changes: object) -> Result:
    return dataclasses.replace(result, recipe=dataclasses.replace(result.recipe, **changes))


@pytest.mark.parametrize(("verb", "stopped"), [("replay", None), ("resume", {"scale": 0, "step": 1})])
def test_weights_that_are_missing_are_fetched_where_it_is_seen(result, impasto, monkeypatch, verb, stopped):
    """Eighty megabytes are said to be coming before anything is silent for minutes."""
    fetched = []

    def obtain(entry, *, on_progress):
        fetched.append((entry.network, callable(on_progress)))
        raise WeightsError("no network in tests.")

    monkeypatch.setattr(weights, "obtain", obtain)
    options = {**result.recipe.options, "backbone": "vgg19"}
    with_recipe(result, options=options, stopped=stopped, weights=[]).save("out.png")
    assert impasto(verb, "out.png") == 2
    announced, refused = impasto.err.splitlines()
    assert announced.startswith("Fetching vgg19")
    assert refused == "impasto: no network in tests."
    assert fetched == [("vgg19", True)]


def test_who_repeats_the_command_of_a_half_done_picture_is_told_of_resume(result, impasto):
    with_recipe(result, stopped={"scale": 0, "step": 1}).save("out.png")
    command = ("stylize", "harbour.jpg", "ink.png", "-o", "out.png", "--method", "optimize", "--steps", "1")
    assert impasto(*command) == 2
    assert "half done; go on with it by `impasto resume out.png`" in impasto.sentence
    result.save("out.png", overwrite=True)
    assert impasto(*command) == 2
    assert "out.png exists already" in impasto.sentence


def test_a_difference_to_a_picture_that_was_interrupted_is_explained(result, impasto):
    with_recipe(result, resumed=[{"scale": 0, "step": 1}]).save("out.png")
    other = engine.stylize("harbour.jpg", "ink.png", "optimize", steps=6, **TINY)
    dataclasses.replace(with_recipe(result, resumed=[{"scale": 0, "step": 1}]), image=other.image).save("other.png")
    assert impasto("replay", "out.png", "-o", "again.png") == 0
    assert "It is identical to out.png." in impasto.err
    assert impasto("replay", "other.png", "-o", "once-more.png") == 0
    assert (
        "levels from other.png, which was interrupted on the way while this one was painted in one go." in impasto.err
    )


def test_a_resumed_picture_is_written_as_it_was_begun(result, impasto):
    told = Image.Exif()
    told[0x013B] = "Ada"
    begun = dataclasses.replace(with_recipe(result, stopped={"scale": 0, "step": 1}), metadata=Metadata(told.tobytes()))
    begun.save("out.png", bits=16, keep_metadata=False)
    assert impasto("resume", "out.png", "--quiet") == 0
    finished = images.read("out.png")
    assert finished.bits == 16
    assert finished.metadata == Metadata()


def test_a_folder_is_no_painting(studio, impasto):
    assert impasto("replay", ".") == 2
    assert ". is no file; give a picture that Impasto painted." in impasto.sentence
