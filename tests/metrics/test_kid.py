"""KID against its definition and its expectation."""

import math

import numpy as np
import pytest

from viceversa.metrics.kid import kernel, kid, kid_difference


def gaussian(n: int, d: int, seed: int, mean: float = 0.0, deviation: float = 1.0) -> np.ndarray:
    return mean + deviation * np.random.default_rng(seed).normal(size=(n, d))


def test_kid_of_equal_distributions_is_zero_on_average():
    values = [kid(gaussian(60, 8, 2 * i), gaussian(90, 8, 2 * i + 1), draws=0).value for i in range(200)]
    assert abs(np.mean(values)) < 3 * np.std(values) / math.sqrt(len(values))
    assert min(values) < 0 < max(values)


def test_kid_of_shifted_gaussians_has_its_expectation():
    """d = 8: within 1.375 and 2.6797, across 1.46875, so 1.1172 for a shift of 1/2 in every coordinate."""
    values = [kid(gaussian(400, 8, 2 * i), gaussian(400, 8, 2 * i + 1, 0.5), draws=0).value for i in range(40)]
    assert np.mean(values) == pytest.approx(1.375 + 2.6796875 - 2 * 1.46875, abs=3 * np.std(values) / math.sqrt(40))


def test_kid_is_the_double_sum_of_its_definition():
    a, b = gaussian(7, 3, 0), gaussian(5, 3, 1, 1.0)

    def within(x: np.ndarray) -> float:
        k = (x @ x.T / 3 + 1) ** 3
        return float((k.sum() - np.trace(k)) / (len(x) * (len(x) - 1)))

    expected = within(a) + within(b) - 2 * ((a @ b.T / 3 + 1) ** 3).mean()
    assert kid(a, b).value == pytest.approx(expected, rel=1e-12)
    assert kernel(a, b)[2, 3] == pytest.approx((a[2] @ b[3] / 3 + 1) ** 3)


def test_interval_contains_the_true_value_in_most_cases():
    """95 % expected; the shift is large enough that the estimate is not degenerate."""
    truth = 1.375 + 2.6796875 - 2 * 1.46875
    inside = 0
    for i in range(60):
        estimate = kid(gaussian(150, 8, 2 * i), gaussian(150, 8, 2 * i + 1, 0.5), seed=i, draws=200)
        assert estimate.low < estimate.value < estimate.high
        inside += estimate.low <= truth <= estimate.high
    assert inside >= 51


def test_order_of_samples_does_not_matter():
    a, b = gaussian(80, 6, 0), gaussian(70, 6, 1, 0.4)
    permutation = np.random.default_rng(0).permutation(len(a))
    assert kid(a[permutation], b, draws=0).value == pytest.approx(kid(a, b, draws=0).value, abs=1e-9)


def test_difference_is_that_of_two_kids_and_its_interval_uses_the_pairs():
    real, a = gaussian(120, 8, 0), gaussian(100, 8, 1, 0.5)
    b = a + 0.1 * gaussian(100, 8, 2)
    paired, alone = (kid_difference(a, b, real, seed=3, paired=p) for p in (True, False))
    expected = kid(a, real, draws=0).value - kid(b, real, draws=0).value
    assert paired.value == alone.value == pytest.approx(expected, rel=1e-9)
    assert paired.high - paired.low < 0.5 * (alone.high - alone.low)  # what both share cancels
    same = kid_difference(a, a, real, seed=3)
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_interval_of_a_difference_contains_the_true_value_in_most_cases():
    """Shifts of 1/2 and of 0: the difference is the KID of a shift of 1/2."""
    truth, inside = 1.375 + 2.6796875 - 2 * 1.46875, 0
    for i in range(60):
        shifted, plain, real = gaussian(150, 8, 3 * i, 0.5), gaussian(150, 8, 3 * i + 1), gaussian(150, 8, 3 * i + 2)
        d = kid_difference(shifted, plain, real, seed=i, draws=200, paired=False)
        inside += d.low <= truth <= d.high
    assert inside >= 51
