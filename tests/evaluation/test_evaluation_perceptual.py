"""LPIPS is the published metric: the authors' formula, their heads, their network where it is here."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from impasto.errors import InputError, OptionError, WeightsError
from impasto.evaluation import find_lpips, lpips
from impasto.evaluation.perceptual import LPIPS, LPIPS_LAYERS, read_heads
from impasto.images import brushwork, harbour
from impasto.models import vgg_from_file, write_tensors

WIDTHS = (4, 6, 8, 8, 8)


def features(seed: int, batch: int = 2) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    sides = (16, 8, 4, 2, 1)
    return {
        layer: torch.rand(batch, width, side, side + 1, generator=generator)
        for layer, width, side in zip(LPIPS_LAYERS, WIDTHS, sides, strict=True)
    }


def heads() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(9)
    return {layer: torch.rand(width, generator=generator) for layer, width in zip(LPIPS_LAYERS, WIDTHS, strict=True)}


def test_it_agrees_with_torchmetrics() -> None:
    theirs = pytest.importorskip("torchmetrics.functional.image.lpips")
    a, b, linear = features(1), features(2), heads()
    expected = torch.zeros(2)
    for layer, head in linear.items():
        difference = (theirs._normalize_tensor(a[layer]) - theirs._normalize_tensor(b[layer])) ** 2
        expected += theirs._spatial_average((difference * head.view(1, -1, 1, 1)).sum(1, keepdim=True)).flatten()
    assert torch.allclose(lpips(a, b, linear), expected, rtol=1e-4)


def test_known_values() -> None:
    ones = {"relu1_2": torch.tensor([1.0]), "relu2_2": torch.tensor([0.5])}
    east = {"relu1_2": torch.ones(1, 1, 3, 3), "relu2_2": torch.ones(1, 1, 2, 2)}
    west = {layer: -5 * x for layer, x in east.items()}  # length does not count, direction does
    assert float(lpips(east, east, ones)) == 0
    assert float(lpips(east, west, ones)) == pytest.approx(4 * 1 + 4 * 0.5)
    assert float(lpips(east, {layer: 3 * x for layer, x in east.items()}, ones)) == pytest.approx(0, abs=1e-6)


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="relu5_3"):
        lpips(
            features(1),
            {"relu1_2": torch.rand(1, 4, 2, 2)} | {k: v for k, v in features(2).items() if k[4] < "5"},
            heads(),
        )
    with pytest.raises(OptionError, match="any layer"):
        lpips(features(1), features(2), {})
    with pytest.raises(InputError, match="resize"):
        LPIPS(torch.nn.Identity(), heads())(torch.rand(1, 3, 4, 4), torch.rand(1, 3, 4, 5))
    write_tensors(tmp_path / "other.safetensors", {"weight": torch.ones(2)}, {})
    with pytest.raises(WeightsError, match="no heads"):
        read_heads(tmp_path / "other.safetensors")


def test_without_its_files_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path))
    monkeypatch.delenv("IMPASTO_WEIGHTS", raising=False)
    assert find_lpips() is None


@pytest.mark.kit
def test_the_authors_heads_see_what_people_see(kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path))
    linear = read_heads(kit / "reference" / "lpips_linear" / "v0.1" / "vgg.pth")
    assert all(bool((head >= 0).all()) for head in linear.values())
    known = {layer: head for layer, head in linear.items() if layer < "relu4"}  # the kit's VGG-16 ends there
    file = kit / "reference" / "vgg" / "vgg16_caffe_conv1_1-conv3_3_fp16.npz"
    metric = LPIPS(vgg_from_file(file, list(known), padding="zeros"), known)
    photo, other = harbour((64, 96)), brushwork((64, 96))
    brighter, noisy = (photo * 1.05).clamp(0, 1), (photo + 0.1 * torch.randn_like(photo)).clamp(0, 1)
    distances = [float(metric(photo, picture)) for picture in (photo, brighter, noisy, other)]
    assert distances[0] == 0
    assert distances == sorted(distances)
