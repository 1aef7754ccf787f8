"""Help comes at once: nothing heavy is loaded before there is work."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import pytest

HEAVY = {"torch", "numpy", "PIL", "cv2", "matplotlib", "av"}
TIMES = 3.0  # what the libraries that print the help cost by themselves; about 0.3 s on a laptop


def processor_seconds(*arguments: str) -> float:
    """Return the time of the quickest of three runs; processor time, since the machine may be busy."""
    return min(_once(arguments) for _ in range(3))


def _once(arguments: tuple[str, ...]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("arguments", [["--help"], ["stylize", "--help"], ["--version"], ["stylize", "--nonsense"]])
def test_no_heavy_library_is_loaded_for_help(arguments):
    script = (
        "import json, sys\n"
        "from impasto.apps.cli import run\n"
        f"run({arguments!r})\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    assert "impasto.apps.stylize" in loaded
    assert not loaded & HEAVY


def test_help_comes_at_once():
    libraries = processor_seconds("-c", "import typer, typer.rich_utils")
    assert processor_seconds("-m", "impasto", "--help") < TIMES * libraries
