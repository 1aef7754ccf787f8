"""The options of every way of stylising, and the table of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from impasto.config.options import Checked, option
from impasto.errors import OptionError

__all__ = [
    "DEFAULT_METHOD",
    "METHODS",
    "PRESETS",
    "Adain",
    "ColorMatch",
    "Device",
    "Fast",
    "Magenta",
    "MagentaHub",
    "MethodOptions",
    "Optimize",
    "StyleTerm",
    "Trained",
    "name_of",
]

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
    tileable: bool = option(
        False,
        "Make the edges of the result fit each other, for a texture that is laid side by side with itself (not with "
        "optimize, not for films, and below 16 megapixels).",
    )
    seed: int = option(0, "Number that everything random starts from.", minimum=0, maximum=2**32 - 1)
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


@dataclass(frozen=True, kw_only=True)
class Fast(MethodOptions):
    """Paint in one pass: any style, in a second or two, with the network that comes with Impasto."""

    rehearsals: int = option(
        12,
        "How often it tries the picture small before it paints, to come nearer to the style: about a tenth of a second "
        "each. 0 paints at once.",
        minimum=0,
        maximum=200,
    )


@dataclass(frozen=True, kw_only=True)
class Magenta(MethodOptions):
    """Paint in one pass with Magenta's arbitrary stylization: Ghiasi et al. (BMVC 2017)."""

    detail: bool = option(
        True, "Bring the photo's fine detail back; the network itself paints 384 px, which are enlarged otherwise."
    )

    def __post_init__(self) -> None:
        """Check the options that limit each other."""
        super().__post_init__()
        if self.stroke < 1:
            raise OptionError(
                f"stroke is {self.stroke:g}, but Magenta's network paints 384 px and no finer; allowed is 1 to 10."
            )


@dataclass(frozen=True, kw_only=True)
class MagentaHub(MethodOptions):
    """Paint in one pass with Magenta's TF-Hub model of any size, from a folder of yours: Ghiasi et al. (BMVC 2017)."""

    saved_model: Path | None = option(
        None,
        "The unpacked TF-Hub model arbitrary-image-stylization-v1-256: its folder, or the saved_model.pb inside.",
        is_input=True,
    )

    def __post_init__(self) -> None:
        """Take the folder's main file for the folder: a recipe can name and hash that."""
        super().__post_init__()
        if self.saved_model is not None and self.saved_model.suffix != ".pb":
            object.__setattr__(self, "saved_model", self.saved_model / "saved_model.pb")


@dataclass(frozen=True, kw_only=True)
class Adain(MethodOptions):
    """Paint in one pass with AdaIN: Huang & Belongie (ICCV 2017)."""

    encoder: str = option(
        "published",
        "Weights that read photo and painting (the normalised VGG-19): published, or the path of a file.",
        is_input=True,
        words=("published",),
    )
    decoder: str = option(
        "published",
        "Weights that paint: published, or the path of a file.",
        is_input=True,
        words=("published",),
    )


@dataclass(frozen=True, kw_only=True)
class Trained(MethodOptions):
    """Paint in one pass in the one style of a model in a file; `--method FILE.safetensors` is short for it."""

    model: Path | None = option(
        None, "The model: a file that `impasto train` made or `impasto import` brought in.", is_input=True
    )


Optimizer = Literal["adam", "lbfgs"]
StyleTerm = Literal["auto", "statistics", "gram", "moments", "wasserstein", "sliced"]
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
        "auto",
        "How styles are compared: wasserstein (as Gaussians), statistics (means, deviations and Gram matrices), gram "
        "(Gatys), moments (means and deviations), sliced (whole distributions). auto is wasserstein, or gram with "
        "--balance classic.",
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
        "network goes; with the embedded encoder relu1_2 to relu3_2 too, and relu5_1 by half.",
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

    def __post_init__(self) -> None:
        """Check the options that limit each other."""
        super().__post_init__()
        if self.balance == "classic" and self.style_term not in ("auto", "gram"):
            raise OptionError(
                f"balance classic compares Gram matrices, so style_term cannot be {self.style_term}; leave out one."
            )


METHODS: dict[str, type[MethodOptions]] = {
    "fast": Fast,
    "optimize": Optimize,
    "adain": Adain,
    "magenta": Magenta,
    "magenta-hub": MagentaHub,
    "trained": Trained,
}
"""Every way of stylising that comes with Impasto, by the name that ``--method`` and ``load`` take."""

DEFAULT_METHOD = "fast"
"""The one that is used where none is named."""


def name_of(config: MethodOptions) -> str:
    """Return the name of the method that a config is of; for one that did not come with Impasto, its class's name."""
    return next((name for name, kind in METHODS.items() if type(config) is kind), type(config).__name__)


PRESETS: dict[str, dict[str, dict[str, Any]]] = {
    "fast": {
        "quick": {"size": 512},
        "balanced": {},
        "print": {"size": 4096},
        "subtle": {"strength": 45.0},
    },
    "optimize": {
        "quick": {"size": 512, "steps": 120},
        "balanced": {},
        "print": {"size": 2048, "steps": 400},
        "subtle": {"strength": 45.0},
    },
}
"""Named starting points by method: options to begin with, which any option given beside them overrules."""
