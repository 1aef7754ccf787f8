"""Paint: a photo, a painting, and the result at once."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from impasto.apps.web.dials import Dials, link_of
from impasto.apps.web.house import Introduction, current_visit
from impasto.apps.web.jobs import Job
from impasto.apps.web.parts import divider
from impasto.apps.web.views.choosing import (
    all_styles,
    current_dials,
    photo_card,
    photo_ratio,
    photo_title,
    shown_photo,
    style_card,
    subject_of,
)
from impasto.apps.web.views.dialling import dial_card
from impasto.apps.web.views.framing import begun, framed, gallery_names, introduced
from impasto.apps.web.views.taking_home import sharing, taking_home
from impasto.apps.web.visits import Visit
from impasto.apps.web.waiting import UNSEEN_SECONDS, wait_for

__all__ = ["page"]

PAINTING = "painting.jpg"
BUSY = "Painting…"


@dataclass(frozen=True)
class Shown:
    """A painting with what stands below it."""

    job: Job
    title: str
    facts: str


@framed
def page() -> None:
    """Show the page."""
    st.title("Your photo, in the manner of a painting", anchor=False)
    introduction, visit = introduced(), current_visit()
    begun(visit, introduction)
    left, right = st.columns([1.75, 1], gap="large")
    with left:
        canvas = st.container(key="canvas")
    with right:
        photo_card(visit)
        style_card(visit, introduction)
        dial_card(visit, introduction)
        home = st.container()
    _follow_link(introduction)
    with canvas:
        painted = _painted(visit, introduction)
    if painted is not None:
        with home:
            taking_home(visit)
            sharing(link_of(current_dials(), gallery_names(introduction)))


def _follow_link(introduction: Introduction) -> None:
    """Keep the browser's address a link to what is dialled."""
    query = link_of(current_dials(), gallery_names(introduction))
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)


def _painted(visit: Visit, introduction: Introduction) -> Job | None:
    """Show the painting under the divider as soon as it is there; the one before stays until then."""
    picture, progress = st.container(), st.empty()  # always in this order, or the browser would build the divider anew
    dials = current_dials()
    job = _paint_job(visit, dials)
    if not job.finished.wait(UNSEEN_SECONDS):
        with picture:
            _show_meanwhile(visit, introduction)
        wait_for(job, "Painting", progress)
        st.rerun()  # a part of a page can be shown only once in a run
    if job.state == "cancelled":  # something newer of this visitor's took its place
        st.rerun()
    if job.state != "done":
        st.warning(job.sentence, icon=":material/info:")
        return None
    shown = st.session_state["shown"] = Shown(job, *_title(dials, visit, introduction))
    with picture:
        _show(shown, visit, introduction)
    return job


def _paint_job(visit: Visit, dials: Dials) -> Job:
    arguments = {**subject_of(visit, dials.styles), "options": dials.options()}
    key = (visit.photo_folder, dials)
    return visit.recall(key, lambda: visit.job("paint", arguments=arguments))


def _show(shown: Shown, visit: Visit, introduction: Introduction, *, busy: str = "") -> None:
    divider(
        shown_photo(visit, introduction),
        shown.job.file(PAINTING),
        ratio=shown.job.answer["width"] / shown.job.answer["height"],
        title=shown.title,
        facts=shown.facts,
        busy=busy,
        key="divider",
    )


def _show_meanwhile(visit: Visit, introduction: Introduction) -> None:
    """Show the painting before this one, or of a new photo the photo itself, with a sign that more is to come."""
    before: Shown | None = st.session_state.get("shown")
    if before is not None and before.job.file(PAINTING):
        _show(before, visit, introduction, busy=BUSY)
        return
    photo = shown_photo(visit, introduction)
    divider(photo, photo, ratio=photo_ratio(visit), title=photo_title(visit), facts="", busy=BUSY, key="divider")


def _title(dials: Dials, visit: Visit, introduction: Introduction) -> tuple[str, str]:
    """Return what stands under the painting, as on a museum's label."""
    labels = {style.name: style for style in all_styles(visit, introduction)}
    chosen = [labels[name] for name in dials.styles]
    by = " and ".join(style.label for style in chosen) if len(chosen) < 3 else f"{len(chosen)} paintings together"
    return photo_title(visit), f"after {by}"
