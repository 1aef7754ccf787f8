"""A report says what was measured: as a page that opens by itself, as CSV and as JSON that can be read back."""

from __future__ import annotations

import csv
import json
import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
import torch

from impasto import images
from impasto.errors import InputError
from impasto.evaluation import Comparison, Contender, Finding, Pair, Run, pairs_of, report
from impasto.evaluation.report import comparing
from impasto.evaluation.report.page import figure, page, table

VOID = {"meta", "img", "br"}


@pytest.fixture
def pairs(tmp_path: Path) -> list[Pair]:
    images.write(torch.rand(1, 3, 24, 32), tmp_path / "<b>harbour.png")
    images.write(torch.rand(1, 3, 24, 32), tmp_path / "ink & wash.png")
    return pairs_of([tmp_path / "<b>harbour.png"], [tmp_path / "ink & wash.png"])


@pytest.fixture
def found(pairs: list[Pair], tmp_path: Path) -> Comparison:
    picture = "pictures/01-one.png"
    (tmp_path / "report" / "pictures").mkdir(parents=True)
    images.write(torch.rand(1, 3, 24, 32), tmp_path / "report" / picture)
    fault = Finding("noise", 0.5, "everywhere", "Raise tv_weight.")
    one = Run(
        contender="one",
        photo=pairs[0].photo.name,
        style=pairs[0].style.name,
        hashes=pairs[0].hashes,
        picture=picture,
        values={"style": 0.25, "ssim": 0.5, "seconds": 1.0, "memory": 400.0},
        findings=(fault,),
    )
    other = replace(one, contender="two:x=1", picture="", values={}, findings=(), refusal="no <weights>.")
    return Comparison(
        contenders=(
            Contender(label="one", method="optimize", options={"steps": 2}),
            Contender(label="two:x=1", method="m"),
        ),
        runs=(one, other),
        machine={"when": "2026-01-01", "processor": "a <fast> one"},
        judge="embedded",
        notes=("Judged by hand.",),
    )


class Reader(HTMLParser):
    """Collects what a page shows and links to, and complains about tags that do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read_page(path: Path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    assert reader.open == []
    return reader


def test_the_page_shows_everything_and_links_only_to_what_is_there(
    found: Comparison, pairs: list[Pair], tmp_path: Path
) -> None:
    folder = tmp_path / "report"
    shown = read_page(report.save_report(found, pairs, folder))
    assert (folder / report.PAGE).is_file()
    assert len(shown.links) >= 7
    for link in shown.links:
        assert (folder / unquote(link)).is_file(), link
    for words in (
        "<b>harbour + ink & wash",
        "0.25",
        "noise: everywhere",
        "no <weights>.",
        "a <fast> one",
        "painted 0 of 1",
    ):
        assert words in shown.text
    assert "painted 0 of 1" in shown.text
    assert "LPIPS" not in shown.text  # what was not measured has no column


def test_without_any_picture_there_is_still_a_report(found: Comparison, pairs: list[Pair], tmp_path: Path) -> None:
    refused = replace(found, runs=tuple(replace(run, picture="", values={}, refusal="no.") for run in found.runs))
    shown = read_page(report.save_report(refused, pairs, tmp_path / "report"))
    assert "Side by side" not in shown.text
    assert not (tmp_path / "report" / "sheet.jpg").exists()


def test_many_pairs_are_spread_over_sheets_that_can_be_opened(
    found: Comparison, pairs: list[Pair], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "_ROWS", 1)
    ink = pairs[0].style
    images.write(torch.rand(1, 3, 700, 1000), tmp_path / "large.png")
    both = [*pairs, *pairs_of([tmp_path / "large.png"], [ink])]
    again = replace(found.runs[0], photo="large.png", hashes=both[1].hashes)
    folder = tmp_path / "report"
    shown = read_page(report.save_report(replace(found, runs=(*found.runs, again)), both, folder))
    assert {"sheet.jpg", "sheet-2.jpg"} <= set(shown.links)
    for sheet in ("sheet.jpg", "sheet-2.jpg"):
        assert max(images.read(folder / sheet).size) < 1500


def test_names_of_any_encoding_are_reported(found: Comparison, pairs: list[Pair], tmp_path: Path) -> None:
    strange = os.fsdecode(b"caf\xe9.jpg")
    renamed = replace(found, runs=tuple(replace(run, photo=strange) for run in found.runs))
    report.save_report(renamed, pairs, tmp_path / "report")
    known = report.earlier_comparison(tmp_path / "report")
    assert known is not None
    assert known.runs[0].photo == strange


def test_an_interrupted_comparison_says_so(found: Comparison, pairs: list[Pair], tmp_path: Path) -> None:
    shown = read_page(report.save_report(replace(found, complete=False), pairs, tmp_path / "report"))
    assert "interrupted" in shown.text


def test_json_says_it_all_and_is_read_back(found: Comparison, tmp_path: Path) -> None:
    text = report.comparison_to_json(found)
    assert report.comparison_from_json(text) == found
    document = json.loads(text)
    assert document["standings"]["style"]["one"]["interval"] == {"low": None, "mean": 0.25, "high": None}
    assert document["metrics"]["ssim"]["better"] == "higher"
    report.save_numbers(found, tmp_path)
    assert report.earlier_comparison(tmp_path) == found
    assert report.earlier_comparison(tmp_path / "elsewhere") is None


def test_reports_that_are_older_than_the_hashes_are_read(found: Comparison) -> None:
    document = json.loads(report.comparison_to_json(found))
    del document["judge_sha256"]
    for contender in document["contenders"]:
        del contender["files"]
    assert report.comparison_from_json(json.dumps(document)) == found


def test_bounds_are_shown_of_two_pairs_and_not_of_one(found: Comparison, pairs: list[Pair], tmp_path: Path) -> None:
    folder = tmp_path / "report"
    standing = read_page(report.save_report(found, pairs, folder)).text.partition("Side by side")[0]
    assert "0.25" in standing
    assert " to " not in standing.partition("to sort.")[2]
    assert "None" not in standing
    assert not re.search("Infinity|NaN", (folder / "report.json").read_text(encoding="utf-8"))
    second = replace(found.runs[0], hashes=("p", "s"), values={**found.runs[0].values, "style": 0.35})
    page = report.save_report(replace(found, runs=(*found.runs, second)), pairs, folder)
    assert "-0.34 to 0.94" in read_page(page).text


def test_where_not_all_painted_the_same_pairs_the_page_says_what_bold_means(
    found: Comparison, pairs: list[Pair], tmp_path: Path
) -> None:
    folder = tmp_path / "report"
    assert "those that all painted" not in read_page(report.save_report(found, pairs, folder)).text
    both = (*found.runs[:1], replace(found.runs[0], contender="two:x=1"))
    more = replace(found.runs[0], hashes=("p", "s"))
    for runs, is_told in ((both, False), ((*both, more), True)):
        shown = read_page(report.save_report(replace(found, runs=runs), pairs, folder)).text
        assert ("Bold is the best mean over those that all painted" in shown) is is_told


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"impasto_comparison": 1}', '{"impasto_comparison": 1, "runs": 3}'])
def test_damaged_json_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InputError, match="damaged"):
        report.comparison_from_json(text)


def test_another_format_is_refused(found: Comparison) -> None:
    text = report.comparison_to_json(found).replace('"impasto_comparison": 1', '"impasto_comparison": 99')
    with pytest.raises(InputError, match="another version"):
        report.comparison_from_json(text)


def test_csv_has_a_line_for_each_run(found: Comparison) -> None:
    lines = report.comparison_to_csv(found).splitlines()
    heads = lines[0].split(",")
    assert len(heads) == len(set(heads))
    rows = list(csv.DictReader(lines))
    assert [row["method"] for row in rows] == ["one", "two:x=1"]
    assert float(rows[0]["style"]) == 0.25
    assert rows[0]["found"] == "noise"
    assert rows[1]["refused"] == "no <weights>."
    assert rows[1]["seconds"] == ""


def test_pictures_of_any_encoding_are_linked_to() -> None:
    strange = os.fsdecode(b"caf\xe9")
    assert 'href="pictures/caf%E9%20%C3%A9.jpg"' in figure(f"pictures/{strange} é.jpg", "", "")


def test_a_page_needs_nothing_from_elsewhere() -> None:
    text = page("Title", table(["a"], [["<td>1</td>"]]))
    assert not re.search(r"https?:|@import|url\(", text)
