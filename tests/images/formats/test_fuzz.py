"""Mutated files of every format: the benchmark, with a thousand of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]


@pytest.mark.long
def test_only_image_errors_come_out_of_mutated_files():
    command = [sys.executable, str(PROJECT / "benchmarks/image_fuzz.py"), "--count", "1000", "--seed", "7"]
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "src")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines()[2:]]
    assert sum(int(row[1]) for row in rows) == 1000 and all(int(row[3]) for row in rows)  # of every format some refused
