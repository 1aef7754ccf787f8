"""What MkDocs is told besides its configuration: pages from outside ``docs``, links to them, pages not yet written.

README, ARCHITECTURE and others stand where people look for them in a repository. Here they become pages of the site,
and links are followed from where a page stands in the repository, so the same link works in both places.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
_OUTSIDE = {
    "README.md": "project/readme.md",
    "ARCHITECTURE.md": "project/architecture.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "benchmarks/README.md": "project/benchmarks.md",
    "src/impasto/models/data/ENCODER.md": "project/encoder-card.md",
    "src/impasto/models/data/FAST.md": "project/fast-card.md",
}
PROJECT = {path: uri for path, uri in _OUTSIDE.items() if (ROOT / path).is_file()}
_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Leave out pages that are not written, so that one can be announced before it is there."""
    config.nav = _written(config.nav or [])
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from outside, and every other file of the repository that a page links to."""
    for path, uri in PROJECT.items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / path)))
    linked = {target for page in _pages() for target in _targets(page)}
    for target in sorted(linked - set(PROJECT)):
        if not target.startswith("docs/") and (ROOT / target).is_file():
            files.append(File.generated(config, _address(target), abs_src_path=str(ROOT / target)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links between files of the repository into links between pages of the site; a folder has no page."""
    here = _place(page.file.src_uri)

    def followed(found: re.Match[str]) -> str:
        words, link, anchor = found[1], found[2], found[3] or ""
        target = _followed(here, link)
        if target is None or not (ROOT / target).exists():
            return found[0]
        if (ROOT / target).is_dir():
            return words
        start = posixpath.dirname(page.file.src_uri) or "."
        return f"[{words}]({posixpath.relpath(_address(target), start)}{anchor})"

    return _LINK.sub(followed, markdown)


def _written(entries: list[Any]) -> list[Any]:
    """Return those entries of the navigation that have a page, a pattern as all that fit it."""
    kept: list[Any] = []
    for entry in entries:
        if isinstance(entry, dict):
            ((title, inside),) = entry.items()
            pages = _written(inside) if isinstance(inside, list) else inside if _exists(inside) else None
            kept += [{title: pages}] if pages else []
        elif "*" in entry:
            kept += [str(path.relative_to(ROOT / "docs").as_posix()) for path in sorted((ROOT / "docs").glob(entry))]
        elif _exists(entry):
            kept.append(entry)
    return kept


def _exists(uri: str) -> bool:
    return uri in PROJECT.values() or (ROOT / "docs" / uri).is_file()


def _pages() -> Iterator[Path]:
    yield from (ROOT / "docs").rglob("*.md")
    yield from (ROOT / path for path in PROJECT)


def _targets(page: Path) -> Iterator[str]:
    here = page.relative_to(ROOT).as_posix()
    for _, link, _ in _LINK.findall(page.read_text(encoding="utf-8")):
        target = _followed(here, link)
        if target:
            yield target


def _followed(here: str, link: str) -> str | None:
    """Return where a link leads in the repository; None for one that leads out of it."""
    if re.match(r"[a-z]+:", link):
        return None
    target = posixpath.normpath(posixpath.join(posixpath.dirname(here), link))
    return None if target.startswith("..") else target


def _place(uri: str) -> str:
    """Return where a page of the site stands in the repository."""
    return next((path for path, known in PROJECT.items() if known == uri), f"docs/{uri}")


def _address(target: str) -> str:
    """Return where a file of the repository stands on the site."""
    return PROJECT.get(target) or (target.removeprefix("docs/") if target.startswith("docs/") else f"files/{target}")
