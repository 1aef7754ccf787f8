"""Feature maps and Gram matrices as pictures."""

from __future__ import annotations

import pytest
import torch

from impasto.errors import InputError, OptionError
from impasto.evaluation import feature_sheet, gram_sheet, telling_channels
from impasto.evaluation.colormap import colored
from impasto.evaluation.features import by_similarity
from impasto.images import read, rgb_to_lab
from impasto.losses import moments


def test_the_color_map_rises_evenly_in_lightness() -> None:
    lightness = rgb_to_lab(colored(torch.linspace(0, 1, 52).expand(1, -1)))[0, 0, 0]
    steps = lightness.diff()
    assert float(steps.min()) > 0.8 * float(steps.mean())
    assert float(steps.max()) < 1.2 * float(steps.mean())
    assert bool(torch.isfinite(colored(torch.tensor([[torch.nan, torch.inf, -1.0]]))).all())


def test_telling_channels_are_sparse_strong_and_unlike_each_other() -> None:
    maps = torch.zeros(1, 6, 16, 16)
    maps[0, 0] = 5  # loud, but says nothing
    maps[0, 1, 2:5, 2:5] = 3  # a strong spot
    maps[0, 2, 2:5, 2:5] = 2.9  # the same again
    maps[0, 3, 10:13, 10:13] = 1  # another, weaker
    maps[0, 4] = 0.01 * torch.rand(16, 16)
    assert telling_channels(maps, 2) == [1, 3]
    assert sorted(telling_channels(maps, 99)) == [0, 1, 2, 3, 4, 5]


def test_each_layer_is_drawn_with_as_many_channels_as_there_are(tmp_path) -> None:
    features = {"relu1_1": torch.rand(1, 3, 20, 30).relu(), "conv4_1": torch.randn(1, 40, 3, 4)}
    one = feature_sheet({"relu1_1": features["relu1_1"]}, cell=40)
    sheet = feature_sheet(features, tmp_path / "sheet.png", channels=16, cell=40)
    assert sheet.shape[2] > one.shape[2]
    assert sheet.shape[3] >= 8 * 40
    assert torch.equal(read(tmp_path / "sheet.png").pixels, sheet)


def test_silent_constant_and_broken_maps_are_drawn() -> None:
    sheet = feature_sheet({"a": torch.zeros(1, 2, 1, 1), "b": torch.full((1, 2, 4, 4), torch.nan)}, cell=24)
    assert bool(torch.isfinite(sheet).all())
    assert bool(torch.isfinite(gram_sheet({"a": torch.zeros(1, 4, 3, 3)}, cell=32)).all())


def test_groups_stand_together_however_they_were_mixed() -> None:
    group = torch.arange(30) % 3
    likeness = 0.1 + 0.8 * (group[:, None] == group).float() + 0.05 * torch.rand(30, 30)
    order = by_similarity((likeness + likeness.T) / 2)
    assert sorted(order) == list(range(30))
    assert int((group[order].diff() != 0).sum()) == 2
    assert by_similarity(torch.zeros(0, 0)) == []
    assert by_similarity(torch.ones(1, 1)) == [0]


def test_gram_matrices_of_features_and_of_their_moments_are_the_same_picture() -> None:
    features = torch.rand(1, 12, 8, 8)
    assert torch.equal(gram_sheet({"relu1_1": features}), gram_sheet({"relu1_1": moments(features)}))


def test_channels_that_always_fire_together_are_light_and_those_that_never_do_dark() -> None:
    maps = torch.zeros(1, 2, 4, 4)
    maps[0, 0, :2], maps[0, 1, 2:] = 1, 1
    apart = gram_sheet({"x": maps}, cell=64)
    together = gram_sheet({"x": maps[:, :1].expand(1, 2, 4, 4)}, cell=64)
    assert float(together.mean()) > float(apart.mean())


def test_what_cannot_be_drawn_is_said_of_features() -> None:
    with pytest.raises(InputError, match="at least one layer"):
        feature_sheet({})
    with pytest.raises(InputError, match=r"relu1_1 has the shape \(2, 3, 4, 4\)"):
        gram_sheet({"relu1_1": torch.rand(2, 3, 4, 4)})
    with pytest.raises(OptionError, match="channels is 0"):
        feature_sheet({"relu1_1": torch.rand(1, 3, 4, 4)}, channels=0)
