"""``impasto stylize`` for folders and for huge pictures."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from impasto.apps.folder import is_folder, show_pictures
from impasto.engine import Ingredient, door, huge
from impasto.engine.folder import Advance
from impasto.engine.inputs import Style
from impasto.engine.onepass import OnePass
from impasto.images import harbour, read, write

QUICK = ("--method", "optimize", "--size", "16", "--steps", "1")


@pytest.fixture(autouse=True)
def _network(tiny_backbone: Path) -> None:
    """Look through the untrained network."""


@pytest.fixture
def photos(studio: Path) -> Path:
    """Three photos, one of them in a sub-folder, and one broken file."""
    (studio / "photos" / "lake").mkdir(parents=True)
    for number, name in enumerate(("a.png", "b.jpg", "lake/c.png")):
        write(harbour((20 + number, 24)), studio / "photos" / name)
    (studio / "photos" / "lake" / "broken.jpg").write_text("no picture")
    return studio / "photos"


def test_a_folder_is_painted_and_the_bad_file_told(photos: Path, impasto: Any) -> None:
    assert impasto("stylize", "photos", "ink.png", "-o", "out", *QUICK) == 1
    assert {path.relative_to("out").as_posix() for path in Path("out").rglob("*.*g")} == {
        "a.png",
        "b.jpg",
        "lake/c.png",
    }
    assert max(read("out/lake/c.png").size) == 16
    told = impasto.err.splitlines()
    assert told[-2].startswith("impasto: lake/broken.jpg: broken.jpg is a text file")
    assert told[-1].startswith("3 painted, 1 failed in ")
    assert impasto.out == "out\n"
    Path("photos/lake/broken.jpg").rename("photos/broken.jpg")
    assert impasto("stylize", "photos", "ink.png", "-o", "again", *QUICK) == 1
    assert "impasto: broken.jpg is a text file" in impasto.err, "a name that says where it is, is told once"


def test_a_file_is_no_place_for_the_results_of_a_folder(photos: Path, impasto: Any) -> None:
    assert impasto("stylize", "photos", "ink.png", "-o", "night.png", *QUICK) == 2
    assert "night.png is a file; the results of a folder need a folder" in impasto.sentence


def test_the_same_command_goes_on_and_another_is_refused(photos: Path, impasto: Any) -> None:
    (photos / "lake" / "broken.jpg").unlink()
    assert impasto("stylize", "photos", "ink.png", "-o", "out", "--json", "--quiet", *QUICK) == 0
    assert json.loads(impasto.out)["done"] == 3
    Path("out/b.jpg").unlink()
    assert impasto("stylize", "photos", "ink.png", "-o", "out", "--json", "--quiet", *QUICK) == 0
    told = json.loads(impasto.out)
    assert (told["done"], told["kept"], told["failed"], told["interrupted"]) == (1, 2, [], False)
    assert impasto("stylize", "photos", "night.png", "-o", "out", "--quiet", *QUICK) == 2
    assert "out was begun with another recipe: styles was ink.png" in impasto.sentence


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("photos", "ink.png"), "photos is a folder; say with -o which folder its results go to."),
        (("photos", "ink.png", "-o", "out", "--each"), "--each is for one photo; leave it out for a folder."),
        (("photos", "ink.png", "-o", "out", "--plot", "a.png"), "--plot is for one photo"),
        (("photos", "ink.png", "-o", "out", "--workers", "few"), "--workers is 'few'; allowed is a number"),
        (("photos", "ink.png", "-o", "out", "--workers", "0"), "--workers is '0'; allowed is a number"),
        (("harbour.jpg", "ink.png", "--workers", "2"), "--workers is for folders, but one photo was given"),
        (("harbour.jpg", "ink.png", "--address", "auto"), "--address is for folders, but one photo was given"),
        (("photo", "ink.png", "-o", "out"), "photo does not exist (did you mean 'photos'?)"),
        (("photos", "ink.png", "-o", "photos"), "the results would replace the photos"),
    ],
)
def test_refusals(photos: Path, impasto: Any, arguments: tuple[str, ...], told: str) -> None:
    assert impasto("stylize", *arguments, *QUICK) == 2
    assert told in impasto.sentence
    assert not Path("out").exists()


def test_a_dry_run_counts_and_makes_nothing(photos: Path, impasto: Any) -> None:
    assert impasto("stylize", "photos", "ink.png", "-o", "out", "--dry-run", "--workers", "2", *QUICK) == 0
    assert impasto.out.splitlines() == [
        "pictures   4, from a.png to lake/c.png",
        "output     out",
        "workers    2",
    ]
    assert impasto("stylize", "photos", "gone.png", "-o", "out", "--dry-run", *QUICK) == 2
    assert "gone.png does not exist" in impasto.sentence
    assert impasto("stylize", "photos", "ink.png", "-o", "out", "--dry-run", "--json", *QUICK) == 0
    assert json.loads(impasto.out) == {"pictures": 4, "output": "out", "workers": 1}
    assert not Path("out").exists()


def test_addresses_of_object_storage_are_folders(photos: Path) -> None:
    assert is_folder(Path("s3://bucket/photos"))
    assert is_folder(Path("file:///photos"))
    assert is_folder(photos)
    assert not is_folder(Path("C:/photos/a.jpg"))


def test_progress_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with show_pictures() as tell:
        tell(Advance(done=0, kept=2, failed=0, total=100, elapsed=0.0))
        tell(Advance(done=5, kept=2, failed=0, total=100, elapsed=5.0))
        tell(Advance(done=38, kept=2, failed=2, total=100, elapsed=20.0))
        tell(Advance(done=39, kept=2, failed=2, total=100, elapsed=200.0))
    assert capsys.readouterr().err.splitlines() == [
        "2/100 pictures",
        "42/100 pictures · 2.0 a second · 2 failed · 29 s left",
        "43/100 pictures · 12.3 a minute · 2 failed · 4 min 38 s left",
    ]


class Negative:
    """The least painter: the negative of the photo."""

    name, needs_style, margin, stride = "negative", True, 0, 1
    device, precision = torch.device("cpu"), torch.float32

    def weights(self) -> list[Ingredient]:
        return [Ingredient("none", "")]

    def code(self, style: Style) -> Tensor:
        return torch.zeros(1, 1)

    def look(self, picture: Tensor, code: Tensor) -> dict[str, Any]:
        return {}

    def paint(self, picture: Tensor, code: Tensor, seen: Any, at: tuple[int, int] = (0, 0)) -> Tensor:
        return 1 - picture


def test_a_huge_photo_is_painted_by_bands(studio: Path, impasto: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(door._STYLIZERS, "fast", lambda config: OnePass(config, Negative()))
    monkeypatch.setattr(huge, "HUGE", 5_000)
    write(harbour((90, 120)), studio / "large.png")
    assert impasto("stylize", "large.png", "ink.png", "--method", "fast", "--stroke", "8", "--json", "--quiet") == 0
    (told,) = json.loads(impasto.out)["results"]
    assert (told["width"], told["height"], told["stopped"]) == (120, 90, "finished")
    assert Path(told["output"]).name == "large-ink.png"
    by_bands = read(told["output"]).pixels
    monkeypatch.setattr(huge, "HUGE", 10**9)
    assert impasto("stylize", "large.png", "ink.png", "--method", "fast", "--stroke", "8", "-o", "m.png", "-q") == 0
    assert (by_bands - read("m.png").pixels).abs().max() <= 1.01 / 255


def test_a_huge_picture_is_made_again_by_bands(studio: Path, impasto: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(door._STYLIZERS, "fast", lambda config: OnePass(config, Negative()))
    monkeypatch.setattr(huge, "HUGE", 5_000)
    write(harbour((90, 120)), studio / "large.png")
    assert impasto("stylize", "large.png", "ink.png", "--method", "fast", "-q") == 0
    monkeypatch.setattr(OnePass, "__call__", lambda *_args, **_options: pytest.fail("painted in memory"))
    assert impasto("replay", "large-ink.png", "--json") == 0
    (told,) = json.loads(impasto.out)["results"]
    assert told["compared"] == "It is identical to large-ink.png."
    assert read("large-ink-replay.png").pixels.equal(read("large-ink.png").pixels)


def test_a_dry_run_of_a_huge_photo_reads_only_its_header(
    studio: Path, impasto: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(door._STYLIZERS, "fast", lambda config: OnePass(config, Negative()))
    header = struct.pack(">IIBBBBB", 16_000, 12_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"nothing"))]
    parts = [struct.pack(">I", len(body)) + name + body + b"sums" for name, body in chunks]
    parts[0] = parts[0][:-4] + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    (studio / "huge.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    assert impasto("stylize", "huge.png", "ink.png", "--method", "fast", "--dry-run", "--json") == 0
    (plan,) = json.loads(impasto.out)["plans"]
    assert plan["size"] == [12_000, 16_000]
    assert 0.5e9 < plan["peak_bytes"] < 1.5e9, "it is never in memory as a whole"
