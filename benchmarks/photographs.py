"""Real photographs with a known truth: the pictures bundled with scikit-image, by day and by dusk.

    python benchmarks/photographs.py DIR [--count 400] [--size 64] [--seed 0]

Dusk is a change of light that no global colour map reaches: blue shadows, rose mid-tones, warm highlights, and
light that stays in warm colours. Training crops of A and B come from different
parts of the pictures, test crops from a strip that training never sees; truthA and truthB hold the true other side.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage import data, transform

from viceversa import images

Picture = NDArray[np.float64]  # (H, W, 3) in [0, 1]
LEVELS = (0.0, 0.15, 0.35, 0.6, 1.0)  # of light: night, blue, rose, lamp light, white
DUSK = np.array([(0.03, 0.03, 0.20), (0.08, 0.20, 0.62), (0.60, 0.15, 0.50), (0.98, 0.60, 0.20), (1.0, 0.96, 0.85)])
SOURCES = ("astronaut", "cat", "coffee", "rocket", "immunohistochemistry", "stereo_motorcycle")


def dusk(day: Picture) -> Picture:
    """The same photograph at dusk; (H, W, 3) in [0, 1], a fixed function of it."""
    light = day @ np.array([0.299, 0.587, 0.114])
    warmth = np.clip(day[..., 0] - day[..., 2], 0, 1)  # lamps, skin, wood keep their light
    level = np.clip(light * (0.85 + 0.6 * warmth), 0, 1)
    glow = np.stack([np.interp(level, LEVELS, channel) for channel in DUSK.T], axis=-1)
    return np.clip(glow + 0.3 * (day - light[..., None]), 0, 1)


def load(name: str) -> Picture:
    """A bundled picture, its shorter side at 400 px."""
    found = getattr(data, name)()
    picture = (found[0] if isinstance(found, tuple) else found) / 255.0
    scale = 400 / min(picture.shape[:2])
    return transform.resize(picture, [round(n * scale) for n in picture.shape[:2]], anti_aliasing=True)


def strips(picture: Picture) -> dict[str, Picture]:
    """Three parts side by side along the longer side: for A, for B, and for tests."""
    if picture.shape[0] > picture.shape[1]:
        return {key: part.swapaxes(0, 1) for key, part in strips(picture.swapaxes(0, 1)).items()}
    w = picture.shape[1]
    return {
        "A": picture[:, : int(0.4 * w)],
        "test": picture[:, int(0.4 * w) : int(0.6 * w)],
        "B": picture[:, int(0.6 * w) :],
    }


def crop(parts: list[Picture], size: int, rng: np.random.Generator) -> Picture:
    """A random square of a random picture, 70 to 160 px wide where there is room, brought to `size`."""
    part = parts[int(rng.integers(len(parts)))]
    side = min(int(rng.integers(70, 161)), *part.shape[:2])
    top, left = (int(rng.integers(n - side + 1)) for n in part.shape[:2])
    square = part[top : top + side, left : left + side]
    square = square[:, ::-1] if rng.random() < 0.5 else square
    return transform.resize(square, (size, size), anti_aliasing=True)


def make(folder: Path, count: int, size: int, seed: int) -> None:
    """Write trainA trainB testA testB truthA truthB as PNG."""
    days = [load(name) for name in SOURCES]
    both = [(strips(day), strips(dusk(day))) for day in days]
    rng = np.random.default_rng(seed)

    def write(name: str, index: int, picture: Picture) -> None:
        images.save_png(folder / name / f"{index:04}.png", (2 * picture - 1).transpose(2, 0, 1).astype(np.float32))

    for i in range(count):
        write("trainA", i, crop([d["A"] for d, _ in both], size, rng))
        write("trainB", i, crop([n["B"] for _, n in both], size, rng))
    for i in range(max(20, count // 8)):
        for side, source, truth in (("A", 0, 1), ("B", 1, 0)):
            start = rng.bit_generator.state
            write(f"test{side}", i, crop([pair[source]["test"] for pair in both], size, rng))
            rng.bit_generator.state = start  # the same square again, from the other side
            write(f"truth{side}", i, crop([pair[truth]["test"] for pair in both], size, rng))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    for option, default in (("--count", 400), ("--size", 64), ("--seed", 0)):
        parser.add_argument(option, type=int, default=default)
    args = parser.parse_args()
    make(args.folder, args.count, args.size, args.seed)
