"""The page of options in the docs follows the configs."""

from __future__ import annotations

from pathlib import Path

from impasto.apps.reference import PAGE, options_page, options_table
from impasto.config import METHODS, EncoderTraining, fields_of

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_in_the_docs_is_up_to_date():
    written = (ROOT / PAGE).read_text(encoding="utf-8")
    assert written == options_page(), "run `python -m impasto.apps.reference`"


def test_a_table_has_a_row_for_each_option_and_no_broken_cells():
    for config in (*METHODS.values(), EncoderTraining):
        rows = options_table(config).splitlines()
        assert len(rows) == 2 + len(list(fields_of(config)))
        assert {row.count("|") for row in rows} == {5}
