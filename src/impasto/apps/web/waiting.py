"""Waiting for a job in sight of the visitor: a bar, a sentence, a place in the line."""

from __future__ import annotations

from typing import Any

from impasto.apps.web.house import the_house
from impasto.apps.web.jobs import Job
from impasto.apps.web.words import progress_of, progress_text

__all__ = ["UNSEEN_SECONDS", "show_progress", "wait_for"]

UNSEEN_SECONDS = 0.3  # what is over sooner shows no bar
GLANCE_SECONDS = 0.2


def wait_for(job: Job, doing: str, place: Any) -> Job:
    """Show in ``place`` (an ``st.empty``) how a job comes along, until it is over.

    When the visitor does something meanwhile, Streamlit leaves from here and runs the page anew; the job goes on.
    """
    if not job.finished.wait(UNSEEN_SECONDS):
        while not job.finished.wait(GLANCE_SECONDS):
            show_progress(job, doing, place)
    place.empty()
    return job


def show_progress(job: Job, doing: str, place: Any) -> None:
    """Show in ``place`` where a job stands now."""
    position = the_house().studio.position(job)
    place.progress(progress_of(job), text=progress_text(job, position, doing))
