"""What is public is listed, and arrives on first use."""

from __future__ import annotations

import json
import subprocess
import sys
from types import ModuleType
from typing import get_args

import pytest

import impasto

PUBLIC = {
    "Adain",
    "AnyTraining",
    "EncoderTraining",
    "Fast",
    "FilmOptions",
    "ImpastoError",
    "Magenta",
    "MagentaHub",
    "MethodOptions",
    "Optimize",
    "PairedTraining",
    "Result",
    "Step",
    "StyleTraining",
    "Trained",
    "__version__",
    "images",
    "load",
    "losses",
    "methods",
    "models",
    "plan",
    "replay",
    "stylize",
    "stylize_folder",
    "stylize_video",
    "train",
}


def test_the_public_names_are_these():
    assert set(impasto.__all__) == PUBLIC
    assert set(dir(impasto)) >= PUBLIC


def test_every_public_name_is_there():
    for name in impasto.__all__:
        assert getattr(impasto, name) is getattr(impasto, name)


def test_the_names_are_the_real_things():
    from impasto import engine

    assert impasto.stylize is engine.stylize
    assert impasto.Result is engine.Result
    assert isinstance(impasto.losses, ModuleType)
    assert impasto.__version__[0].isdigit()


def test_every_method_and_every_training_has_its_public_config():
    from impasto.config import METHODS
    from impasto.training.door import Training

    kinds = [*METHODS.values(), *get_args(Training)]
    assert len(kinds) >= 10
    assert {kind.__name__ for kind in kinds} <= PUBLIC
    assert [getattr(impasto, kind.__name__) for kind in kinds] == kinds


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'stylise'"):
        impasto.stylise  # noqa: B018 - the access is the test


def test_importing_loads_nothing_heavy():
    script = "import json, sys, impasto; dir(impasto); print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert not loaded & {"torch", "numpy", "PIL", "typer", "rich", "dataclasses"}
