"""The method ``adain``: through the same door as every method."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peers import SLOW, Peers
from torch import Tensor, nn

import impasto
from impasto.config import Adain
from impasto.engine import adain
from impasto.engine.adain import AdainPainter
from impasto.engine.inputs import Style
from impasto.errors import InputError, OptionError, WeightsError
from impasto.images import match_color, transfer_color_only
from impasto.models.adain import Adain as Network
from impasto.models.normalizing import Reading

Loaded = Callable[..., Any]


class Colors(nn.Module):
    """An encoder whose features are the picture's colors at an eighth of its size."""

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        return {"relu4_1": nn.functional.avg_pool2d(picture, 8, ceil_mode=True)}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """Let AdaIN be a network of three channels and one convolution that does nothing, from two files that exist."""
    nothing = torch.zeros(3, 3, 3, 3)
    nothing[range(3), range(3), 1, 1] = 1
    network = Network(Colors(), [(nothing, torch.zeros(3))])
    monkeypatch.setattr(adain, "adain_from_files", lambda *_: network)
    monkeypatch.setattr("impasto.models.adain.DOUBLED_AFTER", (0, 0, 0))
    monkeypatch.setattr(Network, "forward", painted_small)
    files = [tmp_path / "encoder.npz", tmp_path / "decoder.npz"]
    for file in files:
        file.write_bytes(file.name.encode())
    return files


def painted_small(self: Network, photo: Tensor, code: Tensor, reading: Any = None) -> Tensor:
    """Give the photo's own pixels the style's mean color: what is left of AdaIN without depth."""
    mean, deviation = code[..., None, None].chunk(2, 1)
    return (reading or Reading()).normalize("relu4_1", photo, deviation, mean)


@pytest.fixture
def load(small: list[Path]) -> Loaded:
    encoder, decoder = (str(path) for path in small)
    return lambda **options: impasto.load("adain", encoder=encoder, decoder=decoder, **options)


def mean_color(picture: Tensor) -> Tensor:
    return picture.mean((2, 3)).flatten()


def test_it_is_called_like_every_method(load: Loaded, photo: Tensor, painting: Tensor) -> None:
    result = load()(photo, painting)
    assert result.image.shape == photo.shape
    assert result.recipe.method == "adain"
    assert [one.name for one in result.recipe.weights] == ["encoder.npz", "decoder.npz"]
    assert [one.name for one in result.recipe.extras["encoder"]] == ["encoder.npz"]


def test_other_weights_can_be_named_with_the_call(
    load: Loaded, photo: Tensor, painting: Tensor, tmp_path: Path
) -> None:
    (tmp_path / "other.npz").write_bytes(b"other")
    recipe = load()(photo, painting, decoder=str(tmp_path / "other.npz")).recipe
    assert [one.name for one in recipe.weights] == ["encoder.npz", "other.npz"]
    assert recipe.weights[1] == recipe.extras["decoder"][0]


def test_strength_goes_from_the_photo_to_the_style(load: Loaded, photo: Tensor, painting: Tensor) -> None:
    each = [mean_color(load(strength=strength)(photo, painting).image) for strength in (0, 50, 100)]
    assert torch.equal(load(strength=0)(photo, painting).image, photo)
    assert torch.allclose(each[1], (each[0] + each[2]) / 2, atol=0.03)


def test_styles_are_mixed(load: Loaded, photo: Tensor, painting: Tensor, other_painting: Tensor) -> None:
    one, other = (mean_color(load()(photo, style).image) for style in (painting, other_painting))
    mixed = mean_color(load(style_weights=(3, 1))(photo, [painting, other_painting]).image)
    assert torch.allclose(mixed, 0.75 * one + 0.25 * other, atol=0.03)


def test_the_photos_colors_are_kept_by_covariance(load: Loaded, photo: Tensor, painting: Tensor) -> None:
    kept = load(keep_color=True, color_match="covariance")(photo, painting).image
    expected = load()(photo, match_color(painting, photo)).image
    assert torch.allclose(mean_color(kept), mean_color(expected), atol=0.02)


def test_only_the_colors_can_be_taken(load: Loaded, photo: Tensor, painting: Tensor) -> None:
    assert torch.allclose(load(color_only=True)(photo, painting).image, transfer_color_only(photo, painting), atol=1e-4)


def test_a_tiled_picture_is_the_whole_one(load: Loaded, photo: Tensor, painting: Tensor) -> None:
    whole, tiled = (load(size=700, tile=tile)(photo, painting).image for tile in (2048, 64))
    assert torch.allclose(whole, tiled, atol=1e-4)


def test_paintings_of_one_hand_are_averaged(small: list[Path], painting: Tensor, other_painting: Tensor) -> None:
    encoder, decoder = (str(path) for path in small)
    painter = AdainPainter(Adain(encoder=encoder, decoder=decoder))
    read = [impasto.images.Picture(one) for one in (painting, other_painting)]
    each = [painter.code(Style("one", (picture,))) for picture in read]
    assert torch.allclose(painter.code(Style("both", tuple(read))), (each[0] + each[1]) / 2)


def test_a_style_of_the_gallery_is_not_enough(load: Loaded, photo: Tensor) -> None:
    named = Style("great-wave", vector=torch.zeros(1, 4))
    for refusing in (load(), load().plan):
        with pytest.raises(InputError, match=r"great-wave only a vector is known.*give adain a painting"):
            refusing(photo, named)


def test_without_weights_and_network_one_sentence_says_what_to_get(
    photo: Tensor, painting: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")
    monkeypatch.delenv("IMPASTO_WEIGHTS", raising=False)
    with pytest.raises(WeightsError, match=r"get vgg_normalised\.pth \(80 MB\) from https://github\.com/naoto0804"):
        impasto.load("adain")(photo, painting)


def test_a_plan_names_the_downloads_and_fetches_nothing(
    photo: Tensor, painting: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPASTO_OFFLINE", "1")
    monkeypatch.delenv("IMPASTO_WEIGHTS", raising=False)
    plan = impasto.load("adain").plan(photo, painting)
    assert plan.downloads == ["vgg_normalised.pth (80 MB)", "decoder.pth (14 MB)"]


def test_a_path_that_is_none_is_refused(photo: Tensor, painting: Tensor) -> None:
    with pytest.raises(OptionError, match=r"encoder is 'nothing\.npz', which is no file here"):
        impasto.load("adain", encoder="nothing.npz")(photo, painting)


@pytest.mark.kit
@pytest.mark.parametrize(
    "pair", ["bamboo_forest-mondrian", *(pytest.param(name, marks=SLOW) for name in ("kodak_red_hat-la_muse", "all"))]
)
def test_the_kits_files_paint_the_reference_pictures(pair: str, kit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_WEIGHTS", str(kit / "reference"))
    peers = Peers(kit)
    stylizer = impasto.load("adain")
    for name in peers.pairs if pair == "all" else [pair]:
        photo, style = peers.inputs(name, photo_side=512, style_side=512)
        apart = (stylizer(photo, style).image - peers.result("adain", name)).abs()
        assert apart.mean() <= 2 / 255, name
