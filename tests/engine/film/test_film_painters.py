"""How methods paint films: what they remember from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from impasto.config import Fast, Optimize, Trained
from impasto.engine.film.grain import MovingGrain
from impasto.engine.film.motion import Motion
from impasto.engine.film.painters import LOOK_IN_PASSING_EVERY, film_painter
from impasto.engine.inputs import Style
from impasto.engine.onepass import OnePass
from impasto.engine.trained import TrainedPainter
from impasto.images import Picture, read
from impasto.models.fast_style import FastStyle
from impasto.models.style_network import StyleNetwork
from impasto.models.trained import save_model
from impasto.models.unet import UNet

SIZE = (64, 96)


def motion(x: float = 0.0, y: float = 0.0, *, is_cut: bool = False) -> Motion:
    """Return a motion of the whole picture: where each pixel was before."""
    flow = np.broadcast_to(np.float32([x, y]), (*SIZE, 2)).copy()
    everywhere = np.ones(SIZE, np.float32)
    return Motion(flow, everywhere, everywhere, 0.0, is_cut)


@pytest.fixture
def style(ink: Any) -> Style:
    return Style("ink", (Picture(ink),))


def picture(shade: float = 0.5) -> Picture:
    ramp = torch.linspace(0, 1, SIZE[1]).expand(1, 3, *SIZE)
    return Picture((0.5 * ramp + 0.5 * shade).contiguous())


def test_statistics_are_looked_at_now_and_then_and_follow_slowly(painter: Any, style: Style):
    painter.trouble = 0.0
    film = film_painter(OnePass(Fast(device="cpu"), painter, base=SIZE[1]), [style])
    first = film.paint(picture(0.2), motion(is_cut=True))
    for _ in range(LOOK_IN_PASSING_EVERY - 1):
        still = film.paint(picture(0.2), motion())
    assert painter.looks == 1
    assert torch.equal(still, first)
    brighter = [film.paint(picture(0.6), motion()) for _ in range(LOOK_IN_PASSING_EVERY + 1)]
    assert painter.looks == 3, "while it was painting"
    alone = OnePass(Fast(device="cpu"), painter, base=SIZE[1])(picture(0.6), style).image
    gaps = [(painted - alone).abs().mean().item() for painted in brighter]
    assert gaps[0] > 0.02, "it does not jump to what it sees"
    assert gaps[-1] < gaps[0], "but goes there"
    after_a_cut = film.paint(picture(0.6), motion(is_cut=True))
    assert torch.allclose(after_a_cut, alone, atol=1e-5)


def test_noise_travels_with_the_motion(painter: Any, style: Style):
    film = film_painter(OnePass(Fast(device="cpu"), painter, base=SIZE[1]), [style])
    flat = Picture(torch.full((1, 3, *SIZE), 0.5))
    first = film.paint(flat, motion(is_cut=True))
    moved = film.paint(flat, motion(8, 4))  # what is seen now was eight pixels to the right: a move to the left
    assert first.std() > 0.02
    assert torch.allclose(moved[..., 4:-12, 4:-12], first[..., 8:-8, 12:-4], atol=1e-4)
    assert not torch.allclose(moved, first, atol=1e-2)


def test_tiles_as_large_as_the_whole_small_picture_get_their_own_part_of_the_noise(painter: Any, style: Style):
    given: list[tuple[Any, ...]] = []
    paint = painter.paint

    def noting(part: Any, code: Any, seen: Any, at: Any = (0, 0), *, noise: Any, reading: Any = None) -> Any:
        given.append((tuple(part.shape[-2:]), at, noise))
        return paint(part, code, seen, at, noise=noise, reading=reading)

    painter.paint = noting
    film, grain = film_painter(OnePass(Fast(device="cpu", tile=64), painter, base=64), [style]), MovingGrain()
    apart = motion()
    apart.flow[:, 48:, 0] = 8
    for moved in (motion(is_cut=True), apart):
        given.clear()
        film.paint(Picture(torch.full((1, 3, 128, 128), 0.5)), moved)
        grain.follow(moved)
    whole, *tiles = given
    assert whole[:2] == ((64, 64), (0, 0))
    assert [tile[:2] for tile in tiles if tile[0] == (64, 64)], "else this proves nothing"
    for part, at, noise in tiles:
        assert torch.equal(noise, grain.field(painter.grain, part, at, (128, 128)))


@pytest.mark.parametrize("kind", [StyleNetwork, FastStyle])
def test_the_noise_of_a_model_in_a_file_travels_too(kind: Any, tmp_path: Path):
    torch.manual_seed(0)
    network = kind()
    for name, value in network.named_parameters():
        if "grain" in name:
            value.data.normal_()
    save_model(tmp_path / "m.safetensors", network, kind.kind, network.config, {"source": "a test", "licence": "none"})
    painter = TrainedPainter(tmp_path / "m.safetensors", device="cpu")
    film = film_painter(OnePass(Trained(model=tmp_path / "m.safetensors"), painter, base=SIZE[1]), [])
    flat = Picture(torch.full((1, 3, *SIZE), 0.5))
    first = film.paint(flat, motion(is_cut=True))
    assert torch.allclose(film.paint(flat, motion()), first, atol=1e-3)
    moved = film.paint(flat, motion(8, 8))
    still, carried = (moved - first).abs(), (moved[..., :-16, :-16] - first[..., 8:-8, 8:-8]).abs()
    assert carried[..., 16:-16, 16:-16].mean() < 0.7 * still.mean()


def test_a_u_net_has_no_noise_to_move(tmp_path: Path):
    network = UNet()
    save_model(tmp_path / "m.safetensors", network, "unet", {}, {"source": "a test", "licence": "none"})
    assert not TrainedPainter(tmp_path / "m.safetensors", device="cpu").has_grain


def test_a_painter_without_noise_and_statistics_works(style: Style):
    class Plain:
        name, needs_style, margin, stride = "plain", True, 0, 1
        device, precision = torch.device("cpu"), torch.float32

        def weights(self) -> list[Any]:
            return []

        def code(self, style: Style) -> torch.Tensor:
            return torch.zeros(1, 1)

        def look(self, picture: Any, code: Any) -> dict[str, Any]:
            return {}

        def paint(self, picture: Any, code: Any, seen: Any, at: Any = (0, 0)) -> torch.Tensor:
            return 1 - picture

    film = film_painter(OnePass(Fast(device="cpu"), Plain(), base=SIZE[1]), [style])
    assert torch.allclose(film.paint(picture(), motion(3)), 1 - picture().pixels)
    assert film.state()["frames"] == 1


def test_less_strength_leans_to_what_the_film_shows_without_jumps(painter: Any, style: Style):
    config = Fast(device="cpu", strength=50)
    film = film_painter(OnePass(config, painter, base=SIZE[1]), [style])
    film.paint(picture(0.1), motion(is_cut=True))
    jump = film.paint(picture(0.9), motion())
    alone = OnePass(config, painter, base=SIZE[1])(picture(0.9), style).image
    assert (jump - alone).abs().mean() > 0.01


def test_two_styles_recolored_like_the_frame_stay_two(painter: Any, style: Style):
    """Each is another picture in every frame, and none of them the film's own."""
    painter.trouble = 0.0
    config = Fast(device="cpu", keep_color=True, color_match="covariance")
    styles = [style, Style("dark", (Picture(style.pictures[0].pixels * 0.3),))]
    film = film_painter(OnePass(config, painter, base=SIZE[1]), styles)
    first = film.paint(picture(0.2), motion(is_cut=True))
    alone = OnePass(config, painter, base=SIZE[1])(picture(0.2), styles).image
    assert torch.allclose(first, alone, atol=1e-5)
    film.paint(picture(0.2), motion())
    assert len([name for name in film.state() if name.startswith("own_code")]) == 2


def test_what_a_painter_remembers_can_be_kept(painter: Any, style: Style):
    def new() -> Any:
        return film_painter(OnePass(Fast(device="cpu", strength=70), painter, base=SIZE[1]), [style])

    one, other = new(), new()
    one.paint(picture(0.2), motion(is_cut=True))
    one.paint(picture(0.4), motion(2, 1))
    other.restore(one.state())
    assert torch.equal(one.paint(picture(0.5), motion(1)), other.paint(picture(0.5), motion(1)))


@dataclass
class Recording:
    """Stands in for painting by optimisation: keeps what each frame began with."""

    config: Optimize = field(default_factory=Optimize)
    begun_with: list[Any] = field(default_factory=list)

    def __call__(self, content: Picture, style: Any, **changes: Any) -> Any:
        self.begun_with.append(read(changes["init"]).pixels if changes else None)

        @dataclass
        class Painted:
            image: torch.Tensor
            stopped: str = "finished"

        return Painted(1 - content.pixels)


def test_optimisation_begins_with_the_former_result_where_it_went(style: Style):
    method = Recording()
    film = film_painter(method, [style])  # type: ignore[arg-type]
    ramp = np.broadcast_to(np.linspace(0, 1, SIZE[1], dtype=np.float32)[:, None], (*SIZE, 3)).copy()
    film.paint(picture(), motion(is_cut=True))
    film.show(ramp)
    film.paint(picture(), motion(5))
    film.show(ramp)
    film.paint(picture(), motion(is_cut=True))
    first, second, third = method.begun_with
    assert first is None
    assert third is None
    assert torch.allclose(second[0, 0, 10, :80], torch.from_numpy(ramp[10, 5:85, 0]), atol=1e-3)


def test_the_field_of_noise_is_endless_and_settles(painter: Any):
    grain = MovingGrain()
    grain.follow(motion(is_cut=True))
    assert torch.equal(grain.field(painter.grain, SIZE, (0, 0), SIZE), painter.grain(SIZE))
    for _ in range(60):
        grain.follow(motion(-16.0))  # far beyond the picture's edge
    far = grain.field(painter.grain, SIZE, (0, 0), SIZE)
    assert torch.equal(far, painter.grain(SIZE, (0, -16 * 60)))
    half = motion()
    half.flow[:, 48:, 0] = 2
    for _ in range(10):
        grain.follow(half)
    apart = np.ptp(grain.shift[..., 0])
    for _ in range(100):
        grain.follow(motion())
    assert np.ptp(grain.shift[..., 0]) < 0.2 * apart


def test_tiles_get_their_part_of_the_field(painter: Any):
    grain = MovingGrain()
    grain.follow(motion(is_cut=True))
    grain.follow(motion(8.0, -4.0))
    whole = grain.field(painter.grain, SIZE, (0, 0), SIZE)
    part = grain.field(painter.grain, (32, 40), (32, 48), SIZE)
    assert torch.equal(part, whole[..., 8:16, 12:22])
