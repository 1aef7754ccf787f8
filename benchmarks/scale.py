"""Whether memory stays flat, and time grows no faster than the pixels, from 4 to 100 megapixels.

    python benchmarks/scale.py [--method fast] [--megapixels 4 12 25 50 100] [--runs 3] [--photos DIR] [--json FILE]

Each size is painted in a process of its own, by bands from file to file, as `impasto stylize` does it from 16
megapixels on, and again for every run; what counts is the most memory that the process ever had, and the median of its
seconds. Photographs of such sizes are not at hand, so they are made, the same ones from the same seed: landscapes drawn
row by row (ridges, clouds and grain, so that there is detail down to the pixel), or, where `--photos` names a folder,
collages of its photographs at their native pixels. Making them is not measured.

The goals: the peak at the largest size is at most that at 12 megapixels and 600 MB, and the time per megapixel at most
1.25 times.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from impasto.engine import load
from impasto.engine.huge import paint_file
from impasto.engine.onepass import OnePass
from impasto.evaluation.machine import machine_facts
from impasto.evaluation.peaks import watched
from impasto.images import brushwork, read, write
from impasto.images.formats import format_of
from impasto.images.streaming import writing_rows
from impasto.images.streaming.rescaling import resized_rows

SEED = 6
BASE = 12  # megapixels that the largest is compared with
MORE_MEMORY, MORE_TIME = 600.0, 1.25
BAND = 256  # rows that are drawn at once
SHELF = 768  # height of a row of photographs in a collage
Rows = Callable[[int, int], Tensor]


def main() -> None:
    """Measure all sizes and print the numbers, or be one of the measured processes."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--method", default="fast", help="any method that paints in one pass")
    asked.add_argument("--megapixels", type=float, nargs="+", default=[4, 12, 25, 50, 100])
    asked.add_argument("--runs", type=int, default=3)
    asked.add_argument("--photos", type=Path, help="folder of photographs for collages")
    asked.add_argument("--style", type=Path, help="painting; without it one drawn by code")
    asked.add_argument("--suffix", default="jpg", choices=["jpg", "png", "tif"])
    asked.add_argument("--json", type=Path, help="also write the numbers here")
    asked.add_argument("--one", type=Path, nargs=3, metavar=("PHOTO", "STYLE", "OUT"), help=argparse.SUPPRESS)
    args = asked.parse_args()
    if args.one:
        print(json.dumps(painted(args.method, *args.one)))
        return
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        found = measured(args, Path(folder))
    document = {"machine": machine_facts(), "method": args.method, "format": args.suffix, "seed": SEED, **found}
    print(json.dumps(document, indent=1))
    if args.json:
        args.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def measured(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Paint every size; return the numbers and whether the goals are met."""
    style = args.style or folder / "style.png"
    if args.style is None:
        write(brushwork((512, 512)), style)
    if args.photos:
        return {"collage": _sizes(lambda size: collage(size, args.photos), args, folder, style)}
    return {"landscape": _sizes(landscape, args, folder, style)}


def _sizes(
    draw: Callable[[tuple[int, int]], Rows], args: argparse.Namespace, folder: Path, style: Path
) -> dict[str, Any]:
    lines = []
    for megapixels in args.megapixels:
        size = (round((megapixels * 1e6 / 1.5) ** 0.5), round((megapixels * 1e6 * 1.5) ** 0.5))
        photo, out = folder / f"photo.{args.suffix}", folder / f"out.{args.suffix}"
        save(draw(size), size, photo)
        runs = [_in_process(args.method, photo, style, out) for _ in range(args.runs)]
        lines.append(
            {
                "megapixels": megapixels,
                "peak MB": max(run["peak MB"] for run in runs),
                "seconds": [run["seconds"] for run in runs],
                "seconds per megapixel": round(statistics.median(run["seconds"] for run in runs) / megapixels, 4),
            }
        )
        print(lines[-1], file=sys.stderr)
    return {"sizes": lines, "goals": goals(lines)}


def goals(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Compare the largest size with the one of 12 megapixels (or the smallest, where that was not measured)."""
    base = next((line for line in lines if line["megapixels"] == BASE), lines[0])
    last = lines[-1]
    memory = last["peak MB"] - base["peak MB"]
    time_ratio = last["seconds per megapixel"] / base["seconds per megapixel"]
    return {
        "more MB": {"found": round(memory), "at most": MORE_MEMORY, "met": memory <= MORE_MEMORY},
        "time per megapixel": {"found": round(time_ratio, 3), "at most": MORE_TIME, "met": time_ratio <= MORE_TIME},
    }


def _in_process(method: str, photo: Path, style: Path, out: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--method", method, "--one", photo, style, out]
    done = subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def painted(method: str, photo: Path, style: Path, out: Path) -> dict[str, float]:
    """Paint one picture by bands, whatever its size, and return what it cost."""
    stylizer = load(method)
    if not isinstance(stylizer, OnePass):
        raise SystemExit(f"{method} does not paint in one pass, so it does not paint by bands either")
    with watched() as peak:
        started = time.perf_counter()
        paint_file(stylizer, photo, style, out, overwrite=True)
        seconds = time.perf_counter() - started
    return {"seconds": round(seconds, 2), "peak MB": round((peak.bytes or 0) / 1e6)}


def save(rows: Rows, size: tuple[int, int], path: Path) -> None:
    """Write a picture that is drawn row by row."""
    with writing_rows(path, size, overwrite=True) as writer:
        for top in range(0, size[0], BAND):
            writer.write(rows(top, min(top + BAND, size[0])))


def landscape(size: tuple[int, int]) -> Rows:
    """Return the rows of a landscape: a clouded sky and five ridges, each nearer, darker and rougher."""
    height, width = size
    generator = torch.Generator().manual_seed(SEED)
    clouds = [(_lattice(cells, generator), 0.5**octave) for octave, cells in enumerate((6, 12, 24, 48, 96, 192))]
    rough = [(_lattice(cells, generator), 0.6**octave) for octave, cells in enumerate((24, 96, 384, 1536))]
    ridges = [height * (0.35 + 0.12 * number + 0.1 * (_ridge(width, generator) - 0.5)) for number in range(5)]

    def rows(top: int, bottom: int) -> Tensor:
        y = torch.arange(top, bottom).view(-1, 1)
        sky = torch.lerp(torch.tensor([0.35, 0.55, 0.85]), torch.tensor([0.95, 0.85, 0.7]), (y / height)[..., None])
        cloud = _noise(clouds, size, top, bottom)[0, 0]
        picture = torch.lerp(sky.expand(-1, width, -1), torch.ones(3), (cloud - 0.5).clamp(0, 1)[..., None])
        texture = _noise(rough, size, top, bottom)[0].permute(1, 2, 0)
        for number, ridge in enumerate(ridges):
            color = torch.tensor([0.55, 0.6, 0.7]) * (0.8 - 0.15 * number) + 0.35 * number / 5 * (texture - 0.5)
            picture = torch.where((y > ridge)[..., None], color, picture)
        grain = torch.rand(picture.shape, generator=torch.Generator().manual_seed(SEED + top)) - 0.5
        return (picture + 0.06 * grain).clamp(0, 1).permute(2, 0, 1)[None]

    return rows


def _lattice(cells: int, generator: torch.Generator) -> Tensor:
    return torch.rand((1, 3, max(2, cells * 2 // 3), cells), generator=generator)


def _noise(octaves: Sequence[tuple[Tensor, float]], size: tuple[int, int], top: int, bottom: int) -> Tensor:
    """Return the sum of lattices of random numbers, each enlarged to the whole picture, as values about [0, 1]."""
    total = torch.zeros(())
    for grid, weight in octaves:
        part = resized_rows(lambda a, b, grid=grid: grid[:, :, a:b], grid.shape[-2:], size, top, bottom)  # type: ignore[misc]
        total = total + weight * part
    return total / sum(weight for _, weight in octaves)


def _ridge(width: int, generator: torch.Generator) -> Tensor:
    """Return the height of a ridge at every column, rough at every scale."""
    height = torch.zeros(width)
    for octave in range(9):
        points = torch.rand((1, 1, 4 * 2**octave), generator=generator)
        height += 0.55**octave * torch.nn.functional.interpolate(points, width, mode="linear")[0, 0]
    return height / height.max()


def collage(size: tuple[int, int], folder: Path) -> Rows:
    """Return the rows of shelves full of photographs, cut but never resized."""
    chance = random.Random(SEED)
    paths = sorted(path for path in folder.iterdir() if format_of(path.suffix))
    shelves: dict[int, Tensor] = {}

    def shelf(number: int) -> Tensor:
        if number not in shelves:
            shelves.clear()
            parts: list[Tensor] = []
            while sum(part.shape[-1] for part in parts) < size[1]:
                pixels = read(chance.choice(paths)).pixels
                repeats = -(-SHELF // pixels.shape[-2])
                parts.append(pixels.repeat(1, 1, repeats, 1)[:, :, :SHELF])
            shelves[number] = torch.cat(parts, dim=3)[..., : size[1]]
        return shelves[number]

    def rows(top: int, bottom: int) -> Tensor:
        lines = []
        while top < bottom:
            until = min(bottom, (top // SHELF + 1) * SHELF)
            lines.append(shelf(top // SHELF)[:, :, top % SHELF : top % SHELF + until - top])
            top = until
        return torch.cat(lines, dim=2)

    return rows


if __name__ == "__main__":
    main()
