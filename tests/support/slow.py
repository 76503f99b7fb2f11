"""A translator that takes its time, and a folder of images for it."""

import time
from pathlib import Path

import numpy as np
from PIL import Image
from torch import nn

from viceversa.translation.translator import Translator


class Slow(nn.Module):
    def forward(self, x):
        time.sleep(0.01)
        return -x


def translator() -> Translator:
    return Translator({"A": nn.Identity(), "B": Slow()}, ("a", "b"), (3, 3), 64, 1)


def pictures(folder: Path, count: int) -> Path:
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(count):
        Image.fromarray(rng.integers(0, 256, (20 + i % 3, 24, 3), dtype=np.uint8)).save(folder / f"{i:03}.png")
    return folder
