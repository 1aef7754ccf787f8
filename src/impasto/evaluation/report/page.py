"""One HTML file that opens from disk: its look, and the few blocks that reports are made of.

Nothing is fetched when it is opened: the style sheet and the few lines that sort tables stand in the page.
"""

from __future__ import annotations

import html
import os
from collections.abc import Mapping, Sequence
from urllib.parse import quote

__all__ = ["escaped", "facts", "figure", "items", "page", "section", "table"]

_STYLE = """
:root { --paper: #f8f6f1; --ink: #262421; --soft: #767067; --line: #ddd8ce; --mark: #e9f0e2; --accent: #a33b25; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #1b1a18; --ink: #ece8e0; --soft: #a09a90; --line: #3a3733; --mark: #2c3a26; --accent: #e98a6d; }
}
body { margin: 2.5rem auto; max-width: 76rem; padding: 0 1.25rem; background: var(--paper); color: var(--ink);
       font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2.6rem 0 .4rem; }
p, dl, ul { max-width: 48rem; } .soft, figcaption, dt { color: var(--soft); } a { color: var(--accent); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { font-weight: 600; cursor: pointer; white-space: nowrap; } td small { color: var(--soft); display: block; }
td.best, td.level { background: var(--mark); } td.best { font-weight: 600; }
img { max-width: 100%; height: auto; border: 1px solid var(--line); }
.row { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1.2rem; }
figure { margin: 0; font-size: .86rem; overflow-wrap: anywhere; } .row img { width: 100%; }
figcaption b { color: var(--ink); }
figcaption ul { margin: .2rem 0; padding-left: 1.1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; } dd { margin: 0; }
"""

_SORT = """
for (const head of document.querySelectorAll("th")) head.addEventListener("click", () => {
  const table = head.closest("table"), body = table.tBodies[0], column = head.cellIndex;
  const key = row => row.cells[column].dataset.value ?? row.cells[column].innerText;
  const down = head.dataset.down = head.dataset.down === "1" ? "0" : "1";
  const number = row => key(row) === "inf" ? Infinity : Number(key(row) || NaN);
  const compared = (a, b) => isNaN(number(a)) || isNaN(number(b))
    ? key(a).localeCompare(key(b), undefined, {numeric: true})
    : number(a) < number(b) ? -1 : Number(number(a) > number(b));
  const order = (a, b) => compared(a, b) * (down === "1" ? 1 : -1);
  body.append(...[...body.rows].sort(order));
});
"""


def page(title: str, body: str, *, subtitle: str = "") -> str:
    """Return a whole document; ``body`` is HTML, the titles are text."""
    return (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>{escaped(title)}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{_STYLE}</style>\n'
        f'<h1>{escaped(title)}</h1>\n<p class="soft">{escaped(subtitle)}</p>\n{body}\n'
        f"<script>{_SORT}</script>\n</html>\n"
    )


def section(title: str, body: str, *, note: str = "") -> str:
    """Return a part of the page under a heading, with an introduction."""
    introduction = f"<p>{escaped(note)}</p>\n" if note else ""
    return f"<h2>{escaped(title)}</h2>\n{introduction}{body}\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table that sorts itself by the column clicked; cells are whole ``<td>`` elements, the head is text."""
    titles = "".join(f"<th>{escaped(title)}</th>" for title in head)
    lines = "\n".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f'<div class="scroll"><table>\n<thead><tr>{titles}</tr></thead>\n<tbody>\n{lines}\n</tbody>\n</table></div>'


def figure(source: str, alt: str, caption: str) -> str:
    """Return a picture, which opens in full when clicked, with its caption in HTML."""
    place = quote(os.fsencode(source))  # a name may hold bytes that are no UTF-8
    image = f'<a href="{place}"><img src="{place}" alt="{escaped(alt)}" loading="lazy"></a>'
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


def facts(pairs: Mapping[str, str]) -> str:
    """Return names and their values as a list."""
    return (
        "<dl>" + "".join(f"<dt>{escaped(name)}</dt><dd>{escaped(text)}</dd>" for name, text in pairs.items()) + "</dl>"
    )


def items(lines: Sequence[str]) -> str:
    """Return lines of text as a list, or nothing where there are none."""
    return "<ul>" + "".join(f"<li>{escaped(line)}</li>" for line in lines) + "</ul>" if lines else ""


def escaped(text: str) -> str:
    """Return a text so that it stands for itself in HTML."""
    return html.escape(text, quote=True)
