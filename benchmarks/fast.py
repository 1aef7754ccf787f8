"""How quick the fast method is beside MicroAST and Magenta, what memory it takes, and whether its skies repeat.

    python benchmarks/fast.py --microast DIR --magenta DIR [--photo FILE] [--style FILE] [--json FILE]
    python benchmarks/fast.py skies          every style of the gallery on flat grey and on a gradient

Speed: two threads, side by side in one run, the style's vector computed before the clock starts, one warm-up, medians.
Ours is measured as it is used, with reading statistics and enlarging, and without its rehearsals too, which none of the
others has; MicroAST as its authors run it (float32) and in bfloat16; Magenta's int8 network at its own 384 px, per
pixel. Without the folders ours is measured alone.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import impasto
from impasto.engine.gallery import gallery
from impasto.engine.inputs import Style
from impasto.evaluation import machine_facts
from impasto.images import harbour, resize, samples, write
from microast import MicroAST

SIZES = {"512x384": (384, 512), "12 MP": (3000, 4000)}
LAGS = range(3, 65)


def main() -> None:
    """Measure what was asked for and print it as JSON."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("what", nargs="?", choices=["speed", "skies"], default="speed")
    asked.add_argument("--microast", type=Path, help="folder with MicroAST's published weights")
    asked.add_argument("--magenta", type=Path, help="folder with Magenta's prediction.tflite and transfer.tflite")
    asked.add_argument("--threads", type=int, default=2)
    asked.add_argument("--runs", type=int, default=5)
    asked.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES), help="of the photos of speed")
    asked.add_argument("--styles", type=int, help="look at so many skies only, to try it out")
    asked.add_argument("--json", type=Path, help="also write the numbers here")
    args = asked.parse_args()
    torch.set_num_threads(args.threads)
    found = skies(args.styles) if args.what == "skies" else speed(args)
    text = json.dumps({"machine": machine_facts(), **found}, indent=1)
    print(text)
    if args.json:
        args.json.write_text(text + "\n", encoding="utf-8")


def speed(args: argparse.Namespace) -> dict[str, Any]:
    """Return seconds and megapixels a second of each method, and the peak memory and the shell's seconds of ours."""
    rows: dict[str, dict[str, float]] = {}
    for name, size in ((name, SIZES[name]) for name in args.sizes):
        photo = resize(harbour((768, 1024)), size)
        for method, paint in painters(args, photo).items():
            rows[f"{method}, {name}"] = timed(paint, args.runs if size[0] < 1000 else max(3, args.runs // 2))
    for row in rows.values():
        row["megapixels/s"] = row.pop("pixels") / row["seconds"] / 1e6
    return {"speed": rows, "peak MB at 12 MP": peak_megabytes(), "shell seconds at 512 px": shell_seconds(args.runs)}


def painters(args: argparse.Namespace, photo: Tensor) -> dict[str, Callable[[], Tensor]]:
    """Return everything that paints this photo, ready to be timed."""
    named = gallery()[0]
    style = Style(named.name, vector=named.vector)
    at_once, rehearsing = impasto.load("fast", rehearsals=0), impasto.load("fast")
    found: dict[str, Callable[[], Tensor]] = {
        "impasto fast, without rehearsals": lambda: at_once(photo, style).image,
        "impasto fast": lambda: rehearsing(photo, style).image,
    }
    if args.microast:
        peer = MicroAST(args.microast)
        painting = samples.brushwork((384, 512))
        described = peer.describe(painting)
        found["MicroAST float32"] = lambda: peer(photo, described)
        half = MicroAST(args.microast).to(torch.bfloat16).to(memory_format=torch.channels_last)
        seen = half.describe(painting.bfloat16())
        found["MicroAST bfloat16"] = lambda: half(photo.bfloat16(), seen)
    if args.magenta and photo.shape[-1] < 1000:
        found["Magenta int8, 384x384"] = magenta(args.magenta, args.threads, resize(photo, (384, 384)))
    return found


def magenta(folder: Path, threads: int, photo: Tensor) -> Callable[[], Tensor]:
    """Return Magenta's transfer network on its own square, with the style's vector known."""
    from impasto.models.magenta import Magenta

    pair = Magenta(folder / "prediction.tflite", folder / "transfer.tflite", threads=threads)
    vector = pair.code(samples.brushwork((256, 256)))
    return lambda: pair(photo, vector)


def timed(paint: Callable[[], Tensor], runs: int) -> dict[str, float]:
    """Return the median seconds after one warm-up, and how many pixels were painted."""
    seconds = []
    with torch.inference_mode():
        painted = paint()
        for _ in range(runs):
            began = time.perf_counter()
            paint()
            seconds.append(time.perf_counter() - began)
    pixels = float(painted.shape[-2] * painted.shape[-1])
    return {"seconds": statistics.median(seconds), "slowest": max(seconds), "pixels": pixels}


def peak_megabytes() -> float:
    """Return the most memory that one process ever had which painted 12 megapixels from file to file."""
    # Linux counts what this process held to the peak of one that it starts, so the other's own memory map is asked.
    script = (
        "import resource, sys, impasto; from pathlib import Path; "
        "impasto.stylize(sys.argv[1], 'starry-night').save(sys.argv[2]); own = Path('/proc/self/status'); "
        "lines = own.read_text().splitlines() if own.exists() else []; "
        "peaks = [int(line.split()[1]) for line in lines if line.startswith('VmHWM')]; "
        "print((peaks or [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss])[0] / 1e3)"
    )
    with tempfile.TemporaryDirectory() as scratch:
        photo = Path(scratch) / "photo.jpg"
        write(resize(harbour((768, 1024)), SIZES["12 MP"]), photo)
        run = subprocess.run(
            [sys.executable, "-c", script, photo, Path(scratch) / "out.jpg"], capture_output=True, text=True, check=True
        )
    return float(run.stdout)


def shell_seconds(runs: int) -> float:
    """Return the median seconds from the shell to the written file, after one warm-up."""
    with tempfile.TemporaryDirectory() as scratch:
        photo, seconds = Path(scratch) / "photo.jpg", []
        write(harbour((384, 512)), photo)
        command = [sys.executable, "-m", "impasto", "stylize", photo, "starry-night", "-o", Path(scratch) / "out.jpg"]
        for _ in range(runs + 1):
            began = time.perf_counter()
            subprocess.run([*command, "--force", "--quiet"], check=True, capture_output=True)
            seconds.append(time.perf_counter() - began)
    return statistics.median(seconds[1:])


def skies(count: int | None) -> dict[str, Any]:
    """Return the worst peak of the autocorrelation for every style, on flat grey and on a gradient."""
    blank = torch.full((1, 3, 512, 512), 0.5)
    ramp = torch.linspace(0.3, 0.8, 512).view(1, 1, -1, 1).expand(1, 3, 512, 512).contiguous()
    fast, found = impasto.load("fast"), {}
    for named in gallery()[:count]:
        style = Style(named.name, vector=named.vector)
        found[named.name] = max(worst_peak(fast(sky, style).image) for sky in (blank, ramp))
    return {
        "worst": max(found.values()),
        "above 0.3": [name for name, peak in found.items() if peak > 0.3],
        "all": found,
    }


def worst_peak(picture: Tensor) -> float:
    """Return the highest local maximum of the autocorrelation at the lags of a small repeated pattern.

    What changes slowly over the picture is taken out first: a gradient is no pattern.
    """
    grey = picture.mean(1, keepdim=True)
    grey = grey - torch.nn.functional.avg_pool2d(grey, 129, stride=1, padding=64, count_include_pad=False)
    power = torch.fft.rfft2(grey[0, 0], s=(1024, 1024)).abs().square()
    correlation = torch.fft.irfft2(power)[: LAGS.stop + 1, : LAGS.stop + 1]
    covered = (1 - torch.arange(LAGS.stop + 1) / 512).view(-1, 1)
    correlation = correlation / (correlation[0, 0].clamp_min(1e-12) * covered * covered.T)
    around = torch.nn.functional.max_pool2d(correlation[None, None], 3, stride=1, padding=1)[0, 0]
    rows, columns = torch.meshgrid(torch.arange(LAGS.stop + 1), torch.arange(LAGS.stop + 1), indexing="ij")
    far = (torch.maximum(rows, columns) >= LAGS.start) & (torch.maximum(rows, columns) < LAGS.stop)
    peaks = correlation[far & (correlation == around)]
    return float(peaks.max()) if len(peaks) else 0.0


if __name__ == "__main__":
    main()
