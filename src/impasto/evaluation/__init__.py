"""Drawing and measuring results: sheets, curves, timelapses, what a network sees, metrics and faults.

matplotlib (the extra ``plots``) and PyAV (``film``) are imported only by what needs them, when it runs.
"""

from impasto.evaluation.features import feature_sheet, gram_sheet, telling_channels
from impasto.evaluation.findings import Finding
from impasto.evaluation.lint import lint
from impasto.evaluation.metrics import (
    Interval,
    bootstrap_interval,
    color_difference,
    color_distance,
    content_distance,
    gradient_energy,
    psnr,
    ssim,
    style_distance,
)
from impasto.evaluation.plots import check_plot, plot_losses
from impasto.evaluation.sheets import contact_sheet, grid_sheet
from impasto.evaluation.timelapse import Timelapse

__all__ = [
    "Finding",
    "Interval",
    "Timelapse",
    "bootstrap_interval",
    "check_plot",
    "color_difference",
    "color_distance",
    "contact_sheet",
    "content_distance",
    "feature_sheet",
    "gradient_energy",
    "gram_sheet",
    "grid_sheet",
    "lint",
    "plot_losses",
    "psnr",
    "ssim",
    "style_distance",
    "telling_channels",
]
