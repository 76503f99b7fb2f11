"""The verdict: a closed form of the decision, of the number of pictures, and what the sentence says."""

import math
from dataclasses import replace

import numpy as np
import pytest

from viceversa.evaluation.verdict import (
    Verdict,
    detail,
    headline,
    kid_verdict,
    pictures_needed,
    psnr_verdict,
    sentence,
    summary,
    two_digits,
    widening,
)
from viceversa.metrics.student_t import quantile

RNG = np.random.default_rng(0)


def alternating(mean: float, deviation: float, n: int) -> np.ndarray:
    """n values, half above and half below, with this mean and this deviation of the population."""
    return mean + deviation * np.where(np.arange(n) % 2, 1, -1)


def test_psnr_interval_is_students_t_of_the_differences():
    v = psnr_verdict("a", "b", 10 + alternating(0.3, 1.0, 100), np.full(100, 10.0))
    margin = quantile(99) * math.sqrt(100 / 99) / 10
    assert (v.gain, v.low, v.high) == pytest.approx((0.3, 0.3 - margin, 0.3 + margin))
    assert v.better is True and v.needed <= 100
    # differences of mean m and deviation s are significant from about (1.98 s / m)^2 pictures on
    assert v.needed == math.floor(100 * (margin / 0.3) ** 2) + 1 == 45


@pytest.mark.parametrize(("mean", "better"), [(0.5, True), (-0.5, False), (0.1, None), (-0.1, None)])
def test_decision_is_whether_the_interval_excludes_zero(mean, better):
    v = psnr_verdict("a", "b", alternating(mean, 1.0, 100), np.zeros(100))
    assert v.better is better
    assert (v.needed is not None and v.needed <= 100) == (better is not None)


def test_number_of_pictures_falls_with_the_square_of_the_difference():
    assert pictures_needed(100, 1.0, 0.5, 1.5) == 26  # margin a half: a quarter of the pictures, and one
    assert pictures_needed(100, 0.5, -0.5, 1.5) == 401  # margin twice the gain: four times as many
    assert pictures_needed(100, -0.5, -1.5, 0.5) == 401
    assert pictures_needed(100, 0.1, -0.9, 1.1) is None  # 10,000 and more
    assert pictures_needed(100, 0.11, -0.89, 1.11) == math.floor(100 / 0.11**2) + 1
    assert pictures_needed(100, 0.0, -1.0, 1.0) is None
    assert pictures_needed(100, 1.0, 1.0, 1.0) == 2


def test_promised_number_of_pictures_suffices():
    """What was undecided with 30 pictures is decided with the number that it asked for, of the same kind."""
    few = psnr_verdict("a", "b", alternating(0.2, 1.0, 30), np.zeros(30))
    assert few.better is None and few.needed < 200
    assert psnr_verdict(
        "a", "b", alternating(0.2, 1.0, 2 * (few.needed // 2 + 1)), np.zeros(2 * (few.needed // 2 + 1))
    ).better
    half = psnr_verdict("a", "b", alternating(0.2, 1.0, few.needed // 4 * 2), np.zeros(few.needed // 4 * 2))
    assert half.better is None


def features(n: int, shift: float = 0.0) -> np.ndarray:
    return (RNG.normal(size=(n, 8)) + shift).astype(np.float32)


def test_kid_decides_for_what_is_nearer_to_real():
    real, source = features(80), features(80)
    near, far = source + 0.1, source + 1.5
    v = kid_verdict("a", "b", near, far, real, baseline="colour")
    assert v.better is True and v.gain == pytest.approx(v.baseline_value - v.value) and v.low > 0
    assert kid_verdict("a", "b", far, near, real, baseline="colour").better is False
    same = kid_verdict("a", "b", near, near, real, baseline="colour")
    assert same.better is None and same.needed is None
    assert kid_verdict("a", "b", near[:1], far[:1], real, baseline="colour") is None


def test_pictures_of_two_sets_count_by_their_harmonic_mean():
    """The variance goes as 1/n + 1/m, as that of two sets of their harmonic mean."""
    v = kid_verdict("a", "b", features(30), features(30), features(60), baseline="real")
    assert v.pictures == 40


KNOWN = Verdict(
    source="apples",
    target="oranges",
    measure="KID",
    baseline="colour",
    value=40.0,
    baseline_value=100.0,
    gain=60.0,
    low=50.0,
    high=70.0,
    interval="",
    pictures=100,
)
SENTENCES = [
    (
        {},
        "apples to oranges: yes, the translations are nearer to real pictures of oranges than a plain colour change "
        "is: their distance is 60 % smaller. 100 test pictures are enough to tell. (KID × 1000 40.0 instead of 100.0; "
        "95 % interval of the difference 50.0 to 70.0, that is 50 to 70 %)",
    ),
    (
        {"gain": -60.0, "low": -70.0, "high": -50.0},
        "no, the translations are farther from real pictures of oranges than a plain colour change is: their distance "
        "is 60 % larger.",
    ),
    ({"gain": -250.0, "low": -300.0, "high": -200.0}, "their distance is 3.5 times as large."),
    (
        {"low": -30.0, "high": 150.0},
        "too close to call. The translations seem nearer to real pictures of oranges than a plain colour change is, "
        "but 100 test pictures are too few to tell; about 230 would do. (KID × 1000 40.0 instead of 100.0; 95 % "
        "interval of the difference −30.0 to 150.0, that is",
    ),
    ({"low": -6000.0, "high": 6120.0}, "it would take more than 10,000: the difference is too small to matter."),
    ({"baseline_value": 1.0, "gain": 60.0}, "than a plain colour change is. 100 test pictures"),  # a share of nothing
    (
        {"measure": "PSNR", "gain": 3.0103, "low": 2.0, "high": 4.0, "value": 23.0, "baseline_value": 20.0},
        "yes, the translations are nearer to the true translations than the best plain colour change is, by 3.0 dB: "
        "50 % less squared error. 100 test pictures are enough to tell. (PSNR 23.0 instead of 20.0 dB; 95 % interval "
        "of the difference 2.0 to 4.0 dB)",
    ),
    ({"measure": "PSNR", "gain": -3.0103, "low": -4.0, "high": -2.0}, "by 3.0 dB: 2.0 times its squared error."),
    (
        {"baseline": "real", "gain": -60.0, "low": -70.0, "high": -50.0, "value": 61.0, "baseline_value": 1.0},
        "oranges: the generated pictures are farther from real pictures than other real ones are. 100 pictures are "
        "enough to tell. (KID × 1000 61.0 instead of 1.0; 95 % interval of the difference 50.0 to 70.0)",
    ),
    (
        {"baseline": "real", "gain": -1.0, "low": -7.0, "high": 5.0, "value": 2.0, "baseline_value": -1.0},
        "the generated pictures cannot be told from real ones by this measure. 100 pictures are too few to tell; about",
    ),
    ({"pictures": 9}, "apples to oranges: 9 pictures are too few to tell; it takes at least 10."),
    ({"training": True}, "100 training pictures are enough to tell. There is no test set"),
]


@pytest.mark.parametrize(("changes", "text"), SENTENCES)
def test_sentence_says_whether_by_how_much_and_how_many(changes, text):
    v = replace(KNOWN, **changes)
    assert text in sentence(v)
    numbers = f" ({detail(v)})" if v.pictures > 9 else ""
    assert sentence(v) == f"{'oranges' if v.baseline == 'real' else 'apples to oranges'}: {headline(v)}{numbers}"


def test_bootstrap_interval_is_widened_to_that_of_students_t():
    for n in (10, 100):
        x = alternating(0.0, 1.0, n)  # the bootstrap's standard error of its mean is the biased deviation / sqrt(n)
        margin = widening(n, 10 * n) * 1.959964 * x.std() / math.sqrt(n)
        assert margin == pytest.approx(quantile(n - 1) * x.std(ddof=1) / math.sqrt(n), rel=1e-6)


def test_nothing_is_decided_from_fewer_than_ten_pictures():
    real = features(2)
    v = kid_verdict("a", "b", features(2), features(2, 9.0), real, baseline="colour")
    assert v.better is None and v.needed == 10 and detail(v) == ""


def test_summary_holds_the_sentences_and_the_numbers():
    verdict = summary([KNOWN.as_dict(), None])
    assert verdict["sentence"].startswith("Apples to oranges: yes") and len(verdict["numbers"]) == 1
    assert verdict["numbers"][0]["better"] is True and verdict["numbers"][0]["needed"] == 3
    assert "No verdict" in summary([None])["sentence"]


@pytest.mark.parametrize(("n", "rounded"), [(7, 7), (44, 44), (101, 110), (400, 400), (9_901, 10_000)])
def test_number_of_pictures_is_rounded_up(n, rounded):
    assert two_digits(n) == rounded
