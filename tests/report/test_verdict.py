"""The lines on top of a report."""

import pytest

from viceversa.report.verdict import percent, whole_percents, wilson


def test_interval_of_a_share_is_wilsons():
    """Wilson's interval solves (p - s)^2 = z^2 s (1 - s) / n for s."""
    z2 = 1.959964**2
    for right, of in ((250, 323), (1, 10), (9, 10)):
        for s in wilson(right, of):
            assert (right / of - s) ** 2 == pytest.approx(z2 * s * (1 - s) / of, rel=1e-9)
    assert wilson(0, 10)[0] == pytest.approx(0, abs=1e-12) and wilson(10, 10)[1] == pytest.approx(1, abs=1e-12)


def test_percents():
    assert [percent(x) for x in (0.774, 0.9951, 1.0)] == ["77 %", "99.5 %", "100.0 %"]
    assert "\N{NO-BREAK SPACE}%" in whole_percents("95 % interval")
