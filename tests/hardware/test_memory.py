"""Less memory for the same gradients: recomputing to the bit, parts to the rounding of a sum."""

import dataclasses
import platform
import subprocess
import sys

import pytest
import torch
from torch import Tensor

from viceversa.methods.cyclegan import CycleGAN, CycleGANConfig

SMALL = CycleGANConfig(width=8, blocks=2, d_width=4, d_layers=1, pool=3, ema=0.9)


def after(config: CycleGANConfig, batch: int, steps: int = 3, precision: str = "fp32") -> dict[str, Tensor]:
    """What training has made of the weights, and the losses it told on the way."""
    torch.manual_seed(0)
    method = CycleGAN(config, precision=precision)
    told = {}
    for i in range(steps):
        g = torch.Generator().manual_seed(i)
        a, b = (torch.rand(batch, 3, 32, 32, generator=g) * 2 - 1 for _ in "ab")
        torch.manual_seed(i)
        told |= {f"{name}, step {i}": value for name, value in method.step(a, b).items()}
    return {**method.state_dict(), **told}


@pytest.mark.parametrize("generator", ["resnet", "painting"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_recomputing_changes_no_bit(generator: str, precision: str) -> None:
    plain = dataclasses.replace(SMALL, generator=generator)
    kept, again = (after(c, 1, precision=precision) for c in (plain, dataclasses.replace(plain, recompute=True)))
    assert all(torch.equal(kept[name], again[name]) for name in kept)


def test_recomputing_changes_no_bit_where_the_convolutions_take_the_short_way() -> None:
    wide = dataclasses.replace(SMALL, width=16)
    kept, again = (after(c, 4, 2) for c in (wide, dataclasses.replace(wide, recompute=True)))
    assert all(torch.equal(kept[name], again[name]) for name in kept)


def test_recomputing_keeps_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """What autograd saves for the way back of one pass, in numbers."""
    kept = {}
    for recompute in (False, True):
        net = CycleGAN(dataclasses.replace(SMALL, recompute=recompute)).nets["G"].requires_grad_()
        known = {p.data_ptr() for p in net.parameters()}
        sizes: dict[int, int] = {}

        def pack(x: Tensor, sizes: dict[int, int] = sizes, known: set[int] = known) -> Tensor:
            if x.data_ptr() not in known:
                sizes[x.data_ptr()] = x.numel()
            return x

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
            out = net(torch.rand(1, 3, 64, 64))
        kept[recompute] = sum(sizes.values())
        out.sum().backward()
    assert kept[True] < 0.4 * kept[False]


@pytest.mark.parametrize("parts", [2, 3, 9])
def test_parts_are_the_larger_batch(parts: int) -> None:
    """The stated tolerance: 1e-5 on every loss of the first step. Later ones: Adam enlarges a bias's rounding."""
    whole, split = (after(c, 3, 1) for c in (SMALL, dataclasses.replace(SMALL, micro_batches=parts)))
    for name in whole:
        if "step" in name:
            torch.testing.assert_close(split[name], whole[name], rtol=1e-5, atol=1e-6)


def test_the_gradient_of_parts_is_that_of_the_batch() -> None:
    gradients = {}
    for parts in (1, 3):
        torch.manual_seed(0)
        method = CycleGAN(dataclasses.replace(SMALL, micro_batches=parts)).double()
        a, b = (torch.rand(3, 3, 32, 32, dtype=torch.float64) * 2 - 1 for _ in "ab")
        method.generators.step = lambda p=parts, m=method: gradients.update(  # type: ignore[method-assign]
            {p: [w.grad.clone() for w in m.generators.parameters]}
        )
        method.step(a, b)
    for one, other in zip(gradients[1], gradients[3], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-14)


def test_one_part_is_no_part_to_the_bit() -> None:
    whole, split = (
        after(dataclasses.replace(SMALL, micro_batches=n), 1) for n in (1, 4)
    )  # a batch of one has one part
    assert all(torch.equal(whole[name], split[name]) for name in whole)


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
    method.step(*(torch.rand(2, 3, 64, 64) for _ in "ab"))
print(pages() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator can be told")
def test_a_step_takes_the_memory_that_the_last_one_freed():
    """Fresh pages of a sixth step, in a process of its own."""
    plain, kept = (
        int(subprocess.run([sys.executable, "-c", STEPS, *words], capture_output=True, check=True, text=True).stdout)
        for words in ([], ["keep"])
    )
    assert kept < 200 and plain > 5 * kept
