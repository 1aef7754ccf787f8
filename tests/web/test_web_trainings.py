"""Models in the owner's folder are found, and what their trainings left is shown with them."""

from __future__ import annotations

from pathlib import Path

from impasto.apps.web.trainings import models_in, training_of


def test_only_model_files_inside_the_owners_folder_are_listed(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    (folder / "run").mkdir(parents=True)
    outside = tmp_path / "outside.safetensors"
    outside.touch()
    for name in ("wave.safetensors", "wave-losses.png", "ink.pt", "run/night.safetensors", "run/sheet.png"):
        (folder / name).touch()
    (folder / "sneaky.safetensors").symlink_to(outside)
    found = models_in(folder)
    assert [path.name for path in found] == ["night.safetensors", "wave.safetensors"]
    assert [path.name for path in training_of(found[0]).sheets] == ["sheet.png"]
    assert [path.name for path in training_of(found[1]).sheets] == ["wave-losses.png"]
    assert models_in(None) == models_in(tmp_path / "nowhere") == []


def test_a_model_has_its_run_beside_it_or_lies_in_it(tmp_path: Path) -> None:
    for run, model in (("wave.run", "wave.safetensors"), ("monet", "monet/model.safetensors")):
        (tmp_path / run / "samples").mkdir(parents=True)
        (tmp_path / model).touch()
        (tmp_path / run / "training.csv").write_text("step,total\n1,2.5\n2,1.5\n", encoding="utf-8")
        for step in (5, 10):
            (tmp_path / run / "samples" / f"step-{step:06}.jpg").touch()
    for model, name in zip(models_in(tmp_path), ("monet", "wave"), strict=True):
        training = training_of(model)
        assert training.name == name
        assert training.losses == ({"step": 1.0, "total": 2.5}, {"step": 2.0, "total": 1.5})
        assert training.validation == ()
        assert [path.name for path in training.sheets] == ["step-000010.jpg"]


def test_strange_curves_are_none(tmp_path: Path) -> None:
    (tmp_path / "ink.run").mkdir()
    (tmp_path / "ink.safetensors").touch()
    for text in ("step,total\n1,much\n", "step,total\n1\n", "\0\1\2", ""):
        (tmp_path / "ink.run" / "training.csv").write_text(text, encoding="utf-8")
        assert training_of(tmp_path / "ink.safetensors").losses == ()
