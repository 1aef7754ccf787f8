"""Textures whose edges fit: closed exactly, with masks and at other sizes, and refused where nobody can close them."""

import pytest
import torch

from impasto import engine
from impasto.engine.film import plan_film
from impasto.engine.huge import paint_file
from impasto.engine.inputs import Style, Work
from impasto.engine.wrapping import unwrapped, wrapped
from impasto.errors import OptionError
from impasto.images import Picture, samples, write


def periodic(height, width):
    """A texture that fits itself at all edges."""
    y, x = torch.meshgrid(torch.arange(height) / height, torch.arange(width) / width, indexing="ij")
    waves = [torch.sin(2 * torch.pi * (3 * x + k * y)) * torch.cos(2 * torch.pi * (2 * y - k * x)) for k in range(3)]
    return (0.5 + 0.4 * torch.stack(waves))[None]


def steps_at_the_edges(image):
    """How far neighbours across the edges are from each other, in units of neighbours elsewhere."""
    found = []
    for dimension in (-2, -1):
        inside = image.diff(dim=dimension).abs().mean()
        across = (image.select(dimension, 0) - image.select(dimension, -1)).abs().mean()
        found.append((across / inside).item())
    return found


@pytest.mark.parametrize("size", [(64, 96), (1, 40), (37, 53)])
def test_what_nobody_painted_comes_back(size):
    picture = periodic(*size)
    work = Work(photo=Picture(picture), styles=(), shares=(), protect=picture[:, :1])
    longer = wrapped(work, size)
    assert longer.protect.shape[2:] == longer.photo.size
    assert torch.allclose(unwrapped(longer.photo.pixels, size), picture, atol=1e-6)


def test_a_jump_between_the_edges_is_spread_over_the_overlap():
    ramp = torch.linspace(0, 1, 64).expand(1, 3, 8, 64)
    work = Work(photo=Picture(ramp), styles=(), shares=())
    painted = wrapped(work, (8, 64)).photo.pixels.clone()
    painted[..., 64:] = 1 + torch.arange(1, 9) / 63  # the ramp goes on, as if somebody had painted it so
    closed = unwrapped(painted, (8, 64))
    around = torch.cat([closed[0, 0, 0], closed[0, 0, 0, :1]])
    assert around.diff().abs().max() < 0.2


@pytest.mark.parametrize("options", [{}, {"size": 160}, {"keep_color": True}])
def test_the_fast_methods_textures_fit_themselves(options):
    photo, style = periodic(96, 128), "starry-night"
    plain = engine.stylize(photo, style, "fast", **options).image
    image = engine.stylize(photo, style, "fast", tileable=True, **options).image
    assert image.shape == plain.shape
    assert max(steps_at_the_edges(image)) < 1.6
    assert (image - plain)[..., 30:80, 30:100].abs().mean() < 0.05  # the same picture otherwise


def test_masks_are_continued_too(tmp_path):
    mask = tmp_path / "mask.png"
    write(torch.cat([torch.zeros(1, 3, 48, 32), torch.ones(1, 3, 48, 32)], 3), mask)
    photo = periodic(48, 64)
    image = engine.stylize(photo, "starry-night", "fast", tileable=True, mask=(mask,)).image
    assert torch.allclose(image[..., 12:24], photo[..., 12:24], atol=0.02)  # black: the photo stays


def test_what_cannot_close_a_texture_says_so(tmp_path):
    photo, style = periodic(32, 32), Style("drawn", (Picture(samples.brushwork((32, 32))),))
    with pytest.raises(OptionError, match="fast"):
        engine.stylize(photo, style, "optimize", tileable=True, size=32, steps=1)
    write(photo, tmp_path / "photo.png")
    with pytest.raises(OptionError, match="16 megapixels"):
        paint_file(engine.load("fast", tileable=True), tmp_path / "photo.png", style, tmp_path / "out.png")
    with pytest.raises(OptionError, match="films"):
        plan_film(tmp_path / "clip.gif", style, config="fast", tileable=True)
