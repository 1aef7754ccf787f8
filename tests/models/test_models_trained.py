"""Networks in files of ours: kept whole, told apart, and nothing in them is run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from impasto.errors import WeightsError
from impasto.models.johnson import Johnson
from impasto.models.trained import KINDS, load_model, read_about, save_model

CONFIG = {"tool": "pytorch", "width": 4, "blocks": 1}
ABOUT = {"source": "drawn in a test", "licence": "MIT", "painting": "Die Große Welle"}


@pytest.fixture
def network() -> Johnson:
    made = Johnson(**CONFIG)
    for value in made.parameters():
        torch.nn.init.normal_(value, std=0.3)
    return made


@pytest.fixture
def model(network: Johnson, tmp_path: Path) -> Path:
    path = tmp_path / "wave.safetensors"
    save_model(path, network, "johnson", CONFIG, ABOUT)
    return path


def rewrite(path: Path, *, metadata: dict[str, str] | None = None, **changed: torch.Tensor) -> None:
    """Write a model again with other metadata or tensors."""
    with safe_open(path, framework="pt") as file:
        kept = file.metadata()
    save_file(load_file(path) | changed, path, kept if metadata is None else metadata)


def story(path: Path) -> dict[str, Any]:
    with safe_open(path, framework="pt") as file:
        return json.loads(file.metadata()["impasto"])


def test_a_network_comes_back_as_it_was(model: Path, network: Johnson) -> None:
    photo, strength = torch.rand(1, 3, 16, 24), torch.ones(1, 1)
    loaded, _ = load_model(model)
    assert not any(value.requires_grad for value in loaded.parameters())
    assert torch.equal(loaded(photo, strength), network(photo, strength))


def test_what_is_known_of_it_comes_with_it(model: Path) -> None:
    assert load_model(model)[1] == {**ABOUT, "kind": "johnson", "config": CONFIG} == read_about(model)


def test_half_precision_halves_the_file(model: Path, network: Johnson, tmp_path: Path) -> None:
    half = tmp_path / "half.safetensors"
    save_model(half, network, "johnson", CONFIG, ABOUT, half=True)
    assert half.stat().st_size < 0.6 * model.stat().st_size
    weights = next(load_model(half)[0].parameters())
    assert weights.dtype == torch.float32
    assert torch.allclose(weights, next(network.parameters()), atol=2e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_built_from_its_config_and_paints(kind: str, tmp_path: Path) -> None:
    import importlib

    module, _, function = KINDS[kind].partition(":")
    network = getattr(importlib.import_module(module), function)()
    path = tmp_path / "model.safetensors"
    save_model(path, network.requires_grad_(False).apply(fill), kind, {}, ABOUT)
    loaded, about = load_model(path)
    photo = torch.rand(1, 3, 40, 24)
    assert about["kind"] == kind
    assert loaded(photo, torch.ones(1, 1)).shape == photo.shape
    assert loaded.look(photo, torch.ones(1, 1))
    assert loaded.margin % 1 == 0
    assert loaded.stride >= 1


def fill(module: torch.nn.Module) -> None:
    for value in module.parameters(recurse=False):
        torch.nn.init.normal_(value, std=0.05)


def test_bare_weights_are_sent_to_import(model: Path) -> None:
    rewrite(model, metadata={})
    with pytest.raises(WeightsError, match=r"`impasto import wave.safetensors -o wave.safetensors`"):
        load_model(model)


def test_an_unknown_kind_is_named_with_those_that_are_known(model: Path) -> None:
    rewrite(model, metadata={"impasto": json.dumps(story(model) | {"kind": "jonson"})})
    with pytest.raises(WeightsError, match=r"'jonson' \(did you mean 'johnson'\?\)"):
        load_model(model)


@pytest.mark.parametrize("kind", ["os:system", "subprocess:run", ["johnson"], None, 7])
def test_a_kind_that_names_code_is_not_run(model: Path, kind: object) -> None:
    rewrite(model, metadata={"impasto": json.dumps(story(model) | {"kind": kind, "config": {"command": "false"}})})
    with pytest.raises(WeightsError):
        load_model(model)


@pytest.mark.parametrize(
    "config",
    [
        {"width": 10**9},
        {"blocks": 10**9},
        {"width": -1},
        {"blocks": "many"},
        {"tool": "caffe"},
        {"command": "false"},
        ["width"],
        None,
        {"width": 8},
    ],
)
def test_a_config_that_does_not_fit_is_one_sentence(model: Path, config: object) -> None:
    rewrite(model, metadata={"impasto": json.dumps(story(model) | {"config": config})})
    with pytest.raises(WeightsError, match=r"changed or damaged\.$"):
        load_model(model)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 1}', "[" * 100_000])
def test_metadata_that_is_no_story_is_one_sentence(model: Path, text: str) -> None:
    rewrite(model, metadata={"impasto": text})
    with pytest.raises(WeightsError, match="does not say what network it holds"):
        load_model(model)


def test_another_versions_file_says_so(model: Path) -> None:
    rewrite(model, metadata={"impasto": json.dumps(story(model) | {"format": 2})})
    with pytest.raises(WeightsError, match="another version of Impasto"):
        load_model(model)


def test_numbers_that_are_not_finite_are_refused(model: Path) -> None:
    rewrite(model, **{"begin.scale": torch.full((4,), float("nan"))})
    with pytest.raises(WeightsError, match="not finite"):
        load_model(model)


def test_a_missing_tensor_is_refused(model: Path) -> None:
    with safe_open(model, framework="pt") as file:
        kept = file.metadata()
    tensors = load_file(model)
    del tensors["begin.scale"]
    save_file(tensors, model, kept)
    with pytest.raises(WeightsError, match="does not hold the weights that it says"):
        load_model(model)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.2, 0.99])
def test_a_truncated_file_is_one_sentence(model: Path, share: float) -> None:
    whole = model.read_bytes()
    model.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(WeightsError) as refusal:
        load_model(model)
    assert "\n" not in str(refusal.value)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be read"):
        load_model(tmp_path / "nothing.safetensors")


def test_a_model_that_cannot_be_written_leaves_nothing_behind(network: Johnson, tmp_path: Path) -> None:
    blocked = tmp_path / "taken.safetensors"
    blocked.mkdir()
    with pytest.raises(OSError):  # noqa: PT011 - whatever the system calls it
        save_model(blocked, network, "johnson", CONFIG, ABOUT)
    assert [path.name for path in tmp_path.iterdir()] == ["taken.safetensors"]
