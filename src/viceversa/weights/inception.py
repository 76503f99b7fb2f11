"""The Inception network of FID from a user's file: its weights are published by others and never part of viceversa."""

import shlex
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from ..errors import ModelFileError
from ..metrics.resizing import Rule
from ..networks.inception import InceptionV3
from .expected import ExpectedWeights, is_pickled

PUBLISHED = "pt_inception-2015-12-05-6726825d.pth"  # by pytorch-fid; torch-fidelity has the same bytes as weights-...
COUNTER = "num_batches_tracked"  # of a batch norm in training; not a weight


@cache
def inception_weights() -> ExpectedWeights:
    """The 472 tensors of the network, `fc` included."""
    with torch.device("meta"):
        state = InceptionV3().state_dict()
    return ExpectedWeights(
        name="the Inception of FID",
        shapes={name: tuple(tensor.shape) for name, tensor in state.items() if not name.endswith(COUNTER)},
        kind="inception-v3 of FID, 2015-12-05, with fc",
        sha256="6726825d",
        max_bytes=256_000_000,  # the published file has 96 million
        advice=f"the one that fits is {PUBLISHED} of pytorch-fid, put through viceversa convert",
    )


def load_inception(path: str | Path) -> tuple[InceptionV3, str]:
    """The network in a file that `viceversa convert` wrote, without gradients, and the SHA-256 of the file.

    ModelFileError for pickled weights, another network, another shape or type, numbers that are not finite.
    """
    path = Path(path)
    expected = inception_weights()
    expected.size_of(path)  # raises where there is no file
    if is_pickled(path):
        command = shlex.join(["viceversa", "convert", str(path), str(path.with_suffix(".safetensors"))])
        raise ModelFileError(f"{path} holds pickled weights, which can run code; convert them first: {command}")
    tensors, digest = expected.load(path)

    with torch.device("meta"):  # neither initialised nor held in memory twice
        network = InceptionV3()
    zero = torch.zeros((), dtype=torch.long)
    counters = {name: zero.clone() for name in network.state_dict() if name.endswith(COUNTER)}
    network.load_state_dict(tensors | counters, assign=True)
    return network.eval().requires_grad_(False), digest


def scaled(x: Tensor, rule: Rule) -> Tensor:
    """Resized images in [-1, 1] in the range that the network expects; u is a stored value 0..255.

    `legacy`: 2 u / 255 - 1 (pytorch-fid); `clean`: (u - 128) / 128 (clean-fid, as in the original TensorFlow graph).
    """
    return ((x + 1) * 127.5 - 128) / 128 if rule == "clean" else x
