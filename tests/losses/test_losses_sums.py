"""Moments: known values, masks, and the sums' algebra (combine, mix)."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from impasto.errors import InputError, OptionError
from impasto.losses import Moments, Projected, combine, mix, moments, paired_moments, projected_moments
from impasto.losses import summing as summing_module

seeds = st.integers(0, 2**31)
sizes = st.integers(1, 7)


def features(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + 0.5


def assert_same(left: Moments | Projected, right: Moments | Projected) -> None:
    for one, other in zip(left, right, strict=True):
        torch.testing.assert_close(one, other)


def test_known_values() -> None:
    f = torch.tensor([[1.0, 3.0], [2.0, -2.0]]).view(1, 2, 1, 2)
    m = moments(f)
    assert m.weight.tolist() == [2]
    assert m.mean.tolist() == [[2, 0]]
    assert m.second.tolist() == [[[5, -2], [-2, 4]]]
    assert m.gram.tolist() == [[[10, -4], [-4, 8]]]
    assert m.covariance.tolist() == [[[1, -2], [-2, 4]]]
    assert m.deviation.tolist() == [[1, 2]]


def test_deviation_of_a_constant_channel_is_exactly_zero_with_slope_zero() -> None:
    f = torch.full((1, 2, 9, 11), 0.1, requires_grad=True)
    deviation = moments(f).deviation
    (slope,) = torch.autograd.grad(deviation.sum(), f)
    assert (deviation == 0).all()
    assert (slope == 0).all()


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_first_and_second_derivatives(channels_last: bool, weighted: bool) -> None:
    x = features(0, 2, 3, 3, 2)
    x = x.to(memory_format=torch.channels_last) if channels_last else x
    w = torch.rand(1, 1, 3, 2, dtype=torch.float64) if weighted else None

    def parts(f: Tensor) -> tuple[Tensor, Tensor]:
        return moments(f, w)[1:]

    assert torch.autograd.gradcheck(parts, (x.requires_grad_(),))
    assert torch.autograd.gradgradcheck(parts, (x,))


def test_the_gradient_keeps_the_layout_of_the_features() -> None:
    for memory_format in (torch.channels_last, torch.contiguous_format):
        x = torch.rand(2, 5, 6, 4).to(memory_format=memory_format).requires_grad_()
        (slope,) = torch.autograd.grad(moments(x).second.sum(), x)
        assert slope.is_contiguous(memory_format=memory_format)


def test_many_blocks_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    x, w = features(1, 2, 3, 5, 7), torch.rand(2, 1, 5, 7, dtype=torch.float64)
    whole = moments(x, w)
    monkeypatch.setattr(summing_module, "_BLOCK", 4)
    assert_same(moments(x, w), whole)


def test_a_mask_of_zeros_and_ones_is_a_crop() -> None:
    x = features(2, 2, 3, 6, 5)
    mask = torch.zeros(1, 1, 6, 5, dtype=torch.float64)
    mask[..., 1:4, 2:] = 1
    assert_same(moments(x, mask), moments(x[..., 1:4, 2:]))


def test_a_soft_mask_counts_positions_that_often() -> None:
    x = features(3, 1, 3, 1, 3)
    weight = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64).view(1, 1, 1, 3)
    assert_same(moments(x, weight), moments(x[..., [0, 1, 1, 2, 2, 2]]))


def test_each_picture_of_a_batch_may_have_its_own_mask() -> None:
    x, w = features(4, 2, 3, 4, 4), torch.rand(2, 1, 4, 4, dtype=torch.float64)
    both = moments(x, w)
    assert_same(Moments(*(part[1:] for part in both)), moments(x[1:], w[1:]))


def test_an_empty_mask_gives_zeros_and_no_slope() -> None:
    x = features(5, 1, 3, 4, 4).requires_grad_()
    empty = moments(x, torch.zeros(1, 1, 4, 4))
    (slope,) = torch.autograd.grad(empty.second.sum() + empty.deviation.sum(), x)
    assert all((part == 0).all() for part in empty)
    assert (slope == 0).all()
    assert_same(combine([empty, moments(x)]), moments(x))
    assert all((part == 0).all() for part in combine([empty, empty]))


@pytest.mark.parametrize(
    ("shape", "weight"),
    [((3, 4, 4), None), ((1, 3, 4, 4), (1, 1, 4, 5)), ((2, 3, 4, 4), (3, 1, 4, 4)), ((1, 3, 4, 4), (4, 4))],
)
def test_wrong_shapes_are_refused_in_a_sentence(shape: tuple[int, ...], weight: tuple[int, ...] | None) -> None:
    with pytest.raises(InputError, match=r"ha(s|ve) the shape"):
        moments(torch.zeros(shape), None if weight is None else torch.zeros(weight))


@given(seed=seeds, H=sizes, W=st.integers(2, 7), data=st.data())
@settings(max_examples=40, deadline=None)
def test_tiles_combine_to_the_picture(seed: int, H: int, W: int, data: st.DataObject) -> None:
    x, w = features(seed, 2, 3, H, W), features(seed + 1, 1, 1, H, W).abs()
    cut = data.draw(st.integers(1, W - 1))
    pieces = [moments(x[..., :cut], w[..., :cut]), moments(x[..., cut:], w[..., cut:])]
    assert_same(combine(pieces), moments(x, w))


@given(seed=seeds, shares=st.lists(st.floats(0, 5), min_size=2, max_size=4).filter(lambda s: sum(s) > 0.01))
@settings(max_examples=40, deadline=None)
def test_a_mix_of_styles_is_a_style(seed: int, shares: list[float]) -> None:
    styles = [moments(features(seed + i, 1, 6, 1, 2 + i) * (i + 1)) for i in range(len(shares))]
    mixed = mix(styles, shares)
    assert torch.linalg.eigvalsh(mixed.covariance).min() > -1e-9 * mixed.second.abs().max()
    assert_same(mix(styles, [3 * share for share in shares]), mixed)


def test_a_mix_is_the_pool_of_equally_many_positions() -> None:
    a, b = moments(features(6, 1, 3, 4, 4)), moments(features(7, 1, 3, 2, 2))
    same_size = combine([a, moments(features(7, 1, 3, 2, 2).repeat(1, 1, 2, 2))])
    for mixed, pooled in zip(mix([a, b], [1, 1])[1:], same_size[1:], strict=True):
        torch.testing.assert_close(mixed, pooled)


def test_a_mix_with_weight_zero_is_the_other_style() -> None:
    a, b = moments(features(8, 1, 3, 4, 4)), moments(features(9, 1, 3, 4, 4))
    assert_same(mix([a, b], [0, 2]), b)


def test_one_style_mixes_into_a_batch() -> None:
    photos, style = moments(features(12, 3, 2, 4, 4)), moments(features(13, 1, 2, 5, 5))
    mixed = mix([photos, style], [1, 3])
    torch.testing.assert_close(mixed.mean, (photos.mean + 3 * style.mean) / 4)
    assert mixed.weight.shape == (3,)


def test_gradients_flow_through_the_algebra() -> None:
    x, y = features(10, 1, 2, 2, 2).requires_grad_(), features(11, 1, 2, 3, 2).requires_grad_()

    def pooled(f: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
        both = mix([combine([moments(f), moments(g)]), moments(g)], [1, 2])
        return both.deviation, both.covariance

    assert torch.autograd.gradcheck(pooled, (x, y))
    assert not any(part.requires_grad for part in moments(x).detach())


def test_impossible_mixtures_are_refused() -> None:
    style = moments(torch.rand(1, 2, 3, 3))
    for weights in ([1.0], [-1.0, 2.0], [0.0, 0.0]):
        with pytest.raises(OptionError):
            mix([style, style], weights)
    with pytest.raises(OptionError):
        mix([], [])
    with pytest.raises(InputError):
        combine([])


def test_half_precision_is_added_up_in_float32() -> None:
    f = torch.full((1, 1, 300, 300), 1.0, dtype=torch.bfloat16)  # in bfloat16 a sum of ones stops at 256
    m = moments(f)
    assert m.second.item() == 1
    assert m.second.dtype == m.mean.dtype == m.weight.dtype == torch.float32
    assert math.isclose(m.gram.item(), 90_000)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_moments_of_pairs_are_those_of_pictures_with_two_channels(layout: torch.memory_format) -> None:
    torch.manual_seed(0)
    one, other = (torch.randn(1, 5, 6, 7, dtype=torch.float64).contiguous(memory_format=layout) for _ in range(2))
    pairs = moments(torch.cat([one, other]).transpose(0, 1))
    found = paired_moments(one, other)
    for expected, part in zip(pairs, found, strict=True):
        torch.testing.assert_close(part, expected)
    assert torch.autograd.gradcheck(lambda x: paired_moments(x, other)[1:], (one.requires_grad_(),))
    assert torch.autograd.gradgradcheck(lambda x: paired_moments(x, other)[1:], (one,))


def test_moments_of_pairs_add_up_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (features(seed, 1, 3, 6, 7) for seed in (1, 2))
    whole = paired_moments(one, other)
    monkeypatch.setattr(summing_module, "_BLOCK", 5)
    assert_same(paired_moments(one, other), whole)


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (1, 3, 4, 6), (1, 3, 20), (1, 1, 4, 5)])
def test_maps_that_are_no_pair_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="two alike"):
        paired_moments(torch.zeros(1, 3, 4, 5), torch.zeros(shape))


def test_moments_of_pairs_are_added_up_in_float32() -> None:
    one, other = (torch.full((1, 2, 64, 64), value, dtype=torch.bfloat16) for value in (0.1, 3.0))
    found = paired_moments(one.requires_grad_(), other)
    assert found.mean.dtype == torch.float32
    torch.testing.assert_close(found.second[0, 0, 1], one[0, 0, 0, 0].float() * 3, rtol=1e-6, atol=0)
    found.second.sum().backward()
    assert one.grad is not None
    assert one.grad.dtype == torch.bfloat16


def few_axes(channels: int, count: int) -> Tensor:
    return torch.linalg.qr(features(99, channels, count)).Q.unsqueeze(0)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("weighted", [False, True])
def test_projected_moments_are_those_of_features_seen_along_the_axes(
    weighted: bool, layout: torch.memory_format, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summing_module, "_BLOCK", 5)
    x, axes = features(20, 2, 5, 4, 3).contiguous(memory_format=layout), few_axes(5, 2)
    w = torch.rand(1, 1, 4, 3, dtype=torch.float64) if weighted else None
    whole, along = moments(x, w), projected_moments(x, axes, w)
    torch.testing.assert_close(along.second, axes.mT @ whole.second @ axes)
    torch.testing.assert_close(along.covariance(axes), axes.mT @ whole.covariance @ axes)
    torch.testing.assert_close(along.variance, whole.deviation.square())
    torch.testing.assert_close(along.mean, whole.mean)
    torch.testing.assert_close(along.weight, whole.weight)
    assert torch.autograd.gradcheck(lambda f: projected_moments(f, axes, w)[1:], (x.requires_grad_(),))


def test_the_slope_along_axes_keeps_the_layout_and_precision_of_the_features() -> None:
    for memory_format in (torch.channels_last, torch.contiguous_format):
        x = torch.rand(2, 5, 6, 4).bfloat16().to(memory_format=memory_format).requires_grad_()
        along = projected_moments(x, few_axes(5, 2).float())
        (slope,) = torch.autograd.grad(along.second.sum() + along.square.sum(), x)
        assert slope.is_contiguous(memory_format=memory_format)
        assert (slope.dtype, along.second.dtype) == (torch.bfloat16, torch.float32)


def test_projected_tiles_combine_to_the_picture() -> None:
    x, axes = features(21, 2, 5, 4, 7), few_axes(5, 3)
    pieces = [projected_moments(part, axes) for part in (x[..., :2], x[..., 2:])]
    assert_same(combine(pieces), projected_moments(x, axes))
