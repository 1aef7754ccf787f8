"""My models: trained networks from a folder that the server's owner names, with what is known of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from impasto.apps.web.house import Introduction, current_visit, the_house
from impasto.apps.web.jobs import Job
from impasto.apps.web.parts import divider
from impasto.apps.web.views.choosing import current_dials, photo_card, photo_name, shown_photo
from impasto.apps.web.views.framing import framed, introduced
from impasto.apps.web.visits import Visit
from impasto.apps.web.waiting import wait_for
from impasto.apps.web.words import bytes_text

__all__ = ["companions", "models_in", "page"]

ENDING = ".safetensors"  # numbers and text; a pickled model could hold a program, and is never opened
PICTURES = (".png", ".jpg", ".jpeg")
MOST_MODELS = 200


@framed
def page() -> None:
    """Show the page."""
    st.title("My models", anchor=False)
    introduction, visit = introduced(), current_visit()
    models = models_in(the_house().serving.models)
    if not models:
        st.markdown("There are no trained models in the owner's folder yet.")
        st.caption("Train one with `impasto train`, and put its `.safetensors` file there.")
        return
    left, right = st.columns([1.75, 1], gap="large")
    with right:
        st.subheader("The model", anchor=False)
        at = st.selectbox("Model", range(len(models)), format_func=lambda index: models[index].stem, key="model")
        st.caption(f"{bytes_text(models[at].stat().st_size)}, {models[at].name}")
        photo_card(visit)
    with left, st.container(key="canvas"):
        _painted(visit, models[at], introduction)
        _known(models[at])


def models_in(folder: Path | None) -> list[Path]:
    """Return the model files in the owner's folder, and in the folders in it, by name; links are not followed out."""
    if folder is None or not folder.is_dir():
        return []
    root = folder.resolve()
    found = [path for pattern in (f"*{ENDING}", f"*/*{ENDING}") for path in root.glob(pattern)]
    inside = [path for path in found if path.is_file() and path.resolve().is_relative_to(root)]
    return sorted(inside, key=lambda path: path.stem.lower())[:MOST_MODELS]


def companions(model: Path) -> list[Path]:
    """Return the pictures that a training left beside a model: its curves and its test sheets."""
    beside = [path for path in sorted(model.parent.iterdir()) if path.suffix.lower() in PICTURES]
    by_name = [path for path in beside if path.stem.startswith(model.stem)]
    is_alone = len(list(model.parent.glob(f"*{ENDING}"))) == 1
    return by_name or (beside if is_alone else [])


def _painted(visit: Visit, model: Path, introduction: Introduction) -> None:
    arguments: dict[str, Any] = {
        "photo": None if visit.photo is None else visit.photo.folder,
        "styles": [],
        "model": str(model),
        "options": {"strength": current_dials().strength},
    }
    key = ("model", str(model), arguments["photo"], current_dials().strength)
    job: Job = visit.recall(key, lambda: visit.job("paint", arguments=arguments))
    wait_for(job, "Painting", st.empty())
    if job.state == "cancelled":
        st.rerun()
    if job.state != "done":
        st.warning(job.sentence, icon=":material/info:")
        return
    divider(
        shown_photo(visit, introduction),
        job.file("painting.jpg"),
        ratio=job.answer["width"] / job.answer["height"],
        title=photo_name(visit).replace("-", " "),
        facts=f"by the model {model.stem}",
        key="model-divider",
    )


def _known(model: Path) -> None:
    """Show what the training left: curves, test sheets."""
    pictures = companions(model)
    if not pictures:
        st.caption("Put its curves and its test sheet beside it as pictures, and they are shown here.")
    for path in pictures:
        st.image(
            path.read_bytes(), caption=path.stem.replace("-", " ").replace("_", " "), width="stretch", alt=path.stem
        )
