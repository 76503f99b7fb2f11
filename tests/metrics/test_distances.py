"""Fréchet distance, KID and neighbours against closed forms, and against torchmetrics on the same features."""

import math
import time
import warnings

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from viceversa.metrics.coverage import coverage, prdc, precision
from viceversa.metrics.features import subsample
from viceversa.metrics.frechet import Moments, frechet, frechet_from_moments, trace_of_root
from viceversa.metrics.kid import kernel, kid


def gaussian(n: int, d: int, seed: int, mean: float = 0.0, deviation: float = 1.0) -> np.ndarray:
    return mean + deviation * np.random.default_rng(seed).normal(size=(n, d))


def exact(n: int, mean: np.ndarray, covariance: np.ndarray, seed: int = 0) -> np.ndarray:
    """Samples whose mean and covariance (N - 1) are these to rounding."""
    x = np.random.default_rng(seed).normal(size=(n, len(mean)))
    x -= x.mean(0)
    white = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T))).T
    return white @ np.linalg.cholesky(covariance).T + mean


def test_frechet_of_known_gaussians():
    """science: N(0, I) to N(1, 4 I) in four dimensions is 8; the 2 x 2 case has a closed form by the determinant."""
    four = frechet(exact(50, np.zeros(4), np.eye(4)), exact(60, np.ones(4), 4 * np.eye(4), 1))
    assert four == pytest.approx(8, rel=1e-9)
    a, b = np.array([[2, 0.5], [0.5, 1]]), np.array([[1, -0.3], [-0.3, 3]])
    expected = 5 + np.trace(a) + np.trace(b) - 2 * math.sqrt(np.trace(a @ b) + 2 * math.sqrt(np.linalg.det(a @ b)))
    assert expected == pytest.approx(5.929312, abs=1e-6)
    assert frechet(exact(40, np.zeros(2), a), exact(40, np.array([1, 2]), b, 1)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("n", [5, 12, 300])
def test_frechet_is_a_squared_distance(n):
    """Zero for equal sets, symmetric, and scaled by s it is s^2 as large; for fewer samples than features too."""
    a, b = gaussian(n, 16, 0), gaussian(n + 3, 16, 1, 0.5, 2.0)
    assert frechet(a, a) <= 1e-6
    assert frechet(a, b) == pytest.approx(frechet(b, a), rel=1e-9)
    assert frechet(3 * a, 3 * b) == pytest.approx(9 * frechet(a, b), rel=1e-6)


def test_few_samples_give_what_the_covariances_give():
    """The way over the inner products against the definition by a matrix square root, where C1 and C2 are singular."""
    a, b = gaussian(20, 40, 0), gaussian(25, 40, 1, 0.3)
    by_moments = frechet_from_moments(Moments(40).add(a), Moments(40).add(b))
    assert frechet(a, b) == pytest.approx(by_moments, rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.floats(-1e4, 1e4), st.integers(0, 99))
def test_moments_do_not_depend_on_the_batches(sizes, shift, seed):
    x = gaussian(sum(sizes) + 2, 5, seed, shift)
    parts, first = [x[:2]], 2
    for size in sizes:
        parts.append(x[first : first + size])
        first += size
    streamed, reverse = Moments(5), Moments(5)
    for part in parts:
        streamed.add(part)
    for part in reversed(parts):
        reverse.add(part)
    for found in (streamed, reverse):
        assert found.count == len(x)
        np.testing.assert_allclose(found.mean, x.mean(0), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(found.covariance, np.cov(x.T), rtol=1e-6, atol=1e-9)


def test_the_bias_of_small_sets_is_the_one_to_expect():
    """About 2d/N + d^2/(2N) at N = M for equal laws (science.md 5.1): why counts stand beside every distance."""
    d, n = 16, 400
    found = np.mean([frechet(gaussian(n, d, 2 * i), gaussian(n, d, 2 * i + 1)) for i in range(12)])
    assert found == pytest.approx(2 * d / n + d**2 / (2 * n), rel=0.2)


def test_kid_of_two_halves_is_nothing_on_average():
    found = [kid(gaussian(60, 8, 2 * i), gaussian(90, 8, 2 * i + 1), draws=0).value for i in range(200)]
    assert abs(np.mean(found)) < 3 * np.std(found) / math.sqrt(len(found))
    assert min(found) < 0 < max(found)


def test_kid_of_shifted_gaussians_has_its_expectation():
    """d = 8: within 1.375 and 2.6797, across 1.46875, so 1.1172 for a shift of 1/2 in every coordinate."""
    found = [kid(gaussian(400, 8, 2 * i), gaussian(400, 8, 2 * i + 1, 0.5), draws=0).value for i in range(40)]
    assert np.mean(found) == pytest.approx(1.375 + 2.6796875 - 2 * 1.46875, abs=3 * np.std(found) / math.sqrt(40))


def test_kid_is_the_plain_double_sum():
    a, b = gaussian(7, 3, 0), gaussian(5, 3, 1, 1.0)

    def within(x: np.ndarray) -> float:
        k = (x @ x.T / 3 + 1) ** 3
        return float((k.sum() - np.trace(k)) / (len(x) * (len(x) - 1)))

    expected = within(a) + within(b) - 2 * ((a @ b.T / 3 + 1) ** 3).mean()
    assert kid(a, b).value == pytest.approx(expected, rel=1e-12)
    assert kernel(a, b)[2, 3] == pytest.approx((a[2] @ b[3] / 3 + 1) ** 3)


def test_the_interval_of_kid_holds_the_truth_most_of_the_time():
    """95 % asked for; the shift is large enough that the estimate is not degenerate."""
    truth = 1.375 + 2.6796875 - 2 * 1.46875
    inside = 0
    for i in range(60):
        found = kid(gaussian(150, 8, 2 * i), gaussian(150, 8, 2 * i + 1, 0.5), seed=i, draws=200)
        assert found.low < found.value < found.high
        inside += found.low <= truth <= found.high
    assert inside >= 51


def test_order_changes_nothing():
    a, b = gaussian(80, 6, 0), gaussian(70, 6, 1, 0.4)
    turned = np.random.default_rng(0).permutation(len(a))
    assert frechet(a[turned], b) == pytest.approx(frechet(a, b), abs=1e-9)
    assert kid(a[turned], b, draws=0).value == pytest.approx(kid(a, b, draws=0).value, abs=1e-9)
    assert prdc(a[turned], b) == prdc(a, b)


def test_neighbours_of_equal_laws_and_of_a_collapse():
    """Coverage and density have expectations; one point in the middle is precise, dense and covers nothing."""
    n, k = 1000, 5
    found = prdc(gaussian(n, 4, 0), gaussian(n, 4, 1), k)
    assert found.coverage == pytest.approx(1 - math.prod((n - 1 - i) / (2 * n - 1 - i) for i in range(k)), abs=0.02)
    assert found.density == pytest.approx(1, abs=0.05)
    assert 0.9 < found.precision < 1 and 0.9 < found.recall < 1
    one = 1e-6 * gaussian(n, 8, 2)
    collapsed = prdc(one, gaussian(n, 8, 3), k)
    assert (collapsed.precision, collapsed.recall) == (1, 0)
    assert collapsed.coverage < 0.05 and collapsed.density > 1.5
    assert coverage(one, gaussian(n, 8, 3)) == collapsed.coverage and precision(one, gaussian(n, 8, 3)) == 1


def test_half_of_the_modes_is_half_of_the_recall():
    angles = 2 * np.pi * np.arange(8) / 8
    centres, dice = np.stack([np.cos(angles), np.sin(angles)], 1), np.random.default_rng(0)
    real = centres[dice.integers(0, 8, 1600)] + 0.02 * dice.normal(size=(1600, 2))
    half = centres[dice.integers(0, 4, 1600)] + 0.02 * dice.normal(size=(1600, 2))
    found = prdc(half, real)
    assert found.precision > 0.97 and found.recall == pytest.approx(0.5, abs=0.05)
    assert found.coverage == pytest.approx(0.5, abs=0.05)


def test_evenly_keeps_the_ends_and_the_order():
    x = np.arange(100)[:, None]
    assert subsample(x, 5)[:, 0].tolist() == [0, 25, 50, 74, 99] or subsample(x, 5)[:, 0].tolist() == [
        0,
        25,
        50,
        75,
        99,
    ]
    assert subsample(x, 100) is x


class Given(torch.nn.Module):
    """A "network" whose features are its input, for torchmetrics."""

    num_features = 24

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.double()


def torchmetric(name: str, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torchmetrics.image.fid import FrechetInceptionDistance
        from torchmetrics.image.kid import KernelInceptionDistance

        kind = {"fid": FrechetInceptionDistance, "kid": KernelInceptionDistance}[name]
        return kind(feature=Given(), **options)


def test_torchmetrics_agrees_on_the_same_features():
    a = np.random.default_rng(0).normal(size=(300, 24)).astype(np.float32)
    b = (0.3 + 1.2 * np.random.default_rng(1).normal(size=(300, 24))).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fid = torchmetric("fid", input_img_size=(24,)).set_dtype(torch.float64)
        whole = torchmetric("kid", subsets=1, subset_size=300)
        for metric in (fid, whole):
            metric.update(torch.from_numpy(a), real=True)
            metric.update(torch.from_numpy(b), real=False)
        assert frechet(a, b) == pytest.approx(fid.compute().item(), rel=1e-3)
        assert kid(a, b).value == pytest.approx(whole.compute()[0].item(), rel=1e-3)


@pytest.mark.long
def test_two_thousand_dimensions_are_five_times_faster_than_the_matrix_root():
    """The term that costs: by symmetric eigenvalues, against SciPy's square root of the product; equal to 1e-6."""
    d = 2048
    dice = np.random.default_rng(0)
    mixed = dice.normal(size=(d, d)) / math.sqrt(d)
    c1, c2 = (np.cov((dice.normal(size=(3000, d)) @ (mixed + shift * np.eye(d))).T) for shift in (0.5, 1.0))
    begun = time.perf_counter()
    ours = trace_of_root(c1, c2)
    middle = time.perf_counter()
    theirs = np.trace(scipy.linalg.sqrtm(c1 @ c2).real)
    end = time.perf_counter()
    assert ours == pytest.approx(theirs, rel=1e-6)
    assert (end - middle) / (middle - begun) >= 5
