"""Which painting is preferred, ours or a peer's, by somebody who does not know which is which.

    python benchmarks/blind.py paint --kit DIR --to DIR [--pairs 48]
    python benchmarks/blind.py count --to DIR --verdicts FILE [FILE ...]

paint   Photos and paintings that no training saw are paired, and each pair is painted by the fast method and by the
        peers whose weights the kit holds (AdaIN, MicroAST, Magenta int8). On every sheet stand a few numbered rows:
        photo, style, A and B, one of which is ours. Every pair is shown twice for each peer, the second time with the
        sides swapped, in a random order. The judge sees the folder sheets alone: key.json says who painted what.
count   A verdict is a line `number,A` or `number,B` or `number,=`. A pair counts as decided where both showings name
        the same painter; a changed verdict is a tie. Each file holds what one judge said of all sheets. Prints, for
        each peer, how often ours was preferred.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import impasto
from impasto.evaluation import grid_sheet
from impasto.images import fit_long_side, read, resize, write
from impasto.models.magenta import Magenta
from impasto.training.pictures import pictures_in
from microast import MicroAST

Paint = Callable[[Path, Path], Tensor]

SIDE, SHOWN = 512, 384  # pixels: what is painted, and what is shown; Magenta's network paints the latter
ROWS = 3  # of a sheet
OURS = "ours"
GOAL = 0.6


@dataclass(frozen=True)
class Showing:
    """A row of a sheet: a pair of pictures, and who painted A and B."""

    number: int
    pair: int
    a: str
    b: str

    @property
    def peer(self) -> str:
        """Who stands beside ours."""
        return self.b if self.a == OURS else self.a


def main(arguments: Sequence[str]) -> None:
    """Paint the sheets, or count the verdicts."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("what", choices=["paint", "count"])
    asked.add_argument("--kit", type=Path, help="folder with photos/, paintings/ and the peers' weights in reference/")
    asked.add_argument("--to", type=Path, required=True, help="folder of the sheets and of the key")
    asked.add_argument("--pairs", type=int, default=48, help="for each peer")
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--verdicts", type=Path, nargs="+", default=[])
    args = asked.parse_args(arguments)
    if args.what == "count":
        print(json.dumps(counted(args.to, args.verdicts), indent=1))
    elif args.kit is None:
        asked.error("paint needs --kit DIR")
    else:
        paint(args)


def paint(args: argparse.Namespace) -> None:
    """Write the sheets and the key."""
    pairs, painters = chosen_pairs(args), painters_of(args.kit / "reference")
    pictures = args.to / "pictures"
    for folder in (pictures, args.to / "sheets"):
        folder.mkdir(parents=True, exist_ok=True)
    for number, pair in enumerate(pairs):
        for name, painter in painters.items():
            if not place_of(pictures, number, name).exists():
                write(shown(painter(*pair)), place_of(pictures, number, name))
        print(f"painted {number + 1}/{len(pairs)}", file=sys.stderr, flush=True)
    showings = list(in_random_order(len(pairs), [name for name in painters if name != OURS], args.seed))
    for start in range(0, len(showings), ROWS):
        rows = showings[start : start + ROWS]
        panels = [[*map(shown, map(pixels_of, pairs[row.pair])), *drawn(pictures, row)] for row in rows]
        names = [str(row.number) for row in rows]
        sheet = args.to / "sheets" / f"{rows[0].number:03d}.png"
        grid_sheet(names, ["photo", "style", "A", "B"], panels, sheet, cell=SHOWN)
    key = {
        "pairs": [[one.name for one in pair] for pair in pairs],
        "showings": [asdict(showing) for showing in showings],
    }
    (args.to / "key.json").write_text(json.dumps(key, indent=1) + "\n", encoding="utf-8")


def chosen_pairs(args: argparse.Namespace) -> list[tuple[Path, Path]]:
    """Return photos and paintings that were kept out of every training, each photo once."""
    rng = random.Random(args.seed)
    photos, paintings = (pictures_in(args.kit / name, kept_out=True) for name in ("photos", "paintings"))
    styles = rng.sample(paintings * -(-args.pairs // len(paintings)), args.pairs)
    return list(zip(rng.sample(photos, args.pairs), styles, strict=True))


def painters_of(reference: Path) -> dict[str, Paint]:
    """Return ours and the peers, each painting a photo in the style of a painting."""
    fast = impasto.load("fast", size=SIDE)
    adain = impasto.load(
        "adain",
        size=SIDE,
        encoder=str(reference / "vgg" / "vgg19_normalised_conv1_1-conv4_1.npz"),
        decoder=str(reference / "adain" / "adain_decoder_8bit.npz"),
    )
    microast = MicroAST(reference / "microast")
    tflite = reference / "magenta_tflite_int8"
    magenta = Magenta(tflite / "prediction.tflite", tflite / "transfer.tflite", threads=2)

    def by_magenta(photo: Path, painting: Path) -> Tensor:
        square = resize(read(photo).pixels, (SHOWN, SHOWN))
        painted = magenta(square, magenta.code(resize(read(painting).pixels, (256, 256))))
        return resize(painted.clamp(0, 1), fit_long_side(read(photo).size, SHOWN))

    @torch.inference_mode()
    def by_microast(photo: Path, painting: Path) -> Tensor:
        content, style = (resize(pixels_of(one), sized(one)) for one in (photo, painting))
        return microast(content, microast.describe(style)).clamp(0, 1)  # type: ignore[no-any-return]

    return {
        OURS: lambda photo, painting: fast(photo, painting).image,
        "AdaIN": lambda photo, painting: adain(photo, painting).image,
        "MicroAST": by_microast,
        "Magenta": by_magenta,
    }


def sized(path: Path) -> tuple[int, int]:
    """Return the size at which a picture is painted, in sides that MicroAST can halve twice."""
    height, width = fit_long_side(read(path).size, SIDE)
    return height // 4 * 4, width // 4 * 4


def pixels_of(path: Path) -> Tensor:
    """Return a picture's pixels."""
    return read(path).pixels


def shown(picture: Tensor) -> Tensor:
    """Return a picture as large as all are shown."""
    return resize(picture, fit_long_side((picture.shape[-2], picture.shape[-1]), SHOWN))


def place_of(folder: Path, pair: int, painter: str) -> Path:
    """Return where a painting lies."""
    return folder / f"{pair:03d}-{painter}.png"


def drawn(folder: Path, row: Showing) -> list[Tensor]:
    """Return the two paintings of a row."""
    return [pixels_of(place_of(folder, row.pair, painter)) for painter in (row.a, row.b)]


def in_random_order(pairs: int, peers: Sequence[str], seed: int) -> Iterator[Showing]:
    """Give every pair beside every peer twice, with the sides swapped the second time."""
    rng = random.Random(seed)
    sides = [(pair, *names) for pair in range(pairs) for peer in peers for names in ((OURS, peer), (peer, OURS))]
    rng.shuffle(sides)
    for number, (pair, a, b) in enumerate(sides, 1):
        yield Showing(number, pair, a, b)


def counted(folder: Path, verdicts: Sequence[Path]) -> dict[str, Any]:
    """Return, for each peer, how the pairs were decided."""
    key = json.loads((folder / "key.json").read_text(encoding="utf-8"))
    showings = {one["number"]: Showing(**one) for one in key["showings"]}
    named: dict[tuple[str, Path, int], list[str]] = {}  # each file is a judge, who saw both showings of a pair
    for path in verdicts:
        for number, side in csv.reader(path.read_text(encoding="utf-8").split()):
            one = showings[int(number)]
            painter = {"A": one.a, "B": one.b}.get(side, "tie")
            named.setdefault((one.peer, path, one.pair), []).append(painter)
    found = {}
    for peer in sorted({peer for peer, *_ in named}):
        outcomes = [decided(said) for (beside, *_), said in named.items() if beside == peer]
        wins, losses = outcomes.count(OURS), outcomes.count(peer)
        found[peer] = {
            "pairs, by all judges": len(outcomes),
            "ours preferred": wins,
            "peer preferred": losses,
            "ties": len(outcomes) - wins - losses,
            "share of the decided": round(wins / max(1, wins + losses), 3),
            "reached": wins >= GOAL * max(1, wins + losses),
        }
    return found


def decided(said: Sequence[str]) -> str:
    """Return whom both showings of a pair preferred; a changed verdict, or a single one, is a tie."""
    return said[0] if len(said) == 2 and said[0] == said[1] else "tie"


if __name__ == "__main__":
    main(sys.argv[1:])
