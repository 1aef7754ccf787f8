"""One short journey through the real app, in a real browser: from the first look to the file that is taken home."""

from __future__ import annotations

from pathlib import Path

from browsing import browser_pages, downloaded, painted, serving, uploader

from impasto.images import harbour, read, read_recipe, write

SMALL = ("--preview", "120", "--workers", "1")


def test_a_visitor_paints_a_photo_and_takes_it_home(chromium_path: str, tmp_path: Path) -> None:
    photo = tmp_path / "My holiday.png"
    write(harbour((90, 120)), photo)
    with serving(tmp_path, *SMALL) as server:
        with browser_pages(chromium_path) as context:
            page = context.new_page()
            page.goto(server.url)
            first = painted(page)

            # the divider moves by keys, and tells where it is
            handle = page.locator(".divider .handle")
            handle.focus()
            page.keyboard.press("Home")
            page.keyboard.press("Shift+ArrowRight")
            assert handle.get_attribute("aria-valuenow") == "10"

            # another style, found by its name; the divider stays where it was put
            page.get_by_label("Search the gallery").fill("hokusai")
            page.locator(".gallery .style", has_text="Great Wave").click()
            second = painted(page, "Great Wave", instead_of=first)
            assert handle.get_attribute("aria-valuenow") == "10"
            assert "style=great-wave" in page.url

            # a photo of one's own
            uploader(page).set_input_files(photo)
            page.get_by_text("My-holiday, 120 × 90").wait_for()
            painted(page, "My holiday", instead_of=second)

            # at full size, with the recipe inside
            page.get_by_role("button", name="Paint it at 120 px").click()
            taken = downloaded(page, "Download", tmp_path)
            assert taken.name == "My-holiday-painted.jpg"
            assert read(taken).size == (90, 120)
            recipe = read_recipe(taken)
            assert recipe is not None
            assert '"name": "My-holiday"' in recipe
            assert page.locator("[data-testid=stException]").count() == 0
        assert {path.stat().st_mode & 0o077 for path in server.temporary.iterdir()} == {0}, "the folder is not private"
        assert not list(server.home.iterdir())
    assert not list(server.temporary.iterdir()), "something was left behind"
