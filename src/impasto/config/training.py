"""The options of every training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from impasto.config.methods import Device, Precision
from impasto.config.options import Checked, option

__all__ = ["AnyTraining", "Decoder", "EncoderTraining", "FitOptions", "Optimizer", "PairedTraining", "StyleTraining"]

Decoder = Literal["resize", "transpose"]
Optimizer = Literal["adam", "muon"]
OPTIMIZER_HELP = "How a step is taken: muon goes further with every step where networks are wide, adam is the custom."


@dataclass(frozen=True, kw_only=True)
class FitOptions(Checked):
    """What every training with Lightning understands; their own configs inherit from this, and only from this."""

    steps: int = option(4000, "Steps of training at most; it stops early when nothing is gained.", minimum=1)
    batch: int = option(8, "Crops per step.", minimum=1, maximum=4096)
    optimizer: Optimizer = option("adam", OPTIMIZER_HELP)
    learning_rate: float = option(
        1e-3, "The learning rate; it rises first and falls to 0 at the end.", minimum=1e-8, maximum=1
    )
    averaging: float = option(
        0.995,
        "Share of the old in the running average of the weights, which is what is validated and saved.",
        minimum=0,
        maximum=0.99999,
    )
    validate_every: int = option(
        200, "Steps between validations; each saves a checkpoint and a sheet of samples.", minimum=1
    )
    patience: int = option(8, "Validations without gain after which the training ends; 0 never ends early.", minimum=0)
    teacher: tuple[Path, ...] = option(
        (),
        "Weights of a published network that judges what is painted: the normalised VGG-19 to relu4_1, its distilled "
        "sixteenth (relu5_1). Repeat for each; without any, the embedded encoder judges: quicker, and it sees less.",
        is_input=True,
    )
    seed: int = option(0, "Number that everything random starts from.", minimum=0, maximum=2**32 - 1)
    device: Device = option("auto", "Where to compute.", affects_result=False)
    devices: int = option(1, "How many GPUs (or, on a CPU, processes) share the work.", minimum=1, affects_result=False)
    precision: Precision = option(
        "auto",
        "Numbers to compute with: bfloat16 (mixed) is faster where the processor has it.",
        affects_result=False,
    )


@dataclass(frozen=True, kw_only=True)
class EncoderTraining(Checked):
    """Train the embedded encoder: a small network learns to see like VGG-19 (``impasto train encoder``)."""

    photos: Path = option(Path("photos"), "Folder of photographs.", is_input=True)
    paintings: Path = option(Path("paintings"), "Folder of paintings.", is_input=True)
    stylized: Path | None = option(
        None, "Folder of stylised pictures: optimisation walks through such pictures.", is_input=True
    )
    teacher: tuple[Path, ...] = option(
        (),
        "Weights of a teacher: the normalised VGG-19 to relu4_1, its distilled sixteenth (relu5_1), SqueezeNet 1.1. "
        "Repeat for each.",
        is_input=True,
    )
    from_weights: Path | None = option(
        None, "Weights of an encoder to start from instead of random ones.", is_input=True
    )
    steps: int = option(20_000, "Steps of training.", minimum=1)
    batch: int = option(8, "Crops per step.", minimum=1)
    crop: int = option(128, "Side of a crop.", minimum=32, unit="px")
    learning_rate: float = option(2e-3, "The learning rate; it falls to 0 at the end.", minimum=0)
    decay: float = option(0.4, "Share of the steps over which the learning rate falls.", minimum=0.01, maximum=1)
    reuse: int = option(3, "How often a batch that the teachers have described is learnt from.", minimum=1)
    pool: int = option(48, "How many described batches are kept to choose from.", minimum=1)
    averaging: float = option(0.998, "Share of the old in the running average of the weights.", minimum=0, maximum=1)
    checkpoint_every: int = option(250, "Steps between checkpoints.", minimum=1)
    seed: int = option(0, "Number that everything random starts from.", minimum=0, maximum=2**32 - 1)
    device: Device = option("auto", "Where to compute.", affects_result=False)


@dataclass(frozen=True, kw_only=True)
class AnyTraining(FitOptions):
    """Train the fast network: any photo in any style, in one pass (``impasto train any``)."""

    optimizer: Optimizer = option("muon", OPTIMIZER_HELP)
    photos: Path = option(Path("photos"), "Folder of photographs.", is_input=True)
    paintings: Path = option(Path("paintings"), "Folder of paintings.", is_input=True)
    reuse: int = option(3, "Batches in a row that show the same photos, which are then described once.", minimum=1)
    from_weights: Path | None = option(None, "Weights of a fast network to start from.", is_input=True)
    crop: int = option(
        288,
        "Side of a crop of a photo brought to a long side of about style-side × finer; it and crop ÷ finer are "
        "multiples of 8.",
        minimum=72,
        maximum=1536,
        unit="px",
    )
    finer: float = option(
        1.5,
        "How many times finer than it is shown a picture is painted: fine strokes, and no grid.",
        minimum=1,
        maximum=4,
    )
    style_side: int = option(512, "Long side at which paintings are looked at.", minimum=64, unit="px")
    variants: int = option(
        1,
        "How many altered copies of each painting are learnt beside it: a part of it, other colors, harder edges, "
        "fewer tones, or lines alone.",
        minimum=0,
        maximum=16,
    )
    retold: int = option(
        0,
        "How many of the photos are learnt as styles too, told anew in a technique: laid as stones or boards, brushed, "
        "hatched, penciled, dotted, in lines of equal height, or covered with shapes.",
        minimum=0,
        maximum=100_000,
    )
    style_weight: float = option(1.0, "How much the style counts.", minimum=0)
    content_weight: float = option(0.35, "How much the photo's shapes count.", minimum=0)
    identity_weight: float = option(1.0, "How much it counts that strength 0 gives back the photo.", minimum=0)
    tv_weight: float = option(0.3, "How much smoothness counts (total variation).", minimum=0)
    lattice_weight: float = option(1.0, "How much it counts that no grid shows.", minimum=0)
    weave_weight: float = option(
        20.0,
        "How much it counts that fine strokes do not all run along rows and columns, as a woven cloth's.",
        minimum=0,
    )
    steadiness_weight: float = option(
        1.0, "How much it counts that strokes go along when the photo moves by a few pixels, as in films.", minimum=0
    )


@dataclass(frozen=True, kw_only=True)
class StyleTraining(FitOptions):
    """Learn one style: a small network that paints any photo in it, in one pass (``impasto train style``)."""

    style: Path = option(Path("style.jpg"), "A painting, or a folder of paintings by one hand.", is_input=True)
    photos: Path = option(Path("photos"), "Folder of photographs to practise on.", is_input=True)
    from_weights: str | None = option(
        None,
        "What to start from instead of nothing: fast (the network that comes with Impasto, soon at its goal), or a "
        "model that was trained before.",
        is_input=True,
        words=("fast",),
    )
    steps: int = option(2000, "Steps of training at most; it stops early when nothing is gained.", minimum=1)
    batch: int = option(4, "Crops per step.", minimum=1, maximum=4096)
    learning_rate: float = option(
        2e-3, "The learning rate; it rises first and falls to 0 at the end.", minimum=1e-8, maximum=1
    )
    validate_every: int = option(
        100, "Steps between validations; each saves a checkpoint and a sheet of samples.", minimum=1
    )
    crop: int = option(
        192, "Side of a crop of a photo about 512 px long; a multiple of 16.", minimum=64, maximum=2048, unit="px"
    )
    style_side: int = option(
        512,
        "Long side at which the painting is looked at. Twice as much makes strokes twice as large.",
        minimum=64,
        maximum=8192,
        unit="px",
    )
    width: int = option(
        16, "Width of the network: 16 makes a file of 0.45 MB, 32 one of 1.7 MB.", minimum=4, maximum=128
    )
    style_weight: float = option(1.0, "How much the style counts.", minimum=0)
    content_weight: float = option(1.0, "How much the photo's shapes count.", minimum=0)
    tv_weight: float = option(1.0, "How much smoothness counts (total variation).", minimum=0)


@dataclass(frozen=True, kw_only=True)
class PairedTraining(FitOptions):
    """Learn from pairs: a U-Net turns photos into what their partners are (``impasto train paired``)."""

    pairs: Path = option(
        Path("pairs"), "A folder with source and target, matched by name; or a CSV of pairs.", is_input=True
    )
    source_column: str | None = option(None, "Column of the CSV that names the photos.")
    target_column: str | None = option(None, "Column of the CSV that names the painted pictures.")
    source_glob: str | None = option(None, "Pattern of the photos in the folder, such as 'content/*.jpg'.")
    target_glob: str | None = option(None, "Pattern of the painted pictures in the folder.")
    validation_share: float = option(0.1, "Share of the pictures to validate on.", minimum=0.01, maximum=0.5)
    test_share: float = option(0.1, "Share of the pictures that no training sees.", minimum=0.01, maximum=0.5)
    style: Path | None = option(
        None,
        "The artist's painting, to compare the style with; by default it is compared with the pair's target.",
        is_input=True,
    )
    from_weights: Path | None = option(None, "A U-Net that was trained before, to start from.", is_input=True)
    steps: int = option(1500, "Steps of training at most; it stops early when nothing is gained.", minimum=1)
    batch: int = option(4, "Crops per step.", minimum=1, maximum=4096)
    learning_rate: float = option(
        2e-3, "The learning rate; it rises first and falls to 0 at the end.", minimum=1e-8, maximum=1
    )
    validate_every: int = option(
        100, "Steps between validations; each saves a checkpoint and a sheet of samples.", minimum=1
    )
    crop: int = option(192, "Side of a crop.", minimum=32, maximum=2048, unit="px")
    flip: bool = option(True, "Mirror half of the crops, photo and partner alike.")
    width: int = option(16, "Width of the network at full size; each halving doubles it.", minimum=4, maximum=128)
    depth: int = option(3, "How often the network halves the picture.", minimum=1, maximum=6)
    blocks: int = option(2, "Residual blocks where the picture is smallest.", minimum=0, maximum=32)
    decoder: Decoder = option(
        "resize", "How it comes back to full size: resize leaves no checkerboard, transpose is the classic."
    )
    mse_weight: float = option(1.0, "How much the pixels count (mean squared error).", minimum=0)
    content_weight: float = option(0.5, "How much shapes count, as the encoder sees them.", minimum=0)
    style_weight: float = option(0.5, "How much the style counts (Gram matrices).", minimum=0)
    tv_weight: float = option(0.01, "How much smoothness counts (total variation).", minimum=0)
    ablation: int = option(
        0,
        "Steps of four short trainings beside it (mean squared error alone, then with content, style and smoothness), "
        "for the report; 0 leaves them out.",
        minimum=0,
    )
