"""A network's drawing is read from a real pass through it."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.errors import InputError
from impasto.evaluation import network_drawing
from impasto.evaluation.wiring import wiring
from impasto.models import embedded_encoder

SVG = "{http://www.w3.org/2000/svg}"


class Toy(nn.Module):
    """Down and up again, with a residual block below and a skip connection above."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.down = nn.Conv2d(4, 8, 3, stride=2, padding=1)
        self.inner = nn.Conv2d(8, 8, 3, padding=1)
        self.again = nn.Conv2d(8, 8, 3, padding=1)
        self.up = nn.ConvTranspose2d(8, 4, 2, stride=2)
        self.last = nn.Conv2d(8, 3, 1)

    def forward(self, picture: Tensor) -> Tensor:
        seen = F.relu(self.first(picture))
        x = F.relu(self.down(seen))
        x = x + self.again(F.relu_(self.inner(x)))
        joined: Tensor = self.last(torch.cat([self.up(x), seen], 1))
        return joined


def test_the_wiring_is_that_of_the_network() -> None:
    toy = Toy()
    stages = wiring(toy, toy)
    assert [stage.name for stage in stages] == ["first", "down", "inner", "again", "up", "last"]
    assert [stage.channels for stage in stages] == [4, 8, 8, 8, 4, 3]
    assert [stage.level for stage in stages] == [0, 1, 1, 1, 0, 0]
    assert [stage.sources for stage in stages] == [(), (0,), (1,), (2,), (1, 3), (0, 4)]


def test_the_encoder_is_a_plain_row(tiny_backbone: Path) -> None:
    encoder = embedded_encoder()
    stages = wiring(encoder, encoder)
    assert [stage.sources for stage in stages] == [(), *((number,) for number in range(len(stages) - 1))]
    assert [stage.level for stage in stages] == [0, 0, 1, 1, 2, 2, 3, 3, 3, 4]


def test_the_drawing_has_a_slab_for_each_convolution_and_a_curve_for_each_skip(tmp_path: Path) -> None:
    toy = Toy()
    path = tmp_path / "toy.svg"
    text = network_drawing(toy, toy, path, title="A toy & more")
    drawing = ET.fromstring(path.read_text(encoding="utf-8"))
    assert path.read_text(encoding="utf-8") == text
    assert len(drawing.findall(f"{SVG}rect")) == 1 + 6  # the paper, and the convolutions
    assert len(drawing.findall(f"{SVG}path")) == 2
    words = [element.text for element in drawing.findall(f"{SVG}text")]
    assert "A toy & more" in words
    assert {"first", "again", "full size", "1/2"} <= set(words)


def test_looking_leaves_the_network_as_it_was() -> None:
    toy = Toy().requires_grad_(requires_grad=False)
    wiring(toy, toy)
    assert not toy.first._forward_hooks
    assert all(one.grad is None for one in toy.parameters())


def test_what_has_no_convolution_is_refused() -> None:
    with pytest.raises(InputError, match="nothing to draw"):
        network_drawing(nn.Identity(), lambda picture: picture, title="nothing")
