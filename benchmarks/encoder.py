"""How well the embedded encoder sees like VGG-19, and how much quicker it is.

    python benchmarks/encoder.py --kit KIT

Everything is measured on pictures of the kit that no training ever saw (impasto.training.pictures.is_kept_out):

features   Pearson correlation of its heads with VGG-19 (relu1_1 … relu4_1) and the distilled VGG-19 (relu5_1), over all
           values of a layer in 100 pictures at 320 px, and the median over live channels; a third of the pictures are
           photographs stylised by optimisation with VGG-19, because optimisation walks through such pictures.
distances  Spearman correlation of the style distances of 300 pairs of paintings as VGG-19 measures them and as the
           encoder does: by its heads, which estimate VGG-19's features, and by its own features.
speed      forward and backward at 512 px side by side, to relu4_1, in bfloat16 and float32.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from impasto import losses
from impasto.config import Optimize
from impasto.device import prefer_big_pages
from impasto.engine import stylize
from impasto.evaluation import machine_facts
from impasto.images import fit_long_side, read, resize
from impasto.models import embedded_encoder, vgg_from_file
from impasto.models.encoder import HEAD_WIDTHS, Encoder
from impasto.training.pictures import is_kept_out, pictures_in
from impasto.training.teachers import load_teacher

VGG_FILE = "reference/vgg/vgg19_normalised_conv1_1-conv4_1.npz"
DISTILLED_FILE = "reference/collaborative_distillation_small16x/5SE.pth"
GOALS = {"relu1_1": 0.99, "relu2_1": 0.98, "relu3_1": 0.91, "relu4_1": 0.86, "relu5_1": 0.80}
SIDE = 320
PAIRS = 300  # of paintings


def main() -> None:
    """Measure and print, and write JSON where asked to."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--kit", type=Path, required=True, help="folder with photos/, paintings/ and reference/")
    asked.add_argument("--weights", type=Path, help="weights of the encoder, if not the embedded ones")
    asked.add_argument("--cache", type=Path, default=Path(".work/stylized"), help="where stylised pictures are kept")
    asked.add_argument("--pictures", type=int, default=100)
    asked.add_argument("--paintings", type=int, help="compare pairs of so many only, to try it out")
    asked.add_argument("--only", choices=["features", "distances", "speed"])
    asked.add_argument("--json", type=Path, help="also write the numbers here")
    args = asked.parse_args()
    prefer_big_pages()
    encoder = embedded_encoder(weights=args.weights)
    parts: dict[str, Callable[[], dict[str, object]]] = {
        "features": lambda: features(encoder, args),
        "distances": lambda: distances(encoder, args),
        "speed": lambda: speed(args.kit),
    }
    measured = {name: part() for name, part in parts.items() if args.only in (None, name)}
    found = {"machine": machine_facts(), **measured}
    print(json.dumps(found, indent=1))
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n")


def features(encoder: Encoder, args: argparse.Namespace) -> dict[str, object]:
    """Correlate the heads with the teachers."""
    teachers = [load_teacher(args.kit / name, torch.float32) for name in (VGG_FILE, DISTILLED_FILE)]
    sums = {layer: Correlation(width) for layer, width in HEAD_WIDTHS.items()}
    for path in test_pictures(args):
        image = at_side(path)
        seen = encoder.as_vgg(encoder(image))
        for teacher in teachers:
            for layer, target in teacher(image).items():
                sums[layer].add(seen[layer], target)
    return {
        layer: {
            "all values": round(one.overall(), 4),
            "median channel": round(one.per_channel(), 4),
            "goal": GOALS[layer],
        }
        for layer, one in sums.items()
    }


class Correlation:
    """Pearson correlation of two streams of feature maps, over everything and by channel."""

    def __init__(self, channels: int) -> None:
        self.count, self.sums = 0, torch.zeros(5, channels, dtype=torch.float64)

    def add(self, found: Tensor, target: Tensor) -> None:
        """Take in one picture's features, each (1, C, H, W)."""
        x, y = found.double()[0].flatten(1), target.double()[0].flatten(1)
        self.count += x.shape[1]
        self.sums += torch.stack([x.sum(1), y.sum(1), (x * x).sum(1), (y * y).sum(1), (x * y).sum(1)])

    def overall(self) -> float:
        """Return the correlation over all values of the layer."""
        return float(_pearson(self.sums.sum(1, keepdim=True), self.count * self.sums.shape[1])[0])

    def per_channel(self) -> float:
        """Return the median correlation over the channels that are ever active in the teacher."""
        live = self.sums[3] > 1e-6 * self.count
        return float(_pearson(self.sums[:, live], self.count).median())


def _pearson(sums: Tensor, count: int) -> Tensor:
    x, y, xx, yy, xy = sums / count
    return (xy - x * y) / ((xx - x * x) * (yy - y * y)).clamp_min(1e-24).sqrt()


def test_pictures(args: argparse.Namespace) -> list[Path]:
    """Return photographs, paintings and stylised photographs, a third each, none of them ever trained on."""
    third = args.pictures // 3
    photos, paintings = (kept_out(args.kit / folder) for folder in ("photos", "paintings"))
    made = [stylized(photo, painting, args) for photo, painting in zip(photos[:third], paintings, strict=False)]
    return [*photos[third : 2 * third + args.pictures % 3], *paintings[:third], *made]


def kept_out(folder: Path) -> list[Path]:
    """Return the pictures of a folder that no training sees, in a fixed random order."""
    found = [path for path in pictures_in(folder) if is_kept_out(path)]
    random.Random(0).shuffle(found)
    return found


def stylized(photo: Path, painting: Path, args: argparse.Namespace) -> Path:
    """Stylise with VGG-19 itself, some a little and some fully, and keep the result for the next time."""
    path = Path(args.cache) / f"{photo.stem}__{painting.stem}.png"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        steps = 10 + len(photo.stem) % 4 * 15
        vgg = str(args.kit / VGG_FILE)
        config = Optimize(size=SIDE, steps=steps, backbone=vgg, style_term="statistics", content_layers=("relu4_1",))
        stylize(photo, painting, config).save(path)
    return path


def at_side(path: Path) -> Tensor:
    """Read a picture at the size that is compared."""
    picture = read(path)
    return resize(picture.pixels, fit_long_side(picture.size, SIDE))


def distances(encoder: Encoder, args: argparse.Namespace) -> dict[str, object]:
    """Compare how the two networks order pairs of paintings by style."""
    paintings = kept_out(args.kit / "paintings")[: args.paintings]
    known = [(a, b) for a in paintings for b in paintings if a < b]
    pairs = random.Random(1).sample(known, min(PAIRS, len(known)))
    vgg = vgg_from_file(args.kit / VGG_FILE, list(GOALS)[:4])
    theirs = style_distances(vgg, paintings)

    def agreement(network: Callable[[Tensor], dict[str, Tensor]]) -> float:
        ours = style_distances(network, paintings)
        return round(spearman([ours[pair] for pair in pairs], [theirs[pair] for pair in pairs]), 4)

    by_heads, by_features = agreement(lambda image: encoder.as_vgg(encoder(image))), agreement(encoder)
    return {"spearman": by_heads, "of its own features": by_features, "pairs": len(pairs), "goal": 0.95}


def style_distances(
    network: Callable[[Tensor], dict[str, Tensor]], paintings: Sequence[Path]
) -> dict[tuple[Path, Path], float]:
    """Return the style distance of every pair: relative gaps of means, deviations and Gram matrices, relu1_1 … 4_1."""
    read_at = {path: {k: losses.moments(f) for k, f in network(at_side(path)).items()} for path in paintings}
    return {
        (a, b): statistics.mean(_gap(read_at[a][layer], read_at[b][layer]) for layer in list(GOALS)[:4])
        for a in paintings
        for b in paintings
        if a < b
    }


def _gap(a: losses.Moments, b: losses.Moments) -> float:
    size = (a.mean.square().sum() + b.mean.square().sum() + a.deviation.square().sum() + b.deviation.square().sum()) / 2
    near = (a.mean - b.mean).square().sum() + (a.deviation - b.deviation).square().sum()
    gram = (a.second - b.second).norm() / (a.second.norm() * b.second.norm()).sqrt()
    return float((near / size).sqrt() + gram)


def spearman(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the rank correlation."""
    ranks = torch.stack([torch.tensor(values).argsort().argsort().double() for values in (a, b)])
    return float(torch.corrcoef(ranks)[0, 1])


def speed(kit: Path) -> dict[str, object]:
    """Time one step's network work (forward and backward to the picture) of both, alternating in one run."""
    layers = ["relu1_1", "relu2_1", "relu3_1", "relu4_1"]
    found: dict[str, object] = {}
    for dtype in (torch.bfloat16, torch.float32):
        networks: dict[str, nn.Module] = {
            "encoder": embedded_encoder(layers),
            "vgg19": vgg_from_file(kit / VGG_FILE, layers),
        }
        ready = {name: one.to(dtype=dtype, memory_format=torch.channels_last) for name, one in networks.items()}
        times: dict[str, list[float]] = {name: [] for name in ready}
        for _ in range(7):
            for name, network in ready.items():
                times[name].append(one_pass(network))
        median = {name: statistics.median(values[2:]) for name, values in times.items()}
        found[str(dtype).removeprefix("torch.")] = {
            **{f"{name} seconds": round(value, 4) for name, value in median.items()},
            "times quicker": round(median["vgg19"] / median["encoder"], 2),
            "goal": 5,
        }
    return found


def one_pass(network: nn.Module) -> float:
    """Return the seconds of one forward and backward pass at 512 x 384."""
    image = torch.rand(1, 3, 384, 512).contiguous(memory_format=torch.channels_last).requires_grad_()
    began = time.perf_counter()
    total = torch.stack([one.float().mean() for one in network(image).values()]).sum()
    total.backward()  # type: ignore[no-untyped-call]
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
