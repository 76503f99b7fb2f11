"""The noise response of generators that hide information, and of honest ones."""

import numpy as np
import pytest

from viceversa.metrics.noise_response import coarse_map, noise_response

HIDDEN = 0.02  # amplitude of the copy of the input that the translation hides


@pytest.fixture
def a():
    return np.random.default_rng(0).uniform(-0.9, 0.9, (2, 3, 48, 40)).astype(np.float32)


def hiding(a):
    """Shows a plain colour, and the input in differences that nobody sees."""
    return np.full_like(a, 0.25) + np.float32(HIDDEN) * a


def read_hidden(y):
    return np.clip((y - np.float32(0.25)) / np.float32(HIDDEN), -1, 1)


def test_honest_generators_have_a_response_of_one(a):
    """Of the identity and of the negative the noise comes back as it is, but for what is clipped at the ends."""
    for back in (lambda y: y, lambda y: -y):
        assert noise_response(back, 0.5 * a).mean() == pytest.approx(1, abs=0.02)


def test_hidden_information_has_a_large_response(a):
    y = hiding(a)
    np.testing.assert_allclose(read_hidden(y), a, atol=1e-4)  # the cycle is perfect all the same
    assert noise_response(read_hidden, y).mean() > 8  # the most that its range allows: about 1 / 0.08
    assert noise_response(read_hidden, y, sigma=1e-4).mean() == pytest.approx(1 / HIDDEN, rel=0.05)


def test_response_shows_the_place_that_hides(a):
    def back(y):
        left, right = y[..., :20], y[..., 20:]
        return np.concatenate([left, read_hidden(right)], -1)

    y = np.concatenate([0.5 * a[..., :20], hiding(a)[..., 20:]], -1)
    response = noise_response(back, y)
    assert response.shape == (2, 48, 40)
    assert response[..., :20].mean() < 1.1 and response[..., 20:].mean() > 8


def test_response_does_not_depend_on_the_batch(a):
    together = noise_response(lambda y: y**3, a)
    np.testing.assert_array_equal(together[1], noise_response(lambda y: y**3, a[1:])[0])


def test_coarse_map_holds_means_of_cells():
    response = np.arange(4 * 6, dtype=np.float32).reshape(4, 6)
    np.testing.assert_array_equal(coarse_map(response, 2), [[3.5, 5.5, 7.5], [15.5, 17.5, 19.5]])
    assert coarse_map(response, 100).shape == (1, 1)  # one cell of what there is
