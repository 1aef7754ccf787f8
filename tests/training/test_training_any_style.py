"""Training the fast network: targets, batches, terms, and a few steps of the real thing."""

import dataclasses
import math
import random
import shutil

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from teacher_files import distilled, vgg

from impasto.config import AnyTraining
from impasto.engine.vectors import style_vector
from impasto.errors import InputError, OptionError
from impasto.images import samples, write
from impasto.losses import moments
from impasto.models.fast import CODE_LAYERS, CODE_LENGTH, embedded_fast
from impasto.training.any_patterns import lattice, weave
from impasto.training.any_source import Source, grain_under_moved
from impasto.training.any_style import MODEL, any_style_lesson, train_any
from impasto.training.any_terms import Terms, sliced_distance
from impasto.training.pictures import is_kept_out
from impasto.training.teachers import judge_of


class Painting:
    """Stands in for the network: paints photos by a function of theirs alone."""

    def __init__(self, paint):
        self.paint = paint

    def modulation(self, code):
        return {"style": code}

    def __call__(self, photo, modulation, noise):
        return self.paint(photo).requires_grad_()


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Photos and paintings, of which some are kept out by their names."""
    root = tmp_path_factory.mktemp("pictures")
    rng = random.Random(0)
    for kind, draw in (("photos", samples.harbour), ("paintings", samples.brushwork)):
        (root / kind).mkdir()
        wanted = {True: 2, False: 3}
        for number in range(200):
            path = root / kind / f"{kind}{number}.png"
            if wanted[is_kept_out(path)]:
                wanted[is_kept_out(path)] -= 1
                picture = draw((96, 80 + 8 * rng.randrange(4)))
                write((picture * rng.uniform(0.5, 1)).clamp(0, 1), path)
    return root


@pytest.fixture
def config(folders):
    return AnyTraining(
        photos=folders / "photos", paintings=folders / "paintings", steps=2, batch=2, crop=96, style_side=96,
        validate_every=2, reuse=1, device="cpu",
    )  # fmt: skip


@pytest.fixture
def lesson(config, tmp_path):
    return any_style_lesson(config, tmp_path, lambda _done, _all: None)


def test_a_batch_is_always_the_same(lesson):
    one, again, other = lesson.batch(3), lesson.batch(3), lesson.batch(4)
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not torch.equal(one["photo"], other["photo"])


def test_every_strength_is_asked_for(lesson):
    asked = torch.cat([lesson.batch(number)["strength"] for number in range(60)])
    assert (asked == 1).float().mean() > 0.6
    assert (asked == 0).any()
    assert ((asked > 0) & (asked < 1)).any()


def test_the_terms_are_finite_and_reach_every_weight(lesson):
    terms = lesson.terms(lesson.network, lesson.batch(0))
    sum(terms.values()).backward()
    assert all(torch.isfinite(term) for term in terms.values())
    learning = [value for value in lesson.network.parameters() if value.requires_grad]
    assert all(value.grad is not None and torch.isfinite(value.grad).all() for value in learning)


def test_a_photo_given_back_when_no_style_is_asked_for_costs_nothing_but_content(lesson):
    batch = lesson.batch(0) | {"strength": torch.zeros(2)}
    terms = lesson.terms(Painting(torch.clone), batch)
    assert terms["identity"] == 0
    assert terms["content"] < 1e-3
    assert terms["style"] < 0.05


def test_a_photo_that_moved_shows_the_same_things_elsewhere(lesson):
    batch = lesson.batch(3)
    down, right = batch["motion"].tolist()
    assert (down, right) != (0, 0)
    middle = (..., slice(8, -8), slice(8, -8))
    carried = batch["photo"][:1].roll((-down, -right), (2, 3))
    assert (carried - batch["moved"])[middle].abs().mean() < 0.02  # what a camera adds
    assert (batch["photo"][:1] - batch["moved"])[middle].abs().mean() > 0.02


@pytest.mark.parametrize("motion", [(0, 0), (-4, 0), (3, -2)])
def test_grain_goes_with_the_photo(motion):
    """A ramp is read exactly between its points; fine noise takes whole cells."""
    rows = torch.arange(12.0).view(1, 1, -1, 1).expand(1, 2, 12, 12)
    found = grain_under_moved(rows, 10, motion)
    assert torch.allclose(found[:, 1, :, 0], torch.arange(10.0)[None] + 1 + motion[0] / 4)
    assert torch.equal(found[:, 0, :, 0], torch.arange(10.0)[None] + 1 + round(motion[0] / 4))


def test_strokes_that_go_along_are_steady_and_a_pattern_on_the_glass_is_not(lesson):
    glass = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    batch = lesson.batch(3)
    along, staying = (
        lesson.terms(Painting(paint), batch)["steadiness"].item()
        for paint in (torch.clone, lambda photo: photo + glass)
    )
    assert along < 0.02
    assert staying == pytest.approx(1 / 3, abs=0.05)  # the mean distance of two uniform numbers


def test_steadiness_that_does_not_count_is_not_painted(config, tmp_path):
    lesson = any_style_lesson(dataclasses.replace(config, steadiness_weight=0), tmp_path, lambda _done, _all: None)
    assert "moved" not in lesson.batch(0)
    assert lesson.terms(lesson.network, lesson.batch(0))["steadiness"] == 0


def test_batches_in_a_row_show_the_same_photos_in_other_styles(config, tmp_path):
    lesson = any_style_lesson(dataclasses.replace(config, reuse=2), tmp_path, lambda _done, _all: None)
    first, second, third = (lesson.batch(number) for number in range(3))
    assert torch.equal(first["photo"], second["photo"])
    assert not torch.equal(first["grain"], second["grain"])
    assert not torch.equal(second["photo"], third["photo"])


def test_photos_are_described_once_however_often_they_come(config, tmp_path):
    class Counting(torch.nn.Module):
        seen = 0

        def forward(self, image):
            self.seen += not image.requires_grad
            return {layer: F.avg_pool2d(image, 4) for layer in CODE_LAYERS}

    judge = Counting()
    lesson = any_style_lesson(dataclasses.replace(config, reuse=2), tmp_path, lambda _done, _all: None)
    terms = Terms(judge, lesson.helpers[0], config)
    for number in range(3):
        flat = {f"{layer}.{name}": value for layer in CODE_LAYERS for name, value in statistics_of_colors().items()}
        terms(lesson.network, lesson.batch(number) | flat)
    assert judge.seen == 2


def statistics_of_colors():
    found = moments(torch.rand(2, 3, 8, 8))
    return {"mean": found.mean, "second": found.second}


def test_a_published_judge_that_sees_too_little_is_refused(config, tmp_path):
    lone = tmp_path / "distilled.safetensors"
    save_file(distilled(), lone)
    with pytest.raises(OptionError, match="no teacher shows relu1_1"):
        any_style_lesson(dataclasses.replace(config, teacher=(lone,)), tmp_path, lambda _done, _all: None)


def test_published_judges_may_judge_together(config, tmp_path):
    weights = {"vgg": vgg(), "distilled": distilled()}
    for name, tensors in weights.items():
        save_file(tensors, tmp_path / f"{name}.safetensors")
    judges = tuple(tmp_path / f"{name}.safetensors" for name in weights)
    lesson = any_style_lesson(dataclasses.replace(config, teacher=judges), tmp_path, lambda _done, _all: None)
    batch = lesson.batch(0)
    assert batch["relu4_1.mean"].shape == (2, 512)  # VGG-19's width
    assert batch["code"].shape == (2, CODE_LENGTH)  # still the encoder's
    assert torch.isfinite(sum(lesson.terms(lesson.network, batch).values()))


def test_the_distance_of_styles_is_0_for_the_same_and_symmetric():
    one, other = (moments(torch.rand(1, 6, 20, 20) * scale) for scale in (1, 3))
    torch.manual_seed(0)
    assert sliced_distance(one, one).item() < 1e-6
    torch.manual_seed(1)
    there = sliced_distance(one, other).item()
    torch.manual_seed(1)
    assert there == pytest.approx(sliced_distance(other, one).item(), rel=1e-5)
    assert there > 0.1


def test_a_lattice_is_found_and_a_ramp_is_none():
    ramp = torch.linspace(0, 1, 64).expand(1, 3, 64, 64)
    grid = torch.rand(1, 3, 8, 8).repeat(1, 1, 8, 8)
    assert lattice(ramp, 8) < 0.01
    assert lattice(grid, 8) > 0.1


def stripes(angle: float, period: float = 5.3) -> torch.Tensor:
    rows, columns = torch.meshgrid(torch.arange(96.0), torch.arange(96.0), indexing="ij")
    phase = rows * math.sin(math.radians(angle)) + columns * math.cos(math.radians(angle))
    return (0.5 + 0.1 * torch.sin(2 * math.pi * phase / period)).expand(1, 3, -1, -1)


@pytest.mark.parametrize("angle", [0, 90])
def test_stripes_along_the_axes_are_a_weave_and_aslant_they_are_none(angle):
    plain = torch.full((1, 3, 96, 96), 0.5)
    assert weave(stripes(angle), plain) > 0.001
    assert weave(stripes(45), plain) < 1e-5
    assert weave(stripes(angle, period=32), plain) < 0.1 * weave(stripes(angle), plain)  # broad strokes may be straight


def test_stripes_of_the_photo_are_no_weave():
    photo = 0.5 + 0.1 * (stripes(90) - 0.5)  # plain enough to be looked at
    assert weave(photo, photo) < 1e-5
    assert weave(stripes(90), photo) > 0.001


def test_a_weave_is_looked_for_where_the_photo_is_plain():
    noise = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    assert weave(stripes(90), noise) < 0.2 * weave(stripes(90), torch.full_like(noise, 0.5))


def test_a_lattice_counts_at_the_size_that_is_painted(config, tmp_path):
    """Shown smaller by half, eight painted pixels are no whole number any more."""
    config = dataclasses.replace(config, crop=96, finer=1.5)
    lesson = any_style_lesson(config, tmp_path, lambda _done, _all: None)
    tile = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0)) - 0.5
    repeating = Painting(lambda photo: photo + 0.2 * tile.repeat(1, 1, 12, 12))
    with_it, without = (
        lesson.terms(network, lesson.batch(0))["lattice"].item() for network in (repeating, Painting(torch.clone))
    )
    assert with_it - without > 0.9 * 0.2 * 12**-0.5  # nearly the deviation of uniform noise: all of it is found


def test_vectors_of_a_mixture_are_the_mean_of_vectors():
    pieces = [torch.rand(1, 4, 8, 8), torch.rand(1, 4, 8, 8) * 2]
    from impasto.losses import mix

    layers = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
    each = [dict.fromkeys(layers, moments(piece)) for piece in pieces]
    both = dict.fromkeys(layers, mix([moments(piece) for piece in pieces], [1, 3]))
    wanted = 0.25 * style_vector(each[0]) + 0.75 * style_vector(each[1])
    assert torch.allclose(style_vector(both), wanted, atol=1e-5)


@pytest.mark.parametrize(("kept_out", "vectors"), [(False, 3 * 3), (True, 2)])
def test_altered_copies_are_learnt_beside_the_paintings_and_none_is_judged_by(config, kept_out, vectors):
    encoder = judge_of((), CODE_LAYERS, torch.float32)
    config = dataclasses.replace(config, variants=2)
    source = Source.of(config, encoder, encoder, lambda _done, _all: None, kept_out=kept_out)
    assert len(source.targets.codes.unique(dim=0)) == vectors
    assert source.targets.layers["relu3_1"].mean.shape[0] == vectors


def test_photos_told_anew_are_learnt_and_none_is_judged_by(config):
    encoder = judge_of((), CODE_LAYERS, torch.float32)
    config = dataclasses.replace(config, variants=1, retold=2)
    learnt, kept_out = (
        Source.of(config, encoder, encoder, lambda _done, _all: None, kept_out=out) for out in (False, True)
    )
    assert (learnt.targets.retold, len(learnt.targets.codes), len(learnt.targets.paths)) == (2, 3 * 2 + 2, 3)
    assert (kept_out.targets.retold, len(kept_out.targets.codes)) == (0, 2)
    batches = [learnt.batch(number) for number in range(200)]
    share = torch.cat([batch["may_weave"] for batch in batches]).float().mean()
    assert 0.12 < share < 0.32  # a fifth, and some mixtures


def test_straight_lines_are_no_fault_where_they_were_asked_for(config, tmp_path):
    lesson = any_style_lesson(config, tmp_path, lambda _done, _all: None)
    batch = lesson.batch(0) | {"photo": torch.full((config.batch, 3, 96, 96), 0.5)}
    woven = Painting(lambda photo: photo + stripes(90)[:1] - 0.5)
    asked, not_asked = (
        lesson.terms(woven, batch | {"may_weave": torch.full((config.batch,), allowed)})["weave"].item()
        for allowed in (True, False)
    )
    assert asked == 0
    assert not_asked > 0.01


@pytest.mark.parametrize("side", [160, 480])
def test_photos_are_practised_on_as_large_as_they_are_painted(config, tmp_path, side):
    """However many pixels a photo has, a crop shows as much of it as of the picture that will be painted."""
    photos = tmp_path / "photos"
    photos.mkdir()
    ramp = torch.linspace(0, 1, side).expand(1, 3, side, side)
    for number in range(40):  # some of these names are kept out
        write(ramp, photos / f"{number}.png")
    lesson = any_style_lesson(dataclasses.replace(config, photos=photos), tmp_path, lambda _done, _all: None)
    shown = torch.cat([lesson.batch(number)["photo"] for number in range(12)])
    spans = shown.amax((1, 2, 3)) - shown.amin((1, 2, 3))
    assert spans.median().item() == pytest.approx(config.crop / (config.style_side * config.finer), abs=0.12)


def test_a_crop_off_the_grid_is_refused(config, tmp_path):
    with pytest.raises(OptionError, match="multiples of 8"):
        train_any(dataclasses.replace(config, crop=100), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.fixture
def copied(config, folders, tmp_path):
    """The same folders, for tests that damage something in them."""
    return dataclasses.replace(
        config, **{kind: shutil.copytree(folders / kind, tmp_path / kind) for kind in ("photos", "paintings")}
    )


def damage(folder, count):
    learnt = [path for path in sorted(folder.iterdir()) if not is_kept_out(path)]
    for path in learnt[:count]:
        path.write_bytes(b"damaged")


def test_a_damaged_photo_is_passed_over_and_changes_no_other_crop(lesson, copied, tmp_path, caplog):
    damage(copied.photos, 1)
    passed_over = any_style_lesson(copied, tmp_path, lambda _done, _all: None)
    both = [(lesson.batch(number)["photo"][0], passed_over.batch(number)["photo"][0]) for number in range(20)]
    assert "passed over" in caplog.text
    assert 4 < sum(torch.equal(*photos) for photos in both) < 20


def test_a_damaged_painting_is_passed_over(copied, tmp_path, caplog):
    told = []
    damage(copied.paintings, 1)
    lesson = any_style_lesson(copied, tmp_path, lambda done, count: told.append((done, count)))
    assert "passed over" in caplog.text
    assert told == [(1, 3), (2, 3), (3, 3), (1, 2), (2, 2)]
    assert len({tuple(lesson.batch(number)["code"][0].tolist()) for number in range(12)}) >= 2
    assert lesson.sheet(lesson.network).shape == (1, 3, 3 * 96, 5 * 96)


def test_nothing_but_damaged_paintings_is_refused(copied, tmp_path):
    damage(copied.paintings, 3)
    with pytest.raises(InputError, match="none of the 3 paintings can be read"):
        any_style_lesson(copied, tmp_path, lambda _done, _all: None)


def test_two_steps_write_a_network_that_loads(config, tmp_path):
    pytest.importorskip("lightning")
    told = []
    fitted = train_any(config, tmp_path / "run", on_described=lambda done, count: told.append((done, count)))
    assert fitted.step == 2
    assert told[-1][0] == told[-1][1]
    network = embedded_fast(weights=tmp_path / "run" / MODEL)
    assert network.modulation(torch.rand(1, CODE_LENGTH))["entrance"].shape[1] == 2
