"""Everything a picture can be given as, and everything it cannot."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor

from impasto.config import MethodOptions, Optimize
from impasto.engine import inputs
from impasto.engine.inputs import Style, prepare
from impasto.errors import InputError, OptionError
from impasto.images import Picture, read, write


@pytest.mark.parametrize("kind", ["str", "path", "picture", "tensor", "unbatched", "pil", "grad"])
def test_a_picture_may_be_given_as(kind: str, files: Path, painting: Tensor) -> None:
    path = files / "photo.png"
    picture = read(path)
    with Image.open(path) as opened:
        in_memory = opened.copy()
    given: Any = {
        "str": str(path),
        "path": path,
        "picture": picture,
        "tensor": picture.pixels,
        "unbatched": picture.pixels[0],
        "pil": in_memory,
        "grad": picture.pixels.double().requires_grad_(),
    }[kind]
    work = prepare(given, painting, MethodOptions())
    torch.testing.assert_close(work.photo.pixels, picture.pixels)
    assert not work.photo.pixels.requires_grad
    assert work.photo.name == ("photo.png" if kind in ("str", "path", "picture") else "")
    assert len(work.photo.sha256) == 64


def test_a_style_keeps_its_name_and_hash(files: Path, photo: Tensor) -> None:
    work = prepare(photo, [files / "painting.png", Style("mine", (Picture(photo),))], MethodOptions())
    assert [style.name for style in work.styles] == ["painting", "mine"]
    _, styles = work.ingredients()
    assert styles[0][0].name == "painting.png"
    assert styles[0][0].sha256 == hashlib.sha256((files / "painting.png").read_bytes()).hexdigest()


def test_a_folder_that_memory_cannot_hold_is_refused_unread(
    files: Path, photo: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    (files / "monet").mkdir()
    for number in range(3):
        write(photo, files / "monet" / f"{number}.png")
    monkeypatch.setattr(inputs, "available_memory", lambda _: 2 * 12 * photo[0, 0].numel())
    with pytest.raises(InputError, match=r"the 3 paintings in monet need .* GB are free; give fewer"):
        prepare(photo, files / "monet", MethodOptions())


def test_a_folder_is_read_in_order_and_only_its_pictures(files: Path, photo: Tensor) -> None:
    folder = files / "monet"
    folder.mkdir()
    for name in ("b.png", "A.JPG", "c.webp"):
        write(photo, folder / name)
    (folder / "notes.txt").write_text("not a painting")
    (folder / "._b.png").write_bytes(b"what macOS leaves on other people's drives")
    (folder / "sub").mkdir()
    (style,) = prepare(photo, folder, MethodOptions()).styles
    assert style.name == "monet"
    assert [picture.name for picture in style.pictures] == ["A.JPG", "b.png", "c.webp"]


def test_shares_add_up_to_1(photo: Tensor) -> None:
    assert prepare(photo, [photo, photo], MethodOptions()).shares == (0.5, 0.5)
    assert prepare(photo, (photo, photo), MethodOptions(style_weights=(1, 3))).shares == (0.25, 0.75)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (torch.rand(3), r"shape \(3,\)"),
        (torch.rand(2, 3, 4, 4), r"shape \(2, 3, 4, 4\)"),
        (torch.rand(1, 4, 4, 4), r"shape \(1, 4, 4, 4\)"),
        (torch.rand(1, 3, 0, 4), r"shape \(1, 3, 0, 4\)"),
        (torch.rand(1, 3, 4, 4) * 255, r"outside \[0, 1\]"),
        (torch.full((1, 3, 4, 4), float("nan")), r"outside \[0, 1\]"),
        (torch.randint(2, 255, (1, 3, 4, 4), dtype=torch.uint8), r"outside \[0, 1\]"),
        (5, "a int was given"),
        (None, "a NoneType was given"),
        ("nowhere.png", "nowhere.png does not exist"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_sentence(wrong: Any, sentence: str, photo: Tensor) -> None:
    for content, style in ((wrong, photo), (photo, wrong), (photo, [photo, wrong])):
        with pytest.raises(InputError, match=sentence):
            prepare(content, style, MethodOptions())


def test_no_style_and_an_empty_folder_are_refused(tmp_path: Path, photo: Tensor) -> None:
    with pytest.raises(InputError, match="no style was given"):
        prepare(photo, [], MethodOptions())
    with pytest.raises(InputError, match=f"{tmp_path.name} holds no pictures"):
        prepare(photo, tmp_path, MethodOptions())


def test_files_that_options_name_are_hashed(files: Path, photo: Tensor) -> None:
    path = files / "photo.png"
    config = Optimize(mask=(path,), protect=path, init=str(path), backbone="vgg19")
    extras = prepare(photo, photo, config).extras
    assert set(extras) == {"mask", "protect", "init"}
    assert {one.name for found in extras.values() for one in found} == {"photo.png"}


def test_a_word_that_is_no_file_gets_a_suggestion(photo: Tensor) -> None:
    with pytest.raises(OptionError, match=r"did you mean 'noise'.*photo, style, noise, grey"):
        prepare(photo, photo, Optimize(init="nois"))
