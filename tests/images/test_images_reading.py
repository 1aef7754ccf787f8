"""Reading: orientation, modes, depth, transparency, and what a Picture knows of its file."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
import tifffile
import torch
from numpy.typing import NDArray
from PIL import Image

from impasto.errors import InputError, OptionError
from impasto.images import harbour, read, read_small, resize

Save = Callable[[bytes, str], Path]
CORNERS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 0]]], np.uint8).repeat(16, 0).repeat(24, 1)
# how a picture that should look like CORNERS is stored under each EXIF orientation
STORED = {
    1: CORNERS,
    2: CORNERS[:, ::-1],
    3: CORNERS[::-1, ::-1],
    4: CORNERS[::-1],
    5: CORNERS.transpose(1, 0, 2),
    6: np.rot90(CORNERS, 1),
    7: np.rot90(CORNERS, 2).transpose(1, 0, 2),
    8: np.rot90(CORNERS, -1),
}


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def values(path: Path) -> NDArray[np.float32]:
    return read(path).pixels[0].permute(1, 2, 0).numpy()


def png16(pixels: NDArray[np.uint16], extra: bytes = b"") -> bytes:
    """Write a 16-bit PNG the plain way, independent of our own writer."""
    height, width, channels = pixels.shape
    rows = pixels.astype(">u2").reshape(height, -1).view(np.uint8)
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"tRNS", extra), (b"IDAT", zlib.compress(data)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
        if body or name == b"IEND"
    )


def lzw(data: bytes) -> bytes:
    """Code bytes as TIFF's LZW without using its dictionary: a clear code before each run of literals."""
    bits = "".join(
        f"{256:09b}" + "".join(f"{byte:09b}" for byte in data[start : start + 200])
        for start in range(0, len(data), 200)
    )
    bits += f"{257:09b}"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIC"])
def test_exif_orientation_is_applied_exactly_once(saved: Save, kind: str, orientation: int) -> None:
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    if kind == "HEIC":
        file = BytesIO()
        pillow_heif.encode("RGB", stored.size, stored.tobytes(), file, quality=95, chroma=444, exif=exif.tobytes())
        data = file.getvalue()
    else:
        data = (
            encoded(stored, kind, exif=exif, quality=95)
            if kind not in ("PNG", "TIFF")
            else encoded(stored, kind, exif=exif)
        )
    picture = read(saved(data, f"turned.{kind.lower()}"))
    found = picture.pixels[0].permute(1, 2, 0).numpy()
    assert found.shape == CORNERS.shape
    assert np.abs(found - CORNERS / 255).mean() < 0.03
    kept = Image.Exif()
    kept.load(picture.metadata.exif)
    assert kept.get(0x0112, 1) == 1


def test_orientation_in_a_16_bit_png_is_applied(saved: Save) -> None:
    plain = png16(STORED[6].astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = 6
    body = exif.tobytes()[6:]
    chunk = struct.pack(">I", len(body)) + b"eXIf" + body + struct.pack(">I", zlib.crc32(b"eXIf" + body))
    data = plain[:33] + chunk + plain[33:]
    np.testing.assert_array_equal(values(saved(data, "turned16.png")), CORNERS.astype(np.float32) / 255)


@pytest.mark.parametrize(("kind", "suffix"), [("PNG", "png"), ("TIFF", "tif"), ("BMP", "bmp"), ("GIF", "gif")])
def test_lossless_formats_give_the_very_values(saved: Save, kind: str, suffix: str) -> None:
    picture = read(saved(encoded(Image.fromarray(CORNERS), kind), f"plain.{suffix}"))
    np.testing.assert_array_equal(picture.pixels[0].permute(1, 2, 0).numpy(), CORNERS.astype(np.float32) / 255)
    assert picture.pixels.dtype == torch.float32
    assert picture.pixels.is_contiguous()
    assert (picture.alpha, picture.bits, picture.size) == (None, 8, (32, 48))


def test_a_picture_knows_its_base_name_and_its_hash(saved: Save) -> None:
    data = encoded(Image.fromarray(CORNERS), "PNG")
    picture = read(saved(data, "here.png"))
    assert picture.name == "here.png"
    assert picture.sha256 == hashlib.sha256(data).hexdigest()
    assert "/" not in picture.name


def test_content_decides_not_the_suffix(saved: Save) -> None:
    assert read(saved(encoded(Image.fromarray(CORNERS), "PNG"), "really-a-png.jpg")).size == (32, 48)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "F"])
def test_every_mode_that_a_tiff_can_have(saved: Save, mode: str) -> None:
    grey = np.linspace(0, 1, 48, dtype=np.float32)[None].repeat(32, 0)
    if mode == "F":
        image = Image.fromarray(grey)
    elif mode == "I;16":
        image = Image.fromarray((grey * 65535).astype(np.uint16))
    elif mode == "LAB":
        lab = np.stack([grey * 255, grey * 0, grey * 0], axis=-1).astype(np.uint8)
        image = Image.frombytes("LAB", (48, 32), lab.tobytes())
    else:
        plain = Image.fromarray((grey * 255).astype(np.uint8))
        image = (plain.convert("LA") if mode == "PA" else plain if mode == "P" else plain.convert("RGB")).convert(mode)
    options = {"compression": "jpeg", "quality": 100} if mode == "YCbCr" else {}  # the way it is found in the wild
    found = values(saved(encoded(image, "TIFF", **options), "mode.tif"))
    assert found.shape == (32, 48, 3)
    tolerance = {"1": 1.0, "LAB": 0.12}.get(mode, 0.02)  # one is dithered, the other's steps are not sRGB's
    assert np.abs(found - grey[..., None]).max() <= tolerance
    assert abs(found.mean() - grey.mean()) < 0.05
    assert np.ptp(found, axis=-1).max() < 0.02  # grey stays grey


def test_palette_with_a_transparent_entry(saved: Save) -> None:
    image = Image.new("P", (4, 2), 1)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((0, 0), 0)
    for kind, name in (("PNG", "index.png"), ("GIF", "index.gif")):
        picture = read(saved(encoded(image, kind, transparency=0), name))
        assert picture.alpha is not None
        assert picture.alpha[0, 0, 0, 0] == 0
        assert picture.alpha.sum() == 7
        # the red of the unseen pixel must not show up anywhere
        torch.testing.assert_close(picture.pixels[0, :, 0, 0], torch.tensor([0.0, 0.0, 1.0]))


def test_gif_gives_its_first_frame(saved: Save) -> None:
    first, second = Image.new("RGB", (5, 5), (255, 0, 0)), Image.new("RGB", (5, 5), (0, 0, 255))
    data = encoded(first, "GIF", save_all=True, append_images=[second])
    assert values(saved(data, "film.gif"))[0, 0].tolist() == [1, 0, 0]


def test_opaque_alpha_is_no_alpha(saved: Save) -> None:
    image = Image.fromarray(CORNERS).convert("RGBA")
    assert read(saved(encoded(image, "PNG"), "opaque.png")).alpha is None


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bit_png_keeps_every_bit(saved: Save, channels: int) -> None:
    stored = np.random.default_rng(1).integers(1, 65536, (9, 7, channels)).astype(np.uint16)
    picture = read(saved(png16(stored), "deep.png"))
    found = np.rint(picture.pixels[0].permute(1, 2, 0).numpy() * 65535)
    colors = stored[..., :1].repeat(3, axis=2) if channels < 3 else stored[..., :3]
    np.testing.assert_array_equal(found, colors)
    assert picture.bits == 16
    if channels in (2, 4):
        assert picture.alpha is not None
        np.testing.assert_array_equal(np.rint(picture.alpha[0, 0].numpy() * 65535), stored[..., -1])


def test_16_bit_png_with_a_transparent_color(saved: Save, colors16: NDArray[np.uint16]) -> None:
    key = colors16[2, 3]
    picture = read(saved(png16(colors16, struct.pack(">3H", *key)), "key.png"))
    assert picture.alpha is not None
    assert picture.alpha[0, 0, 2, 3] == 0
    assert picture.alpha.sum() == 9 * 7 - 1


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("planes", ["contig", "separate"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bit_tiff_keeps_every_bit(
    saved: Save, order: str, compression: str | None, planes: str, channels: int
) -> None:
    stored = np.random.default_rng(2).integers(1, 65536, (9, 7, channels)).astype(np.uint16)
    arranged = stored if planes == "contig" else np.ascontiguousarray(stored.transpose(2, 0, 1))
    file = BytesIO()
    tifffile.imwrite(
        file,
        arranged if channels > 1 else stored[..., 0],
        byteorder=order,
        compression=compression,
        photometric="rgb" if channels > 2 else "minisblack",
        planarconfig=planes if channels > 1 else None,
        extrasamples=["unassalpha"] if channels in (2, 4) else None,
    )
    picture = read(saved(file.getvalue(), "deep.tif"))
    colors = stored[..., :1].repeat(3, axis=2) if channels < 3 else stored[..., :3]
    np.testing.assert_array_equal(np.rint(picture.pixels[0].permute(1, 2, 0).numpy() * 65535), colors)
    assert picture.bits == 16
    assert (picture.alpha is not None) == (channels in (2, 4))


def test_16_bit_tiff_with_lzw_keeps_every_bit(saved: Save, colors16: NDArray[np.uint16]) -> None:
    file = BytesIO()
    tifffile.imwrite(file, colors16, photometric="rgb", byteorder="<")
    plain = bytearray(file.getvalue())
    strip = lzw(colors16.astype("<u2").tobytes())
    (directory,) = struct.unpack_from("<I", plain, 4)
    for index in range(struct.unpack_from("<H", plain, directory)[0]):
        place = directory + 2 + 12 * index
        tag = struct.unpack_from("<H", plain, place)[0]
        if tag in (259, 273, 279):  # compression, where the strip is, how long it is
            value = {259: 5, 273: len(plain), 279: len(strip)}[tag]
            struct.pack_into("<HII", plain, place + 2, 4, 1, value)
    picture = read(saved(bytes(plain) + strip, "lzw.tif"))
    np.testing.assert_array_equal(np.rint(picture.pixels[0].permute(1, 2, 0).numpy() * 65535), colors16)


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3)])
def test_float_tiff_is_clipped(saved: Save, shape: tuple[int, ...]) -> None:
    stored = np.random.default_rng(3).uniform(-0.5, 1.5, shape).astype(np.float32)
    stored[0, 0] = np.nan
    file = BytesIO()
    tifffile.imwrite(file, stored, photometric="rgb" if len(shape) == 3 else "minisblack")
    picture = read(saved(file.getvalue(), "float.tif"))
    wanted = np.clip(np.nan_to_num(stored), 0, 1).reshape(6, 5, -1)
    np.testing.assert_allclose(
        picture.pixels[0].permute(1, 2, 0).numpy(), np.broadcast_to(wanted, (6, 5, 3)), atol=1e-7
    )
    assert picture.bits == 16


def test_premultiplied_16_bit_tiff(saved: Save) -> None:
    stored = np.full((4, 4, 4), 16384, np.uint16)
    stored[..., 3] = 32768
    file = BytesIO()
    tifffile.imwrite(file, stored, photometric="rgb", extrasamples=["assocalpha"])
    picture = read(saved(file.getvalue(), "premultiplied.tif"))
    assert picture.alpha is not None
    torch.testing.assert_close(picture.pixels, torch.full((1, 3, 4, 4), 0.5), atol=1e-4, rtol=0)
    torch.testing.assert_close(picture.alpha, torch.full((1, 1, 4, 4), 0.5), atol=1e-4, rtol=0)


def test_white_is_zero_in_16_bits(saved: Save) -> None:
    file = BytesIO()
    tifffile.imwrite(file, np.zeros((4, 4), np.uint16), photometric="miniswhite")
    assert values(saved(file.getvalue(), "inverse.tif")).min() == 1


def test_10_bit_heic_is_deep(saved: Save) -> None:
    ramp = np.linspace(0, 65535, 64).astype(np.uint16)[None, :, None].repeat(32, 0).repeat(3, 2)
    file = BytesIO()
    pillow_heif.encode("RGB;16", (64, 32), ramp.tobytes(), file, quality=-1, chroma=444, matrix_coefficients=0)
    picture = read(saved(file.getvalue(), "deep.heic"))
    assert picture.bits == 16
    found = picture.pixels[0, :, 7].numpy().T
    assert np.abs(found - ramp[0] / 65535).max() < 0.01
    assert np.unique(np.rint(found[:, 0] * 1023)).size > 60


def test_too_many_pixels_are_refused_from_the_header(saved: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    header = struct.pack(">IIBBBBB", 40_000, 30_000, 8, 2, 0, 0, 0)
    data = (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + b"IHDR"
        + header
        + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    )
    idat = zlib.compress(b"")
    data += struct.pack(">I", len(idat)) + b"IDAT" + idat + struct.pack(">I", zlib.crc32(b"IDAT" + idat))
    path = saved(data, "bomb.png")
    with pytest.raises(InputError, match=r"bomb.png has 40000x30000 = 1200 million .* IMPASTO_MAX_PIXELS=1200000000"):
        read(path)
    monkeypatch.setenv("IMPASTO_MAX_PIXELS", "1300000000")
    with pytest.raises(InputError, match="damaged"):  # now it is looked at, and found to hold nothing
        read(path)


def test_the_limit_can_be_set(saved: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(encoded(Image.fromarray(CORNERS), "PNG"), "small.png")
    with pytest.raises(InputError, match=r"limit of 0\.001 million"):
        read(path, max_pixels=1000)
    monkeypatch.setenv("IMPASTO_MAX_PIXELS", "many")
    with pytest.raises(OptionError, match="IMPASTO_MAX_PIXELS is 'many'"):
        read(path)


def test_reading_leaves_pillow_as_it_was(saved: Save) -> None:
    before = Image.MAX_IMAGE_PIXELS
    read(saved(encoded(Image.fromarray(CORNERS), "PNG"), "a.png"))
    assert before == Image.MAX_IMAGE_PIXELS is not None


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"])
def test_thin_pictures(saved: Save, kind: str, size: tuple[int, int]) -> None:
    image = Image.new("RGB", size[::-1], (255, 255, 255))
    picture = read(saved(encoded(image, kind), f"thin.{kind.lower()}"))
    assert picture.size == size
    assert picture.pixels.min() > 0.98


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_read_small_is_what_reading_and_resizing_gives(saved: Save, kind: str, orientation: int) -> None:
    pixels = (harbour((150, 201))[0].permute(1, 2, 0) * 255).round().byte().numpy()
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(encoded(Image.fromarray(pixels), kind, exif=exif, quality=95), f"one.{kind.lower()}")
    whole = read(path)
    small, full_size = read_small(path, 60)
    assert full_size == whole.size
    assert (small.name, small.sha256, small.metadata) == (whole.name, whole.sha256, whole.metadata)
    difference = (small.pixels - resize(whole.pixels, small.size)).abs()
    assert max(small.size) == 60
    assert difference.mean() < 0.012


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_read_small_understands_every_mode_of_a_jpeg(saved: Save, mode: str) -> None:
    pixels = (harbour((150, 200))[0].permute(1, 2, 0) * 255).round().byte().numpy()
    path = saved(encoded(Image.fromarray(pixels).convert(mode), "JPEG", quality=95), "one.jpg")
    small, _ = read_small(path, 50)
    assert (small.pixels - resize(read(path).pixels, small.size)).abs().mean() < 0.012


def test_read_small_enlarges_nothing_and_keeps_transparency(saved: Save) -> None:
    path = saved(encoded(Image.new("RGBA", (40, 30), (255, 0, 0, 128)), "PNG"), "one.png")
    same, _ = read_small(path, 100)
    small, full_size = read_small(path, 20)
    assert same.size == full_size == (30, 40)
    assert small.alpha is not None
    assert small.alpha.shape == (1, 1, 15, 20)


def test_read_small_decodes_only_what_a_large_jpeg_needs(saved: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(encoded(Image.new("RGB", (1600, 1200)), "JPEG"), "one.jpg")
    decoded = []
    load = Image.Image.convert
    monkeypatch.setattr(Image.Image, "convert", lambda image, *given: decoded.append(image.size) or load(image, *given))
    assert read_small(path, 400)[1] == (1200, 1600)
    assert decoded == [(400, 300)]


def test_read_small_refuses_what_is_too_large(saved: Save) -> None:
    path = saved(encoded(Image.new("RGB", (64, 64)), "JPEG"), "one.jpg")
    with pytest.raises(InputError, match="more than the limit"):
        read_small(path, 8, max_pixels=4000)
