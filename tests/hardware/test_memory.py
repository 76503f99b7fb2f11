"""Freed memory that glibc keeps for the next step."""

import platform
import subprocess
import sys

import pytest

STEPS = """
import resource, sys, torch
from viceversa.methods.cyclegan import CycleGAN, CycleGANConfig
from viceversa.hardware.memory import keep_freed_memory
torch.set_num_threads(1)
if sys.argv[1:]:
    keep_freed_memory()
method = CycleGAN(CycleGANConfig(width=16, blocks=2, d_width=16))
def pages():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for step in range(6):
    before = pages()
    method.step(*(torch.rand(2, 3, 64, 64) for _ in range(2)))
print(pages() - before)
"""


@pytest.mark.long
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_step_reuses_the_memory_that_the_last_one_freed():
    """New pages in the sixth step, in a process of its own."""
    default, kept = (
        int(subprocess.run([sys.executable, "-c", STEPS, *words], capture_output=True, check=True, text=True).stdout)
        for words in ([], ["keep"])
    )
    assert kept < 200 and default > 5 * kept
