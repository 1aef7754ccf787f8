"""Pictures to learn from: which are kept out, and what crops and disturbances may be."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from impasto.errors import InputError
from impasto.images import write
from impasto.training.pictures import NEARLY, crop, crops, disturb, first_readable, is_kept_out, pictures_in

KEPT_OUT = [14, 23, 28, 29, 50, 54, 67, 85, 91, 97]  # of 0.png to 99.png


def picture(path: Path, size: tuple[int, int] = (60, 40), color: tuple[int, int, int] | None = None) -> Path:
    """Save noise, or one color, as a picture of this (width, height)."""
    noise = np.random.default_rng(len(path.name)).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    image = Image.fromarray(noise) if color is None else Image.new("RGB", size, color)
    image.save(path)
    return path


# --- kept out ----------------------------------------------------------------------------------------------------


def test_about_a_sixteenth_is_kept_out() -> None:
    share = sum(is_kept_out(Path(f"picture-{number}.jpg")) for number in range(8000)) / 8000
    assert abs(share - 1 / 16) < 0.01


def test_it_is_decided_by_the_name_alone_and_for_ever() -> None:
    """These were computed once: a change would let trainings see what benchmarks hold back."""
    assert [number for number in range(100) if is_kept_out(Path(f"{number}.png"))] == KEPT_OUT
    assert is_kept_out(Path("any/folder/14.png"))
    assert not is_kept_out(Path("14.png/15.png"))


# --- folders -----------------------------------------------------------------------------------------------------


def test_pictures_of_all_folders_below_in_a_stable_order(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.PNG", "a.jpg", "sub/c.webp"):
        picture(tmp_path / name)
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "folder.png").mkdir()
    assert [path.name for path in pictures_in(tmp_path)] == ["a.jpg", "b.PNG", "c.webp"]


def test_both_parts_together_are_all(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.png").touch()
    inside, outside = pictures_in(tmp_path, kept_out=False), pictures_in(tmp_path, kept_out=True)
    assert sorted([*inside, *outside]) == pictures_in(tmp_path)
    assert all(is_kept_out(path) for path in outside)
    assert not any(is_kept_out(path) for path in inside)


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no pictures were found"):
        pictures_in(tmp_path)
    with pytest.raises(InputError, match="is not a folder"):
        pictures_in(tmp_path / "nowhere")
    only_kept_out = tmp_path / f"{KEPT_OUT[0]}.png"
    picture(only_kept_out)
    with pytest.raises(InputError, match=r"of the 1 pictures in .* none is learnt from"):
        pictures_in(tmp_path, kept_out=False)


# --- crops -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(60, 40), (33, 200), (16, 16), (500, 20)])
def test_crops_are_squares_of_valid_colors(tmp_path: Path, size: tuple[int, int]) -> None:
    paths = [picture(tmp_path / "a.png", size)]
    batches = crops([paths], [1.0], size=32, count=5, rng=random.Random(1))
    for _ in range(3):
        batch = next(batches)
        assert batch.shape == (5, 3, 32, 32)
        assert batch.dtype == torch.float32
        assert batch.min() >= 0
        assert batch.max() <= 1
        assert batch.is_contiguous(memory_format=torch.channels_last)


@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 2**31))
@settings(max_examples=40)
def test_no_crop_ever_leaves_its_picture(width: int, height: int, seed: int) -> None:
    expected = torch.tensor([255, 0, 128]).view(3, 1, 1) / 255
    piece = crop(expected.expand(1, 3, height, width), 32, random.Random(seed))
    torch.testing.assert_close(piece, expected.expand(3, 32, 32))


@given(st.integers(300, 400), st.integers(300, 400), st.integers(80, 300), st.integers(0, 2**31))
@settings(max_examples=40)
def test_a_crop_is_a_part_of_a_picture_of_about_the_asked_size(
    width: int, height: int, long_side: int, seed: int
) -> None:
    ramp = torch.linspace(0, 1, width).expand(1, 3, height, width)
    cut_out = crop(ramp, 64, random.Random(seed), long_side)
    asked = 64 * max(width, height) / long_side  # of the picture's own pixels
    cut = float(cut_out.max() - cut_out.min()) * width
    rounding = 3 + asked * 2 / 64  # pixels are whole, and the ends of a crop are means
    assert min(asked / NEARLY, width, height) - rounding <= cut <= asked * NEARLY + rounding


def test_the_same_seed_cuts_the_same_crops(tmp_path: Path) -> None:
    paths = [picture(tmp_path / f"{name}.png") for name in "abc"]
    one, same, other = (next(crops([paths], [1.0], size=16, count=4, rng=random.Random(seed))) for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_groups_are_drawn_in_proportion_to_their_shares(tmp_path: Path) -> None:
    red = [picture(tmp_path / f"r{n}.png", color=(255, 0, 0)) for n in range(9)]
    blue = [picture(tmp_path / "b.png", color=(0, 0, 255))]
    batches = crops([red, blue], [1.0, 3.0], size=8, count=8, rng=random.Random(0), per_picture=1)
    share = float(torch.cat([next(batches)[:, 2].mean((1, 2)) for _ in range(40)]).mean())
    assert abs(share - 0.75) < 0.08


def test_every_kind_of_picture_becomes_rgb(tmp_path: Path) -> None:
    paths = []
    for mode in ("L", "RGBA", "P", "1", "CMYK"):
        path = tmp_path / f"{mode}.{'jpg' if mode == 'CMYK' else 'png'}"
        Image.new(mode, (40, 40)).save(path)
        paths.append(path)
    for path in paths:
        assert next(crops([[path]], [1.0], size=8, count=1, rng=random.Random(0))).shape == (1, 3, 8, 8)


def test_every_format_that_impasto_reads_is_learnt_from_upright(tmp_path: Path) -> None:
    """Not Pillow alone decides: HEIC is read, and a photo lying on its side is turned."""
    write(torch.ones(1, 3, 40, 40), tmp_path / "a.heic")
    on_its_side = Image.new("RGB", (60, 30), (0, 0, 255))
    on_its_side.paste((255, 0, 0), (0, 0, 30, 30))
    turned = Image.Exif()
    turned[0x0112] = 6  # a quarter to the right
    on_its_side.save(tmp_path / "b.jpg", exif=turned, quality=95)
    assert [path.name for path in pictures_in(tmp_path)] == ["a.heic", "b.jpg"]
    tall = first_readable(lambda: tmp_path / "b.jpg")
    assert tall.shape == (1, 3, 60, 30)
    assert tall[0, 0, :20].mean() > 0.9 > tall[0, 0, 40:].mean()
    assert next(crops([[tmp_path / "a.heic"]], [1.0], size=8, count=1, rng=random.Random(0))).min() > 0.9


# --- disturbance -------------------------------------------------------------------------------------------------


def photos() -> Tensor:
    torch.manual_seed(3)
    return torch.rand(6, 3, 16, 16)


@pytest.mark.parametrize("seed", range(12))
def test_disturbed_pictures_are_still_pictures(seed: int) -> None:
    batch = photos()
    before = batch.clone()
    disturbed = disturb(batch, random.Random(seed))
    assert disturbed.shape == batch.shape
    assert disturbed.min() >= 0
    assert disturbed.max() <= 1
    assert torch.equal(batch, before)


def test_most_pictures_stay_as_they_are_and_some_do_not() -> None:
    batch, same = photos(), 0
    for seed in range(100):
        same += int((disturb(batch, random.Random(seed)) == batch).flatten(1).all(1).sum())
    assert 0.4 < same / 600 < 0.8


def test_disturbing_is_repeatable_and_leaves_the_random_state_alone() -> None:
    batch = photos()
    before = torch.get_rng_state()
    one, same = (disturb(batch, random.Random(5)) for _ in range(2))
    assert torch.equal(one, same)
    assert torch.equal(torch.get_rng_state(), before)


# --- damaged pictures --------------------------------------------------------------------------------------------


def test_a_damaged_picture_is_passed_over_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    good, bad = picture(tmp_path / "good.png", color=(255, 0, 0)), tmp_path / "bad.png"
    bad.write_bytes(good.read_bytes()[:60])
    batch = next(crops([[good, bad]], [1.0], size=16, count=12, rng=random.Random(0)))
    torch.testing.assert_close(batch[:, 0], torch.ones(12, 16, 16))
    assert "bad.png cannot be read" in caplog.text


def test_a_folder_that_is_gone_ends_in_one_sentence(tmp_path: Path) -> None:
    gone = [tmp_path / f"{number}.png" for number in range(3)]
    with pytest.raises(InputError, match="50 pictures in a row could not be read"):
        next(crops([gone], [1.0], size=16, count=2, rng=random.Random(0)))
