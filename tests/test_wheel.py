"""The wheel, installed where no checkout is, paints offline and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from impasto.images import brushwork, harbour, read, write

REPOSITORY = Path(__file__).resolve().parent.parent
NO_NETWORK = '''"""Loaded by Python itself at its start: whoever asks for the network fails."""
import socket

def refused(*_, **__):
    raise AssertionError("the network was asked for")

socket.socket.connect = socket.getaddrinfo = socket.create_connection = refused
'''


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it, and an empty home."""

    scripts: Path
    packages: Path
    home: Path

    def run(self, program: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment as somebody who has just installed it would."""
        system = {name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
        home = {name: str(self.home) for name in ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "LOCALAPPDATA")}
        path = os.pathsep.join([str(self.scripts), os.defpath])
        return subprocess.run(
            [str(self.scripts / program), *arguments],
            cwd=folder,
            env={**system, **home, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with the installed hatchling, so that no network is needed."""
    folder = tmp_path_factory.mktemp("wheel")
    run_here("-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(REPOSITORY))
    return next(folder.glob("impasto-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install the wheel into a new environment that borrows the dependencies of this one.

    A folder named in a ``.pth`` file comes last and its own ``.pth`` files are not read, so neither this checkout's
    editable installation nor another copy of Impasto can be what is found.
    """
    folder = tmp_path_factory.mktemp("environment")
    places = venv.EnvBuilder(with_pip=False).ensure_directories(folder)
    venv.EnvBuilder(with_pip=False).create(folder)
    run_here("-m", "pip", "--python", places.env_exe, "install", "--quiet", "--no-index", "--no-deps", str(wheel))
    packages = next(folder.rglob("site-packages"))
    borrowed = dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib"))
    (packages / "borrowed.pth").write_text("\n".join(borrowed), encoding="utf-8")
    (packages / "sitecustomize.py").write_text(NO_NETWORK, encoding="utf-8")
    return Installed(Path(places.bin_path), packages, tmp_path_factory.mktemp("home"))


def run_here(*arguments: str) -> None:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {"impasto/py.typed", "impasto/models/data/encoder.safetensors"} <= set(names)
    assert not [name for name in names if not name.startswith(("impasto/", "impasto-"))]
    assert [name for name in names if name.endswith("licenses/LICENSE")]


def test_the_installed_package_is_the_wheels(installed: Installed, tmp_path: Path) -> None:
    found = installed.run("python", "-c", "import impasto; print(impasto.__file__)", folder=tmp_path)
    assert found.returncode == 0, found.stderr
    assert Path(found.stdout.strip()).is_relative_to(installed.packages)


def test_it_paints_offline_and_leaves_nothing_behind(installed: Installed, tmp_path: Path) -> None:
    write(harbour((48, 64)), tmp_path / "photo.png")
    write(brushwork((64, 64)), tmp_path / "style.png")
    done = installed.run("impasto", "stylize", "photo.png", "style.png", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "photo-style.png"
    assert read(tmp_path / "photo-style.png").size == (48, 64)
    assert {path.name for path in tmp_path.iterdir()} == {"photo.png", "style.png", "photo-style.png"}
    assert not list(installed.home.iterdir())
