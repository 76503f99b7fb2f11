"""Counted operations against numbers computed by hand."""

import pytest

from viceversa.bench import cases, flops
from viceversa.bench.cases import CASES, Case, config_of
from viceversa.methods.cyclegan import CycleGAN
from viceversa.networks.patchgan import PatchGAN
from viceversa.networks.resnet import ResNetGenerator


def generator_macs(size: int, blocks: int, w: int = 64) -> int:
    """Multiply-adds by convolution: channels in x channels out x kernel x pixels (Zhu et al. 2017, sec. 7.2)."""
    first_and_last = 2 * 3 * w * 7**2 * size**2
    outer = 2 * 9 * w * 2 * w * (size // 2) ** 2  # down, and up: a transposed convolution counts pixels of its input
    inner = 2 * 9 * 2 * w * 4 * w * (size // 4) ** 2
    return first_and_last + outer + inner + blocks * 2 * 9 * (4 * w) ** 2 * (size // 4) ** 2


def discriminator_macs(size: int, w: int = 64) -> list[int]:
    sides = [size // 2, size // 4, size // 8, size // 8 - 1, size // 8 - 2]
    channels = [3, w, 2 * w, 4 * w, 8 * w, 1]
    return [16 * a * b * s**2 for a, b, s in zip(channels, channels[1:], sides, strict=False)]


@pytest.mark.long
def test_operations_of_a_pass_are_those_of_its_convolutions() -> None:
    for size, blocks, known in ((256, 9, 49.55), (128, 6, 8.76)):
        net = ResNetGenerator(blocks=blocks, winograd=True)
        count = flops.of_pass(net, (1, 3, size, size))
        assert count == 2 * generator_macs(size, blocks)
        assert count / 2e9 == pytest.approx(known, abs=0.006)
    count = flops.of_pass(PatchGAN(), (1, 3, 256, 256))
    assert count == 2 * sum(discriminator_macs(256)) and count / 2e9 == pytest.approx(3.15, abs=0.006)


def test_operations_of_a_step_are_those_of_its_forward_and_backward_passes() -> None:
    """A pass counts once, once more for gradients of weights, once more for gradients of inputs that need one."""
    G, D = generator_macs(128, 6), discriminator_macs(128)
    first_layer = 3 * 64 * 49 * 128**2
    generator = 2 * (3 * G - first_layer) + 3 * G  # two passes on an image, one on a translation
    discriminator = 2 * sum(D) + 2 * (3 * sum(D) - D[0])  # one pass with fixed weights, two that train it
    both_directions = 2 * (generator + discriminator)
    assert flops.of_step(config_of("cyclegan", 128, recompute=True), 1, 128) == 2 * both_directions


def test_terms_of_weight_zero_are_not_counted() -> None:
    with_identity, without = (flops.of_step(config_of("cyclegan", 128, lambda_idt=w), 1, 128) for w in (5.0, 0.0))
    G = generator_macs(128, 6)
    assert with_identity - without == 2 * 2 * (3 * G - 3 * 64 * 49 * 128**2)


def test_networks_of_the_preset_are_those_of_the_reference() -> None:
    """So that the ratio compares the same arithmetic."""
    ours, reference = CycleGAN(config_of("cyclegan", 128)), cases.one_page()["CycleGAN"](blocks=6)
    for name, net in ours.nets.items():
        shapes = [p.shape for p in net.parameters()]
        assert shapes == [p.shape for p in getattr(reference, name).parameters()]
    assert isinstance(CASES["train cyclegan 128 px"], Case) and {c.unit for c in CASES.values()} == {
        "images",
        "megapixels",
        "starts",
    }
