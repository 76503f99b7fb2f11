"""Edge scores: insensitive to recolouring, sensitive to content."""

import numpy as np
import pytest
import torch

from viceversa.metrics.edges import edge_agreement, edge_signature, retrieval_rate


def test_edge_agreement_ignores_colour_and_sees_content():
    rng = np.random.default_rng(0)
    coarse = rng.uniform(-1, 1, (12, 3, 8, 8)).astype(np.float32).repeat(8, 2).repeat(8, 3)
    assert edge_agreement(coarse, coarse) == pytest.approx(1)
    assert edge_agreement(coarse, 0.3 - 0.5 * coarse) == pytest.approx(1)
    others = np.stack([np.roll(x, (3 * i, 5 * i), (1, 2)) for i, x in enumerate(np.roll(coarse, 1, 0))])
    assert abs(edge_agreement(coarse, others)[1:].mean()) < 0.3
    assert edge_agreement(coarse, np.full_like(coarse, 0.5)) == pytest.approx(0)
    softer = (coarse + np.roll(coarse, 4, 3) + np.roll(coarse, 8, 3)) / 3
    assert 0.2 < edge_agreement(coarse, softer).mean() < 0.95


def test_retrieval_rate_is_one_for_recoloured_images_and_low_for_shuffled_ones():
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.uniform(-1, 1, (12, 3, 8, 8)).astype(np.float32).repeat(8, 2).repeat(8, 3))
    signature = edge_signature(x)
    np.testing.assert_allclose(signature.mean(1), 0, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(signature, axis=1), 1)
    assert retrieval_rate(edge_signature(0.3 - 0.5 * x), signature) == 1
    assert retrieval_rate(edge_signature(x.roll(1, 0)), signature) == 0
