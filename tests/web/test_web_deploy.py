"""What is offered for other people's machines works as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from impasto.apps.serve import check, streamlit_flags
from impasto.apps.web.environment import serving_from_environment, variable_of
from impasto.config import fields_of
from impasto.config.serving import Serving
from impasto.errors import OptionError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REPOSITORY = Path(__file__).resolve().parents[2]
DEPLOY = REPOSITORY / "deploy"
CLOUD, SPACE = DEPLOY / "streamlit-cloud", DEPLOY / "huggingface-space"
GIGABYTE = 1_000_000_000


def test_every_limit_that_is_set_there_is_an_option() -> None:
    known = {variable_of(field.name) for field in fields_of(Serving)}
    for path in (CLOUD / "streamlit_app.py", SPACE / "Dockerfile"):
        named = dict(re.findall(r'(IMPASTO_WEB_\w+)(?:", "|=)(\w+)', path.read_text(encoding="utf-8")))
        assert named
        assert set(named) <= known
        serving_from_environment(named)


def test_the_cloud_is_told_what_impasto_web_tells() -> None:
    config = tomllib.loads((CLOUD / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    flags = streamlit_flags(Serving(), browser=False)
    told = dict(zip(flags[::2], flags[1::2], strict=True))
    for section, settings in config.items():
        for name, value in settings.items():
            if name == "base":
                assert (REPOSITORY / value).samefile(told["--theme.base"])
            else:
                assert told[f"--{section}.{name}"] == (str(value).lower() if isinstance(value, bool) else str(value))


def test_the_space_has_what_hugging_face_reads() -> None:
    front, _, page = (SPACE / "README.md").read_text(encoding="utf-8").removeprefix("---\n").partition("\n---\n")
    facts = dict(line.split(": ", 1) for line in front.splitlines())
    docker = (SPACE / "Dockerfile").read_text(encoding="utf-8")
    assert facts["sdk"] == "docker"
    assert f'"--port", "{facts["app_port"]}"' in docker
    assert f"EXPOSE {facts['app_port']}" in docker
    assert "USER" in docker
    assert page.strip()


@pytest.mark.long
def test_a_fresh_environment_paints_within_a_gigabyte(chromium_path: str, tmp_path: Path) -> None:
    """Install exactly the requirements, run the main file as the cloud does, and paint one picture."""
    from browsing import browser_pages, painted, serving

    project, environment = _copy(tmp_path / "project"), tmp_path / "environment"
    programs = _installed(environment, project / "deploy" / CLOUD.name / "requirements.txt")
    flags = ["--server.headless", "true", "--server.address", "127.0.0.1", "--server.port", "{port}"]
    command = [str(programs / "streamlit"), "run", f"deploy/{CLOUD.name}/streamlit_app.py", *flags]
    before = {*_everything(tmp_path), tmp_path / "server.log"}
    with serving(tmp_path, command=command, folder=project) as server, browser_pages(chromium_path) as context:
        page = context.new_page()
        page.goto(server.url)
        painted(page)
        peak = server.peak()
        print(f"{peak / 1e6:.0f} MB at the most")
        assert peak <= GIGABYTE
        strange = [path for path in _everything(tmp_path) - before if not path.is_relative_to(server.temporary)]
        assert not strange, "it wrote outside of its temporary folder"
    assert _everything(tmp_path) <= before, "something was left behind"


def _copy(project: Path) -> Path:
    """Copy what the platform builds from, so that whatever is written into it is seen."""
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (project / name).parent.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / name, project / name)
    for name in ("src", "deploy"):
        shutil.copytree(REPOSITORY / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    return project


def _installed(environment: Path, requirements: Path) -> Path:
    """Make an environment of the requirements, and return the folder of its programs."""
    builder = venv.EnvBuilder(with_pip=True)
    builder.create(environment)
    places = builder.ensure_directories(environment)
    install = [places.env_exe, "-m", "pip", "install", "--quiet", "-r", str(requirements)]
    done = subprocess.run(install, cwd=requirements.parents[2], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the requirements could not be installed here: {done.stderr[-300:]}")
    return Path(places.bin_path)


def _everything(folder: Path) -> set[Path]:
    return {Path(place) / name for place, _, names in os.walk(folder) for name in names}


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"method": "fsat"}, "did you mean 'fast'"),
        ({"host": "192.0.2.1"}, "192.0.2.1 is no address to serve at"),
        ({"host": "no.such.host.invalid"}, "name an address of this computer with --host"),
    ],
)
def test_what_could_not_be_served_is_told_to_the_owner_at_the_start(options: dict[str, str], part: str) -> None:
    with pytest.raises(OptionError, match=part):
        check(Serving(**options))


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OptionError, match="try another --port"):
            check(Serving(port=taken.getsockname()[1]))
