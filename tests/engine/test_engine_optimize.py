"""Painting by optimisation, seen from outside: what goes in, what comes out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from impasto.config import Optimize
from impasto.engine.finishing import palette
from impasto.engine.inputs import Style, Work
from impasto.engine.preparing import beginning, enlarged
from impasto.errors import InputError, OptionError
from impasto.images import Picture, resize, write


def distance(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().mean())


def test_strength_0_gives_back_the_photos_pixels(paint: Any, photo: Tensor) -> None:
    for options in ({}, {"keep_color": True}, {"color_only": True}, {"finish": "full"}, {"stroke": 3.0}):
        assert torch.equal(paint(strength=0, **options).image, photo), options
    assert torch.equal(paint(strength=0, finish="full", size=20).image, photo)
    assert paint(strength=0, size=28).image.shape == (1, 3, 20, 28)


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_more_strength_leads_further_from_the_photo(paint: Any, photo: Tensor, optimizer: str) -> None:
    away = [
        distance(paint(strength=strength, optimizer=optimizer).image, photo) for strength in (0, 2, 25, 50, 75, 100)
    ]
    assert away == sorted(away)
    assert away[0] == 0
    assert away[1] < 0.1 * away[-1], "a little strength should change little"
    assert away[2] < 0.7 * away[-1]


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_a_photo_in_its_own_style_is_left_almost_alone(paint: Any, photo: Tensor, optimizer: str) -> None:
    own = paint(style=photo, optimizer=optimizer, steps=16).image
    foreign = paint(optimizer=optimizer, steps=16).image
    assert distance(own, photo) < 0.1 * distance(foreign, photo)


@pytest.mark.parametrize("options", [{}, {"optimizer": "adam"}, {"init": "noise"}, {"style_term": "sliced"}])
def test_the_same_seed_paints_the_same_picture(paint: Any, options: dict[str, Any]) -> None:
    torch.manual_seed(1)
    first = paint(seed=4, steps=4, **options).image
    torch.manual_seed(2)
    assert torch.equal(paint(seed=4, steps=4, **options).image, first)


def test_another_seed_paints_another_picture_where_anything_is_random(paint: Any) -> None:
    assert not torch.equal(paint(seed=1, init="noise", steps=2).image, paint(seed=2, init="noise", steps=2).image)


def test_painting_leaves_torchs_own_random_state_alone(paint: Any) -> None:
    torch.manual_seed(11)
    before = torch.get_rng_state()
    paint(init="noise", style_term="sliced", steps=2)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize("term", ["statistics", "gram", "moments", "wasserstein", "sliced"])
def test_both_optimizers_lower_every_style_term(paint: Any, optimizer: str, term: str) -> None:
    totals = paint(optimizer=optimizer, style_term=term, steps=12, patience=0).losses["total"]
    assert len(totals) == 12
    assert min(totals[-3:]) < 0.8 * totals[0]


@pytest.mark.parametrize("kind", ["squared", "absolute", "isotropic", "huber"])
def test_more_tv_weight_is_smoother(paint: Any, kind: str) -> None:
    def roughness(weight: float) -> float:
        image = paint(tv_kind=kind, tv_weight=weight).image
        return float(image.diff(dim=3).square().mean())

    assert roughness(1000.0) < 0.8 * roughness(0.0)


def test_content_weight_holds_the_shapes(paint: Any, photo: Tensor) -> None:
    loose, tight = (paint(content_weight=weight).losses["content"][-1] for weight in (0.0, 100.0))
    assert tight < 0.8 * loose


def test_color_weight_brings_the_styles_colors(paint: Any, painting: Tensor) -> None:
    goal = painting.mean((2, 3))
    plain, colored = (distance(paint(color_weight=weight).image.mean((2, 3)), goal) for weight in (0.0, 100.0))
    assert colored < plain


# --- several styles ----------------------------------------------------------------------------------------------


def test_a_style_of_weight_0_is_not_there(paint: Any, painting: Tensor, other_painting: Tensor) -> None:
    mixed = paint(style=[painting, other_painting], style_weights=(1, 0)).image
    assert torch.equal(mixed, paint(style=painting).image)


def test_a_mixture_lies_between_its_styles(paint: Any, painting: Tensor, other_painting: Tensor) -> None:
    first, second = paint(style=painting).image, paint(style=other_painting).image
    mixed = paint(style=[painting, other_painting]).image
    apart = distance(first, second)
    assert distance(mixed, first) < apart
    assert distance(mixed, second) < apart
    leaning = paint(style=[painting, other_painting], style_weights=[9, 1]).image
    assert distance(leaning, first) < distance(leaning, second)


def test_only_the_proportion_of_weights_counts(paint: Any, painting: Tensor, other_painting: Tensor) -> None:
    styles = [painting, other_painting]
    one, ten = (paint(style=styles, style_weights=weights).image for weights in ((1, 3), (10, 30)))
    assert torch.equal(one, ten)


def test_a_folder_is_one_style(paint: Any, files: Path, painting: Tensor, other_painting: Tensor) -> None:
    (files / "style").mkdir()
    for name, pixels in (("a", painting), ("b", other_painting)):
        write(pixels, files / "style" / f"{name}.png")
    result = paint(style=files / "style", steps=2)
    assert [[one.name for one in style] for style in result.recipe.styles] == [["a.png", "b.png"]]
    with pytest.raises(OptionError, match="2 style weights were given for 1 styles"):
        paint(style=files / "style", style_weights=(1, 1))


@pytest.mark.parametrize("options", [{"color_only": True}, {"init": "style", "steps": 1, "tv_weight": 0.0}])
def test_every_painting_of_a_folder_counts(
    paint: Any, painting: Tensor, other_painting: Tensor, options: dict[str, Any]
) -> None:
    def made(*pictures: Tensor) -> Tensor:
        return paint(style=Style("style", tuple(Picture(one) for one in pictures)), **options).image

    one, both, turned = made(painting), made(painting, other_painting), made(other_painting, painting)
    assert distance(both, one) > 0.02
    assert distance(both, turned) < 1e-4, "their order means nothing"


def test_the_colors_of_a_large_painting_count_no_more_than_those_of_a_small_one(painting: Tensor) -> None:
    red, blue = (torch.zeros(1, 3, side, side) for side in (40, 10))
    red[:, 0], blue[:, 2] = 1, 1
    found = palette(Style("style", (Picture(red), Picture(blue))))
    assert found.mean((0, 2, 3)).tolist() == pytest.approx([0.5, 0, 0.5])


def test_a_blend_to_start_from_keeps_to_its_regions(photo: Tensor, painting: Tensor, other_painting: Tensor) -> None:
    left = torch.zeros(1, 1, 40, 56)
    left[..., :20] = 1
    right = torch.zeros(1, 1, 40, 56)
    right[..., 36:] = 1
    styles = tuple(Style(name, (Picture(one),)) for name, one in (("a", painting), ("b", other_painting)))
    work = Work(Picture(photo), styles, (0.5, 0.5), masks=(left, right))
    begun = beginning(work, [(20, 28), (40, 56)], Optimize(init="style"))
    torch.testing.assert_close(begun[..., :20], resize(painting, (40, 56))[..., :20])
    torch.testing.assert_close(begun[..., 20:36], photo[..., 20:36])
    torch.testing.assert_close(begun[..., 36:], resize(other_painting, (40, 56))[..., 36:])


@pytest.mark.parametrize("weights", [(1,), (1, 2, 3)])
def test_a_wrong_number_of_style_weights_is_refused(
    paint: Any, painting: Tensor, other_painting: Tensor, weights: tuple[float, ...]
) -> None:
    with pytest.raises(OptionError, match=rf"{len(weights)} style weights were given for 2 styles"):
        paint(style=[painting, other_painting], style_weights=weights)


# --- beginnings --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("init", ["photo", "style", "noise", "grey"])
def test_every_beginning_leads_to_a_painting(paint: Any, init: str) -> None:
    result = paint(init=init, steps=12, patience=0)
    assert result.image.isfinite().all()
    assert min(result.losses["style"]) < 0.8 * result.losses["style"][0]


def test_beginnings_differ(paint: Any, photo: Tensor) -> None:
    begun = {init: paint(init=init, steps=1, tv_weight=0).losses["content"][0] for init in ("photo", "style", "grey")}
    assert begun["photo"] < 0.02
    assert begun["style"] > 0.2
    assert begun["grey"] > 0.2


def test_a_picture_file_can_be_the_beginning(paint: Any, files: Path, photo: Tensor) -> None:
    from_photo = paint(init=str(files / "photo.png"), steps=3)
    assert distance(from_photo.image, paint(steps=3).image) < 0.3 * distance(from_photo.image, photo)
    assert from_photo.recipe.extras["init"][0].name == "photo.png"
    assert "init" not in from_photo.recipe.options


@pytest.mark.parametrize(
    ("init", "hint"), [("foto", "did you mean 'photo'"), ("gray", "did you mean 'grey'"), ("x.png", "")]
)
def test_an_unknown_beginning_is_refused_before_the_slow_part(paint: Any, init: str, hint: str) -> None:
    steps = []
    with pytest.raises(OptionError, match="init is") as refusal:
        paint(init=init, on_step=steps.append)
    assert hint in str(refusal.value)
    assert "photo, style, noise, grey" in str(refusal.value)
    assert not steps


def test_a_beginning_that_is_no_picture_is_refused(paint: Any, tmp_path: Path) -> None:
    (tmp_path / "note.png").write_text("not a picture")
    with pytest.raises(InputError, match=r"note\.png"):
        paint(init=str(tmp_path / "note.png"))


# --- sizes -------------------------------------------------------------------------------------------------------

SIZES = [(1, 1), (1, 40), (40, 1), (2, 3), (7, 5), (33, 47), (300, 3), (2, 301)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_pictures_of_every_shape_are_painted(
    paint: Any, painting: Tensor, size: tuple[int, int], optimizer: str
) -> None:
    torch.manual_seed(0)
    photo = torch.rand(1, 3, *size)
    result = paint(photo, steps=2, optimizer=optimizer)
    assert result.image.shape == photo.shape
    assert result.image.isfinite().all()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "options", [{}, {"keep_color": True}, {"keep_color": True, "color_match": "covariance"}, {"color_only": True}]
)
def test_styles_of_every_shape_are_taken(
    paint: Any, photo: Tensor, size: tuple[int, int], options: dict[str, Any]
) -> None:
    torch.manual_seed(0)
    assert paint(style=torch.rand(1, 3, *size), steps=1, **options).image.isfinite().all()


@pytest.mark.parametrize(("size", "expected"), [(28, (20, 28)), (80, (57, 80)), (1, (1, 1)), (None, (40, 56))])
def test_size_is_the_long_side(paint: Any, size: int | None, expected: tuple[int, int]) -> None:
    assert paint(size=size, steps=1).image.shape[2:] == expected


def test_a_grey_photo_and_a_flat_one_are_painted(paint: Any, photo: Tensor) -> None:
    grey = photo.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    for picture in (grey, torch.full_like(photo, 0.4), torch.zeros_like(photo)):
        for options in ({}, {"keep_color": True}, {"color_only": True}):
            assert paint(picture, steps=2, **options).image.isfinite().all()


def test_transparency_comes_back_at_the_results_size(paint: Any, photo: Tensor) -> None:
    alpha = torch.ones(1, 1, 40, 56)
    alpha[..., :28] = 0
    result = paint(Picture(photo, alpha=alpha), size=28, steps=1)
    assert result.alpha.shape == (1, 1, 20, 28)
    assert result.alpha[..., 0, 0] == 0
    assert result.alpha[..., 0, -1] == 1
    assert paint(steps=1).alpha is None


def test_stroke_changes_how_coarsely_it_is_painted(paint: Any, painting: Tensor) -> None:
    def fineness(stroke: float) -> float:
        image = paint(stroke=stroke, init="grey", content_weight=0.0, tv_weight=0.0, steps=30).image
        return float(image.diff(dim=3).square().mean() / image.var())

    assert fineness(4.0) < fineness(1.0)


def test_full_finish_gives_the_photos_size_with_its_detail(paint: Any, photo: Tensor) -> None:
    plain, full = paint(size=28, steps=3), paint(size=28, steps=3, finish="full")
    assert full.image.shape == photo.shape
    larger = resize(plain.image, (40, 56))

    def detail(x: Tensor) -> Tensor:
        grey = x.mean(1, keepdim=True)
        return (grey - resize(resize(grey, (20, 28)), (40, 56))).flatten()

    def likeness(x: Tensor) -> float:
        return float(torch.corrcoef(torch.stack([detail(x), detail(photo)]))[0, 1])

    assert likeness(full.image) > 0.9
    assert likeness(full.image) > likeness(larger)
    assert distance(resize(full.image, (20, 28)), plain.image) < 0.03


def test_from_scale_to_scale_the_photo_keeps_its_detail(photo: Tensor) -> None:
    """What was painted at a small scale is a change of the photo; enlarging it must not blur what it did not touch."""
    small = resize(photo, (20, 28))
    torch.testing.assert_close(enlarged(small, photo, (40, 56)), photo)
    darker = enlarged(small * 0.8, photo, (40, 56))
    torch.testing.assert_close(darker, photo * 0.8, atol=0.08, rtol=0)
    assert distance(darker, photo * 0.8) < 0.5 * distance(resize(small * 0.8, (40, 56)), photo * 0.8)
    assert enlarged(small, photo, (20, 28)) is small


def test_a_texture_gets_nothing_of_the_photos_layout_from_scale_to_scale(paint: Any, photo: Tensor) -> None:
    """Only what began as the photo is carried as a change of it."""
    flat = paint(init="grey", content_weight=0.0, style_weight=0.0, steps=2, scales=2).image
    assert float(flat.std()) < 0.01


# --- progress and cost -------------------------------------------------------------------------------------------


def test_every_step_is_told(paint: Any) -> None:
    told: list[Any] = []
    result = paint(scales=2, steps=6, patience=0, on_step=told.append)
    assert [step.scale for step in told] == sorted(step.scale for step in told)
    assert {step.scales for step in told} == {2}
    for scale in (1, 2):
        steps = [step for step in told if step.scale == scale]
        assert [step.step for step in steps] == list(range(1, steps[0].steps + 1))
    assert told[0].size == (20, 28)
    assert told[-1].size == (40, 56)
    assert told[-1].remaining == pytest.approx(0, abs=1e-9)
    assert told[0].remaining is None, "the first step is slower than all others"
    assert all(step.remaining is not None for step in told[1:])
    assert len(told) == len(result.losses["total"])
    assert set(told[0].losses) == set(result.losses) == {"style", "content", "tv", "total"}
    assert 0 < told[-1].elapsed <= result.seconds
    picture = told[-1].picture()
    assert picture.shape == (1, 3, 40, 56)
    assert torch.equal(picture, result.image)


def test_patience_ends_a_scale_early(paint: Any, photo: Tensor) -> None:
    told: list[Any] = []
    result = paint(style=photo, steps=60, patience=3, on_step=told.append)
    assert len(told) < 20
    assert result.stopped == "converged"


def test_patience_0_never_ends_early(paint: Any, photo: Tensor) -> None:
    told: list[Any] = []
    result = paint(style=photo, steps=15, patience=0, on_step=told.append)
    assert len(told) == 15
    assert result.stopped == "finished"


def test_a_network_named_by_its_file_is_looked_through(paint: Any, vgg_file: Path) -> None:
    options = {"style_layers": ("relu1_1", "relu2_1"), "content_layers": ("relu2_1",)}
    result = paint(backbone=str(vgg_file), steps=2, **options)
    assert result.recipe.weights[0].name == "narrow.safetensors"
    with pytest.raises(OptionError, match="it has"):
        paint(backbone=str(vgg_file), steps=2)  # relu4_1 lies deeper than what the file holds


def test_a_pooling_that_the_encoder_does_not_have_is_refused(paint: Any) -> None:
    with pytest.raises(OptionError, match="pooling"):
        paint(pooling="average")


def test_sliced_styles_can_be_neither_tiled_nor_mixed(paint: Any, painting: Tensor, other_painting: Tensor) -> None:
    with pytest.raises(OptionError, match="cannot be tiled"):
        paint(style_term="sliced", tile=64)
    with pytest.raises(OptionError, match="cannot mix"):
        paint(style=[painting, other_painting], style_term="sliced")
