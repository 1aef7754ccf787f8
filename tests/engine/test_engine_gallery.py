"""Styles by name."""

import pytest
import torch

import impasto
from impasto.engine.gallery import (
    GALLERY_FILE,
    NamedStyle,
    add_style,
    find_style,
    gallery,
    remove_style,
    style_called,
    write_styles,
)
from impasto.engine.inputs import together
from impasto.errors import InputError, OptionError
from impasto.images import samples
from impasto.models.fast import CODE_LENGTH
from impasto.models.reading import write_tensors


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


@pytest.mark.parametrize("asked", ["monet", "monett", "Claude Monet", "claude-monnet"])
def test_an_artist_is_answered_with_what_there_is_by_that_hand(asked):
    with pytest.raises(InputError, match=r"\(Claude Monet made .*cliff-walk.*\); `impasto styles`"):
        find_style(asked)


def test_a_name_like_nothing_here_gets_no_suggestion():
    with pytest.raises(InputError, match="nor a style of the gallery; `impasto styles`"):
        find_style("qqqqqq")


def test_a_damaged_file_of_ones_own_is_in_the_way_of_ones_own_styles_alone(tmp_path):
    add_style("mine", vector())
    write_tensors(tmp_path / "styles" / "broken.safetensors", {"x": torch.zeros(1)}, {})
    assert find_style("starry-night").artist
    assert style_called("starry-night") is not None
    assert style_called("painting.png") is None
    with pytest.raises(InputError, match=r"broken\.safetensors holds no styles"):
        find_style("mine")


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


def test_a_style_of_ones_own_is_not_overwritten_unasked(tmp_path):
    first, second = vector(), vector()
    add_style("ink", first)
    with pytest.raises(OptionError, match=r"ink is a style of yours already.*--force"):
        add_style("Ink", second)
    assert torch.allclose(find_style("ink").vector, first, atol=1e-3)
    add_style("ink", second, overwrite=True)
    assert torch.allclose(find_style("ink").vector, second, atol=1e-3)


@pytest.fixture
def shared(tmp_path):
    """A file of two styles, under a name of its own."""
    path = tmp_path / "styles" / "from-a-friend.safetensors"
    write_styles(path, [NamedStyle(name, name, artist="a friend", vector=vector()) for name in ("dawn", "dusk")])
    return path


def test_styles_that_share_a_file_are_forgotten_one_by_one(shared):
    assert remove_style("dusk") == shared
    assert find_style("dawn").artist == "a friend"
    assert shared.exists()
    assert remove_style("dawn") == shared
    assert not shared.exists()
    assert not any(style.own for style in gallery())


def test_a_style_in_a_shared_file_can_be_replaced_and_the_others_stay(shared):
    wanted, beside = vector(), find_style("dawn").vector
    with pytest.raises(OptionError, match="dusk is a style of yours already"):
        add_style("dusk", wanted)
    add_style("dusk", wanted, overwrite=True)
    assert torch.allclose(find_style("dusk").vector, wanted, atol=1e-3)
    assert torch.equal(find_style("dawn").vector, beside)
    shared.rename(shared.with_name("ink.safetensors"))
    add_style("ink", wanted)
    assert [style.name for style in gallery() if style.own] == ["dusk", "dawn", "ink"]


def test_a_style_of_ones_own_is_made_of_paintings(files):
    for given in (["great-wave"], [files / "painting.png", "great-wave"]):
        with pytest.raises(InputError, match=r"great-wave is a style of the gallery.*give paintings"):
            together(given)


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


def test_styles_that_another_version_described_are_told_from_damage():
    path = add_style("ink", vector())
    write_styles(path, [NamedStyle("ink", "Ink", vector=torch.zeros(1, CODE_LENGTH + 16))])
    with pytest.raises(InputError, match="another version"):
        gallery()


def test_a_style_by_name_paints():
    photo = samples.harbour((48, 64))
    result = impasto.stylize(photo, "great-wave")
    assert result.image.shape == photo.shape
    assert (result.image - photo).abs().mean() > 0.02
    assert result.recipe.styles[0][0].name == "great-wave"
