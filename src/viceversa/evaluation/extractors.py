"""Networks that turn pictures into features: the embedded one, or the standard Inception from a user's file."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files as resources
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load as load_tensors
from torch import nn

from .. import images
from ..errors import ModelFileError, UsageError, did_you_mean
from ..networks.extractor import DIMENSIONS, SIDE, Extractor

EMBEDDED = "worlds-1"
AT_ONCE = 2**20  # pixels per channel that a network sees at a time
RULES = ("clean", "legacy")

Pictures = NDArray[np.float32]
Features = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class FeatureNet:
    """A frozen network with what must be said beside its numbers."""

    name: str
    sha256: str  # of its weights
    side: int  # pixels that it looks at
    dimensions: int
    rule: str  # how pictures come to `side`: clean or legacy
    net: nn.Module

    @property
    def enough(self) -> int:
        """Pictures below which a Fréchet distance is mostly bias: ten for each feature."""
        return 10 * self.dimensions

    def prepared(self, pixels: Pictures) -> Pictures:
        """One picture (1 | 3, H, W) in [-1, 1] as the network sees it, (3, side, side); 8-bit first, as files are."""
        rounded = images.from_uint8(images.to_uint8(images.to_channels(pixels, 3)))
        return images.resize(rounded, (self.side, self.side))

    @torch.inference_mode()
    def __call__(self, pictures: Sequence[Pictures] | Pictures) -> Features:
        """Features (N, d) of N pictures (1 | 3, H, W) in [-1, 1], of one size or of many."""
        x = torch.from_numpy(np.stack([self.prepared(pixels) for pixels in pictures]))
        parts = torch.split(x, max(1, AT_ONCE // self.side**2))
        found: Features = torch.cat([self.net(part) for part in parts]).numpy()
        return found


def load_extractor(name: str = EMBEDDED, rule: str = "clean") -> FeatureNet:
    """`worlds-1`, or the standard Inception from a file that `viceversa convert` wrote.

    UsageError for an unknown name, ModelFileError for a damaged file.
    """
    if rule not in RULES:
        raise UsageError(f"--resize '{rule}': choose {' or '.join(RULES)}.{did_you_mean(rule, RULES)}")
    if name == EMBEDDED:
        return embedded()
    raise UsageError(f"--extractor '{name}': name {EMBEDDED}.{did_you_mean(name, [EMBEDDED])}")


def embedded() -> FeatureNet:
    """The small network that benchmarks/extractor.py trained on the project's own worlds."""
    home = resources(__package__)
    data = home.joinpath(f"{EMBEDDED}.safetensors").read_bytes()
    digest = sha256(data).hexdigest()
    if digest != card()["sha256"]:
        raise ModelFileError(f"the embedded extractor {EMBEDDED} is damaged; install viceversa anew")
    net = Extractor()
    net.load_state_dict(load_tensors(data), strict=False)  # the counters of batch norm are not kept
    return FeatureNet(
        name=EMBEDDED,
        sha256=digest,
        side=SIDE,
        dimensions=DIMENSIONS,
        rule="clean",
        net=net.eval().requires_grad_(False),
    )


def card() -> dict[str, Any]:
    """What is known about the embedded extractor."""
    found: dict[str, Any] = json.loads(resources(__package__).joinpath(f"{EMBEDDED}.json").read_text())
    return found
