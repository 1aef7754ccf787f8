"""Between arrays (H, W, C) and tensors (1, C, H, W)."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from impasto.images.arrays import from_pillow, from_plane, to_plane

PLANES = st.one_of(
    *(arrays(kind, array_shapes(min_dims=3, max_dims=3, max_side=5)) for kind in (np.uint8, np.float32, np.float64))
)


@given(plane=PLANES)
def test_there_and_back_nothing_changes(plane):
    tensor = from_plane(plane)
    assert tensor.shape == (1, plane.shape[2], *plane.shape[:2])
    back = to_plane(tensor)
    assert back.dtype == plane.dtype
    assert np.array_equal(back, plane, equal_nan=plane.dtype != np.uint8)


def test_a_tensor_shares_nothing_with_its_array():
    plane = np.zeros((2, 3, 3), np.float32)
    tensor = from_plane(plane)
    plane += 1
    assert (tensor == 0).all()


def test_a_picture_of_pillow_has_three_channels_up_to_one():
    grey = Image.fromarray(np.array([[0, 51], [255, 102]], np.uint8))
    found = from_pillow(grey)
    assert torch.allclose(found, torch.tensor([[0, 0.2], [1, 0.4]]).expand(1, 3, 2, 2))
