"""A picture that was perfected: moments to go back to, files to take home, the film of how it came to be."""

from __future__ import annotations

from typing import Any

import streamlit as st

from impasto.apps.web.house import Introduction
from impasto.apps.web.jobs import Job
from impasto.apps.web.parts import divider
from impasto.apps.web.views.charts import loss_chart
from impasto.apps.web.views.choosing import photo_name, photo_title, shown_photo
from impasto.apps.web.views.taking_home import KINDS
from impasto.apps.web.visits import Visit
from impasto.apps.web.waiting import wait_for
from impasto.apps.web.words import duration_text, size_text
from impasto.errors import ImpastoError

__all__ = ["show_perfected"]


def show_perfected(job: Job, moments: list[dict[str, Any]], visit: Visit, introduction: Introduction) -> None:
    """Show the result, or the moment that the visitor goes back to."""
    place, last = st.empty(), len(moments) - 1
    at = last
    if last:
        at = st.slider(
            "Back to an earlier moment",
            0,
            last,
            last,
            key=f"moment-of-{job.number}",
            format=" ",
            help="All the way to the right is the finished picture.",
        )
    is_result = at == last and job.state == "done"
    with place.container():
        _picture(job, moments[at], visit, introduction, is_result=is_result)
    with st.container(border=True, key="perfected"):
        st.markdown("**Take it home**")
        if is_result:
            _take_result(job, visit)
        elif job.state == "done":
            _take_moment(job, moments[at], visit)
        else:
            _take_plainly(job, moments[at], visit)
        _film(job, visit)
    if len(job.history) > 1:
        with st.expander("How the losses went", key="losses-after"):
            loss_chart(job.history)


def _picture(job: Job, moment: dict[str, Any], visit: Visit, introduction: Introduction, *, is_result: bool) -> None:
    answer = job.answer
    after = job.file("shown.jpg" if is_result else moment["file"])
    if is_result:
        stopped = "stopped by you" if job.is_stopping else "stopped, since its time was up"
        ended = {"interrupted": stopped, "converged": "nothing more to gain"}.get(answer["stopped"], "finished")
        facts = f"{size_text(answer['height'], answer['width'])} px, {duration_text(answer['seconds'])}, {ended}"
    else:
        facts = f"scale {moment['scale']}, step {moment['step']}"
    divider(
        shown_photo(visit, introduction),
        after,
        ratio=moment["width"] / moment["height"],
        title=photo_title(visit),
        facts=facts,
        key="perfected-divider",
    )


def _take_result(job: Job, visit: Visit) -> None:
    with st.container(horizontal=True):
        for kind, (ending, mime) in KINDS.items():
            _button(f"Download {kind}", job, f"painting.{ending}", f"{photo_name(visit)}-perfected.{ending}", mime)


def _take_moment(job: Job, moment: dict[str, Any], visit: Visit) -> None:
    """Write the moment with its recipe first: `impasto resume` goes on from such a file."""
    arguments = {"source": str(job.folder), "ending": "png", **{key: moment[key] for key in ("file", "scale", "step")}}
    made = visit.jobs.get("moment")
    if made is not None and made.arguments == arguments:
        wait_for(made, "Writing the file", st.empty())
        if made.state != "done":
            raise ImpastoError(made.sentence)
        _button("Download this moment", made, made.answer["file"], f"{photo_name(visit)}-moment.png", "image/png")
    elif st.button("Keep this moment", key="keep-moment", icon=":material/bookmark:"):
        visit.start("moment", visit.job("moment", arguments=arguments))
        st.rerun()


def _take_plainly(job: Job, moment: dict[str, Any], visit: Visit) -> None:
    """Hand out a moment of a work that was cancelled, which left no recipe."""
    _button("Download this moment", job, moment["file"], f"{photo_name(visit)}-moment.jpg", "image/jpeg")


def _film(job: Job, visit: Visit) -> None:
    name = job.answer.get("film")
    if not name:
        return
    with st.expander("Watch it come into being", icon=":material/movie:", key="watch"):
        is_clip = name.endswith(".mp4")
        mime = "video/mp4" if is_clip else "image/webp"
        # above the film, whose height is known late: it would push the button from under the visitor's hand
        _button("Download the film", job, name, f"{photo_name(visit)}-timelapse.{name.rpartition('.')[2]}", mime)
        if is_clip:
            st.video(job.file(name), loop=True, muted=True, alt="The painting coming into being")
        else:
            st.image(job.file(name), width="stretch", alt="The painting coming into being")


def _button(label: str, job: Job, name: str, file_name: str, mime: str) -> None:
    st.download_button(
        label,
        lambda: job.file(name),
        file_name=file_name,
        mime=mime,
        icon=":material/download:",
        on_click="ignore",
        key=f"take-{name}",
    )
