"""Charts of losses."""

import numpy as np
import pytest

from viceversa.methods.cyclegan import CycleGANConfig
from viceversa.report.curves import charts, smoothed, ticks


def test_every_loss_has_a_chart_with_its_equilibrium():
    lines = [{"step": s, "nimg": s, "gan": 1.0 / s, "odd": 2.0, "idt": 0.0, "D_A": 0.25, "rate": 1.0} for s in (1, 2)]
    lines.append({"step": 3, "nimg": 3, "gan": float("nan"), "D_A": 0.25})
    by_title = {chart.title: chart for chart in charts(lines, CycleGANConfig(lambda_idt=0.0), ("cats", "dogs"))}
    assert list(by_title) == [
        "Generator loss, adversarial (gan)",
        "odd",
        "Discriminator loss, cats (D_A)",
        "Learning rate (rate)",
    ]
    assert (
        by_title["Discriminator loss, cats (D_A)"].healthy == 0.25
        and by_title["Generator loss, adversarial (gan)"].healthy == 0.5
    )
    assert by_title["Generator loss, adversarial (gan)"].values.tolist() == [1.0, 0.5]
    log = charts(lines, CycleGANConfig(loss="nonsaturating"), ("cats", "dogs"))
    assert next(c for c in log if "D_A" in c.title).healthy == pytest.approx(np.log(2))


def test_smoothing_and_ticks():
    assert smoothed(np.array([3.0])).tolist() == [3.0]
    assert smoothed(np.full(100, 2.0)) == pytest.approx(np.full(100, 2.0))
    assert smoothed(np.arange(90.0))[45] == pytest.approx(45)
    assert ticks(0, 1000, 4) == [0, 250, 500, 750, 1000]
    assert ticks(-1.4, 0.3, 4) == [-1, -0.5, 0]
