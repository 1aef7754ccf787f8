"""Choosing the photo and the styles, which are the same on every page."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import streamlit as st

from impasto.apps.web.dials import MOST_STYLES, Dials
from impasto.apps.web.house import Introduction, the_house
from impasto.apps.web.parts import choose_styles
from impasto.apps.web.styles import GalleryStyle
from impasto.apps.web.uploads import PICTURE_ENDINGS
from impasto.apps.web.visits import Upload, Visit
from impasto.apps.web.waiting import wait_for
from impasto.apps.web.words import size_text
from impasto.errors import ImpastoError

__all__ = [
    "all_styles",
    "current_dials",
    "let_go",
    "photo_card",
    "photo_name",
    "photo_ratio",
    "photo_title",
    "set_dials",
    "shown_photo",
    "style_card",
    "styles_for",
    "subject_of",
]

DIALS = "dials"
SAMPLE_RATIO = 4 / 3


def current_dials() -> Dials:
    """Return what the visitor has dialled so far."""
    found: Dials = st.session_state.setdefault(DIALS, Dials())
    return found


def set_dials(dials: Dials) -> None:
    """Remember what is dialled."""
    st.session_state[DIALS] = dials


def photo_card(visit: Visit) -> None:
    """Let the visitor bring a photo: drop it, take it, or stay with the sample."""
    st.header("Your photo", anchor=False)
    drop, camera = st.tabs(["Drop or choose", "Take one"], key="bring")
    with drop:
        _uploader(visit, "photo", "Drop a photo here, or choose one")
    with camera:
        _camera(visit)
    _settle(visit, "photo")
    _show_problem("photo")
    if visit.photo is None:
        st.caption("This is our sample, a harbour. Yours stays private and is removed when you leave.")
    else:
        facts = size_text(visit.photo.height, visit.photo.width)
        name, away = st.columns([3, 2], vertical_alignment="center")
        name.caption(f"{visit.photo.name}, {facts}")
        away.button("Back to the sample", key="remove-photo", on_click=visit.use_photo, args=(None,), type="tertiary")


def style_card(visit: Visit, introduction: Introduction, *, most: int = MOST_STYLES) -> None:
    """Let the visitor choose one style or several, of the gallery or their own."""
    st.header("The manner", anchor=False)
    styles, dials = all_styles(visit, introduction), current_dials()
    choose_styles(
        styles,
        dials.styles[:most],
        most=most,
        on_change=lambda names: set_dials(current_dials().with_styles(names)),
        key="gallery",
    )
    with st.expander("Bring a painting of your own", icon=":material/add_photo_alternate:", key="own"):
        _uploader(visit, "style", "A painting, a drawing, a fabric, a wall")
    _settle(visit, "style")
    _show_problem("style")


def all_styles(visit: Visit, introduction: Introduction) -> list[GalleryStyle]:
    """Return the visitor's own paintings, newest first, and then the gallery."""
    own = [GalleryStyle(name, upload.name, "yours", "", "", upload.shown) for name, upload in visit.styles.items()]
    return [*reversed(own), *introduction.styles]


def subject_of(visit: Visit, names: Sequence[str]) -> dict[str, Any]:
    """Return the photo and the styles called so, as requests name them."""
    return {"photo": visit.photo_folder, "styles": styles_for(names, visit)}


def styles_for(names: Sequence[str], visit: Visit) -> list[dict[str, Any]]:
    """Return styles as requests name them."""
    found = [(name, visit.styles.get(name)) for name in names]
    return [{"name": name, "folder": None if upload is None else upload.folder} for name, upload in found]


def shown_photo(visit: Visit, introduction: Introduction) -> bytes:
    """Return the JPEG of the photo, or of the sample."""
    return introduction.sample if visit.photo is None else visit.photo.shown


def photo_name(visit: Visit) -> str:
    """Return what the photo is called."""
    return "harbour" if visit.photo is None else visit.photo.name


def photo_title(visit: Visit) -> str:
    """Return what stands under a painting of the photo."""
    return photo_name(visit).replace("-", " ").replace("_", " ")


def photo_ratio(visit: Visit) -> float:
    """Return the width of the photo over its height."""
    return SAMPLE_RATIO if visit.photo is None else visit.photo.width / visit.photo.height


def let_go(file_id: str) -> None:
    """Take the bytes out of Streamlit's own memory of uploads, where they would stay until the session ends."""
    from streamlit import runtime
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    if context is not None and runtime.exists():
        manager: Any = context.uploaded_file_mgr
        manager.remove_file(context.session_id, file_id)


def _uploader(visit: Visit, purpose: str, label: str) -> None:
    """Take in what is dropped. The widget is replaced each time, so that Streamlit does not keep the bytes."""
    turn = st.session_state.setdefault(f"{purpose}-turn", 0)
    given = st.file_uploader(
        label,
        type=list(PICTURE_ENDINGS),
        key=f"{purpose}-{turn}",
        max_upload_size=the_house().serving.upload_megabytes,
        label_visibility="collapsed",
    )
    _take(visit, purpose, given)


def _camera(visit: Visit) -> None:
    """Ask for the camera, but only when the visitor wants it."""
    if st.toggle("Use the camera", key="camera-on"):
        turn = st.session_state.setdefault("photo-turn", 0)
        _take(visit, "photo", st.camera_input("Take a photo", key=f"camera-{turn}", label_visibility="collapsed"))


def _take(visit: Visit, purpose: str, given: Any) -> None:
    """Let what is given be looked at; the page may run anew meanwhile, the job is not lost."""
    if given is not None:
        data, name = given.getvalue(), given.name
        let_go(given.file_id)
        st.session_state[f"{purpose}-turn"] += 1
        st.session_state[f"{purpose}-problem"] = ""
        with _problems_kept(purpose):
            visit.receive(data, name, purpose)
        st.rerun()


def _settle(visit: Visit, purpose: str) -> None:
    """Wait for what is being looked at, and use it."""
    job = visit.arriving.get(purpose)
    if job is None:
        return
    wait_for(job, "Looking at the picture", st.empty())
    if visit.arriving.get(purpose) is job:  # and not one that came meanwhile
        with _problems_kept(purpose):
            _use(visit, purpose, visit.admitted(purpose))
    st.rerun()


@contextlib.contextmanager
def _problems_kept(purpose: str) -> Iterator[None]:
    """Remember why a picture was refused, to be shown where it was dropped."""
    try:
        yield
    except ImpastoError as refusal:
        st.session_state[f"{purpose}-problem"] = str(refusal)


def _use(visit: Visit, purpose: str, upload: Upload) -> None:
    if purpose == "photo":
        visit.use_photo(upload)
        return
    name = visit.add_style(upload)
    kept = [one for one in current_dials().styles if one in visit.styles or not one.startswith("own-")]
    is_mix = len(kept) > 1
    set_dials(current_dials().with_styles([*kept, name][-MOST_STYLES:] if is_mix else [name]))


def _show_problem(purpose: str) -> None:
    problem = st.session_state.get(f"{purpose}-problem")
    if problem:
        st.warning(problem, icon=":material/info:")
