"""Which run is the best, and whether that is more than chance: closed forms."""

import math

import pytest

from viceversa.evaluation.ranking import Entry, Estimate, over_pictures, over_seeds, rank
from viceversa.metrics.student_t import quantile


def entry(name: str, mean: float, margin: float, seeds: int = 1, **more) -> Entry:
    return Entry(
        name=name,
        estimate=Estimate(mean=mean, low=mean - margin, high=mean + margin),
        seeds=seeds,
        pictures=100,
        **more,
    )


def test_interval_over_seeds_is_students_t():
    e = over_seeds([1.0, 2.0, 3.0])
    assert (e.mean, e.deviation, e.margin) == pytest.approx((2.0, 1.0, quantile(2) / math.sqrt(3)))
    assert over_seeds([1.0]) == Estimate(mean=1.0)
    assert over_pictures([1.0, 2.0, 3.0]) == Estimate(mean=e.mean, low=e.low, high=e.high)


@pytest.mark.parametrize(("difference", "decided"), [(6.0, True), (4.9, False)])
def test_margins_of_independent_scores_add_in_squares(difference, decided):
    r = rank("a", "b", "KID", [entry("slow", 100 + difference, 3.0), entry("quick", 100.0, 4.0), entry("odd", 900, 1)])
    assert (r.first, r.second, r.gain) == ("quick", "slow", pytest.approx(difference))
    assert r.high - r.gain == pytest.approx(5.0) and r.decided is decided
    assert (r.needed <= 100) is decided
    assert ("comes nearest" in r.as_dict()["sentence"]) is decided


def test_higher_psnr_and_lower_kid_are_better():
    entries = [entry("x", 20.0, 0.1), entry("y", 10.0, 0.1)]
    assert rank("a", "b", "PSNR", entries).first == "x" and rank("a", "b", "KID", entries).first == "y"


def test_equal_pictures_are_compared_one_by_one():
    """Pictures differ by tens, the runs by 1 on each of them."""
    one = {str(i): 10.0 * i for i in range(20)}
    other = {picture: value + 1 + 0.1 * (int(picture) % 2) for picture, value in one.items()}
    entries = [entry("one", 95.0, 50.0, each=one), entry("other", 96.05, 50.0, each=other)]
    r = rank("a", "b", "PSNR", entries)
    assert r.first == "other" and r.decided and r.high - r.low < 0.1
    missing = [entries[0], entry("other", 96.05, 50.0, each={**other, "21": 1.0})]
    assert not rank("a", "b", "PSNR", missing).decided


def test_several_seeds_are_counted_in_seeds():
    r = rank("a", "b", "KID", [entry("x", 100.0, 30.0, seeds=3), entry("y", 110.0, 0.0, seeds=3)])
    assert (r.unit, r.count, r.needed) == ("seeds", 3, 28)
    assert "3 seeds are too few to tell; about 28 would do." in r.as_dict()["sentence"]


def test_nothing_is_said_without_two_intervals():
    assert rank("a", "b", "KID", [entry("x", 1.0, 1.0)]) is None
    bare = Entry(name="y", estimate=Estimate(mean=2.0), seeds=1, pictures=9)
    assert rank("a", "b", "PSNR", [entry("x", 1.0, 1.0), bare]) is None
