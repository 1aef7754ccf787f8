"""Uploads that nobody wishes for: damaged, lying, bombs, two things at once, with names that are paths."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

from PIL import Image

__all__ = ["hostile_uploads"]

KINDS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF")
NAMES = (
    "photo.jpg",
    "../../../../etc/passwd.png",
    "..\\..\\windows\\system32.png",
    "/etc/shadow.jpg",
    "con.png",
    "a" * 240 + ".jpg",
    "line\nbreak\r.png",
    "\u202egnp.exe.jpg",
    "<script>alert(1)</script>.png",
    "'; drop table pictures; --.webp",
    "émoji 🎨.jpg",
    "-rf ~.png",
    "%2e%2e%2f.jpg",
    "${HOME}.png",
)


def hostile_uploads(count: int, seed: int = 7) -> Iterator[tuple[str, bytes]]:
    """Yield so many uploads, the same ones every time."""
    chance = random.Random(seed)
    honest = {kind: _honest(kind) for kind in KINDS}
    ways = (_truncated, _flipped, _huge, _bomb, _polyglot, _wrong, _spliced, _padded)
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        way: Callable[[bytes, random.Random], bytes] = ways[(number // len(KINDS)) % len(ways)]
        yield NAMES[number % len(NAMES)], way(honest[kind], chance)


def _honest(kind: str) -> bytes:
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    buffer = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((64, 48)).save(buffer, kind)
    return buffer.getvalue()


def _truncated(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _flipped(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 40)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _huge(data: bytes, chance: random.Random) -> bytes:
    """Let the header promise enormous sides."""
    changed = bytearray(data)
    sides = struct.pack(">II", chance.choice((65_535, 2**31 - 1, 100_000)), chance.choice((65_535, 2**31 - 1)))
    if data.startswith(b"\x89PNG"):
        changed[16:24] = sides
        changed[29:33] = struct.pack(">I", zlib.crc32(bytes(changed[12:29])))
    elif data.startswith(b"BM"):
        changed[18:26] = struct.pack("<ii", 100_000, 100_000)
    elif data.startswith(b"GIF8"):
        changed[6:10] = struct.pack("<HH", 65_535, 65_535)
    elif data.startswith(b"\xff\xd8"):
        at = data.find(b"\xff\xc0")
        changed[at + 5 : at + 9] = struct.pack(">HH", 65_535, 65_535)
    else:
        at = chance.randrange(8, max(9, len(changed) - 8))
        changed[at : at + 8] = sides
    return bytes(changed)


def _bomb(data: bytes, chance: random.Random) -> bytes:
    """Make a few kilobytes that unfold to far more pixels than are allowed."""
    side = chance.choice((8_000, 20_000, 30_000))
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((side // 8 + 1) * side), 9)
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(part)) + name + part + struct.pack(">I", zlib.crc32(name + part)) for name, part in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def _polyglot(data: bytes, chance: random.Random) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("run.html", "<script>alert(1)</script>")
    return data + chance.choice((archive.getvalue(), b"<script>alert(1)</script>", b"MZ\x90\0" + bytes(64)))


def _wrong(data: bytes, chance: random.Random) -> bytes:
    return chance.choice(
        (
            b"",
            b"\0",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            b"%PDF-1.7\n1 0 obj",
            b"\x80\x04\x95\x1f\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93",
            b"PK\x03\x04" + bytes(200),
            chance.randbytes(4000),
            b"\xff\xd8\xff" + chance.randbytes(2000),
            b"\x89PNG\r\n\x1a\n" + chance.randbytes(500),
            b"GIF89a" + chance.randbytes(500),
        )
    )


def _spliced(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + chance.randbytes(chance.randrange(1, 300)) + data[at:]


def _padded(data: bytes, chance: random.Random) -> bytes:
    return chance.choice((bytes(100) + data, data * 3, data[::-1]))
