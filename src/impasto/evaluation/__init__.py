"""Drawing and measuring results: sheets, curves, timelapses, what a network sees, metrics and faults.

matplotlib (the extra ``plots``) and PyAV (``film``) are imported only by what needs them, when it runs.
"""

from impasto.evaluation.comparing import Progress, compare
from impasto.evaluation.comparison import Comparison, Pair, Run, Standing, pairs_of, standings
from impasto.evaluation.contenders import Contender
from impasto.evaluation.cures import Cure, cures
from impasto.evaluation.diagrams import network_drawing
from impasto.evaluation.features import feature_sheet, gram_sheet, telling_channels
from impasto.evaluation.findings import Finding
from impasto.evaluation.judging import METRICS, Judge, Judgement, Metric
from impasto.evaluation.lint import lint
from impasto.evaluation.machine import machine_facts
from impasto.evaluation.metrics import (
    color_difference,
    color_distance,
    content_distance,
    gradient_energy,
    psnr,
    ssim,
    style_distance,
)
from impasto.evaluation.perceptual import LPIPS, find_lpips, lpips
from impasto.evaluation.plots import check_plot, plot_losses
from impasto.evaluation.sheets import contact_sheet, grid_sheet
from impasto.evaluation.statistics import Interval, mean_interval
from impasto.evaluation.timelapse import Timelapse

__all__ = [
    "LPIPS",
    "METRICS",
    "Comparison",
    "Contender",
    "Cure",
    "Finding",
    "Interval",
    "Judge",
    "Judgement",
    "Metric",
    "Pair",
    "Progress",
    "Run",
    "Standing",
    "Timelapse",
    "check_plot",
    "color_difference",
    "color_distance",
    "compare",
    "contact_sheet",
    "content_distance",
    "cures",
    "feature_sheet",
    "find_lpips",
    "gradient_energy",
    "gram_sheet",
    "grid_sheet",
    "lint",
    "lpips",
    "machine_facts",
    "mean_interval",
    "network_drawing",
    "pairs_of",
    "plot_losses",
    "psnr",
    "ssim",
    "standings",
    "style_distance",
    "telling_channels",
]
