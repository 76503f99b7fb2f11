"""Micro-batches: the gradients of the whole batch, up to the order of sums."""

from dataclasses import replace

import pytest
import torch

from support.cyclegan import SMALL, train_steps
from viceversa.methods.cyclegan import CycleGAN


@pytest.mark.parametrize("count", [2, 3, 9])
def test_first_losses_are_those_of_the_whole_batch(count: int) -> None:
    """To 1e-5 in the first step; later Adam amplifies the rounding of gradients near 0."""
    whole, split = (train_steps(c, 3, steps=1) for c in (SMALL, replace(SMALL, micro_batches=count)))
    for name in whole:
        if "step" in name:
            torch.testing.assert_close(split[name], whole[name], rtol=1e-5, atol=1e-6)


def test_gradient_is_that_of_the_whole_batch() -> None:
    gradients = {}
    for count in (1, 3):
        torch.manual_seed(0)
        method = CycleGAN(replace(SMALL, micro_batches=count)).double()
        a, b = (torch.rand(3, 3, 32, 32, dtype=torch.float64) * 2 - 1 for _ in range(2))
        method.generators.step = lambda count=count, method=method: gradients.update(  # type: ignore[method-assign]
            {count: [p.grad.clone() for p in method.generators.parameters]}
        )
        method.step(a, b)
    for whole, split in zip(gradients[1], gradients[3], strict=True):
        torch.testing.assert_close(split, whole, rtol=1e-9, atol=1e-14)


def test_batch_of_one_is_not_split() -> None:
    whole, split = (train_steps(replace(SMALL, micro_batches=count), 1) for count in (1, 4))
    assert all(torch.equal(whole[name], split[name]) for name in whole)
