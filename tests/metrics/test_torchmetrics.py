"""Fréchet distance and KID against torchmetrics on the same features."""

import warnings

import numpy as np
import pytest
import torch

from viceversa.metrics.frechet import frechet
from viceversa.metrics.kid import kid


class Identity(torch.nn.Module):
    """A network whose features are its input."""

    num_features = 24

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.double()


def torchmetric(name: str, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torchmetrics.image.fid import FrechetInceptionDistance
        from torchmetrics.image.kid import KernelInceptionDistance

        kind = {"fid": FrechetInceptionDistance, "kid": KernelInceptionDistance}[name]
        return kind(feature=Identity(), **options)


def test_distances_agree_with_torchmetrics():
    a = np.random.default_rng(0).normal(size=(300, 24)).astype(np.float32)
    b = (0.3 + 1.2 * np.random.default_rng(1).normal(size=(300, 24))).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fid = torchmetric("fid", input_img_size=(24,)).set_dtype(torch.float64)
        whole = torchmetric("kid", subsets=1, subset_size=300)
        for metric in (fid, whole):
            metric.update(torch.from_numpy(a), real=True)
            metric.update(torch.from_numpy(b), real=False)
        assert frechet(a, b) == pytest.approx(fid.compute().item(), rel=1e-3)
        assert kid(a, b).value == pytest.approx(whole.compute()[0].item(), rel=1e-3)
