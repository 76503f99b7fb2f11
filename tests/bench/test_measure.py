"""Clocks against known waits; ceilings, rows and peak memory against their own definitions."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from viceversa.bench import ceilings, measure
from viceversa.bench.cases import CASES, Job
from viceversa.bench.clock import Clock
from viceversa.bench.measure import peak_resident


def test_clock_tells_cpu_time_from_wall_time() -> None:
    with Clock() as waiting:
        time.sleep(0.2)
    assert waiting.spent.wall >= 0.2 and waiting.spent.cpu < 0.1
    with Clock() as working:
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass
    assert working.spent.cpu >= 0.19 and working.spent.wall >= 0.19


@pytest.mark.long
def test_sides_alternate_and_times_are_per_item() -> None:
    order: list[str] = []

    def job(name: str, seconds: float) -> Job:
        return Job(call=lambda: (order.append(name), time.sleep(seconds)), items=2)

    times = measure.alternate({"ours": job("o", 0.2), "reference": job("r", 0.4)}, 2, "cpu")
    assert "".join(order) == "oorr" + "oor" + "roo"  # two calls of each to start with, then as many as fill a block
    assert times["ours"][0].wall == pytest.approx(0.1, rel=0.3)
    assert times["reference"][0].wall / times["ours"][0].wall == pytest.approx(2, rel=0.3)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ceilings, "CONVOLUTION", (32, 32))
    monkeypatch.setattr(ceilings, "MATRIX", 256)
    monkeypatch.setattr(ceilings, "COPY_BYTES", 2**22)
    monkeypatch.setattr(measure, "BLOCK_SECONDS", 0.01)


def test_ceiling_is_operations_over_time(small_blocks: None) -> None:
    rates = ceilings.ceilings()
    assert set(rates) == {"convolution fp32", "convolution bf16", "matrix fp32", "matrix bf16", "memory"}
    assert all(0.01 < rate["wall"] < 1e6 and rate["processor"] > 0 for rate in rates.values())
    x = torch.randn(256, 256)
    with Clock() as clock:
        for _ in range(20):
            x @ x
    assert rates["matrix fp32"]["wall"] > 0.5 * 20 * 2 * 256**3 / clock.spent.wall / 1e9  # the best of five passes


@pytest.mark.long
def test_row_has_the_values_of_the_table(small_blocks: None, tmp_path: Path) -> None:
    rates = ceilings.ceilings()
    row = measure.measure("load 256 px from files", 1, "cpu", rates)
    assert row["ours"]["per_second"] > 0 and row["speed"]["low"] <= row["speed"]["median"] <= row["speed"]["high"]
    assert set(row) == {"case", "device", "unit", "rounds", "ours", "reference", "speed", "processor"}
    row = measure.measure("features of 64 px", 1, "cpu", rates)
    assert row["gflop"] > 0 and row["share"] > 0 and "speed" not in row
    share = row["gflop"] / row["ours"]["processor_seconds"] / rates["convolution fp32"]["processor"]
    assert row["share"] == pytest.approx(share)


@pytest.mark.long
def test_peak_memory_is_that_of_separate_processes() -> None:
    peaks = measure.peak_memory("translate quickstart 64 px", CASES["translate quickstart 64 px"])
    assert 100 < peaks["ours"] < 2000 and peaks["ratio"] == pytest.approx(peaks["ours"] / peaks["reference"])


@pytest.mark.long
def test_peak_memory_of_a_child_excludes_its_parent() -> None:
    ballast = bytearray(400_000_000)
    ballast[::4096] = b"x" * len(ballast[::4096])
    code = "from viceversa.bench.measure import peak_resident; print(peak_resident())"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(child.stdout) < peak_resident() - 100
    del ballast
