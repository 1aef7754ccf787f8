"""Look inside: what a network sees in the visitor's own pictures, for those who want to understand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import streamlit as st

from impasto.apps.web.house import Introduction, current_visit
from impasto.apps.web.jobs import Job
from impasto.apps.web.views.choosing import all_styles, current_dials, photo_card, photo_name, style_card, subject_of
from impasto.apps.web.views.framing import begun, framed, introduced
from impasto.apps.web.visits import Visit
from impasto.apps.web.waiting import wait_for_newest, watch

__all__ = ["VIEWS", "page"]

RECOVERED_SIDE, RECOVERED_STEPS = 256, 120


@dataclass(frozen=True)
class View:
    """One way of looking, and what a learner is told about it."""

    title: str
    lesson: str
    of_style: bool = False  # whether it looks at the painting rather than the photo
    one_layer: bool = False
    is_quick: bool = False


VIEWS = {
    "features": View(
        "Feature maps",
        "A network looks at a picture through many small filters. Each map shows where one filter fires: in the first "
        "layers at edges and colors, deeper down at corners, patterns and parts of things. Bright means strong.",
        is_quick=True,
    ),
    "gram": View(
        "Gram matrices",
        "Style is what happens together. A Gram matrix says for each two filters how often they fire in the same "
        "place, wherever that is: 'blue goes with swirls'. Two pictures with alike matrices look painted by one hand.",
        of_style=True,
        is_quick=True,
    ),
    "content": View(
        "What a layer remembers",
        "Begin with noise and change it until one layer answers as it does to your photo. What comes back is what that "
        "layer knows: a shallow one remembers every pixel, a deep one only what is where.",
        one_layer=True,
    ),
    "style": View(
        "What a style is",
        "Begin with noise and change it until its Gram matrices are those of the painting. The strokes and colors come "
        "back, but nothing is where it was. This is all the network takes from a style.",
        of_style=True,
    ),
}


@framed
def page() -> None:
    """Show the page."""
    st.title("Look inside", anchor=False)
    st.markdown("How can a machine see a style? Look at your own pictures through its eyes.")
    introduction, visit = introduced(), current_visit()
    begun(visit, introduction)
    left, right = st.columns([1.75, 1], gap="large")
    with right:
        photo_card(visit)
        style_card(visit, introduction, most=1)
    with left, st.container(key="canvas"):
        kind = _choose_view()
        request = _request(kind, visit, introduction)
        st.markdown(VIEWS[kind].lesson)
        _show(kind, request, visit, introduction)


def _choose_view() -> str:
    chosen = st.segmented_control(
        "What to look at",
        list(VIEWS),
        default="features",
        required=True,
        format_func=lambda kind: VIEWS[kind].title,
        key="view",
        label_visibility="collapsed",
    )
    return chosen or "features"


def _request(kind: str, visit: Visit, introduction: Introduction) -> dict[str, Any]:
    """Return what the task is given, from the layers and the network that the visitor chooses."""
    view = VIEWS[kind]
    backbone, layers = _network(kind, introduction)
    names = current_dials().styles[:1] if view.of_style else ()
    return {
        "kind": kind,
        **subject_of(visit, names),
        "layers": layers,
        "backbone": backbone,
        "size": RECOVERED_SIDE,
        "steps": RECOVERED_STEPS,
    }


def _network(kind: str, introduction: Introduction) -> tuple[str, list[str]]:
    networks = introduction.networks
    backbone = next(iter(networks))
    if len(networks) > 1:
        backbone = st.selectbox("Network", list(networks), key="look-backbone")
    firsts = [layer for layer in networks[backbone] if layer.startswith("relu") and layer.endswith("_1")]
    if VIEWS[kind].one_layer:
        chosen = st.pills(
            "Layer", firsts, default=firsts[min(2, len(firsts) - 1)], required=True, key=f"one-{backbone}"
        )
        return backbone, [chosen or firsts[0]]
    several = st.pills("Layers", firsts, selection_mode="multi", default=firsts[:3], key=f"several-{backbone}")
    return backbone, [layer for layer in firsts if layer in (several or [])] or firsts[:1]


def _show(kind: str, request: dict[str, Any], visit: Visit, introduction: Introduction) -> None:
    """Show what is quick to see at once, and what takes its time on demand."""
    job = _seen_at_once(request, visit) if VIEWS[kind].is_quick else visit.jobs.get("look")
    if job is None or job.arguments != request or job.state == "cancelled":
        if st.button(f"Paint {_subject(kind, visit, introduction)} from memory", key="look", type="primary"):
            visit.start("look", visit.job("look", arguments=request, lane="long"))
            st.rerun()
    elif not job.is_over:
        watch(job, "Looking", "look")
    elif job.state == "done":
        alt = f"{VIEWS[kind].title}: {', '.join(request['layers'])}"
        st.image(job.file(job.answer["file"]), width="stretch", alt=alt)
    else:
        st.warning(job.sentence, icon=":material/info:")


def _seen_at_once(request: dict[str, Any], visit: Visit) -> Job:
    job = visit.recall(("look", json.dumps(request)), lambda: visit.job("look", arguments=request))
    return wait_for_newest(job, "Looking", st.empty())


def _subject(kind: str, visit: Visit, introduction: Introduction) -> str:
    if not VIEWS[kind].of_style:
        return f"“{photo_name(visit)}”"
    titles = {style.name: style.title for style in all_styles(visit, introduction)}
    return f"“{titles[current_dials().styles[0]]}”"
