"""The house rules that a machine can check: what is in the repository, and what every module shows."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from impasto.weights import cache_folder

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = REPOSITORY / "src" / "impasto"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.stem != "__main__")  # that one is run, not imported
GENERATED = {".venv", ".git", "demo", "dist", "build", "site", "runs", "__pycache__"}
LARGEST = 4_500_000  # bytes
MACHINE_PATH = re.compile(r"(?<![\w.])(?:/(?:work|farm|root|var/tmp|home/\w+|Users/\w+)/|[A-Z]:\\Users\\)")
PICKLES = {".pth", ".pt", ".pkl", ".ckpt", ".h5", ".npy"}


def tracked() -> list[Path]:
    """Return the repository's files: those git knows or would know, or all but the generated ones."""
    asked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
    )
    if asked.returncode == 0:
        names = asked.stdout.decode().split("\0")
        return [REPOSITORY / name for name in names if name and (REPOSITORY / name).is_file()]
    return list(_walked(REPOSITORY))


def _walked(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in GENERATED and not path.name.endswith((".egg-info", "_cache")):
            yield from _walked(path)
        elif path.is_file():
            yield path


def name_of(module: Path) -> str:
    parts = module.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="ignore")


def test_no_file_names_a_machine() -> None:
    named = [path.name for path in tracked() if MACHINE_PATH.search(text_of(path))]
    assert not named


def test_weights_are_never_pickles() -> None:
    assert not [path.name for path in tracked() if path.suffix in PICKLES]


def test_no_file_is_too_large_to_ship() -> None:
    assert not [path.name for path in tracked() if path.stat().st_size > LARGEST]


def test_no_module_is_a_drawer_for_everything() -> None:
    assert not [path for path in MODULES if path.stem in {"utils", "util", "helpers", "misc", "common"}]


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_says_what_it_is_and_what_it_shows(module: Path) -> None:
    tree = ast.parse(text_of(module))
    assert ast.get_docstring(tree), "the module docstring is missing"
    if module.stem == "__init__" and len(tree.body) == 1:
        return  # a folder that shows nothing by itself
    found = importlib.import_module(name_of(module))
    shown = found.__all__
    assert sorted(set(shown)) == sorted(shown), "a name stands twice in __all__"
    assert not [name for name in shown if not hasattr(found, name)]
    assert not [name for name in shown if name.startswith("_") and name != "__version__"]


def test_every_public_name_is_explained() -> None:
    import impasto

    silent = [
        name
        for name in impasto.__all__
        if (callable(getattr(impasto, name)) or hasattr(getattr(impasto, name), "__path__"))
        and not getattr(impasto, name).__doc__
    ]
    assert not silent


def test_the_version_is_the_same_everywhere() -> None:
    import impasto

    declared = re.search(r'^version = "(.+)"$', text_of(REPOSITORY / "pyproject.toml"), flags=re.MULTILINE)
    assert declared is not None
    assert declared[1] == impasto.__version__ == version("impasto")
    assert f"\n## {declared[1]}" in text_of(REPOSITORY / "CHANGELOG.md")


def test_every_layer_folder_has_its_tests() -> None:
    layers = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    tested = {path.name for path in (REPOSITORY / "tests").iterdir() if list(path.glob("test_*.py"))}
    assert layers <= tested


def test_the_tests_leave_the_users_cache_alone(own_cache: Path) -> None:
    """Hashes of files, conversions, downloads: what tests remember belongs to them."""
    assert cache_folder() == own_cache
    assert Path.home() not in own_cache.parents
