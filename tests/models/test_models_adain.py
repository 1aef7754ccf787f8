"""AdaIN: both known pairs of files, any size, any tile, and the reference pictures."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from impasto.errors import WeightsError
from impasto.images import brushwork, harbour
from impasto.models.adain import ANDROID_NAMES, INOUE_CONVOLUTIONS, WIDTHS, Adain, adain_from_files
from impasto.models.layouts import CONVOLUTIONS
from impasto.models.normalizing import LEAST_VARIANCE, Reading

State = dict[str, Tensor]
NUMBERS = CONVOLUTIONS[19][:9]
DECODER_POSITIONS = (1, 5, 8, 11, 14, 18, 21, 25, 28)  # in N. Inoue's Sequential


@pytest.fixture(scope="module")
def vgg() -> State:
    """The beginning of a VGG-19 in Caffe's form, with random weights that keep activations alive."""
    generator, width, state = torch.Generator().manual_seed(3), 3, {}
    for number in NUMBERS:
        out = (64, 128, 256, 512)[int(number[0]) - 1]
        gain = 0.02 if number == "1_1" else (2 / (9 * width)) ** 0.5
        state[f"conv{number}.weight"] = torch.randn(out, width, 3, 3, generator=generator) * gain
        state[f"conv{number}.bias"] = torch.randn(out, generator=generator) * 0.1
        width = out
    return state


@pytest.fixture(scope="module")
def decoder() -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(4)
    found = []
    for width, out in itertools.pairwise(WIDTHS):
        steps = torch.randint(0, 256, (out, width, 3, 3), generator=generator).float() - 128
        found.append((steps * (2 / (9 * width)) ** 0.5 / 74, torch.randn(out, generator=generator) * 0.05))
    return found


@pytest.fixture(scope="module")
def inoue(vgg: State, decoder: list[tuple[Tensor, Tensor]], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The pair of pytorch-AdaIN: Sequentials, the first with a 1x1 convolution from RGB to what Caffe's VGG takes."""
    folder = tmp_path_factory.mktemp("inoue")
    change = torch.eye(3).flip(0) * 255
    first = {"0.weight": change.view(3, 3, 1, 1), "0.bias": -torch.tensor([103.939, 116.779, 123.68])}
    rest = {
        f"{INOUE_CONVOLUTIONS[number]}.{part}": vgg[f"conv{number}.{part}"]
        for number in NUMBERS
        for part in ("weight", "bias")
    }
    deeper = {"32.weight": torch.zeros(2, 2, 3, 3)}  # which nobody needs here
    torch.save(first | rest | deeper, folder / "vgg_normalised.pth")
    pairs = zip(DECODER_POSITIONS, decoder, strict=True)
    torch.save(
        {f"{at}.{part}": x for at, pair in pairs for part, x in zip(("weight", "bias"), pair, strict=True)},
        folder / "decoder.pth",
    )
    return [folder / "vgg_normalised.pth", folder / "decoder.pth"]


@pytest.fixture(scope="module")
def android(vgg: State, decoder: list[tuple[Tensor, Tensor]], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The pair of the Android app: the decoder in 8 bits, weight = (q + zero) * scale."""
    folder = tmp_path_factory.mktemp("android")
    np.savez(folder / "vgg.npz", **{name: x.numpy() for name, x in vgg.items()})
    arrays = {}
    for name, (weight, bias) in zip(ANDROID_NAMES, decoder, strict=True):
        scale = (2 / (9 * weight.shape[1])) ** 0.5 / 74
        arrays[f"{name}.q"] = (weight / scale + 128).round().numpy().astype(np.uint8)
        arrays[f"{name}.zero"], arrays[f"{name}.scale"] = np.int32(-128), np.float32(scale)
        arrays[f"{name}.bias"] = bias.numpy()
    np.savez(folder / "decoder.npz", **arrays)
    return [folder / "vgg.npz", folder / "decoder.npz"]


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="module")
def network(android: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Adain:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPASTO_CACHE", str(tmp_path_factory.mktemp("cache")))
        return adain_from_files(*android)


def test_both_pairs_of_files_give_the_same_network(network: Adain, inoue: list[Path]) -> None:
    photo, style, other = harbour((24, 32)), brushwork((32, 24)), adain_from_files(*inoue)
    assert torch.allclose(other.code(style), network.code(style), atol=1e-3)
    assert torch.allclose(other(photo, other.code(style)), network(photo, network.code(style)), atol=1e-3)


def test_the_photos_features_get_the_styles_statistics(network: Adain) -> None:
    """Before the decoder, mean and deviation of every channel are the style's: the definition of AdaIN.

    What is added to a variance before dividing takes from the deviation of channels that say little of the photo.
    """
    seen, photo = [], harbour((32, 48))
    network.decoder[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    code = network.code(brushwork((40, 40))).double()
    network(photo, code.float())
    network.decoder[0]._forward_pre_hooks.clear()
    variance = network.encoder(photo)["relu4_1"].double().var((2, 3), correction=0)
    kept = (variance / (variance + LEAST_VARIANCE)).sqrt()
    deviation, mean = torch.std_mean(seen[0].double(), (2, 3), correction=0)
    assert torch.allclose(mean, code[:, :512], atol=1e-4)
    assert torch.allclose(deviation, code[:, 512:] * kept, atol=1e-3)
    assert (kept > 0.9).double().mean() > 0.2


def test_the_photos_own_code_changes_nothing_before_the_decoder(network: Adain) -> None:
    seen, photo = [], harbour((32, 48))
    network.decoder[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    network(photo, network.code(photo))
    network.decoder[0]._forward_pre_hooks.clear()
    assert torch.allclose(seen[0], network.encoder(photo)["relu4_1"], atol=1e-3)


@pytest.mark.parametrize("size", [(1, 1), (5, 20)])
def test_any_size_keeps_its_size(network: Adain, size: tuple[int, int]) -> None:
    assert network(harbour(size), network.code(brushwork((16, 16)))).shape == (1, 3, *size)


def test_a_tile_with_the_margin_is_a_part_of_the_whole(network: Adain) -> None:
    photo, code = harbour((120, 128)), network.code(brushwork((24, 24)))
    seen = network.look(photo)
    whole = network(photo, code)
    assert torch.allclose(network(photo, code, Reading(seen)), whole, atol=1e-5)
    tile = network(photo[..., 8:, 16:], code, Reading(seen))[..., network.margin :, network.margin :]
    assert torch.allclose(tile, whole[..., 8 + network.margin :, 16 + network.margin :], atol=1e-4)


def test_an_encoder_that_ends_too_early_is_refused(vgg: State, android: list[Path], tmp_path: Path) -> None:
    short = {name: x for name, x in vgg.items() if not name.startswith("conv4")}
    save_file(short, tmp_path / "short.safetensors")
    with pytest.raises(WeightsError, match="ends before relu4_1"):
        adain_from_files(tmp_path / "short.safetensors", android[1])


def test_another_file_is_not_taken_for_a_decoder(android: list[Path], inoue: list[Path]) -> None:
    for wrong in (android[0], inoue[0]):
        with pytest.raises(WeightsError, match="decoder"):
            adain_from_files(android[0], wrong)


def test_a_decoder_with_a_gap_names_what_it_lacks(android: list[Path], tmp_path: Path) -> None:
    arrays = dict(np.load(android[1]))
    del arrays["block3_conv2_decode.bias"]
    np.savez(tmp_path / "gap.npz", **arrays)
    with pytest.raises(WeightsError, match=r"lacks block3_conv2_decode\.bias"):
        adain_from_files(android[0], tmp_path / "gap.npz")


def test_numbers_that_are_not_finite_are_refused(android: list[Path], tmp_path: Path) -> None:
    arrays = dict(np.load(android[1]))
    arrays["block3_conv2_decode.bias"] = np.full(256, np.nan, np.float32)
    np.savez(tmp_path / "nan.npz", **arrays)
    with pytest.raises(WeightsError, match="not finite"):
        adain_from_files(android[0], tmp_path / "nan.npz")


@pytest.mark.parametrize("which", [0, 1])
def test_a_truncated_file_is_one_sentence(which: int, inoue: list[Path], tmp_path: Path) -> None:
    whole = inoue[which].read_bytes()
    cut = tmp_path / "cut.pth"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsError) as refusal:
        adain_from_files(*[cut if at == which else path for at, path in enumerate(inoue)])
    assert "\n" not in str(refusal.value)
