"""A training that takes a second, and the small dataset for it."""

from pathlib import Path

import numpy as np
from PIL import Image

TINY = (
    "method.width=4", "method.blocks=1", "method.d_width=4", "method.d_layers=1", "method.pool=3", "method.ema=0.9",
    "train.batch=2", "train.threads=1", "train.log_every=5",
)  # fmt: skip
TINY_OPTIONS = dict(size=16, device="cpu", precision="fp32", seed=3, set=TINY)


def tiny_words(*more: str) -> list[str]:
    """`TINY_OPTIONS` as words of a command line."""
    words = ["--size", "16", "--device", "cpu", "--precision", "fp32", "--seed", "3"]
    for pair in TINY:
        words += ["--set", pair]
    return [*words, *more]


def draw_world(folder: Path, counts: dict[str, int]) -> Path:
    """Folders of small pictures: A reddish, B bluish, each another size."""
    rng = np.random.default_rng(0)
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for i in range(count):
            pixels = rng.integers(0, 120, (20 + i, 24, 3), dtype=np.uint8)
            pixels[..., 0 if name.endswith("A") else 2] += 130
            Image.fromarray(pixels).save(folder / name / f"{i}.png")
    return folder
