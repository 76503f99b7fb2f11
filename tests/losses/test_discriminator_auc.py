"""The AUC of a discriminator against a count of all pairs."""

import pytest
import torch

from viceversa.losses.discriminator_auc import auc


def test_auc_is_the_share_of_pairs_in_the_right_order():
    high, low = torch.tensor([[3.0], [4.0]]), torch.tensor([[1.0], [2.0]])
    assert auc(high, low) == 1 and auc(low, high) == 0 and auc(high, high) == 0.5
    rng = torch.Generator().manual_seed(0)
    r, f = torch.randn(7, 3, 2, generator=rng), torch.randn(5, 3, 2, generator=rng)
    correct = [float(a.mean() > b.mean()) for a in r for b in f]
    assert auc(r, f).item() == pytest.approx(sum(correct) / len(correct))
    assert auc(r, f) == auc(2 * r + 5, 2 * f + 5)  # only the order counts
