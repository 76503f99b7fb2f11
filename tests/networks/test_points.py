"""Networks for points on a plane, trained by GAN and WGAN."""

import torch

from viceversa.methods.gan import GAN, GANConfig
from viceversa.methods.wgan import WGAN, WGANConfig
from viceversa.networks.points import PointDiscriminator, PointGenerator
from viceversa.worlds.gaussians import GaussianBatches, ring


def test_gan_and_wgan_train_networks_for_points():
    batches = GaussianBatches(ring(), 16)
    for method in (
        GAN(GANConfig(latent=2, packing=2), size=0, nets=(PointGenerator(2, 8), PointDiscriminator(8, packing=2))),
        GAN(GANConfig(latent=2, minibatch=3), size=0, nets=(PointGenerator(2, 8), PointDiscriminator(8, minibatch=3))),
        WGAN(WGANConfig(latent=2, critic_turns=2), size=0, nets=(PointGenerator(2, 8), PointDiscriminator(8))),
    ):
        before = [p.clone() for p in method.nets.parameters()]
        for i in range(2):
            assert all(v.isfinite() for v in method.step(*batches.batch(i)).values())
        changed = [not torch.equal(a, b) for a, b in zip(before, method.nets.parameters(), strict=True)]
        assert sum(changed) >= len(changed) - 1  # the last bias of a critic has no gradient
