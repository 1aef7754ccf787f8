"""Settings go into a link and come back; a strange link does no harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.apps.web.dials import Dials, dials_from_link, link_of
from impasto.config import MethodOptions, from_dict

KNOWN = ("great-wave", "starry-night", "the-scream", "water-lilies", "red-room")


def test_what_is_shared_arrives() -> None:
    dials = Dials(("great-wave", "the-scream"), (0.25, 0.75), strength=60, stroke=1.4, keep_color=True)
    query = link_of(dials, KNOWN)
    assert query == {
        "style": "great-wave,the-scream",
        "mix": "25,75",
        "strength": "60",
        "stroke": "1.4",
        "keep_color": "1",
    }
    assert dials_from_link(query, KNOWN) == dials


def test_defaults_and_own_paintings_are_left_out() -> None:
    assert link_of(Dials(("great-wave",)), KNOWN) == {"style": "great-wave"}
    assert link_of(Dials(("own-7",)), KNOWN) == {}
    assert link_of(Dials(("own-7", "great-wave"), (0.5, 0.5)), KNOWN) == {"style": "great-wave"}


@pytest.mark.parametrize(
    "query",
    [
        {"style": "nobody"},
        {"style": "../../etc/passwd"},
        {"strength": "1e999"},
        {"strength": "nan"},
        {"strength": "-5"},
        {"stroke": "0"},
        {"mix": "1,2,3"},
        {"keep_color": "<script>"},
    ],
)
def test_what_is_unknown_or_out_of_bounds_stays_at_its_default(query: dict[str, str]) -> None:
    assert dials_from_link(query, KNOWN) == Dials()


@given(st.dictionaries(st.sampled_from(["style", "mix", "strength", "stroke", "keep_color"]), st.text(max_size=30)))
def test_any_link_gives_options_that_the_engine_takes(query: dict[str, str]) -> None:
    from_dict(MethodOptions, dials_from_link(query, KNOWN).options())


def test_at_most_four_styles_and_none_twice() -> None:
    link = ",".join([*KNOWN, "great-wave"])
    assert dials_from_link({"style": link}, KNOWN).styles == KNOWN[:4]
    assert dials_from_link({"style": "great-wave,great-wave"}, KNOWN).styles == ("great-wave",)


def test_the_engine_gets_weights_only_for_a_mix() -> None:
    assert Dials(("a",)).options()["style_weights"] == []
    assert Dials(("a", "b")).options()["style_weights"] == [0.5, 0.5]
    assert Dials(("a", "b"), (0.2, 0.8)).options()["style_weights"] == [0.2, 0.8]
    assert Dials(("a", "b", "c"), (0.2, 0.8)).weights() == (1 / 3,) * 3
