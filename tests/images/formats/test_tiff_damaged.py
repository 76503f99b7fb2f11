"""Damaged and hostile TIFF files: an exception, never a crash of the process, a hang or unbounded memory."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "support" / "mutated_tiffs.py"


def read_mutated(seed: int, count: int, timeout: int) -> tuple[int, int]:
    """Files that were read and refused, by a process of its own."""
    command = [sys.executable, "-W", "ignore", str(SCRIPT), str(seed), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, f"exit code {done.returncode}: {done.stderr[-2000:]}"
    lines = done.stdout.splitlines()
    assert len(lines) == 1, lines
    read, refused = map(int, lines[0].split()[1:])
    return read, refused


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded by Linux's limits")
def test_a_thousand_mutated_files():
    read, refused = read_mutated(seed=0, count=1000, timeout=120)
    assert read > 200 and refused > 200


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded by Linux's limits")
@pytest.mark.parametrize("seed", range(1, 5))
def test_many_thousand_mutated_files(seed):
    read, refused = read_mutated(seed=seed, count=6000, timeout=500)
    assert read + refused == 6000
