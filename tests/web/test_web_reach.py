"""The camera takes a picture, and the keyboard reaches everything: in a real browser, on a real server."""

from __future__ import annotations

from typing import Any

import pytest
from browsing import Server, healthy, opened, painted

pytestmark = pytest.mark.long

NAME_OF_FOCUSED = """() => {
  let one = document.activeElement;
  while (one.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
  if (one === document.body) return "BODY";
  const name = one.getAttribute("aria-label") || one.labels?.[0]?.innerText || one.innerText || one.title || "";
  return name.trim().slice(0, 60);
}"""


def test_a_photo_is_taken_with_the_camera(browser: Any, server: Server) -> None:
    page = opened(browser, server)
    before = painted(page)
    page.get_by_role("tab", name="Take one").click()
    page.get_by_text("Use the camera").click()
    page.wait_for_function("document.querySelector('[data-testid=stCameraInput] video')?.readyState >= 3")
    page.get_by_role("button", name="Take Photo").click()
    painted(page, "photo", instead_of=before)
    page.get_by_role("button", name="Back to the sample").wait_for()
    healthy(page)


def test_the_tab_key_reaches_everything_in_order_and_by_name(browser: Any, server: Server) -> None:
    page = opened(browser, server)
    painted(page)
    page.get_by_role("button", name="Share these settings").wait_for()
    names: list[str] = []
    while not names or names[-1] != "BODY":
        page.keyboard.press("Tab")
        names.append(page.evaluate(NAME_OF_FOCUSED))
        assert names[-1], f"nobody is told what comes after {names[-2:]}"
        assert len(names) < 100, names
    landmarks = (
        "Divider",
        "Upload",
        "Search the gallery",
        "The Starry Night",
        "Strength",
        "JPEG",
        "Paint it at",
        "Share",
    )
    at = [next(number for number, name in enumerate(names) if landmark in name) for landmark in landmarks]
    assert at == sorted(at), names


def test_a_dial_keeps_the_focus_from_one_press_of_a_key_to_the_next(browser: Any, server: Server) -> None:
    page = opened(browser, server)
    shown = painted(page)
    page.get_by_role("slider", name="Strength").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
        shown = painted(page, instead_of=shown)
        assert page.evaluate(NAME_OF_FOCUSED) == "Strength"
    assert page.get_by_role("slider", name="Strength").input_value() == "97"
