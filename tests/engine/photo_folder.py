"""A folder of many kinds of pictures, some of them broken, drawn by code."""

from __future__ import annotations

from pathlib import Path

import torch

from impasto.images import Metadata, write

SUFFIXES = ("jpg", "png", "webp", "tif", "bmp", "gif", "JPG")
FOLDERS = ("", "lake", "lake/winter", "été 2024")
BREAKS = (b"", b"not a picture at all", b"\x89PNG\r\n\x1a\n half a header")


def draw_photos(folder: Path, count: int, broken: int = 0) -> list[str]:
    """Draw pictures of several sizes and formats into a folder and its sub-folders; return the names of broken ones."""
    generator = torch.Generator().manual_seed(count)
    bad = []
    for number in range(count):
        name = Path(FOLDERS[number % len(FOLDERS)], f"photo {number:03}.{SUFFIXES[number % len(SUFFIXES)]}")
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if number % (count // broken if broken else count + 1) == 1 and len(bad) < broken:
            path.write_bytes(BREAKS[len(bad) % len(BREAKS)])
            bad.append(name.as_posix())
            continue
        size = (8 + number % 13, 8 + number % 7)
        write(torch.rand((1, 3, *size), generator=generator), path, metadata=Metadata(dpi=(96.0, 96.0)))
    return bad


def pixels_in(folder: Path) -> dict[str, bytes]:
    """Return the decoded pixels of every picture below a folder, by name."""
    from impasto.images import read
    from impasto.images.formats import format_of

    return {
        path.relative_to(folder).as_posix(): read(path).pixels.numpy().tobytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and format_of(path.suffix) and not path.name.startswith(".")
    }
