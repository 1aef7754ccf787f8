"""The methods ``magenta`` and ``magenta-hub``: through the same door as every method."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peers import SLOW, Peers
from torch import Tensor

import impasto
from impasto.engine import magenta
from impasto.engine.inputs import Style
from impasto.errors import InputError, MissingExtraError, OptionError, WeightsError
from impasto.images import fit_long_side, harbour, resize
from impasto.models.magenta import CODE_LENGTH, SIDE
from impasto.weights import published

PAIR = ("magenta-prediction", "magenta-transfer")
Loaded = Callable[..., Any]


class Pair:
    """Stands in for the networks: a painting's code is its mean color, and painting shifts a photo towards it."""

    def __init__(self, *_: object, **__: object) -> None:
        self.sizes: list[tuple[int, int]] = []

    def code(self, painting: Tensor) -> Tensor:
        return painting.mean((2, 3)).repeat(1, CODE_LENGTH // 3 + 1)[:, :CODE_LENGTH]

    def __call__(self, photo: Tensor, code: Tensor) -> Tensor:
        self.sizes.append((photo.shape[-2], photo.shape[-1]))
        assert max(photo.shape[-2:]) <= SIDE
        return 0.4 * photo + 0.6 * code[:, :3, None, None]


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Pair:
    stand_in = Pair()
    monkeypatch.setattr(magenta, "Pair", lambda *_, **__: stand_in)
    monkeypatch.setattr(magenta, "path_of_weights", lambda network: Path(__file__))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    return stand_in


def mean_color(picture: Tensor) -> Tensor:
    return picture.mean((2, 3)).flatten()


def load(**options: Any) -> Any:
    return impasto.load("magenta", **options)


def test_it_is_called_like_every_method(pair: Pair, photo: Tensor, painting: Tensor) -> None:
    result = load()(photo, painting)
    assert result.image.shape == photo.shape
    assert result.recipe.method == "magenta"
    assert [one.name for one in result.recipe.weights] == list(PAIR)


@pytest.mark.parametrize("size", [(20, 30), (96, 500), (420, 300)])
def test_any_size_is_painted_at_the_networks_size(pair: Pair, painting: Tensor, size: tuple[int, int]) -> None:
    result = load()(harbour(size), painting)
    assert result.image.shape[-2:] == size
    assert pair.sizes == [fit_long_side(size, SIDE)]


def test_the_photos_detail_is_brought_back_or_not(pair: Pair, painting: Tensor) -> None:
    photo = harbour((360, 480))
    raw, detailed = (load(detail=detail)(photo, painting).image for detail in (False, True))
    small = resize(photo, (288, SIDE))
    assert torch.allclose(raw, resize(pair(small, pair.code(painting)), (360, 480)), atol=1e-5)
    fine = (photo - resize(small, (360, 480))).mean(1, keepdim=True)
    assert torch.allclose(detailed, (raw + fine).clamp(0, 1), atol=1e-4)


def test_options_of_its_own_hold_for_a_call(pair: Pair, painting: Tensor) -> None:
    photo = harbour((360, 480))
    called = load()(photo, painting, detail=False)
    assert torch.equal(called.image, load(detail=False)(photo, painting).image)
    assert not torch.equal(called.image, load()(photo, painting).image)


def test_it_says_where_it_computes(pair: Pair, photo: Tensor, painting: Tensor) -> None:
    """LiteRT runs on the processor, whatever PyTorch has beside it."""
    plan = load().plan(photo, painting)
    assert (plan.device, plan.precision) == ("cpu", "float32")
    with pytest.raises(OptionError, match="device is 'cuda', but magenta computes on the CPU"):
        load(device="cuda")


def test_strength_interpolates_to_the_identity(pair: Pair, photo: Tensor, painting: Tensor) -> None:
    each = [mean_color(load(strength=strength)(photo, painting).image) for strength in (0, 50, 100)]
    assert torch.equal(load(strength=0)(photo, painting).image, photo)
    assert torch.allclose(each[1], (each[0] + each[2]) / 2, atol=0.01)


def test_styles_are_mixed(pair: Pair, photo: Tensor, painting: Tensor, other_painting: Tensor) -> None:
    one, other = (mean_color(load()(photo, style).image) for style in (painting, other_painting))
    mixed = mean_color(load(style_weights=(3, 1))(photo, [painting, other_painting]).image)
    assert torch.allclose(mixed, 0.75 * one + 0.25 * other, atol=1e-3)


def test_larger_strokes_are_a_smaller_picture(pair: Pair, painting: Tensor) -> None:
    load(stroke=2)(harbour((300, 400)), painting)
    assert pair.sizes == [(144, 192)]


def test_finer_strokes_than_the_network_has_are_refused() -> None:
    with pytest.raises(OptionError, match=r"stroke is 0\.5, but Magenta's network paints 384 px"):
        load(stroke=0.5)


def test_a_style_of_the_gallery_is_not_enough(pair: Pair, photo: Tensor) -> None:
    with pytest.raises(InputError, match="give magenta a painting"):
        load()(photo, Style("great-wave", vector=torch.zeros(1, 4)))


def test_without_the_extra_one_sentence_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'impasto\[magenta\]'"):
        load()
    with pytest.raises(MissingExtraError, match=r"pip install 'impasto\[tensorflow\]'"):
        impasto.load("magenta-hub", saved_model="folder")


def test_without_network_and_files_one_sentence_says_what_to_get(
    photo: Tensor, painting: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ai_edge_litert", reason="the extra magenta is not installed")
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")
    monkeypatch.delenv("IMPASTO_WEIGHTS", raising=False)
    stylizer = load()
    assert [text.split("_")[-2] for text in stylizer.plan(photo, painting).downloads] == ["prediction", "transfer"]
    with pytest.raises(WeightsError, match=r"get magenta_.*_prediction_1\.tflite \(3 MB\) from https://storage"):
        stylizer(photo, painting)


def test_a_renamed_or_damaged_file_is_not_taken_for_the_network(
    photo: Tensor, painting: Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ai_edge_litert", reason="the extra magenta is not installed")
    for network in PAIR:
        entry = published(network)
        (tmp_path / entry.file).write_bytes(b"TFL3" * (entry.size // 4) + b"x" * (entry.size % 4))
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")
    with pytest.raises(WeightsError, match="has that name but another content"):
        load()(photo, painting)


class Module:
    """Stands in for the TF-Hub model."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, photo: Tensor, painting: Tensor) -> Tensor:
        assert painting.shape == (1, 3, 256, 256)
        return 0.4 * photo + 0.6 * painting.mean((2, 3), keepdim=True)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(magenta, "MagentaModule", Module)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    folder = tmp_path / "hub"
    (folder / "variables").mkdir(parents=True)
    for name in ("saved_model.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"):
        (folder / name).write_bytes(name.encode())
    return folder


def test_a_hub_folder_is_called_like_every_method(hub: Path, photo: Tensor, painting: Tensor) -> None:
    result = impasto.load("magenta-hub", saved_model=hub)(photo, painting)
    assert result.image.shape == photo.shape
    assert [one.name for one in result.recipe.extras["saved_model"]] == ["saved_model.pb"]
    assert len(result.recipe.weights) == 3
    assert str(hub) not in result.recipe.to_json()


def test_a_hub_folder_can_be_weakened_and_mixed(
    hub: Path, photo: Tensor, painting: Tensor, other_painting: Tensor
) -> None:
    def color(styles: list[Tensor], **options: Any) -> Tensor:
        return mean_color(impasto.load("magenta-hub", saved_model=hub, **options)(photo, styles).image)

    mixed = color([painting, other_painting])
    assert torch.allclose(mixed, (color([painting]) + color([other_painting])) / 2, atol=0.01)
    assert torch.allclose(color([painting], strength=50), (color([painting]) + mean_color(photo)) / 2, atol=0.01)


def test_a_hub_folder_has_to_be_named_and_to_exist(hub: Path, photo: Tensor, painting: Tensor) -> None:
    with pytest.raises(OptionError, match="name it with saved_model"):
        impasto.load("magenta-hub")
    with pytest.raises(OptionError, match=r"saved_model\.pb', which is no file here"):
        impasto.load("magenta-hub", saved_model="nowhere")(photo, painting)


@pytest.mark.kit
@pytest.mark.parametrize(
    "pair_name", ["tubingen-starry_night", "kodak_red_hat-la_muse", pytest.param("all", marks=SLOW)]
)
def test_the_kits_files_paint_the_reference_pictures(
    pair_name: str, kit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ai_edge_litert", reason="the extra magenta is not installed")
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(kit / "reference"))
    peers, stylizer = Peers(kit), load()
    for name in peers.pairs if pair_name == "all" else [pair_name]:
        photo, style = peers.inputs(name, photo_side=SIDE, style_side=512)
        apart = (stylizer(photo, style).image - peers.result("magenta", name)).abs()
        assert apart.mean() <= 2 / 255, name
