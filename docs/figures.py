"""Make the figures of the documents: ``python docs/figures.py`` lists them, ``python docs/figures.py NAME`` makes one.

Each is painted by the methods themselves from the drawn samples, and written into ``docs/pictures``.
"""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import samples
import torch
from torch import Tensor

import impasto
from impasto import models
from impasto.engine import Step
from impasto.evaluation import contact_sheet, feature_sheet, network_drawing
from impasto.images import resize, write

FOLDER = Path(__file__).parent / "pictures"
LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")


@dataclass(frozen=True)
class Studio:
    """Where figures are made, and how large and long."""

    folder: Path
    size: int = 320
    steps: int = 200
    cell: int = 256

    def paint(self, **options: Any) -> Tensor:
        """Paint the harbour in the drawn brushwork."""
        result = impasto.stylize(self.photo, self.style, "optimize", **self.options(options))
        return result.image

    def options(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return what every figure is painted with, and the changes to it."""
        return {"size": self.size, "steps": self.steps, "patience": 0, **changes}

    @property
    def photo(self) -> Tensor:
        """The photo of all figures."""
        return samples.photos(max(self.size, 384))["harbour"]

    @property
    def style(self) -> Tensor:
        """The style of all figures."""
        return samples.styles(max(self.size, 384))["brushwork"]

    def row(self, name: str, pictures: Sequence[tuple[str, Tensor]], *, columns: int | None = None) -> None:
        """Write captioned pictures as one figure."""
        sheet = contact_sheet(pictures, cell=self.cell, columns=columns)
        write(sheet, self.folder / f"{name}.webp", quality=82, overwrite=True)


def first(studio: Studio) -> None:
    """The README's picture: a photo, a painting, and the photo painted in its manner."""
    large = replace(studio, size=studio.size * 2)
    pictures = [("photo", large.photo), ("painting", large.style), ("result", large.paint())]
    write(contact_sheet(pictures, cell=320, columns=3), studio.folder / "first.jpg", quality=88, overwrite=True)


def ratio(studio: Studio) -> None:
    """Content : style over five decades."""
    weights = (100.0, 10.0, 1.0, 0.1, 0.01, 0.001)
    pictures = [(f"content : style = {weight:g} : 1", studio.paint(content_weight=weight)) for weight in weights]
    studio.row("ratio", pictures, columns=3)


def style_layers(studio: Studio) -> None:
    """Each style layer alone."""
    studio.row(
        "style-layers", [(f"style from {layer}", studio.paint(style_layers=(layer,))) for layer in LAYERS], columns=3
    )


def content_layers(studio: Studio) -> None:
    """Each content layer alone, at four times the usual weight."""
    pictures = [
        (f"content from {layer}", studio.paint(content_layers=(layer,), content_weight=4.0)) for layer in LAYERS
    ]
    studio.row("content-layers", pictures, columns=3)


def tv(studio: Studio) -> None:
    """Total variation: none, low, high."""
    weights = {"none": 0.0, "low": 300.0, "high": 10_000.0}
    studio.row(
        "tv", [(f"{word}: tv_weight {weight:g}", studio.paint(tv_weight=weight)) for word, weight in weights.items()]
    )


def start(studio: Studio) -> None:
    """Start from the photo, from noise, from the style."""
    pictures = [(f"from {word}", studio.paint(init=word, scales=1)) for word in ("photo", "noise", "style")]
    studio.row("start", pictures)


def snapshots(studio: Studio) -> None:
    """The picture over the steps."""
    wanted = (0, 2, 8, 25, 80, studio.steps)
    kept: dict[int, Tensor] = {0: resize(studio.photo, (studio.size * 2 // 3, studio.size))}

    def keep(step: Step) -> None:
        if step.step in wanted:
            kept[step.step] = step.picture()

    kept[studio.steps] = impasto.stylize(
        studio.photo, studio.style, "optimize", **studio.options({"scales": 1}), on_step=keep
    ).image
    studio.row("snapshots", [(f"after {step} steps", kept[step]) for step in sorted(kept)], columns=3)


def terms(studio: Studio) -> None:
    """The style losses, each alone."""
    words = ("gram", "moments", "statistics", "wasserstein", "sliced")
    studio.row("terms", [(word, studio.paint(style_term=word)) for word in words], columns=3)


def strength(studio: Studio) -> None:
    """The strength dial."""
    studio.row("strength", [(f"strength {share}", studio.paint(strength=share)) for share in (25, 50, 75, 100)])


def stroke(studio: Studio) -> None:
    """The size of the strokes."""
    studio.row("stroke", [(f"stroke {size:g}", studio.paint(stroke=size)) for size in (0.5, 1, 2)])


def color(studio: Studio) -> None:
    """Colors: the painting's, the photo's, or nothing but the painting's."""
    changes: dict[str, dict[str, Any]] = {
        "as it comes": {},
        "keep_color": {"keep_color": True},
        "color_only": {"color_only": True},
    }
    studio.row("color", [(word, studio.paint(**options)) for word, options in changes.items()])


def features(studio: Studio) -> None:
    """What the encoder sees in the photo, in five layers."""
    with torch.no_grad():
        found = models.embedded_encoder(LAYERS)(studio.photo)
    sheet = feature_sheet(found, channels=4, cell=144, title="The harbour, as the encoder sees it")
    write(sheet, studio.folder / "features.webp", quality=82, overwrite=True)


def encoder(studio: Studio) -> None:
    """Draw the embedded encoder from the module itself."""
    network = models.embedded_encoder(LAYERS)
    network_drawing(network, network, studio.folder / "encoder.svg", title="The embedded encoder")


def fast(studio: Studio) -> None:
    """Draw the fast network from the module itself."""
    from impasto.models.fast import CODE_LENGTH, FastNetwork
    from impasto.models.grain import OCTAVES

    network = FastNetwork()
    style = network.modulation(torch.zeros(1, CODE_LENGTH))

    def run(picture: Tensor) -> Tensor:
        height, width = picture.shape[-2:]
        return network(picture, style, torch.zeros(1, OCTAVES, height // 4, width // 4))

    network_drawing(network, run, studio.folder / "fast.svg", title="The fast network: any style in one pass")


def style_network(studio: Studio) -> None:
    """Draw the network of one style from the module itself."""
    from impasto.models.style_network import StyleNetwork

    network, path = StyleNetwork(), studio.folder / "style-network.svg"
    network_drawing(network, lambda picture: network(picture, torch.ones(1, 1)), path, title="A network of one style")


def unet(studio: Studio) -> None:
    """Draw the U-Net from the module itself."""
    from impasto.models.unet import UNet

    network = UNet()
    network_drawing(network, network, studio.folder / "unet.svg", title="The U-Net, which learns from pairs")


FIGURES: dict[str, Callable[[Studio], None]] = {
    made.__name__.replace("_", "-"): made
    for made in (
        first, ratio, style_layers, content_layers, tv, start, snapshots, terms, strength, stroke, color, features,
        encoder, fast, style_network, unet,
    )
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Make what was asked for."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(FIGURES)}, or all")
    asked.add_argument("--to", type=Path, default=FOLDER, help="the folder to write into")
    asked.add_argument("--size", type=int, default=Studio.size, help="long side of what is painted")
    asked.add_argument("--steps", type=int, default=Studio.steps)
    args = asked.parse_args(arguments)
    names = list(FIGURES) if args.names == ["all"] else args.names
    if unknown := set(names) - set(FIGURES):
        asked.error(f"there is no figure {', '.join(sorted(unknown))}; there are {', '.join(FIGURES)}")
    for name in names:
        print(f"{name}: {inspect.getdoc(FIGURES[name])}", flush=True)
        FIGURES[name](Studio(args.to, args.size, args.steps))
    if not names:
        print("\n".join(f"{name:15} {inspect.getdoc(made)}" for name, made in FIGURES.items()))


if __name__ == "__main__":
    main()
