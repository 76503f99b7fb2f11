"""The same few pictures through the run."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from .. import images
from ..data.folders import Domains
from ..data.prepare import fitted
from ..errors import DataError
from ..methods.cyclegan import CycleGAN
from ..presets import RunConfig
from .run_folder import RunFolder


class Sampler:
    """Draws the same four pictures of each domain through the run: input, translation, cycle."""

    def __init__(self, domains: Domains, config: RunConfig, run: RunFolder, device: str, method: CycleGAN) -> None:
        self.run, self.method, self.device = run, method, device
        c = config
        self.a = fixed_pictures(domains.test_a or domains.train_a, c.data.size, c.method.channels_a)
        self.b = fixed_pictures(domains.test_b or domains.train_b, c.data.size, c.method.channels_b)

    def __call__(self, step: int) -> None:
        a, b = self.a.to(self.device), self.b.to(self.device)
        seen = {k: v.cpu() for k, v in self.method.preview(a, b).items()}
        a, b = a.cpu(), b.cpu()
        columns = [a, seen["fake_b"], seen["cycle_a"], b, seen["fake_a"], seen["cycle_b"]]
        rows = [[images.to_channels(x[i].numpy(), 3) for x in columns] for i in range(min(len(a), len(b)))]
        self.run.samples.mkdir(exist_ok=True)
        images.save_png(self.run.samples / f"step-{step:06}.png", images.grid(rows))


def fixed_pictures(paths: Sequence[Path], size: int, channels: int, count: int = 4) -> torch.Tensor:
    """The first readable pictures, their centre at (count, channels, size, size) in [-1, 1]."""
    found: list[np.ndarray] = []
    for path in paths:
        try:
            pixels = fitted(images.read(path), size, "cover", channels)
        except DataError:
            continue
        _, h, w = pixels.shape
        found.append(pixels[:, (h - size) // 2 :, (w - size) // 2 :][:, :size, :size])
        if len(found) == count:
            break
    if not found:
        raise DataError(
            f"none of the {len(paths)} pictures in {paths[0].parent} can be read; viceversa data check tells why"
        )
    return torch.from_numpy(np.stack(found))
