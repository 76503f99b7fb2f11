"""The experiments of the report, in its order."""

from .chapter1 import activations, backpropagation, batch, depth, descent, initialisation, learning_rate, width, xor
from .chapter2 import channels, dropout, kernel_size, kernel_sweep, kernels, pooling, rungs, stride
from .chapter3 import balance, collapse, dcgan, equilibrium, modes, parallel_lines, saturation, wasserstein, wgan
from .chapter4 import apples_oranges, cycle_weight, identity, log_loss, neutral_smiling, paired, summer_winter, two_gans
from .experiment import Experiment

EXPERIMENTS: dict[str, Experiment] = {
    "xor": xor.EXPERIMENT,
    "activations": activations.EXPERIMENT,
    "backpropagation": backpropagation.EXPERIMENT,
    "descent": descent.EXPERIMENT,
    "width": width.EXPERIMENT,
    "depth": depth.EXPERIMENT,
    "batch": batch.EXPERIMENT,
    "initialisation": initialisation.EXPERIMENT,
    "learning-rate": learning_rate.EXPERIMENT,
    "kernels": kernels.EXPERIMENT,
    "sweep": kernel_sweep.EXPERIMENT,
    "channels": channels.EXPERIMENT,
    "pooling": pooling.EXPERIMENT,
    "kernel-size": kernel_size.EXPERIMENT,
    "stride-and-padding": stride.EXPERIMENT,
    "dropout": dropout.EXPERIMENT,
    "rungs": rungs.EXPERIMENT,
    "equilibrium": equilibrium.EXPERIMENT,
    "saturation": saturation.EXPERIMENT,
    "dcgan": dcgan.EXPERIMENT,
    "collapse": collapse.EXPERIMENT,
    "balance": balance.EXPERIMENT,
    "modes": modes.EXPERIMENT,
    "parallel-lines": parallel_lines.EXPERIMENT,
    "wasserstein": wasserstein.EXPERIMENT,
    "wgan": wgan.EXPERIMENT,
    "two-gans": two_gans.EXPERIMENT,
    "apples-oranges": apples_oranges.EXPERIMENT,
    "summer-winter": summer_winter.EXPERIMENT,
    "neutral-smiling": neutral_smiling.EXPERIMENT,
    "lambda": cycle_weight.EXPERIMENT,
    "identity": identity.EXPERIMENT,
    "log-loss": log_loss.EXPERIMENT,
    "paired": paired.EXPERIMENT,
}
