"""Styles by name."""

import pytest
import torch

import impasto
from impasto.engine.gallery import GALLERY_FILE, add_style, find_style, gallery, remove_style
from impasto.errors import InputError, OptionError
from impasto.images import samples
from impasto.models.fast import CODE_LENGTH


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("IMPASTO_STYLES", str(tmp_path / "styles"))


def vector():
    mean = torch.rand(1, CODE_LENGTH // 2)
    return torch.cat([mean, mean.square() + 0.1], 1)


def test_the_gallery_has_at_least_24_styles_with_their_facts_and_icons():
    styles = gallery()
    assert len(styles) >= 24
    assert len({style.name for style in styles}) == len(styles)
    for style in styles:
        assert style.artist
        assert style.title
        assert style.year
        assert style.museum
        assert style.vector.shape == (1, CODE_LENGTH)
        assert torch.isfinite(style.vector).all()
        assert style.icon[:4] == b"RIFF"


def test_the_gallery_keeps_to_its_budget():
    assert GALLERY_FILE.stat().st_size <= 300_000
    assert sum(len(style.icon) for style in gallery()) <= 1_000_000


@pytest.mark.parametrize("spelt", ["starry-night", "Starry Night", "starry_night"])
def test_a_name_is_found_however_it_is_spelt(spelt):
    assert find_style(spelt).artist == "Vincent van Gogh"


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(InputError, match="did you mean 'starry-night'"):
        impasto.stylize(samples.harbour((32, 32)), "stary-night")


def test_a_missing_file_is_not_taken_for_a_name():
    with pytest.raises(InputError, match="does not exist"):
        impasto.stylize(samples.harbour((32, 32)), "missing.png")


def test_a_style_of_ones_own_is_kept_found_and_forgotten():
    file = add_style("My Ink", vector(), title="Ink")
    assert file.exists()
    assert find_style("my-ink").own
    assert find_style("my-ink").icon is None
    assert gallery()[-1].name == "my-ink"
    assert remove_style("my-ink") == file
    assert not file.exists()


@pytest.mark.parametrize("name", ["../x", "a/b", "", "starry-night"])
def test_names_that_cannot_be_used_are_refused(name):
    with pytest.raises(OptionError):
        add_style(name, vector())


def test_styles_that_come_with_impasto_stay():
    with pytest.raises(OptionError, match="stays"):
        remove_style("starry-night")


def test_a_damaged_file_is_said_to_be_one(tmp_path):
    add_style("ink", vector())
    (tmp_path / "styles" / "ink.safetensors").write_bytes(b"nothing")
    with pytest.raises(impasto.ImpastoError):
        gallery()


def test_a_style_by_name_paints():
    photo = samples.harbour((48, 64))
    result = impasto.stylize(photo, "great-wave")
    assert result.image.shape == photo.shape
    assert (result.image - photo).abs().mean() > 0.02
    assert result.recipe.styles[0][0].name == "great-wave"
