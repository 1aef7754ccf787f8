"""Pairs are made of photos and an engine, go on where they stopped, and are not mixed."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from paired_pictures import drawn, painted, put
from torch import Tensor

from impasto.config import Optimize, PairedTraining
from impasto.errors import InputError, OptionError
from impasto.images import Picture, read, write
from impasto.training.making_pairs import make_pairs
from impasto.training.pairs import find_pairs


class Painter:
    """Stands in for an engine; it swaps colors, and may be interrupted."""

    def __init__(self, config: Optimize | None = None, *, interrupted_at: int = 0) -> None:
        self.config = config or Optimize(steps=1)
        self.calls: list[str] = []
        self.interrupted_at = interrupted_at

    def plan(self, content: Picture, style: str) -> None:
        if style == "no style":
            raise InputError("no style does not exist.")

    def __call__(self, content: Picture, style: str) -> Any:
        self.calls.append(content.name)
        result = painted(content.pixels)
        stopped = "interrupted" if len(self.calls) == self.interrupted_at else "finished"
        return SimpleNamespace(stopped=stopped, save=lambda path: write(result, path, overwrite=True))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number in range(5):
        put(drawn(number), tmp_path / "photos" / f"p{number}.png")
    return tmp_path / "photos"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def pixels(path: Path) -> Tensor:
    return read(path).pixels


def test_photos_are_brought_to_size_and_painted(photos: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    made = make_pairs(photos, "ink.png", tmp_path / "set", Painter(), size=32, on_pair=lambda *far: told.append(far))
    assert (made.made, made.there, made.interrupted) == (5, 5, False)
    assert names(tmp_path / "set" / "source") == names(tmp_path / "set" / "target") == [f"p{n}.png" for n in range(5)]
    source, target = (pixels(tmp_path / "set" / side / "p2.png") for side in ("source", "target"))
    assert source.shape[-2:] == (24, 32)
    assert (target - painted(source)).abs().max() < 0.01
    assert told == [(number, 5) for number in range(1, 6)]
    assert json.loads((tmp_path / "set" / "pairs.json").read_text())["style"] == "ink.png"


def test_photos_of_one_name_in_two_folders_are_two_pairs(tmp_path: Path) -> None:
    for number, year in enumerate(("2023", "2024")):
        put(drawn(number), tmp_path / "photos" / year / "IMG_1.png")
    made = make_pairs(tmp_path / "photos", "ink.png", tmp_path / "set", Painter(), size=64)
    assert (made.made, made.there) == (2, 2)
    found = find_pairs(PairedTraining(pairs=tmp_path / "set")).pairs
    assert [pair.name for pair in found] == ["2023/IMG_1", "2024/IMG_1"]
    for number, pair in enumerate(found):
        assert (pixels(pair.source) - drawn(number)).abs().max() < 0.01
        assert (pixels(pair.target) - painted(drawn(number))).abs().max() < 0.01


def test_photos_that_differ_in_their_ending_alone_are_refused(photos: Path, tmp_path: Path) -> None:
    put(drawn(9), photos / "p1.jpg")
    with pytest.raises(InputError, match=r"p1\.jpg and p1\.png would both become p1\.png; rename one of them\."):
        make_pairs(photos, "ink.png", tmp_path / "set", Painter())
    assert not (tmp_path / "set").exists()


def test_a_set_among_its_photos_is_not_painted_again(photos: Path) -> None:
    for _ in range(2):
        assert make_pairs(photos, "ink.png", photos / "set", Painter()).there == 5
    assert make_pairs(photos / "set" / "source", "ink.png", photos / "again", Painter()).there == 5
    with pytest.raises(InputError, match=r"pairs of .* already"):
        make_pairs(photos / "set" / "source", "ink.png", photos / "set", Painter())


def test_small_photos_are_not_enlarged(photos: Path, tmp_path: Path) -> None:
    make_pairs(photos, "ink.png", tmp_path / "set", Painter(), size=256, count=1)
    assert pixels(next((tmp_path / "set" / "source").iterdir())).shape[-2:] == (48, 64)


def test_what_is_there_is_not_painted_again_and_more_begin_alike(photos: Path, tmp_path: Path) -> None:
    first, second = Painter(), Painter()
    make_pairs(photos, "ink.png", tmp_path / "set", first, count=2)
    made = make_pairs(photos, "ink.png", tmp_path / "set", second, count=4)
    assert (made.made, made.there) == (2, 4)
    assert not set(first.calls) & set(second.calls)


def test_an_interrupted_set_holds_whole_pairs_only_and_goes_on(photos: Path, tmp_path: Path) -> None:
    made = make_pairs(photos, "ink.png", tmp_path / "set", Painter(interrupted_at=3))
    assert (made.made, made.there, made.interrupted) == (2, 2, True)
    assert names(tmp_path / "set" / "source") == names(tmp_path / "set" / "target")
    assert make_pairs(photos, "ink.png", tmp_path / "set", Painter()).there == 5


def test_a_broken_photo_is_passed_over(photos: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (photos / "p1.png").write_bytes(b"no picture")
    made = make_pairs(photos, "ink.png", tmp_path / "set", Painter())
    assert (made.there, made.broken) == (4, ("p1.png",))
    assert "p1.png is passed over" in caplog.text


def test_nothing_but_broken_photos_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match="none of the 1 photos"):
        make_pairs(tmp_path / "photos", "ink.png", tmp_path / "set", Painter())


def test_other_options_are_not_mixed_in(photos: Path, tmp_path: Path) -> None:
    make_pairs(photos, "ink.png", tmp_path / "set", Painter(), count=1)
    make_pairs(photos, "ink.png", tmp_path / "set", Painter(Optimize(steps=1, device="cpu")), count=1)
    for painter, style in ((Painter(Optimize(steps=2)), "ink.png"), (Painter(), "night.png")):
        with pytest.raises(OptionError, match="another way"):
            make_pairs(photos, style, tmp_path / "set", painter)


def test_two_paintings_of_one_name_are_not_mixed(photos: Path, tmp_path: Path) -> None:
    styles = [tmp_path / artist / "1.png" for artist in ("monet", "gogh")]
    for number, path in enumerate(styles):
        put(drawn(number), path)
    make_pairs(photos, str(styles[0]), tmp_path / "set", Painter(), count=1)
    with pytest.raises(OptionError, match="another way"):
        make_pairs(photos, str(styles[1]), tmp_path / "set", Painter(), count=2)


def test_a_style_that_cannot_be_read_leaves_nothing_behind(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no style"):
        make_pairs(photos, "no style", tmp_path / "set", Painter())
    assert not (tmp_path / "set").exists()
