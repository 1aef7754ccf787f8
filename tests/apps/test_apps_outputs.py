"""Where results go, and what is refused before any work."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from impasto import images
from impasto.apps.outputs import check_picture, default_name, title_of
from impasto.errors import OutputError

OPAQUE = images.Picture(torch.zeros(1, 3, 4, 4))
CLEAR = images.Picture(torch.zeros(1, 3, 4, 4), alpha=torch.zeros(1, 1, 4, 4))


@pytest.mark.parametrize(
    ("photo", "styles", "picture", "bits", "name"),
    [
        ("in/harbour.jpg", ["art/ink.png"], OPAQUE, 8, "harbour-ink.jpg"),
        ("harbour.JPEG", ["great-wave"], OPAQUE, 8, "harbour-great-wave.JPEG"),
        ("harbour.tif", ["a.png", "b.png"], OPAQUE, 8, "harbour-a+b.tif"),
        ("harbour.webp", ["a.png"], CLEAR, 8, "harbour-a.png"),
        ("harbour.jpg", ["a.png"], OPAQUE, 16, "harbour-a.png"),
        ("harbour.tiff", ["a.png"], OPAQUE, 16, "harbour-a.tiff"),
        ("harbour.gif", ["a.png"], OPAQUE, 8, "harbour-a.png"),
        ("harbour", ["a.png"], OPAQUE, 8, "harbour-a.png"),
    ],
)
def test_the_default_name(photo, styles, picture, bits, name):
    assert default_name(Path(photo), styles, picture, bits=bits) == name


def test_a_long_name_is_cut_so_that_it_can_be_written(tmp_path):
    name = default_name(Path("p" * 200), ["s" * 200], OPAQUE)
    (tmp_path / name).touch()
    assert name.endswith(".png")
    asian = default_name(Path("写真" * 60), ["絵" * 60], OPAQUE)
    (tmp_path / asian).touch()
    assert asian.startswith("写真写真")


def test_a_folder_is_called_by_its_name(tmp_path):
    (tmp_path / "van.gogh").mkdir()
    assert title_of(str(tmp_path / "van.gogh")) == "van.gogh"
    assert title_of(f"{tmp_path}/van.gogh/") == "van.gogh"


def test_nothing_is_overwritten_unless_asked(tmp_path):
    taken = tmp_path / "out.png"
    taken.touch()
    with pytest.raises(OutputError, match=r"exists already; .* --force"):
        check_picture(taken, force=False)
    check_picture(taken, force=True)


def test_a_recipe_beside_the_picture_is_not_overwritten_either(tmp_path):
    images.sidecar_of(tmp_path / "out.bmp").touch()
    with pytest.raises(OutputError, match=r"out.bmp.json exists already"):
        check_picture(tmp_path / "out.bmp", force=False)


def test_an_input_is_never_overwritten(tmp_path):
    photo = tmp_path / "photo.png"
    photo.touch()
    with pytest.raises(OutputError, match="one of the pictures to start from"):
        check_picture(photo, force=True, inputs=[photo])
