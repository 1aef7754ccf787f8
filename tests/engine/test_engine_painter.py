"""Painting over an enlarged painting: broad forms stay its own, and tiles fit together."""

import pytest
import torch

from impasto.engine.painter import Repainter


class Adder:
    """Paints by adding a field that belongs to the whole picture."""

    margin, stride = 8, 8

    def __init__(self, field):
        self.field = field

    def paint(self, picture, _code, _seen, at=(0, 0)):
        height, width = picture.shape[-2:]
        return picture + self.field[..., at[0] : at[0] + height, at[1] : at[1] + width]


TIMES = pytest.mark.parametrize("times", [1.1, 2.1, 3, 12])


@TIMES
def test_what_is_added_broadly_is_taken_back(times):
    size = (90, 133)
    repainter = Repainter(Adder(torch.full((1, 3, *size), 0.2)), size, (round(90 / times), round(133 / times)))
    picture = torch.full((1, 3, *size), 0.5)
    assert (repainter.paint(picture, torch.zeros(1), None) - picture).abs().max() < 1e-5


@TIMES
def test_what_is_added_finely_stays(times):
    size = (96, 128)
    rows, columns = (torch.arange(side) % 2 for side in size)
    chessboard = (0.2 * (rows[:, None] + columns - 1.0).abs() - 0.1).expand(1, 3, *size)
    repainter = Repainter(Adder(chessboard), size, (round(96 / times), round(128 / times)))
    painted = repainter.paint(torch.full((1, 3, *size), 0.5), torch.zeros(1), None)
    inside = (painted - 0.5)[..., 16:-16, 16:-16]
    assert (inside - chessboard[..., 16:-16, 16:-16]).abs().max() < 0.03


@TIMES
def test_a_part_is_painted_as_in_the_whole(times):
    size = (200, 240)
    generator = torch.Generator().manual_seed(0)
    field = torch.randn((1, 3, *size), generator=generator) * 0.1
    picture = torch.rand((1, 3, *size), generator=generator) * 0.5 + 0.25
    repainter = Repainter(Adder(field), size, (round(200 / times), round(240 / times)))
    whole = repainter.paint(picture, torch.zeros(1), None)
    top, left, margin = 48, 64, -(-repainter.margin // 8) * 8
    part = repainter.paint(picture[..., top:, left:], torch.zeros(1), None, (top, left))
    assert (part[..., margin:, margin:] - whole[..., top + margin :, left + margin :]).abs().max() < 1e-5
