"""The experiments of the report, in its order."""

from .chapter1 import xor
from .chapter2 import kernels
from .experiment import Experiment

EXPERIMENTS: dict[str, Experiment] = {
    "xor": xor.EXPERIMENT,
    "kernels": kernels.EXPERIMENT,
}
