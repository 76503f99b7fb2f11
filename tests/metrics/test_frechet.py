"""The Fréchet distance against closed forms, SciPy and the moments of batches."""

import math
import time

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from viceversa.metrics.frechet import Moments, frechet, frechet_from_moments, trace_of_root


def gaussian(n: int, d: int, seed: int, mean: float = 0.0, deviation: float = 1.0) -> np.ndarray:
    return mean + deviation * np.random.default_rng(seed).normal(size=(n, d))


def with_moments(n: int, mean: np.ndarray, covariance: np.ndarray, seed: int = 0) -> np.ndarray:
    """Samples whose mean and covariance (N - 1) are these to rounding."""
    x = np.random.default_rng(seed).normal(size=(n, len(mean)))
    x -= x.mean(0)
    white = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T))).T
    return white @ np.linalg.cholesky(covariance).T + mean


def test_distance_of_known_gaussians():
    """8 for N(0, I) and N(1, 4 I) in four dimensions; in two dimensions a closed form by the determinant."""
    four = frechet(with_moments(50, np.zeros(4), np.eye(4)), with_moments(60, np.ones(4), 4 * np.eye(4), 1))
    assert four == pytest.approx(8, rel=1e-9)
    a, b = np.array([[2, 0.5], [0.5, 1]]), np.array([[1, -0.3], [-0.3, 3]])
    expected = 5 + np.trace(a) + np.trace(b) - 2 * math.sqrt(np.trace(a @ b) + 2 * math.sqrt(np.linalg.det(a @ b)))
    assert expected == pytest.approx(5.929312, abs=1e-6)
    two = frechet(with_moments(40, np.zeros(2), a), with_moments(40, np.array([1, 2]), b, 1))
    assert two == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("n", [5, 12, 300])
def test_distance_is_symmetric_and_scales_with_the_square(n):
    """For fewer samples than dimensions too; 0 for equal sets."""
    a, b = gaussian(n, 16, 0), gaussian(n + 3, 16, 1, 0.5, 2.0)
    assert frechet(a, a) <= 1e-6
    assert frechet(a, b) == pytest.approx(frechet(b, a), rel=1e-9)
    assert frechet(3 * a, 3 * b) == pytest.approx(9 * frechet(a, b), rel=1e-6)


def test_few_samples_give_the_distance_of_their_covariances():
    """By inner products and by the matrix root of singular covariances."""
    a, b = gaussian(20, 40, 0), gaussian(25, 40, 1, 0.3)
    by_moments = frechet_from_moments(Moments(40).add(a), Moments(40).add(b))
    assert frechet(a, b) == pytest.approx(by_moments, rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.floats(-1e4, 1e4), st.integers(0, 99))
def test_moments_do_not_depend_on_the_batches(sizes, shift, seed):
    x = gaussian(sum(sizes) + 2, 5, seed, shift)
    batches, first = [x[:2]], 2
    for size in sizes:
        batches.append(x[first : first + size])
        first += size
    streamed, reverse = Moments(5), Moments(5)
    for batch in batches:
        streamed.add(batch)
    for batch in reversed(batches):
        reverse.add(batch)
    for moments in (streamed, reverse):
        assert moments.count == len(x)
        np.testing.assert_allclose(moments.mean, x.mean(0), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(moments.covariance, np.cov(x.T), rtol=1e-6, atol=1e-9)


def test_small_sets_have_the_expected_bias():
    """About 2d/N + d^2/(2N) for N = M samples of equal distributions: why counts are shown with every distance."""
    d, n = 16, 400
    mean = np.mean([frechet(gaussian(n, d, 2 * i), gaussian(n, d, 2 * i + 1)) for i in range(12)])
    assert mean == pytest.approx(2 * d / n + d**2 / (2 * n), rel=0.2)


def test_order_of_samples_does_not_matter():
    a, b = gaussian(80, 6, 0), gaussian(70, 6, 1, 0.4)
    permutation = np.random.default_rng(0).permutation(len(a))
    assert frechet(a[permutation], b) == pytest.approx(frechet(a, b), abs=1e-9)


@pytest.mark.long
def test_eigenvalues_are_five_times_faster_than_the_matrix_root():
    """tr (C1 C2)^(1/2) in 2048 dimensions against SciPy's square root of the product; equal to 1e-6."""
    d = 2048
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(d, d)) / math.sqrt(d)
    c1, c2 = (np.cov((rng.normal(size=(3000, d)) @ (mixed + shift * np.eye(d))).T) for shift in (0.5, 1.0))
    start = time.perf_counter()
    ours = trace_of_root(c1, c2)
    middle = time.perf_counter()
    theirs = np.trace(scipy.linalg.sqrtm(c1 @ c2).real)
    end = time.perf_counter()
    assert ours == pytest.approx(theirs, rel=1e-6)
    assert (end - middle) / (middle - start) >= 5
