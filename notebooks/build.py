"""Make the notebooks: ``python notebooks/build.py`` runs the ``.py`` beside it and writes each as ``.ipynb``.

The sources are plain Python in the percent format, where a change can be read: ``# %%`` begins a cell of code,
``# %% [markdown]`` one of text. What cells show is kept small: pictures become JPEGs.
"""

from __future__ import annotations

import argparse
import base64
import io
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image

FOLDER = Path(__file__).parent
NAMES = ("from-scratch", "any-style", "train-on-pairs")
_CELL = re.compile(r"^# %%( \[markdown\])?.*\n", flags=re.MULTILINE)
_QUALITY = 75


def notebook_of(source: str) -> NotebookNode:
    """Return the notebook that a source describes, without outputs."""
    _, *parts = _CELL.split(source)
    cells = []
    for number, (kind, text) in enumerate(zip(parts[::2], parts[1::2], strict=True)):
        if kind:
            words = "\n".join(line.removeprefix("#").removeprefix(" ") for line in text.strip().splitlines())
            cells.append(new_markdown_cell(words, id=f"cell-{number}"))
        else:
            cells.append(new_code_cell(text.strip(), id=f"cell-{number}"))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def with_values(notebook: NotebookNode, values: Mapping[str, Any]) -> NotebookNode:
    """Return a copy whose first cell of code sets these names to other values."""
    changed = nbformat.from_dict(notebook)
    first = next(cell for cell in changed.cells if cell.cell_type == "code")
    for name, value in values.items():
        first.source, count = re.subn(rf"^{name} = [^#\n]*", f"{name} = {value!r}  ", first.source, flags=re.MULTILINE)
        if not count:
            raise KeyError(f"the first cell sets no {name}")
    return changed


def executed(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run all cells in ``folder`` and return the notebook with what they showed, made small."""
    client = NotebookClient(
        notebook, timeout=1800, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    # Whatever draws charts elsewhere, in a notebook they belong below the cell.
    done = client.execute(env={**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline"})
    for number, cell in enumerate(cell for cell in done.cells if cell.cell_type == "code"):
        cell.metadata = {}  # when it ran is nobody's concern
        cell.execution_count = number + 1
        cell.outputs = [_small(output) for output in cell.outputs if output.get("name") != "stderr"]
    return done


def _small(output: NotebookNode) -> NotebookNode:
    data = output.get("data", {})
    if "image/png" in data:
        picture = Image.open(io.BytesIO(base64.b64decode(data.pop("image/png"))))
        file = io.BytesIO()
        picture.convert("RGB").save(file, "JPEG", quality=_QUALITY, optimize=True)
        data["image/jpeg"] = base64.b64encode(file.getvalue()).decode("ascii")
        data.pop("text/plain", None)
    if "execution_count" in output:
        output.execution_count = None
    return output


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what was asked for, or all."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    for name in asked.parse_args(arguments).names or NAMES:
        source = FOLDER / f"{name}.py"
        if not source.is_file():
            raise SystemExit(f"there is no notebook {name}; there are {', '.join(NAMES)}")
        print(name, flush=True)
        nbformat.write(executed(notebook_of(source.read_text(encoding="utf-8")), FOLDER), source.with_suffix(".ipynb"))


if __name__ == "__main__":
    main()
