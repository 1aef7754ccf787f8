"""Color profiles: wide and odd ones are converted, sRGB itself changes nothing, broken ones are ignored."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from impasto.images import read
from impasto.images.profiles import color_to_srgb, srgb_profile

Save = Callable[[bytes, str], Path]

# D50-adapted primaries (columns: X, Y, Z) of well-known spaces, as their profiles hold them
DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
ADOBE_RGB = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))
GAMMA = 563 / 256  # the 2.19921875 of Adobe RGB


def fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def gamma_curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"


SRGB_CURVE = b"para\0\0\0\0\0\3\0\0" + fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Build an ICC profile (version 2.4 display) by hand."""
    white = b"XYZ \0\0\0\0" + fixed(0.9642, 1.0, 0.8249)
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(83)
    tags = {b"desc": text, b"cprt": b"text\0\0\0\0none\0", b"wtpt": white, **tags}
    table, body, place = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, content in tags.items():
        padded = content + bytes(-len(content) % 4)
        table += name + struct.pack(">II", place + len(body), len(content))
        body += padded
    header = struct.pack(">I4sI4s4s4s", place + len(body), b"lcms", 0x02400000, b"mntr", space, b"XYZ ")
    header += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + fixed(0.9642, 1.0, 0.8249)
    return header.ljust(128, b"\0") + table + body


def matrix_profile(primaries: tuple[tuple[float, ...], ...], curve: bytes) -> bytes:
    tags = {
        name: b"XYZ \0\0\0\0" + fixed(*xyz) for name, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)
    }
    return profile(b"RGB ", {**tags, b"rTRC": curve, b"gTRC": curve, b"bTRC": curve})


def through_littlecms(colors: np.ndarray, icc: bytes) -> np.ndarray:
    image = Image.fromarray(colors)
    converted = ImageCms.profileToProfile(
        image,
        ImageCms.ImageCmsProfile(BytesIO(icc)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
    )
    assert converted is not None
    return np.asarray(converted)


@pytest.mark.parametrize(
    "icc",
    [
        matrix_profile(DISPLAY_P3, SRGB_CURVE),
        matrix_profile(ADOBE_RGB, gamma_curve(GAMMA)),
        matrix_profile(ADOBE_RGB, b"curv\0\0\0\0" + struct.pack(">I", 0)),
        matrix_profile(
            DISPLAY_P3,
            b"curv\0\0\0\0" + struct.pack(">I64H", 64, *(round(65535 * (i / 63) ** 1.8) for i in range(64))),
        ),
        matrix_profile(ADOBE_RGB, b"para\0\0\0\0\0\0\0\0" + fixed(1.8)),
        matrix_profile(ADOBE_RGB, b"para\0\0\0\0\0\1\0\0" + fixed(2.2, 0.9, 0.1)),
        matrix_profile(
            ADOBE_RGB,
            b"para\0\0\0\0\0\4\0\0" + fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0.0, 0.0),
        ),
    ],
    ids=["display-p3", "adobe-rgb", "linear", "table", "power", "offset-power", "seven-numbers"],
)
def test_agrees_with_littlecms(icc: bytes) -> None:
    colors = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    ours = color_to_srgb(colors.astype(np.float32) / 255, icc) * 255
    assert np.abs(ours - through_littlecms(colors, icc)).max() < 1.6
    assert np.abs(ours - colors).max() > 8  # and it did convert


def test_wide_gamut_files_change_color(tmp_path: Path) -> None:
    green = Image.new("RGB", (4, 4), (100, 200, 100))
    for name, options in {
        "p.png": {},
        "p.jpg": {"quality": 100},
        "p.webp": {"lossless": True},
        "p.tif": {},
        "p.avif": {"quality": 100},
    }.items():
        green.save(tmp_path / name, icc_profile=matrix_profile(ADOBE_RGB, gamma_curve(GAMMA)), **options)
        red, _, _ = (read(tmp_path / name).pixels[0, :, 2, 2] * 255).tolist()
        assert red < 60, name  # Adobe RGB's green is far greener than sRGB's: red nearly vanishes


def test_sixteen_bits_stay_smooth_through_a_profile(tmp_path: Path) -> None:
    from impasto.images.deep_encoding import png16

    ramp = np.linspace(20_000, 21_000, 500).astype(np.uint16)[None, :, None].repeat(2, 0).repeat(3, 2)
    (tmp_path / "ramp.png").write_bytes(png16(ramp, {"icc_profile": matrix_profile(ADOBE_RGB, gamma_curve(GAMMA))}))
    picture = read(tmp_path / "ramp.png")
    assert picture.bits == 16
    assert picture.pixels[0, 0, 0].unique().numel() > 450  # eight bits would leave about five steps


def test_grey_profile(tmp_path: Path) -> None:
    grey = profile(b"GRAY", {b"kTRC": gamma_curve(1.0)})
    Image.new("L", (3, 3), 55).save(tmp_path / "grey.png", icc_profile=grey)
    linear = 55 / 255
    assert read(tmp_path / "grey.png").pixels[0, 0, 0, 0].item() == pytest.approx(
        1.055 * linear ** (1 / 2.4) - 0.055, abs=1e-3
    )


def test_srgb_is_the_identity_to_the_last_bit(tmp_path: Path) -> None:
    colors = np.random.default_rng(0).integers(0, 256, (20, 20, 3)).astype(np.uint8)
    for icc in (
        srgb_profile(),
        matrix_profile(((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)), SRGB_CURVE),
    ):
        Image.fromarray(colors).save(tmp_path / "s.png", icc_profile=icc)
        np.testing.assert_array_equal(
            read(tmp_path / "s.png").pixels[0].permute(1, 2, 0).numpy(), colors.astype(np.float32) / 255
        )


def test_our_profile_is_the_same_every_time_and_valid() -> None:
    made = srgb_profile()
    srgb_profile.cache_clear()
    assert srgb_profile() == made
    assert ImageCms.ImageCmsProfile(BytesIO(made)).profile.xcolor_space.strip() == "RGB"


def test_cmyk_without_and_with_a_profile(tmp_path: Path) -> None:
    Image.new("CMYK", (4, 4), (0, 255, 255, 0)).save(tmp_path / "ink.tif")
    Image.new("CMYK", (4, 4), (0, 255, 255, 0)).save(tmp_path / "ink.jpg", quality=100)
    Image.new("CMYK", (4, 4), (0, 255, 255, 0)).save(tmp_path / "odd.jpg", quality=100, icc_profile=srgb_profile())
    for name in ("ink.tif", "ink.jpg", "odd.jpg"):  # the last has a profile that cannot be of CMYK
        red, green, blue = read(tmp_path / name).pixels[0, :, 1, 1].tolist()
        assert red > 0.97, name
        assert max(green, blue) < 0.03, name


@pytest.mark.parametrize(
    "icc",
    [b"no profile at all", srgb_profile()[:200], srgb_profile()[:128] + b"\xff" * 400, profile(b"CMYK", {})],
)
def test_broken_profiles_are_ignored_with_a_warning(
    tmp_path: Path, icc: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    Image.new("RGB", (4, 4), (10, 150, 200)).save(tmp_path / "b.png", icc_profile=icc)
    with caplog.at_level(logging.WARNING):
        picture = read(tmp_path / "b.png")
    assert (picture.pixels[0, :, 0, 0] * 255).round().tolist() == [10, 150, 200]
    assert "ignored" in caplog.text


def test_a_color_profile_in_a_grey_picture(tmp_path: Path) -> None:
    Image.new("L", (4, 4), 128).save(tmp_path / "g.png", icc_profile=matrix_profile(DISPLAY_P3, SRGB_CURVE))
    found = read(tmp_path / "g.png").pixels[0, :, 0, 0]
    assert (found * 255 - 128).abs().max() < 1.5
