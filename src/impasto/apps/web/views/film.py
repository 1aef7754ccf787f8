"""Film: a short clip in the manner of a painting."""

from __future__ import annotations

import importlib.util

import streamlit as st

from impasto.apps.web.house import current_visit, the_house
from impasto.apps.web.jobs import Job
from impasto.apps.web.uploads import CLIP, CLIP_ENDINGS, check_clip, clean_name
from impasto.apps.web.views.choosing import current_dials, let_go, style_card, styles_for
from impasto.apps.web.views.framing import begun, framed, introduced
from impasto.apps.web.visits import Visit
from impasto.apps.web.waiting import watch
from impasto.apps.web.words import bytes_text

__all__ = ["can_be_painted", "page"]

LONG_SIDE = 640


def can_be_painted() -> bool:
    """Say whether what films need is installed; nothing of it is loaded."""
    return all(importlib.util.find_spec(name) is not None for name in ("av", "cv2"))


@framed
def page() -> None:
    """Show the page."""
    serving = the_house().serving
    st.title("Film", anchor=False)
    st.markdown(f"A clip of up to {serving.clip_seconds} seconds, painted picture by picture; the sound stays.")
    introduction, visit = introduced(), current_visit()
    begun(visit, introduction)
    left, right = st.columns([1.75, 1], gap="large")
    with right:
        style_card(visit, introduction, most=1)
        strength = st.slider("Strength", 0, 100, round(current_dials().strength), format="%d %%")
    with left, st.container(key="canvas"):
        _clip(visit, {"strength": float(strength)})


def _clip(visit: Visit, options: dict[str, object]) -> None:
    job = visit.jobs.get("film")
    if job is not None and not job.is_over:
        watch(job, "Painting picture by picture", "film", "The frame that was painted last")
        return
    if job is not None and job.state == "done":
        _show(job)
    elif job is not None and job.sentence:
        st.warning(job.sentence, icon=":material/info:")
    serving = the_house().serving
    st.header("Your clip" if job is None else "Another clip", anchor=False)
    turn = st.session_state.setdefault("clip-turn", 0)
    given = st.file_uploader(
        "Drop a clip here, or choose one",
        type=list(CLIP_ENDINGS),
        key=f"clip-{turn}",
        max_upload_size=serving.upload_megabytes,
        label_visibility="collapsed",
    )
    if given is None:
        st.caption(f"A few seconds are enough to see whether you like it. It becomes {LONG_SIDE} pixels wide or high.")
        return
    if st.button("Paint the film", key="paint-film", type="primary", icon=":material/movie:"):
        _start(visit, given.getvalue(), given.name, options)
        let_go(given.file_id)  # it lies in the job's folder now
        st.session_state["clip-turn"] += 1
        st.rerun()


def _start(visit: Visit, data: bytes, name: str, options: dict[str, object]) -> None:
    serving = visit.serving
    ending = check_clip(data, megabytes=serving.upload_megabytes)
    arguments = {
        "name": clean_name(name, "clip"),
        "ending": ending,
        "styles": styles_for(current_dials().styles[:1], visit),
        "seconds": float(serving.clip_seconds),
        "megapixels": serving.megapixels,
        "options": {**options, "size": min(LONG_SIDE, serving.longest)},
    }
    job = visit.job("film", arguments=arguments, lane="long")
    job.folder.mkdir(parents=True)
    (job.folder / f"{CLIP}{ending}").write_bytes(data)
    visit.start("film", job)


def _show(job: Job) -> None:
    # above the film, whose height is known late: it would push the button from under the visitor's hand
    st.download_button(
        f"Download the film ({bytes_text(job.answer['bytes'])})",
        lambda: job.file(job.answer["file"]),
        file_name=f"{job.arguments['name']}-painted.mp4",
        mime="video/mp4",
        icon=":material/download:",
        on_click="ignore",
        key="download-film",
    )
    st.video(job.file(job.answer["file"]), alt="Your clip, painted")
