"""Floating-point operations, counted layer by layer on the meta device; a multiply-add is two."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import nn

from ..methods.cyclegan import CycleGANConfig, make_generator
from ..networks.patchgan import PatchGAN


def of_pass(net: nn.Module, shape: Sequence[int], *, weights: bool = False, inputs: bool = False) -> int:
    """Operations of one forward pass, and of the backward pass for its weights and inputs as requested.

    Every convolution counts as a direct one, however it is computed: the network moves to the meta device.
    """
    from torch.utils.flop_counter import FlopCounterMode  # brings hundreds of megabytes of PyTorch's compiler along

    net = net.to("meta").requires_grad_(weights)
    x = torch.empty(*shape, device="meta", requires_grad=inputs)
    with FlopCounterMode(display=False) as counter:
        out = net(x)
        if weights or inputs:
            out.sum().backward()
    return int(counter.get_total_flops())


def of_step(config: CycleGANConfig, batch: int, size: int) -> int:
    """Operations of one training step: six generator and six discriminator passes, with their backward passes."""
    config = replace(config, recompute=False)  # recomputed operations are not counted twice
    G = make_generator(config, config.channels_of("A"), config.channels_of("B"))
    D = PatchGAN(config.channels_of("A"), config.d_width, config.d_layers, config.d_norm)
    shape = (batch, config.channels_of("A"), size, size)
    first = of_pass(G, shape, weights=True)  # its input is an image, which needs no gradient
    small = *shape[:2], *(side // config.cycle_downsampling for side in shape[2:])
    second = of_pass(G, small, weights=True, inputs=True)  # its input is a translation
    count = first
    if config.lambda_cyc:
        count += second
    if config.lambda_idt:
        count += first
    if config.lambda_gan:
        count += of_pass(D, shape, inputs=True)  # in the generators' turn, its weights fixed
        count += 2 * of_pass(D, shape, weights=True)  # in its own turn, of a real and a generated image
    return 2 * count  # both directions


def of_translation(config: CycleGANConfig, size: int) -> int:
    """Operations of one image through one generator."""
    shape = (1, config.channels_of("A"), size, size)
    with torch.no_grad():
        return of_pass(make_generator(config, config.channels_of("A"), config.channels_of("B")), shape)
