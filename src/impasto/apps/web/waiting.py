"""Waiting for a job in sight of the visitor: a bar, a sentence, a place in the line."""

from __future__ import annotations

from typing import Any

import streamlit as st

from impasto.apps.web.house import the_house
from impasto.apps.web.jobs import Job
from impasto.apps.web.words import progress_of, progress_text

__all__ = ["UNSEEN_SECONDS", "cancel_button", "show_progress", "wait_for", "wait_for_newest", "watch"]

UNSEEN_SECONDS = 0.3  # what is over sooner shows no bar
GLANCE_SECONDS, WATCH_SECONDS = 0.2, 0.5
OBEYED_SECONDS = 2.0  # a cancelled job is over by then


def wait_for(job: Job, doing: str, place: Any) -> Job:
    """Show in ``place`` (an ``st.empty``) how a job comes along, until it is over.

    When the visitor does something meanwhile, Streamlit leaves from here and runs the page anew; the job goes on.
    """
    if not job.finished.wait(UNSEEN_SECONDS):
        while not job.finished.wait(GLANCE_SECONDS):
            show_progress(job, doing, place)
    place.empty()
    return job


def wait_for_newest(job: Job, doing: str, place: Any) -> Job:
    """Wait like :func:`wait_for`; where something newer of this visitor's took its place, run the page anew."""
    wait_for(job, doing, place)
    if job.state == "cancelled":
        st.rerun()
    return job


@st.fragment(run_every=WATCH_SECONDS)
def watch(job: Job, doing: str, key: str, alt: str = "") -> None:
    """Show how a long job comes along, with the last picture that it shows and a way to cancel; runs by itself."""
    if job.is_over:
        st.rerun()
    show_progress(job, doing, st.empty())
    cancel_button(job, f"cancel-{key}")
    live = job.file("live.jpg")
    if live:  # below the button, which would move when the first picture comes
        st.image(live, width="stretch", alt=alt)


def cancel_button(job: Job, key: str, **looks: Any) -> None:
    """Offer to drop a job; when it is pressed, the page is as if it had not been begun."""
    if st.button("Cancel", key=key, **looks):
        the_house().studio.cancel(job)
        job.finished.wait(OBEYED_SECONDS)
        st.rerun()


def show_progress(job: Job, doing: str, place: Any) -> None:
    """Show in ``place`` where a job stands now."""
    position = the_house().studio.position(job)
    place.progress(progress_of(job), text=progress_text(job, position, doing))
