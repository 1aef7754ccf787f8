"""The page of options in the docs follows the configs."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path

from impasto import config as config_package
from impasto.apps.reference import PAGE, options_page, options_table
from impasto.config import METHODS, Checked, EncoderTraining, FitOptions, Saving, fields_of

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_in_the_docs_is_up_to_date():
    written = (ROOT / PAGE).read_text(encoding="utf-8")
    assert written == options_page(), "run `python -m impasto.apps.reference`"


ELSEWHERE = {FitOptions, Saving}  # each training lists the first with its own; flags of the second have other names


def test_the_page_has_every_option_there_is():
    for module in pkgutil.iter_modules(config_package.__path__, "impasto.config."):
        importlib.import_module(module.name)
    page = options_page()
    for config in set(ours(Checked)) - ELSEWHERE:
        assert f"\n\n{inspect.getdoc(config)}\n\n".replace("``", "`") in page, f"{config.__name__} has no section"


def ours(config: type) -> Iterator[type]:
    for below in config.__subclasses__():
        if below.__module__.startswith("impasto."):
            yield below
            yield from ours(below)


def test_a_table_has_a_row_for_each_option_and_no_broken_cells():
    for config in (*METHODS.values(), EncoderTraining):
        rows = options_table(config).splitlines()
        assert len(rows) == 2 + len(list(fields_of(config)))
        assert {row.count("|") for row in rows} == {5}
