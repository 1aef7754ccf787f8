"""Maps of displacements: how they are read, carried and compared."""

from __future__ import annotations

import numpy as np

from impasto.engine.film.fields import brightness, carried, inside, larger, read_at, squared


def field(*size: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((*size, 2)).astype(np.float32)


def test_vectors_are_measured():
    vectors = field(5, 7)
    assert np.allclose(squared(vectors), (vectors**2).sum(-1), atol=1e-6)
    assert np.array_equal(larger(vectors), vectors.max(-1))


def test_brightness_is_the_mean_of_the_colors():
    picture = np.random.default_rng(1).random((6, 9, 3), np.float32)
    assert np.allclose(brightness(picture), picture.mean(-1), atol=1e-6)


def test_a_picture_is_carried_by_whole_pixels_and_its_edges_are_repeated():
    picture = np.arange(20, dtype=np.float32).reshape(4, 5)
    flow = np.zeros((4, 5, 2), np.float32)
    flow[..., 0], flow[..., 1] = 1, -2
    expected = picture[np.array([0, 0, 0, 1])][:, np.array([1, 2, 3, 4, 4])]
    assert np.array_equal(carried(picture, flow), expected)


def test_a_smaller_map_means_displacements_of_the_whole_picture():
    shift = np.full((4, 6, 2), (1.0, -0.5), np.float32)
    places = read_at(shift, (8, 18))
    columns, rows = np.arange(18) + 3.0, np.arange(8) - 1.0
    assert np.allclose(places[..., 0], columns)
    assert np.allclose(places[..., 1], rows[:, None])


def test_between_two_motions_there_is_no_third():
    shift = np.zeros((6, 8, 2), np.float32)
    shift[:, 4:] = 5.0
    places = read_at(shift, (12, 16))
    moved = (places[..., 0] - np.arange(16)) / 2
    assert set(np.unique(moved)) == {0.0, 5.0}


def test_places_beyond_the_edge_are_outside():
    places = np.array([[(0.0, 0.0), (4.0, 3.0), (4.1, 1.0), (2.0, -0.1)]], np.float32)
    assert inside(places, (4, 5)).tolist() == [[True, True, False, False]]
