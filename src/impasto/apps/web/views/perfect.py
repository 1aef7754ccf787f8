"""Perfect it: painting by optimisation, which is slow and finest, watched while it happens."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from impasto.apps.web.house import Introduction, current_visit, the_house
from impasto.apps.web.jobs import Job
from impasto.apps.web.parts import divider
from impasto.apps.web.uploads import MEGABYTE
from impasto.apps.web.views.charts import loss_chart
from impasto.apps.web.views.choosing import photo_card, photo_ratio, photo_title, shown_photo, style_card
from impasto.apps.web.views.framing import begun, framed, introduced
from impasto.apps.web.views.perfect_settings import Settings, settings_card
from impasto.apps.web.views.perfected import show_perfected
from impasto.apps.web.visits import Visit
from impasto.apps.web.waiting import cancel_button, wait_for_newest
from impasto.apps.web.words import bytes_text, duration_text, progress_of, progress_text, size_text

__all__ = ["page"]

LIVE_SECONDS = 1.0
PURPOSE = "perfect"
PAUSE_WIDTH = 120  # pixels: room for each of its two labels


@framed
def page() -> None:
    """Show the page."""
    st.title("Perfect it", anchor=False)
    st.markdown("Stroke by stroke, for as long as you like: slower than Paint, and the finest result.")
    introduction, visit = introduced(), current_visit()
    begun(visit, introduction)
    left, right = st.columns([1.75, 1], gap="large")
    job = visit.jobs.get(PURPOSE)
    is_running = job is not None and not job.is_over
    with right:
        if not is_running:
            photo_card(visit)
            style_card(visit, introduction)
        settings = settings_card(visit, introduction, disabled=is_running)
    with left, st.container(key="canvas"):
        if job is not None and is_running:
            _live(job, introduction)
        else:
            _beginning(visit, introduction, settings, job)


def _beginning(visit: Visit, introduction: Introduction, settings: Settings, job: Job | None) -> None:
    """Show the last result, or what there is to begin with; and the plan of the next work, with its button."""
    if job is not None and job.sentence:
        st.warning(job.sentence, icon=":material/info:")
    moments = _moments(job) if job is not None else []
    if job is not None and moments:
        show_perfected(job, moments, visit, introduction)
    else:
        st.image(shown_photo(visit, introduction), width="stretch", alt="Your photo, not painted yet")
    _start(visit, settings, again=job is not None)


def _moments(job: Job) -> list[dict[str, Any]]:
    """Return what was kept on the way; of a work that was cancelled, too."""
    found: list[dict[str, Any]] = json.loads(job.file("moments.json") or b"[]")
    return found


def _start(visit: Visit, settings: Settings, *, again: bool) -> None:
    arguments = settings.arguments(visit)
    facts, button = st.columns([2, 1], vertical_alignment="center")
    with button:
        is_wanted = st.button(
            "Begin again" if again else "Begin", key="begin", type="primary", icon=":material/brush:", width="stretch"
        )
    with facts:
        if not _plan(visit, arguments):
            return
    if is_wanted:
        arguments = {**arguments, **settings.with_mask_file(visit)}
        visit.start(PURPOSE, visit.job("perfect", arguments=arguments, lane="long"))
        st.rerun()


def _plan(visit: Visit, arguments: dict[str, Any]) -> bool:
    """Say what the work would cost, before it begins; False where it cannot begin like that."""
    job = visit.recall(("plan", json.dumps(arguments)), lambda: visit.job("plan", arguments=arguments))
    wait_for_newest(job, "Thinking it over", st.empty())
    if job.state != "done":
        st.warning(job.sentence, icon=":material/info:")
        return False
    plan, allowed = job.answer, visit.serving.memory_megabytes * MEGABYTE
    if plan["peak_bytes"] > allowed:
        needed = bytes_text(plan["peak_bytes"])
        st.warning(f"This would need {needed} of memory; {bytes_text(allowed)} are allowed here. Choose fewer pixels.")
        return False
    seconds = f"about **{duration_text(plan['seconds'])}**" if plan["seconds"] is not None else "a time nobody measured"
    size, memory = size_text(plan["height"], plan["width"]), bytes_text(plan["peak_bytes"])
    st.markdown(f"The plan: {size} px in {plan['steps']} steps, {seconds}, {memory} of memory.")
    return True


@st.fragment(run_every=LIVE_SECONDS)
def _live(job: Job, introduction: Introduction) -> None:
    """Show the picture as it is now, the losses, and the buttons; runs by itself every second."""
    if job.is_over:
        st.rerun()
    visit, position = current_visit(), the_house().studio.position(job)
    _come_so_far(job, visit, introduction)
    st.progress(progress_of(job), text=progress_text(job, position, "Painting"))
    _buttons(job, waits=bool(position))
    if job.told.get("note"):
        st.caption(job.told["note"])
    if len(job.history) > 1:
        loss_chart(job.history)


def _come_so_far(job: Job, visit: Visit, introduction: Introduction) -> None:
    """Show the picture as it is now; before the first one the photo, of the same height, so that no button moves."""
    photo, live, told = shown_photo(visit, introduction), job.file("live.jpg"), job.told
    is_begun = bool(live and told)
    ratio, facts = photo_ratio(visit), "not painted yet"
    if is_begun:
        ratio = told["width"] / told["height"]
        facts = (
            f"step {told['step']} of {told['steps']} at {size_text(told['height'], told['width'])} px, "
            f"scale {told['scale']} of {told['scales']}"
        )
    divider(photo, live if is_begun else photo, ratio=ratio, title=photo_title(visit), facts=facts, key="live")


def _buttons(job: Job, *, waits: bool) -> None:
    """Offer to pause, stop and cancel; nothing moves when one is pressed, or the next press would hit another.

    While a work ``waits`` in line there is nothing to pause and nothing to keep.
    """
    studio = the_house().studio
    with st.container(horizontal=True, key="perfect-buttons"):
        is_idle = waits or job.is_stopping
        st.button(
            "Go on" if job.paused else "Pause",
            key="pause",
            icon=":material/play_arrow:" if job.paused else ":material/pause:",
            on_click=studio.resume if job.paused else studio.pause,
            args=(job,),
            disabled=is_idle,
            width=PAUSE_WIDTH,
        )
        st.button(
            "Stop and keep",
            key="stop",
            icon=":material/stop_circle:",
            on_click=studio.stop_and_keep,
            args=(job,),
            disabled=is_idle,
            help="Ends here; the best picture so far is yours.",
        )
        cancel_button(job, "cancel", type="tertiary")
