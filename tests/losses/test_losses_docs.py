"""The examples of docs/losses.md run."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "losses.md"


def test_every_example_runs() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)


def test_every_loss_has_its_section() -> None:
    from impasto import losses

    page = PAGE.read_text(encoding="utf-8")
    missing = [name for name in losses.__all__ if f"`{name}" not in page]
    assert not missing
