"""What every page begins with, and how it says that something went wrong."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable

import streamlit as st

from impasto.apps.web.dials import dials_from_link
from impasto.apps.web.house import Introduction, the_house
from impasto.apps.web.views.choosing import current_dials, set_dials
from impasto.apps.web.visits import Visit
from impasto.apps.web.waiting import wait_for
from impasto.errors import ImpastoError

__all__ = ["begun", "framed", "gallery_names", "introduced"]

_log = logging.getLogger(__name__)


def framed(page: Callable[[], None]) -> Callable[[], None]:
    """Return the page with its refusals shown as sentences; a bug goes to the log, not to the visitor."""

    @functools.wraps(page)
    def shown() -> None:
        try:
            page()
        except ImpastoError as refusal:
            st.warning(str(refusal), icon=":material/info:")
        except Exception:  # noqa: BLE001 - the last resort of a page
            _log.exception("page %s failed", page.__module__)
            st.error("Something went wrong here. Please reload the page; your photo was not kept.")

    return shown


def introduced() -> Introduction:
    """Return what the studio can do; the first visitor after a start waits for it a few seconds."""
    house = the_house()
    found = house.introduction()
    if found is None:
        job = house.introducing()
        wait_for(job, "Mixing colors and getting the brushes ready", st.empty())
        found = house.introduction()
        if job.sentence:
            _log.error("the studio could not be opened: %s", job.sentence)
    if found is None:
        raise ImpastoError("The studio could not be opened just now. Please reload the page in a minute.")
    return found


def begun(visit: Visit, introduction: Introduction) -> None:
    """Dial what the link says, or the first style of the gallery; once, and whenever a style has gone."""
    names = gallery_names(introduction)
    if "linked" not in st.session_state:
        st.session_state["linked"] = True
        set_dials(dials_from_link(st.query_params.to_dict(), names))
    dials = current_dials()
    here = [name for name in dials.styles if name in names or name in visit.styles]
    if len(here) != len(dials.styles) or not here:
        set_dials(dials.with_styles(here or names[:1]))


def gallery_names(introduction: Introduction) -> list[str]:
    """Return the names that a link may hold."""
    return [style.name for style in introduction.styles]
