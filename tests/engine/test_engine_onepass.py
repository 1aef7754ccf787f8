"""What every one-pass method shares, with a painter small enough to be understood."""

import itertools

import pytest
import torch

import impasto
from impasto.config import Fast
from impasto.engine.inputs import Style
from impasto.engine.onepass import BASE_SIDE, OnePass, sizes
from impasto.engine.painter import in_tiles
from impasto.engine.recipe import Ingredient
from impasto.errors import InputError, OptionError
from impasto.images import Picture, read, samples


class Tinter:
    """Moves every pixel half way to the style's mean color; a code is that color."""

    name = "tinter"
    needs_style = True
    margin = 8
    stride = 8
    device, precision = torch.device("cpu"), torch.bfloat16

    def weights(self):
        return [Ingredient("tinter", "0")]

    def code(self, style):
        if not style.pictures:
            return torch.tensor([[0.8, 0.3, 0.4]])
        return torch.stack([one.pixels.mean((2, 3))[0] for one in style.pictures]).mean(0)[None]

    def look(self, picture, code):
        mean = picture.mean((2, 3), keepdim=True)
        return {"mean": (mean, mean)}

    def paint(self, picture, code, seen, at=(0, 0)):
        seen = seen or self.look(picture, code)
        return (picture - seen["mean"][0]) + code[..., None, None]


class Plain(Tinter):
    needs_style = False

    def paint(self, picture, code, seen, at=(0, 0)):
        return 1 - picture * code[..., None, None]


def color(*rgb):
    return torch.tensor(rgb).view(1, 3, 1, 1).expand(1, 3, 32, 32).clone()


@pytest.fixture
def photo():
    return samples.harbour((60, 80))


def call(photo, *styles, **options):
    return OnePass(Fast(**options), Tinter())(photo, list(styles)).image


def test_the_result_has_the_photos_size_or_the_one_asked_for(photo):
    assert call(photo, color(0.2, 0.4, 0.6)).shape == photo.shape
    assert call(photo, color(0.2, 0.4, 0.6), size=40).shape == (1, 3, 30, 40)


def test_a_model_that_has_learnt_its_style_cannot_recolor_it(photo):
    method = OnePass(Fast(keep_color=True, color_match="covariance"), Plain())
    with pytest.raises(OptionError, match=r"covariance recolors paintings.*choose luminance or lab"):
        method(photo)


def test_strength_0_is_the_photo_and_more_is_further_from_it(photo):
    style = color(0.9, 0.1, 0.5)
    away = [float((call(photo, style, strength=s) - photo).abs().mean()) for s in (0, 5, 20, 50, 100)]
    assert away[0] == 0
    assert all(after > before for before, after in itertools.pairwise(away))


def test_styles_are_mixed_by_their_weights(photo):
    red, blue = color(0.8, 0.2, 0.2), color(0.2, 0.2, 0.8)
    mixed = call(photo, red, blue, style_weights=(3, 1))
    wanted = 0.75 * call(photo, red) + 0.25 * call(photo, blue)
    assert (mixed - wanted).abs().mean() < 0.02


def test_masks_give_each_style_its_place(photo, tmp_path):
    from impasto.images import write

    left = torch.zeros(1, 3, 60, 80)
    left[..., :40] = 1
    for name, mask in (("left.png", left), ("right.png", 1 - left)):
        write(mask, tmp_path / name)
    red, blue = color(0.8, 0.2, 0.2), color(0.2, 0.2, 0.8)
    image = call(photo, red, blue, mask=(tmp_path / "left.png", tmp_path / "right.png"))
    assert (image[..., :30] - call(photo, red)[..., :30]).abs().max() < 0.02
    assert (image[..., 50:] - call(photo, blue)[..., 50:]).abs().max() < 0.02


def test_colors_can_be_kept(photo):
    kept = call(photo, color(0.9, 0.1, 0.1), keep_color=True)
    changed = call(photo, color(0.9, 0.1, 0.1))
    chroma = lambda x: (x - x.mean(1, keepdim=True)).mean((2, 3))  # noqa: E731
    assert (chroma(kept) - chroma(photo)).abs().max() < (chroma(changed) - chroma(photo)).abs().max() / 2


def test_color_only_takes_no_texture_and_works_for_a_style_without_pictures(photo):
    both = call(photo, color(0.9, 0.1, 0.1), color_only=True)
    assert both.shape == photo.shape
    assert (both - photo).abs().mean() > 0.01


def test_a_painter_with_its_style_inside_takes_none(photo):
    stylizer = OnePass(Fast(), Plain())
    assert (stylizer(photo).image - (1 - photo)).abs().mean() < 0.02  # enlarged and made small again
    with pytest.raises(InputError, match="give the photo alone"):
        stylizer(photo, color(0.1, 0.1, 0.1))
    half = OnePass(Fast(strength=50), Plain())(photo).image
    assert (half - photo).abs().mean() < (stylizer(photo).image - photo).abs().mean()


def test_no_style_is_refused(photo):
    with pytest.raises(InputError, match="no style was given"):
        call(photo)


def test_tiles_give_what_the_whole_gives():
    picture = torch.rand(1, 3, 150, 210)
    painter = Tinter()
    code, seen = torch.rand(1, 3), painter.look(picture, None)
    heard = []
    tiled = in_tiles(painter, picture, code, seen, 64, lambda *told: heard.append(told[:2]))
    assert torch.allclose(tiled, painter.paint(picture, code, seen), atol=1e-6)
    assert heard[-1][0] == heard[-1][1] == len(heard) > 4


def test_strokes_are_a_share_of_the_picture():
    for long_side in (100, 512, 3000):
        assert max(sizes((long_side // 2, long_side), Fast())[1]) == BASE_SIDE
    assert max(sizes((300, 600), Fast(stroke=2))[1]) == BASE_SIDE // 2


def test_a_call_tells_its_progress_and_leaves_a_recipe(photo):
    steps = []
    result = OnePass(Fast(seed=3), Tinter())(
        Picture(photo, name="p.png", sha256="1"), color(0.5, 0.5, 0.5), on_step=steps.append
    )
    assert steps[-1].step == steps[-1].steps
    assert steps[-1].picture().shape == photo.shape
    assert (result.recipe.method, result.recipe.photo.name) == ("fast", "p.png")
    assert result.recipe.options["seed"] == 3


@pytest.mark.parametrize("size", [None, 300])
def test_two_paintings_in_their_places_are_told_as_one_work(tmp_path, photo, size):
    from impasto.images import write

    for name in ("left", "right"):
        write(torch.rand(1, 3, 6, 8), tmp_path / f"{name}.png")
    config = Fast(mask=(tmp_path / "left.png", tmp_path / "right.png"), size=size, stroke=8, tile=64)
    told = []
    styles = [color(0.5, 0.5, 0.5), color(0.9, 0.1, 0.1)]
    OnePass(config, Tinter())(Picture(photo), styles, on_step=told.append)
    shares = [step.step / step.steps for step in told]
    assert shares == sorted(shares)
    assert [step.remaining == 0 for step in told] == [share == 1 for share in shares]
    assert shares[-1] == 1
    assert 0.5 in shares, "the first painting is half of the work"


def test_transparency_and_bits_travel_through(tmp_path, photo):
    from impasto.images import write

    write(photo, tmp_path / "in.png", alpha=torch.rand(1, 1, 60, 80))
    result = OnePass(Fast(), Tinter())(read(tmp_path / "in.png"), color(0.5, 0.5, 0.5))
    assert result.alpha.shape == (1, 1, 60, 80)


def test_a_plan_says_what_it_costs(photo):
    plan = OnePass(Fast(size=4000), Tinter()).plan(photo, color(0.5, 0.5, 0.5))
    assert plan.size == (3000, 4000)
    assert plan.tile is not None
    assert 0.5e9 < plan.peak_bytes < 2e9
    assert "computes   on cpu in bfloat16" in plan.describe(), "as its painter does"


def test_a_painter_is_made_anew_only_for_options_that_form_it(photo):
    made = []

    def tinting(config):
        made.append(config)
        return OnePass(config, Tinter(), made_by=tinting)

    method, style = tinting(Fast()), color(0.5, 0.5, 0.5)
    result = method(photo, style, strength=60, size=40, keep_color=True, tile=64, seed=0)
    assert (len(made), result.config) == (1, Fast(strength=60, size=40, keep_color=True, tile=64))
    assert method(photo, style, seed=7, strength=60).config == made[-1] == Fast(seed=7, strength=60)
    method(photo, style, device="cpu")
    assert len(made) == 3
    assert method.config == Fast()


def test_a_painter_that_was_given_is_not_said_to_be_another(photo):
    with pytest.raises(OptionError, match="seed cannot be changed in a call of a method that was given its painter"):
        OnePass(Fast(), Tinter())(photo, color(0.5, 0.5, 0.5), seed=7)


def test_a_seed_given_with_the_call_grows_other_strokes(photo):
    style = "great-wave"
    method = impasto.load("fast", stroke=8.0, device="cpu")
    called = method(photo, style, seed=7)
    assert torch.equal(called.image, impasto.load("fast", stroke=8.0, device="cpu", seed=7)(photo, style).image)
    assert not torch.equal(called.image, method(photo, style).image)
    assert called.recipe.options["seed"] == 7


def test_only_the_colors_of_a_style_without_paintings_are_taken_as_much_as_is_asked_for(photo):
    half, whole = (call(photo, Style("x", vector=torch.rand(1, 8)), color_only=True, strength=s) for s in (50, 100))
    assert torch.allclose(half, (photo + whole) / 2, atol=1e-5)


def test_a_style_may_be_a_vector_alone():
    style = Style("x", vector=torch.rand(1, 8))
    assert [one.name for one in style.ingredients] == ["x"]
    assert len(style.ingredients[0].sha256) == 64
