"""Reports that open from disk: one page of HTML, with the same numbers as CSV and JSON beside it."""

from impasto.evaluation.report.comparing import PAGE, earlier_comparison, save_numbers, save_report
from impasto.evaluation.report.tables import comparison_from_json, comparison_to_csv, comparison_to_json

__all__ = [
    "PAGE",
    "comparison_from_json",
    "comparison_to_csv",
    "comparison_to_json",
    "earlier_comparison",
    "save_numbers",
    "save_report",
]
