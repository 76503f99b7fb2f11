"""DCGAN: sizes, maps of the paper, norms, initial weights."""

import pytest
import torch
from torch import nn

from viceversa.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from viceversa.networks.layers import count_parameters
from viceversa.networks.norms import NORMS


@pytest.mark.parametrize("upsampling", ["transposed", "bilinear"])
@pytest.mark.parametrize("kernel", [3, 4, 5])
@pytest.mark.parametrize("size", [8, 12, 20, 28, 32, 64])
def test_every_size_runs_forward_and_backward(size: int, kernel: int, upsampling: str) -> None:
    G = DCGANGenerator(latent=7, channels=3, size=size, width=2, upsampling=upsampling, kernel=kernel)
    D = DCGANDiscriminator(3, size, width=2, kernel=kernel, dropout=0.3)
    images = G(torch.randn(4, 7))
    assert images.shape == (4, 3, size, size) and images.abs().max() <= 1
    logits = D(images)
    assert logits.shape == (4, 1)
    logits.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for net in (G, D) for p in net.parameters())


def test_maps_have_the_channels_of_the_paper() -> None:
    G = DCGANGenerator(channels=3, size=64, width=128)
    shapes = [layer.weight.shape[:2] for layer in G.model if isinstance(layer, nn.ConvTranspose2d)]
    assert shapes == [(1024, 512), (512, 256), (256, 128), (128, 3)] and G.model[0].out_features == 4 * 4 * 1024
    D = DCGANDiscriminator()
    assert [layer.out_channels for layer in D.body if isinstance(layer, nn.Conv2d)] == [64, 128, 256]
    convolutions = sum(25 * a * b + b for a, b in ((1, 64), (64, 128), (128, 256)))
    assert count_parameters(D) == convolutions + 2 * (128 + 256) + (4 * 4 * 256 + 1)


def test_depth_adds_convolutions_on_the_smallest_map() -> None:
    plain, deep = DCGANGenerator(width=8), DCGANGenerator(width=8, depth=2)
    assert count_parameters(deep) - count_parameters(plain) == 2 * (16 * 16 * 9 + 16 + 2 * 16)
    images = deep(torch.randn(4, 100))
    assert images.shape == (4, 1, 28, 28)
    images.sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in deep.parameters())


@pytest.mark.parametrize("kind", NORMS)
def test_only_batch_norm_mixes_samples(kind: str) -> None:
    G, D = DCGANGenerator(latent=5, width=2, norm=kind), DCGANDiscriminator(width=2, norm=kind)
    x = G(torch.randn(3, 5))
    one_by_one = torch.cat([D(image[None]) for image in x])
    assert torch.allclose(D(x), one_by_one, atol=1e-5) == (kind != "batch")


@pytest.mark.parametrize("size", [4, 30])
def test_impossible_size_is_refused(size: int) -> None:
    for kind in (DCGANGenerator, DCGANDiscriminator):
        with pytest.raises(ValueError, match=f"not {size} px"):
            kind(size=size)


def test_initial_weights_are_normal_with_deviation_002() -> None:
    torch.manual_seed(0)
    G = DCGANGenerator()
    weights = torch.cat([p.flatten() for n, p in G.named_parameters() if p.dim() > 1])
    assert abs(weights.std() - 0.02) < 1e-4
    assert abs(G.model[2].weight.mean() - 1) < 0.01 and not G.model[0].bias.any()
