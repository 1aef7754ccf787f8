"""The fast network: its lattice filters, its modulation, and tiles."""

import math

import pytest
import torch
import torch.nn.functional as F

from impasto.errors import WeightsError
from impasto.models.fast import CODE_LENGTH, FastNetwork, described, embedded_fast, smoothed
from impasto.models.grain import OCTAVES, grain
from impasto.models.normalizing import Reading


@pytest.fixture
def network():
    torch.manual_seed(0)
    made = FastNetwork()
    for head in made.predictor.heads.values():
        torch.nn.init.normal_(head.weight, std=0.2)
    return made.eval().requires_grad_(requires_grad=False)


def code(seed=0):
    drawn = torch.rand(1, CODE_LENGTH, generator=torch.Generator().manual_seed(seed))
    mean, extra = drawn.chunk(2, 1)
    return torch.cat([mean, mean.square() + extra], 1)


def painted(network, picture, style, seen=None, at=(0, 0)):
    size = (picture.shape[-2] // 4, picture.shape[-1] // 4)
    noise = grain(size, seed=0, at=(at[0] // 4, at[1] // 4))
    reading = Reading(seen)
    return network(picture, network.modulation(style), noise, reading), reading.found


@pytest.mark.parametrize("period", [2, 4])
def test_what_repeats_every_few_pixels_is_taken_out(period):
    pattern = torch.rand(1, 3, period, period).repeat(1, 1, 80 // period, 80 // period)
    left = F.pixel_shuffle(smoothed(F.pixel_unshuffle(pattern, 2)), 2)[..., 12:-12, 12:-12]
    assert pattern.std() > 0.1
    assert left.std((2, 3)).max() < 1e-5


def test_what_is_smooth_passes_the_filters():
    ramp = torch.linspace(0, 1, 64).expand(1, 3, 64, 64).contiguous()
    passed = F.pixel_shuffle(smoothed(F.pixel_unshuffle(ramp, 2)), 2)
    assert (passed - ramp)[..., 12:-12, 12:-12].abs().max() < 1e-5


@pytest.mark.parametrize("period", [3, 5, 6])
def test_what_is_fine_but_no_lattice_passes_the_filters(period):
    wave = torch.sin(torch.arange(120) * 2 * math.pi / period).expand(1, 3, 120, 120).contiguous()
    passed = F.pixel_shuffle(smoothed(F.pixel_unshuffle(wave, 2)), 2)[..., 24:-24, 24:-24]
    assert 0.6 < passed.std() / wave.std() < 1.15


def test_a_flat_picture_without_grain_stays_flat(network):
    """By the statistics of another picture: its own would make rounding as large as strokes."""
    style, noise = code(), torch.zeros(1, OCTAVES, 24, 24)
    _, seen = painted(network, torch.rand(1, 3, 96, 96), style)
    result = network(torch.full((1, 3, 96, 96), 0.4), network.modulation(style), noise, Reading(seen))
    inside = result[..., 24:-24, 24:-24]  # at the border the finest maps are mirrored, which breaks their rhythm
    assert inside.std((2, 3)).max() < 1e-4


def test_the_size_is_kept_and_the_style_counts(network):
    picture = torch.rand(1, 3, 40, 64)
    one, _ = painted(network, picture, code(1))
    other, _ = painted(network, picture, code(2))
    assert one.shape == picture.shape
    assert (one - other).abs().mean() > 1e-3


def test_a_tile_with_the_statistics_of_the_whole_equals_its_place(network):
    picture, style = torch.rand(1, 3, 320, 320), code(3)
    whole, seen = painted(network, picture, style)
    top, margin = 64, 96
    tile, _ = painted(network, picture[..., top:, top:], style, seen, at=(top, top))
    inside = (..., slice(margin, None), slice(margin, None))
    assert (tile[inside] - whole[..., top:, top:][inside]).abs().max() < 1e-4


def test_means_and_squares_become_means_and_deviations():
    features = torch.rand(500, CODE_LENGTH // 2)
    vector = torch.cat([features.mean(0), features.square().mean(0)])[None]
    wanted = torch.cat([features.mean(0), features.std(0, correction=0)])[None]
    assert torch.allclose(described(vector), wanted, atol=1e-3)


def test_the_embedded_weights_fit_their_budget():
    from impasto.models.fast import WEIGHTS_FILE

    assert WEIGHTS_FILE.stat().st_size <= 4_500_000
    network = embedded_fast()
    assert sum(value.numel() for value in network.state_dict().values()) * 2 <= WEIGHTS_FILE.stat().st_size
    assert not any(value.requires_grad for value in network.parameters())


def test_weights_of_another_network_are_refused(tmp_path):
    from impasto.models.reading import write_tensors

    write_tensors(tmp_path / "other.safetensors", {"a": torch.zeros(1)}, {})
    with pytest.raises(WeightsError, match="not those of this version"):
        embedded_fast(weights=tmp_path / "other.safetensors")


def test_what_is_known_beforehand_is_folded_into_the_weights_without_changing_the_picture(network):
    picture, style = torch.rand(1, 3, 64, 64), code(4)
    with torch.inference_mode():
        measured, seen = painted(network, picture, style)
        folded, _ = painted(network, picture, style, seen)
    assert (measured - folded).abs().max() < 1e-4


def test_statistics_that_follow_come_to_those_of_the_picture(network):
    """However far off they were: no layer is led astray by those before it."""
    picture, other, style = torch.rand(1, 3, 64, 64), 0.3 * torch.rand(1, 3, 64, 64), code(4)
    with torch.inference_mode():
        _, going_by = painted(network, picture, style)
        alone, own = painted(network, other, style)
        for _ in range(12):
            reading = Reading(going_by, following=0.5)
            again = network(other, network.modulation(style), grain((16, 16), seed=0), reading)
            going_by = reading.found
    assert (alone - again).abs().max() < 0.02
    for name, (mean, deviation) in own.items():
        assert torch.allclose(going_by[name][0], mean, atol=0.05)
        assert torch.allclose(going_by[name][1], deviation, rtol=0.05)
