"""How soon painting by optimisation gets there, and in how much memory.

    python benchmarks/optimize.py race --vgg FILE
    python benchmarks/optimize.py memory [--vgg FILE]

race     Time to an equal result against a plain loop in the manner of the classic tools, both with the same VGG-19,
         side by side in one run. The yardstick is the plain loop's own loss, in float32 on the picture as saved in 8
         bits: content relu4_1 weight 5 (mean squared difference), Gram/(C·H·W) of relu1_1, 2_1, 3_1, 4_1 weight 100,
         total variation weight 1e-3 (mean absolute difference of neighbours on 0-255 values). Ours runs with the same
         objective (balance="classic"). The plain loop's best value so far counts, since it often gets worse for a
         while. Measuring and loading the network are part of nobody's time.
         --gram says what becomes of the squared differences of Gram matrices. sum adds them up, as in Gatys et al.
         2016, equation 4: 1/(4N²M²) Σ(G - A)² is, but for the 4, the sum over Gram/(C·H·W). mean averages them, as
         later tools did with VGG-19 as it was published, whose activations are some hundred times larger than those
         of a normalised one (mean activation 1). By default each kind of weights gets its own; with mean and a
         normalised VGG-19 style would hardly count, and all would stay near the photo.
memory   Peak memory of painting at several sizes, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.engine import load
from impasto.evaluation import machine_facts
from impasto.images import Picture, brushwork, fit_long_side, harbour, read, resize
from impasto.models import vgg_from_file

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
CONTENT_LAYER = "relu4_1"
CONTENT_WEIGHT, STYLE_WEIGHT, TV_WEIGHT = 5.0, 100.0, 1e-3
WIDTHS = {"relu1_1": 64, "relu2_1": 128, "relu3_1": 256, "relu4_1": 512}
OUR_BUDGETS = (15, 25, 40, 50, 60, 80, 110, 150)  # steps altogether of one run each: the curve of ours
RUNNERS = ("ours", "ours in float32", "plain L-BFGS", "plain Adam", "plain L-BFGS in bfloat16 channels-last")
LARGEST_NORMALIZED = 10.0  # mean activation of a layer, beyond which a VGG is taken for an unnormalised one


@dataclass
class Point:
    """A moment of a run."""

    seconds: float
    steps: int
    loss: float


class ClassicLoss:
    """The plain loop's loss for one pair at one size."""

    def __init__(
        self, args: argparse.Namespace, photo: Tensor, style: Tensor, dtype: torch.dtype, layout: torch.memory_format
    ) -> None:
        self.layout, self.together = layout, torch.sum if args.gram == "sum" else torch.mean
        self.network = vgg_from_file(args.vgg, STYLE_LAYERS, padding="reflect").to(dtype=dtype, memory_format=layout)
        with torch.no_grad():
            self.grams = {layer: gram(x) for layer, x in self.features(style).items()}
            self.content = self.features(photo)[CONTENT_LAYER]

    def features(self, image: Tensor) -> dict[str, Tensor]:
        """Return the layers compared."""
        found: dict[str, Tensor] = self.network(image.contiguous(memory_format=self.layout))
        return found

    def __call__(self, image: Tensor) -> Tensor:
        """Return the loss of a picture (1, 3, H, W)."""
        features = self.features(image)
        content = F.mse_loss(features[CONTENT_LAYER], self.content).float()
        gaps = ((gram(x) - self.grams[layer]).square() for layer, x in features.items())
        style = sum((self.together(gap) for gap in gaps), torch.zeros(()))
        rows, columns = image.diff(dim=2).abs().mean(), image.diff(dim=3).abs().mean()
        return CONTENT_WEIGHT * content + STYLE_WEIGHT * style + TV_WEIGHT * 255 * (rows + columns)


@torch.no_grad()
def usual_gram(vgg_file: Path, photo: Tensor) -> str:
    """Return how differences of Gram matrices are put together with such weights, see above."""
    network = vgg_from_file(vgg_file, [CONTENT_LAYER])
    return "sum" if float(network(photo)[CONTENT_LAYER].mean()) < LARGEST_NORMALIZED else "mean"


def gram(features: Tensor) -> Tensor:
    """Return the Gram matrix divided by C·H·W, (C, C) float32."""
    flat = features[0].flatten(1)
    return (flat @ flat.T).float() / flat.numel()


def plain_loop(loss: ClassicLoss, judge: ClassicLoss, photo: Tensor, steps: int, how: str) -> list[Point]:
    """Run the loop of the classic tools from the photo; judge it every tenth step, off the clock."""
    image = photo.clone().requires_grad_()
    lbfgs = torch.optim.LBFGS([image], max_iter=1, history_size=100, tolerance_grad=0, tolerance_change=0)
    optimizer = lbfgs if how == "lbfgs" else torch.optim.Adam([image], lr=0.02)

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss(image)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    points, spent = [Point(0.0, 0, judged(judge, photo))], 0.0
    for step in range(1, steps + 1):
        began = time.perf_counter()
        optimizer.step(closure)  # type: ignore[arg-type]
        spent += time.perf_counter() - began
        if step % 10 == 0:
            points.append(Point(spent, step, judged(judge, image.detach())))
    return points


@torch.no_grad()
def judged(judge: ClassicLoss, image: Tensor) -> float:
    """Return the loss of a picture as it would be saved, in float32."""
    return float(judge((image.clamp(0, 1) * 255).round() / 255))


def ours(args: argparse.Namespace, judge: ClassicLoss, precision: str) -> list[Point]:
    """Run our engine with growing budgets of steps."""
    photo, style = pair(args)
    # The engine averages over a Gram matrix's entries; where they are added up, a layer weighs that much more.
    layers = [f"{layer}={width**2 if args.gram == 'sum' else 1}" for layer, width in WIDTHS.items()]
    engine = load(
        "optimize", size=args.size, precision=precision, backbone=str(args.vgg), padding="reflect", patience=0,
        balance="classic", style_layers=layers, content_layers=[CONTENT_LAYER], tv_kind="absolute",
        content_weight=CONTENT_WEIGHT, style_weight=STYLE_WEIGHT, tv_weight=TV_WEIGHT,
    )  # fmt: skip
    points = []
    for budget in OUR_BUDGETS:
        began = time.perf_counter()
        engine.weights()
        loading = time.perf_counter() - began
        result = engine(photo, style, steps=budget)
        points.append(Point(result.seconds - loading, budget, judged(judge, result.image)))
    return points


def seconds_to(points: Sequence[Point], value: float) -> float | None:
    """Return when a run first reached a value."""
    return next((point.seconds for point in points if point.loss <= value), None)


def race(args: argparse.Namespace) -> dict[str, Any]:
    """Run everybody on the same pair and compare the times to the plain loop's results."""
    photo, style = pair(args)
    size = fit_long_side(photo.size, args.size)
    small, style_small = resize(photo.pixels, size), resize(style.pixels, fit_long_side(style.size, args.size))
    args.gram = args.gram or usual_gram(args.vgg, small)
    plain = torch.float32, torch.contiguous_format
    judge = ClassicLoss(args, small, style_small, *plain)
    quick = ClassicLoss(args, small, style_small, torch.bfloat16, torch.channels_last)
    ways: list[Callable[[], list[Point]]] = [
        lambda: ours(args, judge, "auto"),
        lambda: ours(args, judge, "float32"),
        lambda: plain_loop(judge, judge, small, args.steps, "lbfgs"),
        lambda: plain_loop(judge, judge, small, args.steps, "adam"),
        lambda: plain_loop(quick, judge, small, args.steps, "lbfgs"),
    ]
    runs = dict(zip(RUNNERS, ways, strict=True))
    curves = {}
    for name in args.only or runs:
        curves[name] = runs[name]()
        print(f"{name}: {curves[name][-1]}", file=sys.stderr, flush=True)
    return {
        "size": args.size,
        "steps": args.steps,
        "gram": args.gram,
        "ratios": ratios(curves),
        "curves": {n: [asdict(p) for p in c] for n, c in curves.items()},
    }


def ratios(curves: dict[str, list[Point]]) -> dict[str, Any]:
    """Return how many times sooner ours reached the best value that each plain loop reached."""
    found: dict[str, Any] = {}
    for mine in (name for name in curves if name.startswith("ours")):
        for theirs in (name for name in curves if name.startswith("plain")):
            best = min(curves[theirs], key=lambda point: point.loss)
            reached = seconds_to(curves[mine], best.loss)
            found[f"{mine} against {theirs}"] = {
                "their best": round(best.loss, 5),
                "their seconds": round(best.seconds, 1),
                "our seconds": None if reached is None else round(reached, 2),
                "times sooner": None if reached is None else round(best.seconds / reached, 1),
                "our best": round(min(point.loss for point in curves[mine]), 5),
            }
    return found


def pair(args: argparse.Namespace) -> tuple[Picture, Picture]:
    """Return the pictures given, or the ones we draw ourselves."""
    photo = read(args.photo) if args.photo else Picture(harbour((768, 1024)))
    style = read(args.style) if args.style else Picture(brushwork((768, 1024)))
    return photo, style


def memory(args: argparse.Namespace) -> dict[str, Any]:
    """Measure each size in a process of its own."""
    found = {}
    for side in args.sides:
        command = [sys.executable, __file__, "one", "--size", str(side), "--steps", str(args.steps), *_passed_on(args)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[str(side)] = json.loads(done.stdout)
    return {"peak memory by long side": found}


def _passed_on(args: argparse.Namespace) -> list[str]:
    passed = ["--vgg", str(args.vgg)] if args.vgg else []
    passed += ["--stroke", str(args.stroke)]
    return passed + (["--tile", str(args.tile)] if args.tile else [])


def one(args: argparse.Namespace) -> dict[str, Any]:
    """Paint once at one size, in one scale so that the size counts, and tell the peak."""
    photo, style = (Picture(draw(fit_long_side((768, 1024), args.size))) for draw in (harbour, brushwork))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    backbone = str(args.vgg) if args.vgg else "embedded"
    options: dict[str, Any] = {"size": args.size, "steps": args.steps, "scales": 1, "stroke": args.stroke}
    engine = load("optimize", backbone=backbone, tile=args.tile, **options)
    plan = engine.plan(photo, style)
    result = engine(photo, style)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "peak MB": round(peak / 1000),
        "of it before painting": round(before / 1000),
        "planned MB": round(plan.peak_bytes / 1e6),
        "seconds a step": round(result.seconds / args.steps, 2),
    }


def main() -> None:
    """Run what was asked for and print it as JSON."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("what", choices=["race", "memory", "one"])
    asked.add_argument("--vgg", type=Path, help="weights of VGG-19, whole or to relu4_1")
    asked.add_argument("--photo", type=Path)
    asked.add_argument("--style", type=Path)
    asked.add_argument("--gram", choices=["sum", "mean"], help="default: what suits the weights")
    asked.add_argument("--only", nargs="+", choices=RUNNERS, help="who runs the race, if not all")
    asked.add_argument("--size", type=int, default=256)
    asked.add_argument("--sides", type=int, nargs="+", default=[512, 1024, 2048])
    asked.add_argument("--steps", type=int, default=None)
    asked.add_argument("--tile", type=int)
    asked.add_argument("--stroke", type=float, default=1.0)
    asked.add_argument("--json", type=Path)
    args = asked.parse_args()
    args.steps = args.steps or {"race": 500}.get(args.what, 3)
    found = {"race": race, "memory": memory, "one": one}[args.what](args)
    text = json.dumps(found if args.what == "one" else {"machine": machine_facts(), **found}, indent=1)
    print(text)
    if args.json:
        args.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
