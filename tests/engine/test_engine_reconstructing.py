"""Pictures recovered from features alone: shallow layers know more of where things are, statistics nothing of it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from impasto import engine
from impasto.errors import OptionError


def likeness(one: Tensor, other: Tensor) -> float:
    return float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1])


def test_a_shallow_layer_gives_the_picture_back_and_a_deep_one_less_of_it(photo: Tensor) -> None:
    shallow, deep = (
        likeness(engine.reconstruct_content(photo, layer, steps=30, scales=1), photo)
        for layer in ("relu1_1", "relu4_1")
    )
    assert shallow > 0.8
    assert shallow > deep


def test_a_texture_has_the_styles_colors_but_nothing_of_its_layout(painting: Tensor) -> None:
    ramp = torch.linspace(0.2, 1, 48).view(1, 1, 1, -1)
    lit = painting * ramp  # brighter to the right
    textures = [
        engine.reconstruct_style(lit, ["relu1_1", "relu2_1"], steps=30, scales=1, seed=seed) for seed in range(4)
    ]
    for texture in textures:
        assert (texture.mean((2, 3)) - lit.mean((2, 3))).abs().max() < 0.06
        assert abs(likeness(texture, lit)) < 0.8
    brighter = torch.stack([lit, *textures]).mean((1, 2, 3)).unflatten(1, (2, 24)).mean(2).diff(dim=1)  # to the right
    assert abs(float(brighter[1:].mean())) < 0.5 * float(brighter[0])


@pytest.mark.parametrize("verb", [engine.reconstruct_content, engine.reconstruct_style])
def test_options_are_those_of_optimize(verb: Any, photo: Tensor) -> None:
    layer: Any = "relu1_1" if verb is engine.reconstruct_content else ["relu1_1"]
    told: list[Any] = []
    made = verb(photo, layer, steps=2, size=28, on_step=told.append)
    assert made.shape == (1, 3, 20, 28)
    assert len(told) == 2
    assert torch.equal(made, verb(photo, layer, steps=2, size=28))
    with pytest.raises(OptionError, match="did you mean"):
        verb(photo, "relu_1_1" if verb is engine.reconstruct_content else ["relu_1_1"], steps=2)


@pytest.mark.parametrize("verb", [engine.reconstruct_content, engine.reconstruct_style])
def test_what_is_half_recovered_is_not_shown(verb: Any, photo: Tensor) -> None:
    def stop(_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verb(photo, "relu1_1" if verb is engine.reconstruct_content else ["relu1_1"], steps=4, on_step=stop)


def test_what_is_usual_can_be_asked_for_otherwise(photo: Tensor) -> None:
    usual = engine.reconstruct_content(photo, "relu1_1", steps=2)
    smooth = engine.reconstruct_content(photo, "relu1_1", steps=2, tv_weight=1.0, init="grey")
    assert not torch.equal(usual, smooth)
    assert engine.reconstruct_style(photo, ["relu1_1"], steps=2, init="grey", content_weight=0.1).shape == photo.shape
    with pytest.raises(OptionError, match="did you mean 'tv_weight'"):
        engine.reconstruct_style(photo, steps=2, tv_wait=1.0)
