"""Recomputed activations: the same bits, less memory."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from support.cyclegan import SMALL, train_steps
from viceversa.methods.cyclegan import CycleGAN


@pytest.mark.parametrize("generator", ["resnet", "painting"])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_recomputing_changes_no_bit(generator: str, precision: str) -> None:
    stored = replace(SMALL, generator=generator)
    a, b = (train_steps(c, 1, precision=precision) for c in (stored, replace(stored, recompute=True)))
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_recomputing_changes_no_bit_with_winograd() -> None:
    stored = replace(SMALL, width=16)
    a, b = (train_steps(c, 4, steps=2) for c in (stored, replace(stored, recompute=True)))
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_recomputing_stores_less_for_the_backward_pass() -> None:
    """Numbers that autograd saves in one forward pass, without the parameters."""
    stored = {}
    for recompute in (False, True):
        net = CycleGAN(replace(SMALL, recompute=recompute)).nets["G"].requires_grad_()
        parameters = {p.data_ptr() for p in net.parameters()}
        sizes: dict[int, int] = {}

        def pack(x: Tensor, sizes: dict[int, int] = sizes, parameters: set[int] = parameters) -> Tensor:
            if x.data_ptr() not in parameters:
                sizes[x.data_ptr()] = x.numel()
            return x

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
            out = net(torch.rand(1, 3, 64, 64))
        stored[recompute] = sum(sizes.values())
        out.sum().backward()
    assert stored[True] < 0.4 * stored[False]
