"""Metadata that stays true is kept, what no longer holds is not, and recipes come back as they went in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from torch import Tensor

from impasto.errors import InputError
from impasto.images import Metadata, read, read_recipe, sidecar_of, write

FORMATS = ["jpg", "png", "webp", "tif", "avif", "heic"]
RECIPE = json.dumps({"method": "optimize", "seed": 7, "title": "Käse 絵 🎨", "long": "x" * 9000}, ensure_ascii=False)
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf tiff:Orientation="6" dc:title="Hafen"/></x:xmpmeta>'


def camera_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[Base.Make] = "Kamera"
    exif[Base.Artist] = "Ada"
    exif[Base.Copyright] = "Ada 2020"
    exif[Base.Orientation] = 6
    exif[Base.ImageWidth] = 9999
    exif[IFD.Exif] = {
        Base.DateTimeOriginal: "2020:02:03 04:05:06",
        Base.ExposureTime: 0.004,
        Base.LensModel: "50mm",
        Base.ColorSpace: 2,
        Base.ExifImageWidth: 4000,
        Base.MakerNote: b"private" * 10,
    }
    exif[IFD.GPSInfo] = {GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (52.0, 30.0, 0.0)}
    return exif


@pytest.fixture
def photo(tmp_path: Path, soft_picture: Tensor) -> Path:
    path = tmp_path / "photo.jpg"
    colors = (soft_picture[0] * 255).byte().permute(1, 2, 0).numpy()
    Image.fromarray(colors).save(path, exif=camera_exif(), xmp=XMP, dpi=(240, 240))
    return path


def exif_in(path: Path) -> Image.Exif:
    exif = Image.Exif()
    exif.load(read(path).metadata.exif)
    return exif


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("recipe", [None, RECIPE], ids=["plain", "with-recipe"])
def test_what_stays_true_is_kept(tmp_path: Path, photo: Path, suffix: str, recipe: str | None) -> None:
    path = tmp_path / f"out.{suffix}"
    write(read(photo), path, recipe=recipe)
    exif = exif_in(path)
    assert (exif[Base.Make], exif[Base.Artist], exif[Base.Copyright]) == ("Kamera", "Ada", "Ada 2020")
    details, place = exif.get_ifd(IFD.Exif), exif.get_ifd(IFD.GPSInfo)
    assert details[Base.DateTimeOriginal] == "2020:02:03 04:05:06"
    assert details[Base.LensModel] == "50mm"
    assert float(details[Base.ExposureTime]) == pytest.approx(0.004)
    assert [float(part) for part in place[GPS.GPSLatitude]] == [52, 30, 0]
    assert b"Hafen" in read(path).metadata.xmp
    assert read(path).size == (36, 24)  # the photo was turned


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_no_longer_holds_is_gone(tmp_path: Path, photo: Path, suffix: str) -> None:
    path = tmp_path / f"out.{suffix}"
    write(read(photo), path)
    exif = exif_in(path)
    details = exif.get_ifd(IFD.Exif)
    assert Base.Orientation not in exif
    assert Base.ImageWidth not in exif
    assert Base.ExifImageWidth not in details
    assert details[Base.ColorSpace] == 1  # it was Adobe RGB; we write sRGB
    assert b'tiff:Orientation="1"' in read(path).metadata.xmp


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_resolution_is_kept(tmp_path: Path, photo: Path, suffix: str) -> None:
    write(read(photo), tmp_path / f"out.{suffix}")
    assert read(tmp_path / f"out.{suffix}").metadata.dpi == pytest.approx((240, 240), abs=0.02)


@pytest.mark.parametrize("suffix", FORMATS)
def test_everything_can_be_stripped(tmp_path: Path, photo: Path, suffix: str) -> None:
    path = tmp_path / f"out.{suffix}"
    write(read(photo), path, metadata=Metadata())
    data = path.read_bytes()
    assert b"Kamera" not in data
    assert b"Hafen" not in data
    assert b"private" not in data


def test_the_thumbnail_of_the_photo_does_not_survive(tmp_path: Path) -> None:
    # a JPEG whose EXIF has a second directory with a thumbnail in it
    body = camera_exif().tobytes()
    path = tmp_path / "thumb.jpg"
    head = bytearray(body[6:])
    small = b"\xff\xd8THUMBNAIL\xff\xd9"
    order = "little" if head[:2] == b"II" else "big"
    first = int.from_bytes(head[4:8], order)
    after = first + 2 + 12 * int.from_bytes(head[first : first + 2], order)
    second = len(head)
    head[after : after + 4] = second.to_bytes(4, order)
    entries = [(0x0201, second + 2 + 24 + 4), (0x0202, len(small))]
    head += len(entries).to_bytes(2, order)
    for tag, value in entries:
        head += tag.to_bytes(2, order) + (4).to_bytes(2, order) + (1).to_bytes(4, order) + value.to_bytes(4, order)
    head += bytes(4) + small
    Image.new("RGB", (8, 8)).save(path, exif=b"Exif\0\0" + bytes(head))
    assert b"THUMBNAIL" in path.read_bytes()
    write(read(path), tmp_path / "out.jpg")
    data = (tmp_path / "out.jpg").read_bytes()
    assert b"THUMBNAIL" not in data
    assert b"Kamera" in data


@pytest.mark.parametrize("broken", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*" + b"\x07" * 60])
def test_broken_exif_is_no_reason_to_refuse(tmp_path: Path, broken: bytes) -> None:
    Image.new("RGB", (8, 8), (0, 0, 255)).save(tmp_path / "a.jpg", exif=broken)
    assert read(tmp_path / "a.jpg").size == (8, 8)


def test_a_jpeg_without_room_gives_up_the_maker_note(tmp_path: Path, soft_picture: Tensor) -> None:
    exif = Image.Exif()
    exif[Base.Make] = "Kamera"
    exif[IFD.Exif] = {Base.MakerNote: b"m" * 64_000}
    metadata = Metadata(exif=exif.tobytes(), xmp=b"x" * 70_000)
    write(soft_picture, tmp_path / "a.jpg", metadata=metadata, recipe=RECIPE)
    assert read_recipe(tmp_path / "a.jpg") == RECIPE
    assert exif_in(tmp_path / "a.jpg")[Base.Make] == "Kamera"
    assert read(tmp_path / "a.jpg").metadata.xmp == b""


def test_a_jpeg_gives_up_a_recipe_that_it_has_no_room_for(tmp_path: Path, soft_picture: Tensor) -> None:
    exif = Image.Exif()
    exif[Base.Artist] = "Ada"
    write(soft_picture, tmp_path / "a.jpg", metadata=Metadata(exif=exif.tobytes()), recipe="x" * 70_000)
    assert read_recipe(tmp_path / "a.jpg") is None
    assert exif_in(tmp_path / "a.jpg")[Base.Artist] == "Ada"


@pytest.mark.parametrize("suffix", [*FORMATS, "bmp", "gif"])
@pytest.mark.parametrize("bits", [8, 16])
def test_recipes_come_back(tmp_path: Path, soft_picture: Tensor, suffix: str, bits: int) -> None:
    if bits == 16 and suffix not in ("png", "tif"):
        bits = 8
    path = tmp_path / f"a.{suffix}"
    write(soft_picture, path, recipe=RECIPE, bits=bits)
    assert read_recipe(path) == RECIPE
    assert sidecar_of(path).exists() == (suffix in ("bmp", "gif"))


@pytest.mark.parametrize("suffix", [*FORMATS, "bmp", "gif"])
def test_no_recipe_is_none(tmp_path: Path, soft_picture: Tensor, suffix: str) -> None:
    write(soft_picture, tmp_path / f"a.{suffix}")
    assert read_recipe(tmp_path / f"a.{suffix}") is None


def test_somebody_elses_comment_is_no_recipe(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[IFD.Exif] = {Base.UserComment: b"ASCII\0\0\0{}"}
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg", exif=exif)
    assert read_recipe(tmp_path / "a.jpg") is None


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_old_recipe_does_not_reach_the_next_picture(tmp_path: Path, soft_picture: Tensor, suffix: str) -> None:
    write(soft_picture, tmp_path / f"first.{suffix}", recipe='{"old": 1}')
    write(read(tmp_path / f"first.{suffix}"), tmp_path / f"second.{suffix}")
    assert read_recipe(tmp_path / f"second.{suffix}") is None
    assert b'"old"' not in (tmp_path / f"second.{suffix}").read_bytes()


def test_an_unreadable_sidecar_is_explained(tmp_path: Path) -> None:
    write(torch.zeros(1, 3, 4, 4), tmp_path / "a.bmp")
    sidecar_of(tmp_path / "a.bmp").write_bytes(b"\xff\xfe\x00bad")
    with pytest.raises(InputError, match=r"a.bmp.json cannot be read as a recipe"):
        read_recipe(tmp_path / "a.bmp")


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(
    title=st.text(st.characters(exclude_categories=("Cs",)), max_size=300),
    suffix=st.sampled_from(["jpg", "png", "webp", "tif", "bmp"]),
)
def test_any_text_survives_in_a_recipe(tmp_path: Path, title: str, suffix: str) -> None:
    recipe = json.dumps({"title": title}, ensure_ascii=False)
    write(torch.zeros(1, 3, 4, 4), tmp_path / f"a.{suffix}", recipe=recipe, overwrite=True)
    assert read_recipe(tmp_path / f"a.{suffix}") == recipe
