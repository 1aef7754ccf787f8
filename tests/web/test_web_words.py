"""What the pages say, and what they take from browsers."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from impasto.apps.web.environment import as_environment, serving_from_environment
from impasto.apps.web.parts.brush import mask_from
from impasto.apps.web.parts.pad import shares_from
from impasto.apps.web.views.charts import MOST_POINTS, SHOWN, chart_rows
from impasto.apps.web.words import bytes_text, duration_text, ordinal, progress_of, progress_text, size_text
from impasto.apps.web.worker import for_visitors
from impasto.config.serving import Serving
from impasto.errors import OptionError


def png(width: int, height: int) -> str:
    buffer = io.BytesIO()
    Image.new("L", (width, height)).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def test_numbers_are_said_as_people_say_them() -> None:
    assert [duration_text(seconds) for seconds in (0.2, 40, 150, 9000)] == [
        "a second",
        "40 seconds",
        "2 minutes",
        "2.5 hours",
    ]
    assert [bytes_text(count) for count in (10, 25_000, 3_400_000, 2.5e9)] == ["1 kB", "25 kB", "3.4 MB", "2.5 GB"]
    assert size_text(600, 800) == "800 × 600"
    assert [ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)] == [
        "1st",
        "2nd",
        "3rd",
        "4th",
        "11th",
        "12th",
        "13th",
        "21st",
        "102nd",
        "111th",
    ]


def test_a_waiting_visitor_knows_the_place_and_a_served_one_the_time() -> None:
    job: Any = SimpleNamespace(told={}, paused=False, is_stopping=False)
    assert progress_text(job, 1, "Painting").startswith("It is your turn next")
    assert "3rd in the line" in progress_text(job, 3, "Painting")
    assert progress_text(job, 0, "Painting") == "Painting…"
    job.told = {"elapsed": 10, "remaining": 30}
    assert progress_text(job, 0, "Painting") == "Painting… about 30 seconds left"
    assert progress_of(job) == 0.25
    job.paused = True
    assert progress_text(job, 0, "Painting") == "Paused."
    job.is_stopping = True
    assert progress_text(job, 0, "Painting").startswith("Stopping")


def test_a_long_history_is_thinned_and_keeps_its_end() -> None:
    history = [{"total": 1 / (step + 1), "content": 0.0} for step in range(1000)]
    rows = chart_rows(history, SHOWN)
    assert len(rows) <= MOST_POINTS + 1
    assert rows[-1] == {"step": 1000, "loss": "total", "value": 0.001}
    assert {row["loss"] for row in rows} == {"total"}, "0 has no logarithm"


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("/srv/models/mona.safetensors holds no weights.", "Mona.safetensors holds no weights."),
        ("the file '/srv/a b/c.png' is damaged; try 3/4 or https://a.org/b.", None),
        ("C:\\Users\\me\\mona.safetensors is damaged.", "Mona.safetensors is damaged."),
        ("too large, or allow it with IMPASTO_MAX_PIXELS=5.", "Too large."),
    ],
)
def test_a_refusal_names_no_folder_of_the_owner(told: str, shown: str | None) -> None:
    said = for_visitors(told)
    assert "/srv" not in said
    assert "3/4 or https://a.org/b" in said or said == shown


@pytest.mark.parametrize(
    "sent",
    [
        None,
        7,
        "",
        "data:image/svg+xml;base64,AAAA",
        "data:image/png;base64,!!!!",
        "data:image/png;base64,AAAA",
        png(3000, 10),
        "data:image/png;base64," + "A" * 3_000_000,
    ],
)
def test_a_strange_mask_is_none(sent: object) -> None:
    assert mask_from(sent) == b""


def test_an_honest_mask_is_taken() -> None:
    assert mask_from(png(64, 48)).startswith(b"\x89PNG")


@pytest.mark.parametrize("sent", [None, "x", [1], [0.5, "a"], [0, 0], [-1, 2], [0.5, 0.5, 0.5], [float("nan"), 1]])
def test_strange_shares_are_none(sent: object) -> None:
    assert shares_from(sent, 2) == ()


def test_honest_shares_add_up_to_one() -> None:
    assert shares_from([0.25, 0.25], 2) == (0.5, 0.5)


def test_the_owners_options_survive_the_environment(tmp_path: Path) -> None:
    serving = Serving(port=8000, models=tmp_path, megapixels=12.5, threads=3)
    assert serving_from_environment(as_environment(serving)) == serving
    assert serving_from_environment({}) == Serving()


def test_a_wrong_option_in_the_environment_is_refused_in_a_sentence() -> None:
    with pytest.raises(OptionError, match=r"IMPASTO_WEB_.*port is 'abc'"):
        serving_from_environment({"IMPASTO_WEB_PORT": "abc"})
