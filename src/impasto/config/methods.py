"""The options of every way of stylising, and the table of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from impasto.config.options import Checked, option
from impasto.errors import OptionError

__all__ = ["METHODS", "PRESETS", "ColorMatch", "Device", "MethodOptions", "Optimize", "StyleTerm"]

Device = Literal["auto", "cpu", "cuda", "mps"]
ColorMatch = Literal["luminance", "lab", "covariance"]


@dataclass(frozen=True, kw_only=True)
class MethodOptions(Checked):
    """What every method understands; each method's own config inherits from this, and only from this."""

    size: int | None = option(
        None,
        "Long side of the result in pixels. Default: the photo's own size (optimize: up to 1024).",
        minimum=1,
        maximum=100_000,
        unit="px",
    )
    strength: float = option(
        100.0,
        "How much of the style: 0 gives back the photo's pixels, 100 the full style.",
        minimum=0,
        maximum=100,
    )
    style_weights: tuple[float, ...] = option(
        (),
        "One weight for each style when several are mixed, in their order. Default: equal parts.",
        minimum=0,
    )
    stroke: float = option(
        1.0,
        "Size of the strokes: 2 paints twice as coarsely, 0.5 twice as finely.",
        minimum=0.1,
        maximum=10,
    )
    keep_color: bool = option(False, "Keep the photo's colors and take only the style's texture.")
    color_match: ColorMatch = option(
        "luminance",
        "How --keep-color keeps them: the photo's color channels (luminance in YIQ, lab in CIELAB), or the style "
        "recolored like the photo beforehand (covariance).",
    )
    color_only: bool = option(False, "Take only the style's colors and leave the photo's texture alone.")
    mask: tuple[Path, ...] = option(
        (),
        "A grey picture for each style, in their order: white where that style goes, black where it does not. "
        "Where all are black the photo stays as it is; soft edges blend.",
        is_input=True,
    )
    protect: Path | None = option(
        None, "A grey picture: what is white in it stays as in the photo (a face, for example).", is_input=True
    )
    seed: int = option(0, "Number that everything random starts from.", minimum=0, maximum=2**63 - 1)
    tile: int | None = option(
        None,
        "Work in tiles of this many pixels to save memory. Default: only when memory would not suffice.",
        minimum=64,
        maximum=16_384,
        unit="px",
        affects_result=False,
    )
    device: Device = option("auto", "Where to compute.", affects_result=False)

    def __post_init__(self) -> None:
        """Check the options that limit each other."""
        super().__post_init__()
        if self.keep_color and self.color_only:
            raise OptionError("keep_color and color_only contradict each other; choose one of them.")
        if self.style_weights and not any(self.style_weights):
            raise OptionError("style_weights are all 0; at least one style needs a weight above 0.")


Optimizer = Literal["adam", "lbfgs"]
StyleTerm = Literal["statistics", "gram", "moments", "wasserstein", "sliced"]
Variation = Literal["squared", "absolute", "isotropic", "huber"]
Pooling = Literal["max", "average"]
Padding = Literal["replicate", "reflect", "zeros"]
Precision = Literal["auto", "bfloat16", "float32"]
Finish = Literal["none", "full"]
Balance = Literal["pair", "classic"]


@dataclass(frozen=True, kw_only=True)
class Optimize(MethodOptions):
    """Paint by optimisation: the finest print, in the manner of Gatys et al. (CVPR 2016)."""

    backbone: str = option(
        "embedded",
        "Network whose features are compared: embedded (comes with Impasto), vgg19 or vgg16 (fetched on first use), "
        "or the path of a file with the weights of one of them.",
        is_input=True,
        words=("embedded", "vgg19", "vgg16"),
    )
    steps: int = option(
        240, "Steps altogether; most of them are spent on the small scales.", minimum=1, maximum=100_000
    )
    scales: int | None = option(
        None,
        "Sizes to paint at, each twice the one before, the last being the result's. Default: from about 128 px up.",
        minimum=1,
        maximum=12,
    )
    optimizer: Optimizer = option("lbfgs", "How to walk downhill: lbfgs takes better steps, adam steadier ones.")
    learning_rate: float = option(0.03, "Length of Adam's steps.", minimum=1e-5, maximum=1)
    init: str = option(
        "photo",
        "What the painting starts from: photo, style, noise, grey, fast (its result), or a picture's path.",
        is_input=True,
        words=("photo", "style", "noise", "grey", "fast"),
    )
    content_weight: float = option(1.0, "How much the photo's shapes count.", minimum=0)
    style_weight: float = option(1.0, "How much the style counts.", minimum=0)
    tv_weight: float = option(1.0, "How much smoothness counts (total variation).", minimum=0)
    color_weight: float = option(0.0, "How much the style's overall colors count besides its features.", minimum=0)
    style_term: StyleTerm = option(
        "wasserstein",
        "How styles are compared: wasserstein (as Gaussians), statistics (means, deviations and Gram matrices), gram "
        "(Gatys), moments (means and deviations), sliced (whole distributions).",
    )
    balance: Balance = option(
        "pair",
        "What the weights are relative to: pair (the pair's own distance and contrast, so they mean the same for every "
        "pair) or classic (squared differences of features and Gram matrices, added up as the first tools did).",
    )
    tv_kind: Variation = option("squared", "Kind of total variation.")
    content_layers: tuple[str, ...] = option(
        ("relu3_1", "relu4_1"), "Layers that describe shapes, each optionally with its weight, as in relu4_1=0.5."
    )
    style_layers: tuple[str, ...] = option(
        (),
        "Layers that describe style, each optionally with its weight. Default: relu1_1 to relu5_1, as far as the "
        "network goes.",
    )
    pooling: Pooling = option("max", "How VGG halves its maps.")
    padding: Padding = option("replicate", "What VGG sees beyond the picture's edge.")
    averaging: float = option(
        0.9,
        "Share of the old in the running average of Adam's pictures; 0 takes the last one.",
        minimum=0,
        maximum=0.999,
    )
    patience: int = option(
        40,
        "A scale ends after this many steps without getting better; 0 never ends early.",
        minimum=0,
        maximum=100_000,
    )
    precision: Precision = option("auto", "Numbers to compute with: bfloat16 is faster where the processor has it.")
    finish: Finish = option(
        "none",
        "full carries the result to the photo's full size and brings its detail back.",
    )


METHODS: dict[str, type[MethodOptions]] = {"optimize": Optimize}
"""Every way of stylising that comes with Impasto, by the name that ``--method`` and ``load`` take."""

PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "optimize": {
        "quick": {"size": 512, "steps": 120},
        "balanced": {},
        "print": {"size": 2048, "steps": 400},
        "subtle": {"strength": 45.0},
    },
}
"""Named starting points by method: options to begin with, which any option given beside them overrules."""
