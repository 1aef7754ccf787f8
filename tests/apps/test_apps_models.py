"""``import``, ``export`` and ``methods``: models of others in, models of ours out, and what can run here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from impasto.engine import exporting
from impasto.engine.exporting import Agreement, Exported
from impasto.models import importing
from impasto.models.importing import Imported
from impasto.models.johnson import Johnson
from impasto.models.trained import read_about
from impasto.weights import file_sha256

CONFIG = {"width": 4, "blocks": 1}


@pytest.fixture
def candy(studio: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of another tool, and an importer that understands it at once."""
    network = Johnson(**CONFIG).requires_grad_(False)
    for value in network.parameters():
        torch.nn.init.normal_(value, std=0.2)
    found = Imported(network, "johnson", CONFIG, "PyTorch's fast_neural_style")
    monkeypatch.setattr(importing, "import_network", lambda path: found)
    path = studio / "candy.pth"
    path.write_bytes(b"a checkpoint")
    return path


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """An exporter that writes at once; what it was asked for."""
    asked: list[tuple[object, ...]] = []

    def export(model, path, config):
        asked.append((model, path, config))
        files = exporting.files_of(model, path)
        for file in files:
            file.write_bytes(b"ONNX")
        return [Exported(file, Agreement(0.1 / 255, 1 / 255), ["photo", "strength"]) for file in files]

    monkeypatch.setattr(exporting, "export", export)
    return asked


def test_a_network_is_brought_in_with_its_source_and_licence(candy, impasto):
    assert impasto("import", candy, "-o", "mine.safetensors", "--licence", "BSD-3-Clause", "--source", "a friend") == 0
    assert impasto.out == "mine.safetensors\n"
    about = read_about(Path("mine.safetensors"))
    assert (about["licence"], about["source"]) == ("BSD-3-Clause", "a friend")
    assert about["tool"] == "PyTorch's fast_neural_style"
    assert about["sha256"] == file_sha256(candy)


def test_without_a_licence_the_file_says_so_and_nobody_is_named(candy, impasto):
    assert impasto("import", candy) == 0
    assert "--licence" in impasto.err
    about = read_about(Path("candy.safetensors"))
    assert about["licence"].startswith("not stated")
    assert str(candy.parent) not in json.dumps(about)


def test_what_was_brought_in_paints(candy, impasto):
    assert impasto("import", candy, "--json") == 0
    assert json.loads(impasto.out)["output"] == "candy.safetensors"
    import impasto as library

    result = library.load("candy.safetensors")("harbour.jpg")
    assert result.recipe.method == "trained"
    assert [one.name for one in result.recipe.extras["model"]] == ["candy.safetensors"]


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("mine.pth", "does not end in .safetensors"),
        ("nowhere/mine.safetensors", "does not exist; make it"),
        ("taken.safetensors", "exists already"),
    ],
)
def test_a_place_that_will_not_do_is_refused_beforehand(candy, impasto, output, sentence):
    Path("taken.safetensors").write_bytes(b"mine")
    assert impasto("import", candy, "-o", output) == 2
    assert sentence in impasto.sentence
    assert Path("taken.safetensors").read_bytes() == b"mine"


def test_a_file_that_is_no_network_leaves_nothing_behind(studio, impasto):
    before = sorted(studio.iterdir())
    assert impasto("import", "harbour.jpg") == 2
    assert "is not a file of weights" in impasto.sentence
    assert sorted(studio.iterdir()) == before


def test_a_pickle_bomb_does_not_go_off(studio, impasto):
    class Bomb:
        def __reduce__(self):
            return Path.mkdir, (studio / "exploded",)

    torch.save({"bomb": Bomb()}, "bomb.pth")
    assert impasto("import", "bomb.pth") == 2
    assert "run code of its own" in impasto.sentence.replace("running", "run")
    assert not (studio / "exploded").exists()


def test_a_model_is_exported_and_how_well_it_agrees_is_said(studio, exporter, impasto):
    assert impasto("export", "mine.safetensors", "--storage", "int8") == 0
    assert impasto.out == "mine.onnx\n"
    assert "mean 0.100/255, worst 1.00/255" in impasto.err
    assert exporter[0][2].storage == "int8"


def test_the_fast_method_becomes_two_files(studio, exporter, impasto):
    assert impasto("export", "fast", "--json") == 0
    assert [one["output"] for one in json.loads(impasto.out)] == ["fast.onnx", "fast-style.onnx"]


def test_neither_of_two_files_is_overwritten(studio, exporter, impasto):
    Path("fast-style.onnx").write_bytes(b"mine")
    assert impasto("export", "fast") == 2
    assert "fast-style.onnx exists already" in impasto.sentence
    assert exporter == []
    assert impasto("export", "fast", "--force") == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["fast", "-o", "fast.pb"], "does not end in .onnx"),
        (["fast", "-o", "nowhere/fast.onnx"], "does not exist; make it"),
        (["fast", "--storage", "int4"], "allowed are float32, float16, int8"),
    ],
)
def test_an_export_that_cannot_be_is_refused_beforehand(studio, exporter, impasto, arguments, sentence):
    assert impasto("export", *arguments) == 2
    assert sentence in impasto.sentence
    assert exporter == []


def test_methods_say_what_each_needs_and_how_to_get_it(studio, impasto):
    assert impasto("methods") == 0
    assert "BMVC 2017, arXiv 1705.06830" in " ".join(impasto.out.split())
    assert "impasto weights fetch adain-encoder" in " ".join(impasto.out.split())
    assert "impasto import" in impasto.out


def test_methods_as_json_carry_the_same(studio, impasto):
    assert impasto("methods", "--json") == 0
    listed = {one["name"]: one for one in json.loads(impasto.out)}
    assert listed["fast"]["ready"] is True
    assert listed["adain"]["downloads"][0].startswith("adain-encoder (80 MB, MIT")
    assert "ICCV 2017" in listed["adain"]["paper"]


def test_fetching_says_the_licence_and_the_digest_first(studio, impasto, monkeypatch):
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")
    assert impasto("stylize", "harbour.jpg", "ink.png", "--method", "adain") == 2
    first, last = impasto.err.splitlines()
    assert first.startswith("Fetching adain-encoder (80 MB), MIT (N. Inoue, pytorch-AdaIN), sha256 804ca283")
    assert "get vgg_normalised.pth" in last
