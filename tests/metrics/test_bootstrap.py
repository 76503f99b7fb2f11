"""Bootstrap and power against closed forms and simulated populations with known skills."""

import math

import numpy as np
import pytest

from viceversa.metrics.bootstrap import interval, people_needed, power, resample_means, spread
from viceversa.metrics.student_t import quantile


def answers(rng, people, trials, mean, between):
    """Numbers of right answers of people whose skills have a Beta distribution with this mean and deviation."""
    if between == 0:
        return rng.binomial(trials, mean, people)
    n = mean * (1 - mean) / between**2 - 1
    return rng.binomial(trials, rng.beta(mean * n, (1 - mean) * n, people))


def test_interval_is_a_point_when_all_answers_are_right():
    means = resample_means([40] * 25, [40] * 25)
    assert (means == 1).all() and interval(means) == (1.0, 1.0)
    assert spread([40] * 25, [40] * 25).total == 0


def test_equal_skills_give_the_binomial_error():
    """25 people x 40 trials: sqrt(0.25 / 1000) = 1.58 %, on average over populations."""
    rng = np.random.default_rng(0)
    errors = [resample_means(answers(rng, 25, 40, 0.5, 0), [40] * 25, 2000, seed).std() for seed in range(60)]
    assert np.mean(errors) == pytest.approx(math.sqrt(0.25 / 1000), rel=0.1)


def test_unequal_skills_add_their_own_variance():
    """var of the mean = (between^2 + (p (1 - p) - between^2) / n) / P."""
    rng = np.random.default_rng(1)
    errors = [resample_means(answers(rng, 25, 40, 0.3, 0.12), [40] * 25, 2000, seed).std() for seed in range(60)]
    assert np.mean(errors) == pytest.approx(math.sqrt((0.12**2 + (0.21 - 0.12**2) / 40) / 25), rel=0.08)


def test_equal_shares_give_the_binomial_error():
    """Everyone has exactly half: no difference in skill is left, only the error of 1,000 trials."""
    means = resample_means([20] * 25, [40] * 25)
    assert means.std() == pytest.approx(math.sqrt(0.25 / 1000), rel=0.03)
    assert means.mean() == pytest.approx(0.5, abs=1e-3)


def test_one_person_and_unequal_trials():
    assert resample_means([10], [40]).std() == pytest.approx(math.sqrt(0.25 * 0.75 / 40), rel=0.05)
    assert resample_means([1, 0], [1, 2]).mean() == pytest.approx(0.5, abs=0.02)  # the mean of people, not of trials
    with pytest.raises(ValueError, match="at least one trial"):
        resample_means([], [])
    with pytest.raises(ValueError, match="at least one trial"):
        resample_means([3], [2])


@pytest.mark.long
@pytest.mark.parametrize(("mean", "between"), [(0.5, 0.0), (0.25, 0.08), (0.3, 0.15), (0.05, 0.03)])
def test_interval_contains_the_true_mean_in_95_percent_of_studies(mean, between):
    rng, repeats, people = np.random.default_rng(7), 600, 25
    inside = 0
    for seed in range(repeats):
        low, high = interval(resample_means(answers(rng, people, 40, mean, between), [40] * people, 1000, seed))
        inside += low <= mean <= high
    assert 0.91 <= inside / repeats <= 0.975  # the standard error of 600 repetitions is 0.9 %


def test_draws_follow_the_seed():
    k = [10, 20, 30, 12]
    assert np.array_equal(resample_means(k, [40] * 4, seed=3), resample_means(k, [40] * 4, seed=3))
    assert not np.array_equal(resample_means(k, [40] * 4, seed=3), resample_means(k, [40] * 4, seed=4))


def test_spread_separates_skill_from_binomial_error():
    rng = np.random.default_rng(2)
    estimate = spread(answers(rng, 4000, 40, 0.3, 0.1), [40] * 4000)
    assert estimate.between == pytest.approx(0.1, rel=0.05)
    assert estimate.total == pytest.approx(math.sqrt(0.1**2 + (0.21 - 0.1**2) / 40), rel=0.05)
    assert spread([3], [4]).total == 0


@pytest.mark.parametrize(("difference", "people"), [(0.05, 25), (0.1, 25), (0.1, 12), (0.0, 25), (0.05, 80)])
def test_power_is_the_share_of_significant_simulated_studies(difference, people):
    rng, repeats, between, base = np.random.default_rng(5), 4000, 0.09, 0.3
    deviation = math.sqrt(between**2 + (0.21 - between**2) / 40)
    one = rng.normal(base, deviation, (repeats, people))
    two = rng.normal(base + difference, deviation, (repeats, people))
    pooled = np.sqrt((one.var(1, ddof=1) + two.var(1, ddof=1)) / 2)
    t = (two.mean(1) - one.mean(1)) / (pooled * math.sqrt(2 / people))
    significant = (np.abs(t) > quantile(2 * people - 2)).mean()
    assert power(difference, deviation, people, people) == pytest.approx(significant, abs=0.03)


def test_power_against_a_fixed_share():
    rng, repeats, people, deviation = np.random.default_rng(8), 4000, 20, 0.11
    shares = rng.normal(0.57, deviation, (repeats, people))
    t = (shares.mean(1) - 0.5) / (shares.std(1, ddof=1) / math.sqrt(people))
    assert power(0.07, deviation, people) == pytest.approx((np.abs(t) > quantile(people - 1)).mean(), abs=0.03)


def test_power_of_studies_simulated_answer_by_answer():
    rng, repeats, people = np.random.default_rng(6), 2000, 30
    one, two = (np.stack([answers(rng, people, 40, m, 0.1) for _ in range(repeats)]) / 40 for m in (0.3, 0.4))
    pooled = np.sqrt((one.var(1, ddof=1) + two.var(1, ddof=1)) / 2)
    t = (two.mean(1) - one.mean(1)) / (pooled * math.sqrt(2 / people))
    significant = (np.abs(t) > quantile(2 * people - 2)).mean()
    total = spread(one[0] * 40, [40] * people).total  # the estimate of one study
    typical = np.mean([spread(row * 40, [40] * people).total for row in one])
    assert power(0.1, float(typical), people, people) == pytest.approx(significant, abs=0.03)
    assert 0.5 < total / typical < 1.5


def test_people_needed_is_the_smallest_number_with_that_power():
    n = people_needed(0.05, 0.12)
    assert power(0.05, 0.12, n, n) >= 0.8 > power(0.05, 0.12, n - 1, n - 1)
    textbook = 2 * 0.12**2 * (1.96 + 0.8416) ** 2 / 0.05**2  # 2 s^2 (z + z)^2 / d^2
    assert n == pytest.approx(textbook, abs=2)
    one = people_needed(0.05, 0.12, groups=1)
    assert power(0.05, 0.12, one) >= 0.8 > power(0.05, 0.12, one - 1)
    assert one == pytest.approx(0.12**2 * (1.96 + 0.8416) ** 2 / 0.05**2, abs=3)
    assert people_needed(0.05, 0.0) == 2
    assert math.isnan(power(0.05, 0.1, 1, 30))
    with pytest.raises(ValueError, match="more than"):
        people_needed(1e-6, 0.5)
