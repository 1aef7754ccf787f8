"""What a visitor wishes of a work, in whatever order the words arrive."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from impasto.apps.web.calls import Call, DroppedError, Wishes
from impasto.apps.web.tasks.perfecting import Watcher
from impasto.config import Optimize
from impasto.engine import Step

OTHERS = [("resume",), ("pause",), ("pause", "resume"), ("resume", "pause")]


def told(*words: str, early: bool) -> Wishes:
    wishes = Wishes()
    if not early:
        wishes.begin(1)
    for word in words:
        wishes.hear(1, word)
    if early:
        wishes.begin(1)
    return wishes


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("others", OTHERS)
def test_a_stop_is_not_taken_back_by_a_button_that_was_pressed_before_it_and_heard_of_later(
    others: tuple[str, ...], early: bool
) -> None:
    for words in (("stop", *others), (*others, "stop")):
        with pytest.raises(KeyboardInterrupt):
            told(*words, early=early).obey()


@pytest.mark.parametrize("early", [False, True])
def test_a_cancel_outweighs_a_stop(early: bool) -> None:
    for words in (("stop", "drop"), ("drop", "stop"), ("drop", "resume")):
        with pytest.raises(DroppedError):
            told(*words, early=early).obey()


def test_a_stop_is_obeyed_once_so_that_the_tidying_up_is_not_stopped() -> None:
    wishes = told("stop", early=False)
    with pytest.raises(KeyboardInterrupt):
        wishes.obey()
    wishes.obey()


def test_a_wish_for_another_work_is_none_for_this_one() -> None:
    wishes = told(early=False)
    wishes.hear(2, "stop")
    wishes.obey()
    wishes.begin(2)
    with pytest.raises(KeyboardInterrupt):
        wishes.obey()


def test_who_stops_at_the_first_step_keeps_it(tmp_path: Path) -> None:
    call = Call(tmp_path, {}, told("stop", early=True), lambda _: None)
    watcher = Watcher(call, Optimize(steps=100), None)
    picture = torch.full((1, 3, 8, 8), 0.5)
    step = Step(1, 1, 1, 100, (8, 8), {}, elapsed=0.0, remaining=None, picture=lambda: picture)
    with pytest.raises(KeyboardInterrupt):
        watcher(step)
    kept = json.loads((tmp_path / "moments.json").read_text(encoding="utf-8"))
    assert [moment["step"] for moment in kept] == [1]
    assert (tmp_path / kept[0]["file"]).is_file()
