"""The script that Streamlit runs for every visitor, anew at every touch: the frame around the pages."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from impasto.apps.web.house import the_house
from impasto.apps.web.looks import style_sheet
from impasto.apps.web.views import film, look, models, paint, perfect

__all__ = ["main"]


def main() -> None:
    """Show the page that the address names."""
    here = Path(__file__).parent
    st.set_page_config(page_title="Impasto", page_icon=here / "icon.svg", layout="wide")
    st.logo(here / "logo.svg", size="large")
    st.html(style_sheet())
    house = the_house()
    pages = [
        st.Page(paint.page, title="Paint", icon=":material/brush:", url_path="paint", default=True),
        st.Page(perfect.page, title="Perfect it", icon=":material/auto_awesome:", url_path="perfect"),
        st.Page(look.page, title="Look inside", icon=":material/visibility:", url_path="look"),
    ]
    if film.can_be_painted():
        pages.append(st.Page(film.page, title="Film", icon=":material/movie:", url_path="film"))
    if house.serving.models is not None:
        pages.append(st.Page(models.page, title="My models", icon=":material/palette:", url_path="models"))
    st.navigation(pages, position="top").run()


if __name__ == "__main__":
    main()
