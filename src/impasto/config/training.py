"""The options of every training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from impasto.config.options import Checked, option

__all__ = ["EncoderTraining"]


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
    learning_rate: float = option(2e-3, "Adam's learning rate; it falls to 0 at the end.", minimum=0)
    decay: float = option(0.4, "Share of the steps over which the learning rate falls.", minimum=0.01, maximum=1)
    reuse: int = option(3, "How often a batch that the teachers have described is learnt from.", minimum=1)
    pool: int = option(48, "How many described batches are kept to choose from.", minimum=1)
    averaging: float = option(0.998, "Share of the old in the running average of the weights.", minimum=0, maximum=1)
    checkpoint_every: int = option(250, "Steps between checkpoints.", minimum=1)
    seed: int = option(0, "Number that everything random starts from.", minimum=0, maximum=2**63 - 1)
