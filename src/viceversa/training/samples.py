"""What a run shows of itself on its way: the same pictures, the same noise, the same test set, again and again."""

from collections.abc import Mapping, Sequence
from json import dumps
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .. import files, images
from ..data.transforms import fitted
from ..errors import DataError
from ..methods.classifier import Classifier, ClassifierConfig
from ..methods.cyclegan import CycleGAN, CycleGANConfig
from ..methods.gan import GAN, GANConfig
from ..methods.pix2pix import Pix2Pix, Pix2PixConfig
from ..methods.wgan import WGAN, WGANConfig
from ..runs.config import RunConfig
from ..runs.folder import RunFolder

Files = Mapping[str, Sequence[Path]]
SHOWN = 64  # pictures from noise on a sheet
EXAMINED = 256  # test pictures at a time


class CycleSheet:
    """The same four pictures of each domain: input, translation, cycle, both ways."""

    def __init__(self, found: Files, config: RunConfig, run: RunFolder, device: str, method: CycleGAN) -> None:
        self.run, self.method, self.device = run, method, device
        c, size = config.method, config.data.size
        assert isinstance(c, CycleGANConfig)
        self.a = fixed_pictures(found["test_a"] or found["train_a"], size, c.channels_a)
        self.b = fixed_pictures(found["test_b"] or found["train_b"], size, c.channels_b)

    def __call__(self, step: int) -> None:
        a, b = self.a.to(self.device), self.b.to(self.device)
        seen = self.method.preview(a, b)
        save_sheet(self.run, step, [a, seen["fake_b"], seen["cycle_a"], b, seen["fake_a"], seen["cycle_b"]])


class PairSheet:
    """The same four pairs: input, translation, truth."""

    def __init__(self, found: Files, config: RunConfig, run: RunFolder, device: str, method: Pix2Pix) -> None:
        self.run, self.method, self.device = run, method, device
        c, size = config.method, config.data.size
        assert isinstance(c, Pix2PixConfig)
        part = "test" if found["truth_a"] else "train"
        self.a = fixed_pictures(found[f"{part}_a"], size, c.channels_a)
        self.b = fixed_pictures(found["truth_a" if part == "test" else "train_b"], size, c.channels_b)

    def __call__(self, step: int) -> None:
        a = self.a.to(self.device)
        save_sheet(self.run, step, [a, self.method.preview(a)["fake_b"], self.b])


class NoiseSheet:
    """Pictures from the same noise."""

    def __init__(self, config: RunConfig, run: RunFolder, device: str, method: GAN | WGAN) -> None:
        self.run, self.method, self.device = run, method, device
        assert isinstance(config.method, GANConfig | WGANConfig)
        dice = torch.Generator().manual_seed(config.train.seed)
        self.z = torch.randn(SHOWN, config.method.latent, generator=dice)

    def __call__(self, step: int) -> None:
        fake = self.method.preview(self.z.to(self.device))["fake"]
        save_sheet(self.run, step, [fake[column::8] for column in range(8)])


class Examination:
    """Share of the test pictures that are named rightly, a line of accuracy.jsonl each time."""

    def __init__(
        self, tests: Sequence[Path], labels: Sequence[int], config: RunConfig, run: RunFolder, device: str,
        method: Classifier,
    ) -> None:  # fmt: skip
        self.path, self.method, self.device = run.accuracy, method, device
        assert isinstance(config.method, ClassifierConfig)
        size, channels = config.data.size, config.method.channels
        self.x = fixed_pictures(tests, size, channels, len(tests), stand_in=True)
        self.y = torch.tensor(labels)

    def __call__(self, step: int) -> None:
        right = 0
        for i in range(0, len(self.y), EXAMINED):
            scores = self.method.preview(self.x[i : i + EXAMINED].to(self.device))["scores"]
            right += int((scores.argmax(1).cpu() == self.y[i : i + EXAMINED]).sum())
        line = {"step": step, "accuracy": right / len(self.y), "right": right, "of": len(self.y)}
        files.append_line(self.path, dumps(line))


def save_sheet(run: RunFolder, step: int, columns: Sequence[Tensor], folder: Path | None = None) -> None:
    """Columns of pictures (N, C, H, W) side by side into step-<N>.png of `folder`, or of samples."""
    folder = folder or run.samples
    shown = [column.cpu().numpy() for column in columns]
    rows = [[images.to_channels(x[i], 3) for x in shown] for i in range(min(map(len, shown)))]
    folder.mkdir(exist_ok=True)
    images.save_png(folder / f"step-{step:06}.png", images.grid(rows))


def fixed_pictures(paths: Sequence[Path], size: int, channels: int, count: int = 4, stand_in: bool = False) -> Tensor:
    """The first readable pictures, their centre at (count, channels, size, size) in [-1, 1].

    With `stand_in` one that cannot be read is replaced by grey, so that all keep their places.
    """
    found: list[np.ndarray] = []
    broken = 0
    for path in paths:
        try:
            pixels = fitted(images.read(path), size, "cover", channels)
        except DataError:
            broken += 1
            if not stand_in:
                continue
            pixels = np.zeros((channels, size, size), np.float32)
        _, h, w = pixels.shape
        found.append(pixels[:, (h - size) // 2 :, (w - size) // 2 :][:, :size, :size])
        if len(found) == count:
            break
    if len(found) == broken * stand_in:
        raise DataError(f"none of the {len(paths)} pictures in {paths[0].parent} can be read; replace them")
    return torch.from_numpy(np.stack(found))
