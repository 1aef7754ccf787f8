"""The options of writing a model as ONNX."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from impasto.config.options import Checked, option

__all__ = ["Exporting", "Storage"]

Storage = Literal["float32", "float16", "int8"]


@dataclass(frozen=True, kw_only=True)
class Exporting(Checked):
    """Write a model as ONNX, for programs that know nothing of Impasto (``impasto export``)."""

    storage: Storage = option(
        "float32", "How the file keeps its weights: float16 halves its size, int8 quarters it; all compute in float32."
    )
    check: Path | None = option(
        None,
        "A photo of yours to compare with Impasto's own result, besides those that are always compared.",
        is_input=True,
    )
