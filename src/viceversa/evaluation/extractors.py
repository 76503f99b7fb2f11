"""Networks that turn images into features: the embedded one, or the standard Inception from a user's file."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load as load_tensors
from torch import Tensor, nn

from .. import images
from ..errors import ModelFileError, UsageError, did_you_mean
from ..metrics.resizing import RULES, Rule, resize
from ..networks import inception
from ..networks.extractor import DIMENSIONS, SIDE, Extractor
from ..weights.inception import inception_weights, load_inception, scaled

EMBEDDED = "worlds-1"
BATCH_PIXELS = 2**20  # pixels per channel of one batch

Images = NDArray[np.float32]
Features = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class FeatureNet:
    """A frozen feature network, and what must be stated beside its numbers."""

    name: str
    sha256: str  # of its weights
    side: int  # of its input, pixels
    dimensions: int
    rule: Rule  # how images are resized to `side`
    net: nn.Module
    scale: Callable[[Tensor], Tensor] = lambda x: x  # from [-1, 1] to the network's input range

    @property
    def min_images(self) -> int:
        """Number of images below which a Fréchet distance is mostly bias: ten for each feature."""
        return 10 * self.dimensions

    def resized(self, pixels: Images) -> Images:
        """One image (C, H, W) in [-1, 1] as (3, side, side), rounded to 8 bits; of more channels the first three."""
        rounded = images.from_uint8(images.to_uint8(images.to_channels(images.to_display(pixels), 3)))
        square: Images = resize(rounded[None], self.side, self.rule)[0]
        return square

    @torch.inference_mode()
    def __call__(self, pictures: Sequence[Images] | Images) -> Features:
        """Features (N, d) of N images (C, H, W) in [-1, 1], of one size or of several."""
        parts = [np.zeros((0, self.dimensions), np.float32)]
        batch = max(1, BATCH_PIXELS // self.side**2)
        for first in range(0, len(pictures), batch):
            x = np.stack([self.resized(pixels) for pixels in pictures[first : first + batch]])
            parts.append(self.net(self.scale(torch.from_numpy(x))).numpy())
        return np.concatenate(parts)


def load_extractor(name: str = EMBEDDED, rule: str = "clean") -> FeatureNet:
    """`worlds-1`, or the standard Inception from a file that `viceversa convert` wrote.

    UsageError for an unknown name or rule, ModelFileError for a file that holds something else.
    """
    resize_rule = next((known for known in RULES if known == rule), None)
    if resize_rule is None:
        raise UsageError(f"--resize '{rule}': choose {' or '.join(RULES)}.{did_you_mean(rule, RULES)}")
    if name == EMBEDDED:
        return replace(embedded(), rule=resize_rule)

    if Path(name).suffix or Path(name).exists():
        net, digest = load_inception(name)
        return FeatureNet(
            name="inception-2015-12-05"
            if inception_weights().is_published(name)
            else f"inception, other weights ({Path(name).name})",
            sha256=digest,
            side=inception.SIDE,
            dimensions=inception.FEATURES,
            rule=resize_rule,
            net=net,
            scale=partial(scaled, rule=resize_rule),
        )

    near = did_you_mean(name, [EMBEDDED])
    raise UsageError(f"--extractor '{name}': choose {EMBEDDED} or a file that viceversa convert wrote.{near}")


def embedded() -> FeatureNet:
    """The small network that benchmarks/extractor.py trained on the drawn worlds."""
    home = resources(__package__)
    data = home.joinpath(f"{EMBEDDED}.safetensors").read_bytes()
    digest = sha256(data).hexdigest()
    if digest != model_card()["sha256"]:
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


def model_card() -> dict[str, Any]:
    """Digest, size and measured accuracy of the embedded extractor."""
    card: dict[str, Any] = json.loads(resources(__package__).joinpath(f"{EMBEDDED}.json").read_text())
    return card
