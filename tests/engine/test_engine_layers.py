"""Layers and their weights, as people write them."""

from __future__ import annotations

import pytest

from impasto.config import Optimize
from impasto.engine.layers import STYLE_LAYERS, content_layers, style_layers, usual_style_layers
from impasto.errors import OptionError

AVAILABLE = ("relu1_1", "relu1_2", "relu2_1", "relu3_1", "relu4_1")


def test_by_default_the_classic_layers_that_the_network_has() -> None:
    assert style_layers((), AVAILABLE) == dict.fromkeys(("relu1_1", "relu2_1", "relu3_1", "relu4_1"), 1.0)


def test_through_the_small_encoder_more_layers_count_and_the_deepest_less() -> None:
    found = style_layers((), (*AVAILABLE, "relu5_1"), usual_style_layers(Optimize()))
    assert found == {**dict.fromkeys(AVAILABLE, 1.0), "relu5_1": 0.5}
    assert style_layers((), AVAILABLE, usual_style_layers(Optimize())) == dict.fromkeys(AVAILABLE, 1.0)
    assert usual_style_layers(Optimize(backbone="vgg19")) == STYLE_LAYERS
    assert usual_style_layers(Optimize(balance="classic")) == STYLE_LAYERS


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["relu2_1"], {"relu2_1": 1.0}),
        (["relu1_1=0.5", "relu4_1 = 2"], {"relu1_1": 0.5, "relu4_1": 2.0}),
        (["relu1_1=0", "relu2_1"], {"relu1_1": 0.0, "relu2_1": 1.0}),
    ],
)
def test_weights_stand_behind_an_equals_sign(written: list[str], read: dict[str, float]) -> None:
    assert style_layers(written, AVAILABLE) == read
    assert content_layers(written, AVAILABLE) == read


@pytest.mark.parametrize("wrong", ["relu1_1=x", "relu1_1=-1", "relu1_1=nan", "relu1_1=inf", "relu1_1=1=2"])
def test_a_weight_that_is_none_is_refused_with_an_example(wrong: str) -> None:
    with pytest.raises(OptionError, match=r"relu4_1=0\.5"):
        style_layers([wrong], AVAILABLE)


def test_an_unknown_layer_gets_a_suggestion() -> None:
    with pytest.raises(OptionError, match="did you mean 'relu4_1'"):
        content_layers(["relu_41"], AVAILABLE)


@pytest.mark.parametrize("nothing", [["relu1_1=0"], ["relu1_1=0", "relu2_1=0"]])
def test_all_weights_zero_is_refused(nothing: list[str]) -> None:
    with pytest.raises(OptionError, match="above 0"):
        style_layers(nothing, AVAILABLE)
    with pytest.raises(OptionError, match="above 0"):
        content_layers((), AVAILABLE)
