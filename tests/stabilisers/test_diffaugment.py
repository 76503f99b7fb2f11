"""Differentiable augmentation: reproducible, differentiable, and within its ranges."""

import pytest
import torch

from viceversa.stabilisers.diffaugment import OPERATIONS, augment


@pytest.mark.parametrize("name", OPERATIONS)
def test_augmentation_follows_the_seed_and_is_differentiable(name):
    x = torch.rand(16, 3, 32, 32) * 2 - 1
    outs = []
    for _ in range(2):
        torch.manual_seed(1)
        outs.append(augment(x, (name,)))
    assert torch.equal(*outs) and outs[0].shape == x.shape and not torch.equal(outs[0], x)
    x.requires_grad_()
    augment(x, (name,)).square().sum().backward()
    assert (x.grad != 0).float().mean() > 0.5


def test_shift_is_up_to_an_eighth_of_the_side():
    x = torch.full((64, 1, 16, 16), -1.0)
    x[:, :, 8, 8] = 1
    moved = augment(x, ("shift",))
    positions = [tuple(p.tolist()) for p in (moved[:, 0] == 1).nonzero()[:, 1:]]
    assert len(positions) == 64 and {y for y, _ in positions} == {x for _, x in positions} == {6, 7, 8, 9, 10}


def test_cutout_covers_up_to_a_quarter():
    cut = augment(torch.ones(200, 1, 32, 32), ("cutout",))
    shares = (cut == 0).float().mean((1, 2, 3))
    assert shares.max().item() == 0.25 and shares.min().item() > 0.05
