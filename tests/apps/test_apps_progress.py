"""Progress: lines for logs, a bar for terminals."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from impasto.apps import progress
from impasto.apps.progress import LiveProgress, PlainProgress, duration, show_download, show_progress
from impasto.engine import Step
from impasto.weights import Progress

STEP = Step(
    scale=1,
    scales=3,
    step=1,
    steps=80,
    size=(171, 256),
    losses={"content": 0.123456, "style": 12.0},
    elapsed=0.5,
    remaining=75.0,
    picture=lambda: torch.zeros(1, 3, 1, 1),
)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 0 s"),
        (185, "3 min 5 s"),
        (7800, "2 h 10 min"),
    ],
)
def test_durations_for_people(seconds, text):
    assert duration(seconds) == text


def test_a_plain_line_says_scale_step_losses_and_time_left(capsys):
    with PlainProgress("ink") as show:
        show(STEP)
    line = "ink · scale 1/3 · 256x171 px · step 1/80 · content 0.123 style 12 · 1 min 15 s left\n"
    assert capsys.readouterr().err == line


def test_plain_lines_are_occasional(capsys):
    with PlainProgress() as show:
        for step in range(1, 80):
            show(dataclasses.replace(STEP, step=step, elapsed=0.5 * step))
        show(dataclasses.replace(STEP, scale=2, elapsed=40.0))
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" · ")[2] for line in lines] == ["step 1/80", "step 31/80", "step 61/80", "step 1/80"]


def test_the_live_bar_shows_the_same_and_notes_stay(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("FORCE_COLOR", "1")
    with LiveProgress("[ink]") as show:  # brackets are no markup
        show(dataclasses.replace(STEP, note="memory ran out [a bit]"))
    shown = capsys.readouterr().err
    for part in (
        "[ink] · scale 1/3",
        "1/80 · content 0.123 style 12 · 1 min 15 s left",
        "memory ran out [a bit]",
    ):
        assert part in shown


def test_the_kind_of_progress_follows_where_stderr_goes(monkeypatch):
    assert isinstance(show_progress(), PlainProgress)
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    assert isinstance(show_progress(), LiveProgress)


def test_a_download_is_told_in_tenths(capsys):
    show = show_download()
    for done in range(0, 80_000_001, 1_000_000):
        show(Progress("vgg.h5", "https://example.org", done, 80_000_000))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11
    assert lines[5] == "fetching vgg.h5 · 40 of 80 MB"
    show_download(quiet=True)(Progress("vgg.h5", "https://example.org", 1, None))
    assert capsys.readouterr().err == ""
