"""Writing: round trips, depth, transparency, tags, refusals, and that nothing is ever left half done."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
import tifffile
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from torch import Tensor

from impasto.errors import OptionError, OutputError
from impasto.images import Metadata, Picture, check_writable, read, sidecar_of, write

LOSSLESS = ["png", "tif", "tiff", "bmp", "PNG"]
LOSSY = {"jpg": 0.02, "jpeg": 0.02, "webp": 0.03, "avif": 0.02, "heic": 0.02, "heif": 0.02, "gif": 0.05}
WITH_ALPHA = ["png", "tif", "webp", "avif", "heic"]


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_lossless_round_trip(tmp_path: Path, soft_picture: Tensor, suffix: str) -> None:
    exact = (soft_picture * 255).round() / 255
    write(exact, tmp_path / f"a.{suffix}")
    torch.testing.assert_close(read(tmp_path / f"a.{suffix}").pixels, exact, atol=0, rtol=0)


@pytest.mark.parametrize("suffix", LOSSY)
def test_lossy_round_trip(tmp_path: Path, soft_picture: Tensor, suffix: str) -> None:
    write(soft_picture, tmp_path / f"a.{suffix}")
    found = read(tmp_path / f"a.{suffix}")
    assert found.size == (24, 36)
    assert (found.pixels - soft_picture).abs().mean() < LOSSY[suffix]


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("with_alpha", [False, True])
def test_16_bit_round_trip(
    tmp_path: Path, soft_picture: Tensor, soft_alpha: Tensor, suffix: str, with_alpha: bool
) -> None:
    pixels, alpha = (soft_picture * 65535).round() / 65535, (soft_alpha * 65535).round() / 65535
    pixels[..., 0] = pixels[..., 1]  # what lies under the fully transparent column is not kept
    write(pixels, tmp_path / f"a.{suffix}", alpha=alpha if with_alpha else None, bits=16)
    found = read(tmp_path / f"a.{suffix}")
    assert found.bits == 16
    seen = slice(1, None) if with_alpha else slice(None)
    torch.testing.assert_close(found.pixels[..., seen], pixels[..., seen], atol=0, rtol=0)
    if with_alpha:
        torch.testing.assert_close(found.alpha, alpha, atol=0, rtol=0)


def test_other_programs_agree_on_our_16_bit_tiff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("impasto.images.deep_encoding._BLOCK", 10_000)  # several strips
    pixels = torch.rand(1, 3, 90, 70, generator=torch.Generator().manual_seed(0))
    write(pixels, tmp_path / "a.tif", bits=16)
    wanted = (pixels[0] * 65535).round().permute(1, 2, 0).numpy().astype(np.uint16)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), wanted)
    with Image.open(tmp_path / "a.tif") as image:
        np.testing.assert_array_equal(np.asarray(image), wanted >> 8)


def test_16_bit_png_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("impasto.images.deep_encoding._BLOCK", 10_000)
    pixels = torch.rand(1, 3, 90, 200, generator=torch.Generator().manual_seed(0))
    write(pixels, tmp_path / "a.png", bits=16)
    torch.testing.assert_close(read(tmp_path / "a.png").pixels, pixels, atol=1 / 65535, rtol=0)


@pytest.mark.parametrize("suffix", WITH_ALPHA)
def test_transparency_round_trip(tmp_path: Path, soft_picture: Tensor, soft_alpha: Tensor, suffix: str) -> None:
    write(soft_picture, tmp_path / f"a.{suffix}", alpha=soft_alpha)
    found = read(tmp_path / f"a.{suffix}")
    assert found.alpha is not None
    assert (found.alpha - soft_alpha).abs().max() < 0.02


@pytest.mark.parametrize("suffix", ["jpg", "bmp"])
def test_transparency_becomes_white_where_there_is_none(tmp_path: Path, suffix: str) -> None:
    write(torch.zeros(1, 3, 16, 16), tmp_path / f"a.{suffix}", alpha=torch.full((1, 1, 16, 16), 0.25))
    found = read(tmp_path / f"a.{suffix}")
    assert found.alpha is None
    assert (found.pixels - 0.75).abs().max() < 0.01


def test_gif_has_holes(tmp_path: Path, soft_picture: Tensor, soft_alpha: Tensor) -> None:
    write(soft_picture, tmp_path / "a.gif", alpha=soft_alpha)
    found = read(tmp_path / "a.gif")
    assert found.alpha is not None
    torch.testing.assert_close(found.alpha, (soft_alpha >= 0.5).float())
    assert (found.pixels - soft_picture)[..., 20:].abs().mean() < 0.05


def test_alpha_of_another_size_is_fitted(tmp_path: Path, soft_picture: Tensor) -> None:
    write(soft_picture, tmp_path / "a.png", alpha=torch.full((1, 1, 5, 7), 0.5))
    found = read(tmp_path / "a.png").alpha
    assert found is not None
    assert found.shape == (1, 1, 24, 36)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "avif", "heic"])
def test_every_file_says_that_it_is_srgb(tmp_path: Path, soft_picture: Tensor, suffix: str) -> None:
    write(soft_picture, tmp_path / f"a.{suffix}")
    if suffix == "heic":
        icc = pillow_heif.open_heif(tmp_path / "a.heic").info["icc_profile"]
    else:
        with Image.open(tmp_path / f"a.{suffix}") as image:
            icc = image.info["icc_profile"]
    assert "sRGB" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(icc)))


def test_jpeg_keeps_full_color_resolution(tmp_path: Path, soft_picture: Tensor) -> None:
    from PIL import JpegImagePlugin

    write(soft_picture, tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as image:
        assert JpegImagePlugin.get_sampling(image) == 0  # 4:4:4


def test_jpeg_of_pure_noise_at_full_quality(tmp_path: Path) -> None:
    write(torch.rand(1, 3, 300, 400), tmp_path / "noise.jpg", quality=100)
    assert read(tmp_path / "noise.jpg").size == (300, 400)


def test_quality_is_obeyed(tmp_path: Path, soft_picture: Tensor) -> None:
    for suffix in ("jpg", "webp", "avif", "heic"):
        sizes = []
        for quality in (20, 95):
            write(soft_picture, tmp_path / f"a.{suffix}", quality=quality, overwrite=True)
            sizes.append((tmp_path / f"a.{suffix}").stat().st_size)
        assert sizes[0] < sizes[1], suffix
    with pytest.raises(OptionError, match="quality is 0"):
        write(soft_picture, tmp_path / "b.jpg", quality=0)


def test_rounding_is_half_to_even_and_clamped(tmp_path: Path) -> None:
    halves = torch.tensor([0.5, 1.5, 2.5, -40.0, 300.0], dtype=torch.float64) / 255
    pixels = halves.expand(1, 3, 1, 5).float()
    write(pixels, tmp_path / "a.png")
    exact = np.rint(pixels[0, 0, 0].clamp(0, 1).numpy() * np.float32(255))
    assert (read(tmp_path / "a.png").pixels[0, 0, 0] * 255).round().tolist() == exact.tolist() == [0, 2, 2, 0, 255]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_a_number_never_reaches_a_file(tmp_path: Path, soft_picture: Tensor, bad: float) -> None:
    spoilt = soft_picture.clone()
    spoilt[0, 1, 3, 3] = bad
    with pytest.raises(OutputError, match="NaN or infinite"):
        write(spoilt, tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_same_picture_same_bytes(tmp_path: Path, soft_picture: Tensor) -> None:
    for suffix in ("jpg", "png", "tif", "webp", "bmp", "gif", "avif"):
        write(soft_picture, tmp_path / f"a.{suffix}", recipe="{}")
        write(soft_picture, tmp_path / f"b.{suffix}", recipe="{}")
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes(), suffix


def test_a_picture_brings_its_alpha_and_metadata(tmp_path: Path, soft_picture: Tensor, soft_alpha: Tensor) -> None:
    picture = Picture(soft_picture, alpha=soft_alpha, metadata=Metadata(dpi=(300.0, 300.0)))
    write(picture, tmp_path / "a.png")
    found = read(tmp_path / "a.png")
    assert found.alpha is not None
    assert found.metadata.dpi == pytest.approx((300, 300), abs=0.01)
    write(picture, tmp_path / "b.png", metadata=Metadata())
    assert read(tmp_path / "b.png").metadata.dpi is None
    write(replace(picture, alpha=None), tmp_path / "c.png")
    assert read(tmp_path / "c.png").alpha is None


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("a.jpgg", {}, r"has the ending .jpgg \(did you mean '.jpg'\?\); end the name in .jpg, .jpeg, .png"),
        ("a", {}, r"a has no ending; end"),
        ("a.exe", {}, r"has the ending .exe; end"),
        ("no/such/a.png", {}, "the folder such does not exist; create it"),
        ("folder.png", {}, "is a folder; give the name of a picture"),
        ("there.png", {}, "there.png exists already; choose another name, or allow overwriting"),
        ("a.jpg", {"bits": 16}, "cannot have 16 bits per channel, since JPEG has 8; write PNG or TIFF"),
        ("a.png", {"bits": 12}, "cannot have 12 bits per channel.*choose 8 or 16"),
        (
            "a.webp",
            {"size": (20_000, 10)},
            "would be 10x20000 pixels, but WebP ends at 16383 a side; write JPEG, PNG",
        ),
        ("a\0b.png", {}, "choose another place"),
        ("there.gif", {}, "there.gif.json exists already"),
    ],
)
def test_refusals_before_and_while_writing(tmp_path: Path, name: str, options: dict[str, object], told: str) -> None:
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "there.png").write_bytes(b"precious")
    (tmp_path / "there.gif.json").write_text("precious")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(OutputError, match=told) as caught:
        check_writable(f"{tmp_path}/{name}", **options)
    assert "\n" not in str(caught.value)
    size = options.pop("size", (4, 4))
    with pytest.raises(OutputError, match=told):
        write(torch.zeros(1, 3, *size), f"{tmp_path}/{name}", **options)
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "there.png").read_bytes() == b"precious"


def test_a_place_that_is_fine_is_left_as_it_was(tmp_path: Path) -> None:
    assert check_writable(tmp_path / "a.jpg", size=(100, 100)).name == "JPEG"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="choose another place"):
        check_writable(tmp_path / "a.png")


def test_a_folder_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(OutputError, match=r"\(Read-only file system\); choose another place"):
        check_writable(tmp_path / "a.png")


def test_overwriting_replaces_the_whole_file(tmp_path: Path, soft_picture: Tensor) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"x" * 1_000_000)
    write(soft_picture, path, overwrite=True)
    assert read(path).size == (24, 36)
    assert path.stat().st_size < 100_000


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "avif", "heic", "bmp", "gif"])
def test_a_failing_encoder_leaves_nothing(
    tmp_path: Path, soft_picture: Tensor, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> bytes:
        raise RuntimeError("encoder error -2\nwhen writing")

    monkeypatch.setattr("impasto.images.writing.encode", fail)
    (tmp_path / f"a.{suffix}").write_bytes(b"the earlier picture")
    with pytest.raises(OutputError, match=r"could not be encoded as \w+ \(encoder error -2 when writing\)"):
        write(soft_picture, tmp_path / f"a.{suffix}", overwrite=True)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"the earlier picture"]


@pytest.mark.parametrize("broken", ["write_bytes", "replace"])
@pytest.mark.parametrize("suffix", ["png", "gif"])
def test_a_full_disk_leaves_nothing(
    tmp_path: Path, soft_picture: Tensor, suffix: str, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Path, data: bytes | Path) -> None:
        if isinstance(data, bytes):
            with self.open("wb") as file:
                file.write(data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, broken, fail)
    with pytest.raises(OutputError, match=r"could not be written \(No space left on device\); free some space"):
        write(soft_picture, tmp_path / f"a.{suffix}", recipe="{}")
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_writing_leaves_nothing(
    tmp_path: Path, soft_picture: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(soft_picture, tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_a_new_picture_takes_away_the_old_sidecar(tmp_path: Path, soft_picture: Tensor) -> None:
    path = tmp_path / "a.bmp"
    write(soft_picture, path, recipe='{"seed": 1}')
    assert sidecar_of(path).is_file()
    write(soft_picture, path, overwrite=True)
    assert not sidecar_of(path).exists()


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "avif", "heic", "bmp", "gif"])
@pytest.mark.parametrize("size", [(1, 1), (1, 60), (60, 1), (2, 3)])
def test_tiny_and_thin_pictures(tmp_path: Path, suffix: str, size: tuple[int, int]) -> None:
    write(torch.full((1, 3, *size), 0.6), tmp_path / f"a.{suffix}")
    found = read(tmp_path / f"a.{suffix}")
    assert found.size == size
    assert (found.pixels - 0.6).abs().max() < 0.02


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    seed=st.integers(0, 1000),
    bits=st.sampled_from([8, 16]),
    suffix=st.sampled_from(["png", "tif"]),
    transparent=st.booleans(),
)
def test_any_picture_survives(
    tmp_path: Path, *, height: int, width: int, seed: int, bits: int, suffix: str, transparent: bool
) -> None:
    random = torch.Generator().manual_seed(seed)
    steps = 2**bits - 1
    pixels = torch.randint(0, steps + 1, (1, 3, height, width), generator=random) / steps
    alpha = torch.randint(1, steps + 1, (1, 1, height, width), generator=random) / steps if transparent else None
    write(pixels, tmp_path / f"a.{suffix}", alpha=alpha, bits=bits, overwrite=True)
    found = read(tmp_path / f"a.{suffix}")
    torch.testing.assert_close(found.pixels, pixels, atol=1e-7, rtol=0)
    if alpha is not None and not bool((alpha == 1).all()):
        torch.testing.assert_close(found.alpha, alpha, atol=1e-7, rtol=0)
