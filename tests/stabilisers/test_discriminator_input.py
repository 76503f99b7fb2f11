"""Instance noise and packing of a discriminator's inputs."""

import pytest
import torch

from viceversa.stabilisers.discriminator_input import DiscriminatorInput


def test_instance_noise_has_its_deviation_and_fades_with_the_advantage():
    show = DiscriminatorInput(noise=0.5)
    x = torch.zeros(4, 1, 64, 64)
    assert show(x).std().item() == pytest.approx(0.5, rel=0.02)
    for _ in range(400):
        show.fade(torch.tensor(0.6))
    assert show.lead.item() == pytest.approx(0.2, abs=1e-3)
    for _ in range(400):
        show.fade(torch.tensor(0.3))  # D is wrong: no noise
    assert show(x).abs().max().item() < 1e-2
    assert DiscriminatorInput()(x) is x and not DiscriminatorInput().state_dict()


def test_packing_stacks_the_channels_of_consecutive_images():
    x = torch.arange(4.0).reshape(4, 1, 1, 1).expand(4, 3, 2, 2)
    packed = DiscriminatorInput(packing=2)(x)
    assert packed.shape == (2, 6, 2, 2)
    assert packed[0, :, 0, 0].tolist() == [0, 0, 0, 1, 1, 1]
