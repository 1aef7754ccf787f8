"""What rehearsals find, with the network and the encoder that come with the package."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import impasto
from impasto.engine.fast import FastPainter, vector_of
from impasto.engine.inputs import Style
from impasto.engine.painter import rehearsed as with_corrections
from impasto.engine.rehearsing import _by_layer, _tried_size, rehearsed
from impasto.images import Picture, samples
from impasto.models.encoder import embedded_encoder
from impasto.models.fast import CODE_LAYERS, CODE_LENGTH, STRIDE, described

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _network():
    """Here everything looks through the true encoder."""


@pytest.fixture(scope="module")
def photo():
    return samples.harbour((576, 768))


@pytest.fixture(scope="module")
def style():
    return Style("brushwork", (Picture(samples.brushwork((512, 512))),))


@pytest.fixture(scope="module")
def codes(style):
    return {"style": vector_of(style, CPU, torch.float32)}


def missed(photo, picture, code):
    """How far a painting's vector is from the one that was asked for; 1 is as far as the photo's, in every layer."""
    found, own = (vector_of(Style("", (Picture(one.clamp(0, 1)),)), CPU, torch.float32) for one in (picture, photo))
    left, all_the_way = (_by_layer((described(one) - described(code)).square()) for one in (found, own))
    return float((left / all_the_way).sqrt().mean())


def painted(photo, code, rehearsals):
    painter = FastPainter(CPU, torch.float32, rehearsals=rehearsals)
    with torch.inference_mode():
        return painter.paint(photo, with_corrections(painter, photo, code), None)


def test_what_is_painted_comes_nearer_to_the_style(photo, codes):
    before, after = (missed(photo, painted(photo, codes["style"], trials), codes["style"]) for trials in (0, 10))
    assert after < 0.9 * before


def test_the_same_is_found_every_time(photo, codes):
    painter = FastPainter(CPU, torch.float32, rehearsals=2)
    one, other = (painter.corrections(photo, codes["style"]) for _ in range(2))
    assert torch.equal(one, other)
    assert one.abs().max() > 0.01


def test_without_rehearsals_a_code_stays_as_it_is(photo, codes):
    painter = FastPainter(CPU, torch.float32)
    assert torch.equal(with_corrections(painter, photo, codes["style"]), codes["style"])


def test_corrections_of_nothing_change_nothing(codes):
    network = FastPainter(CPU, torch.float32).network
    plain = network.modulation(codes["style"])
    corrected = network.modulation(torch.cat([codes["style"], torch.zeros(1, network.corrections)], 1))
    assert all(torch.equal(plain[name], corrected[name]) for name in plain)


def test_each_correction_reaches_its_own_number_and_grain_has_none(codes):
    network = FastPainter(CPU, torch.float32).network
    plain = network.modulation(codes["style"])
    ones = network.modulation(torch.cat([codes["style"], torch.ones(1, network.corrections)], 1))
    assert all(torch.allclose(ones[name] - plain[name], torch.ones(()), atol=1e-5) for name in network.widths)
    assert torch.equal(ones["grain"], plain["grain"])


def test_a_photo_in_its_own_style_stays_as_it_is(photo):
    own = impasto.stylize(photo, photo, "fast", device="cpu").image
    other = impasto.stylize(photo, "starry-night", "fast", device="cpu").image
    assert (own - photo).abs().mean() < 0.06
    assert (own - photo).abs().mean() < (other - photo).abs().mean() / 3


@pytest.mark.parametrize("size", [(8, 512), (512, 8), (1, 1), (33, 47)])
def test_slivers_and_specks_are_rehearsed_too(size, codes):
    found = FastPainter(CPU, torch.float32, rehearsals=2).corrections(torch.rand(1, 3, *size), codes["style"])
    assert torch.isfinite(found).all()


def test_a_blank_photo_is_rehearsed_too(codes):
    result = painted(torch.full((1, 3, 96, 96), 0.5), codes["style"], 6)
    assert torch.isfinite(result).all()


def test_what_is_not_finite_is_not_taken(codes):
    encoder, none = embedded_encoder(CODE_LAYERS), torch.zeros(1, 3)

    def broken(picture, corrections):
        return picture * corrections.sum() / 0

    assert torch.equal(rehearsed(broken, encoder, torch.rand(1, 3, 64, 64), codes["style"], none, 2), none)


def test_colors_that_a_shift_can_reach_are_found():
    encoder = embedded_encoder(CODE_LAYERS)
    photo = samples.harbour((96, 128)) * 0.5
    code = vector_of(Style("lighter", (Picture(photo + 0.2),)), CPU, torch.float32)
    assert code.shape == (1, CODE_LENGTH)

    def shifting(picture, corrections):
        return picture + corrections[..., None, None]

    found = rehearsed(shifting, encoder, photo, code, torch.zeros(1, 3), 24)
    assert torch.allclose(found, torch.full((1, 3), 0.2), atol=0.06)


@given(st.integers(1, 3000), st.integers(1, 3000))
def test_trials_are_small_and_no_slivers(height, width):
    tried = _tried_size((height, width))
    assert all(side % STRIDE == 0 for side in tried)
    assert all(small <= max(side, STRIDE) + STRIDE for small, side in zip(tried, (height, width), strict=True))
    assert min(tried) >= min(88, min(height, width) - STRIDE)
