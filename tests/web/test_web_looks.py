"""The looks keep their promises: words can be read, parts are labelled, nothing is fetched from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from impasto.apps.serve import streamlit_flags
from impasto.apps.web.looks import style_sheet, theme
from impasto.apps.web.parts.serving import asset
from impasto.config.serving import Serving

WEB = Path(str(files("impasto.apps.web")))
PARTS = ("brush", "divider", "gallery", "pad")


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colors as WCAG 2 defines it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_words_stand_out_by_day_and_by_night(mode: str) -> None:
    colors = {**theme(), **theme()[mode]}
    for paper in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(colors["textColor"], colors[paper]) >= 7
        assert contrast(colors["linkColor"], colors[paper]) >= 4.5
        assert contrast(colors["primaryColor"], colors[paper]) >= 3, "frames and dials are to be seen"
    assert contrast(colors["primaryColor"], "#ffffff") >= 4.5, "the words on buttons"


def test_the_style_sheet_has_the_colors_that_it_names() -> None:
    """Streamlit defines its own variables inside the parts only; on the page they would be nothing."""
    sheet = style_sheet()
    named = set(re.findall(r"var\((--[\w-]+)\)", sheet))
    assert named
    assert named <= set(re.findall(r"(--[\w-]+):", sheet))
    assert f"light-dark({theme()['light']['textColor']}, {theme()['dark']['textColor']})" in sheet


@pytest.mark.parametrize("name", PARTS)
def test_parts_ask_nobody_for_anything(name: str) -> None:
    text = asset(f"{name}.html") + asset(f"{name}.css") + asset(f"{name}.js")
    code = re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)
    assert not re.findall(r"(?:https?:)?//(?!www\.w3\.org)[\w.-]+\.\w+", code)
    assert "innerHTML = `" not in text, "what comes from others is put in as text"


@pytest.mark.parametrize("name", PARTS)
def test_parts_can_be_used_without_a_mouse(name: str) -> None:
    html, css, script = (asset(f"{name}.{ending}") for ending in ("html", "css", "js"))
    assert "focus-visible" in css
    assert "aria-label" in html + script
    assert "onkeydown" in script or '<input class="x" type="range"' in html


def test_streamlit_is_told_the_limits_and_to_keep_quiet() -> None:
    flags = streamlit_flags(Serving(upload_megabytes=7, port=1234), browser=False)
    told = dict(zip(flags[::2], flags[1::2], strict=True))
    assert told["--server.maxUploadSize"] == "7"
    assert told["--server.address"] == "127.0.0.1"
    assert told["--browser.gatherUsageStats"] == "false"
    assert told["--client.showErrorDetails"] == "none"
    assert Path(told["--theme.base"]).is_file()


def test_the_process_of_the_pages_stays_light() -> None:
    """What is heavy, and whatever opens uploads, belongs into the workers."""
    script = (
        "import sys, impasto.apps.web.app; print(*(set(sys.modules) & {'torch', 'impasto.images', 'impasto.engine'}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_no_folder_of_pages_for_streamlit_to_find() -> None:
    assert not (WEB / "pages").exists()
