"""Sentences about the paired scores."""

import pytest

from viceversa.evaluation.results import PairedScore
from viceversa.report.results import verdict


@pytest.mark.parametrize(
    ("others", "text"),
    [
        ((12.0, 15.0), "than the best colour change by 3.0 dB: colour alone would leave 2.0 times the squared error"),
        ((12.0, 19.0), "than the input by 6.0 dB, but a plain colour change would be nearer still, by 1.0 dB"),
        ((20.0, 22.0), "farther from the truth than the input itself, by 2.0 dB"),
    ],
)
def test_verdict_compares_with_input_and_colour_change(others, text):
    score = PairedScore(source="a", target="b", count=1, input=others[0], colour=others[1], translation=18.0)
    assert text in verdict(score)
