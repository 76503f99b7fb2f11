"""A dataset of real photographs with a known truth: those bundled with scikit-image, by day and at dusk.

    python benchmarks/photographs.py DIR [--count 400] [--size 64] [--seed 0]

Dusk is a change of light that no global colour map can reproduce: blue shadows, rose mid-tones, warm highlights, and
warm colours that keep their light. Training crops of A and B come from different parts of the photographs, test crops
from a third part; truthA and truthB hold the true translations of the test crops.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage import data, transform

from viceversa import images

Photo = NDArray[np.float64]  # (H, W, 3) in [0, 1]
LEVELS = (
    0.0,
    0.15,
    0.35,
    0.6,
    1.0,
)  # of brightness, at which DUSK has its colours: night, blue, rose, lamplight, white
DUSK = np.array([(0.03, 0.03, 0.20), (0.08, 0.20, 0.62), (0.60, 0.15, 0.50), (0.98, 0.60, 0.20), (1.0, 0.96, 0.85)])
SOURCES = ("astronaut", "cat", "coffee", "rocket", "immunohistochemistry", "stereo_motorcycle")


def dusk(day: Photo) -> Photo:
    """The photograph at dusk, a fixed function of that by day; (H, W, 3) in [0, 1]."""
    light = day @ np.array([0.299, 0.587, 0.114])
    warmth = np.clip(day[..., 0] - day[..., 2], 0, 1)  # lamps, skin, wood keep their light
    level = np.clip(light * (0.85 + 0.6 * warmth), 0, 1)
    glow = np.stack([np.interp(level, LEVELS, channel) for channel in DUSK.T], axis=-1)
    return np.clip(glow + 0.3 * (day - light[..., None]), 0, 1)


def load(name: str) -> Photo:
    """A bundled photograph, its shorter side at 400 px."""
    bundled = getattr(data, name)()
    photo = (bundled[0] if isinstance(bundled, tuple) else bundled) / 255.0  # a stereo pair is a tuple
    scale = 400 / min(photo.shape[:2])
    return transform.resize(photo, [round(n * scale) for n in photo.shape[:2]], anti_aliasing=True)


def split(photo: Photo) -> dict[str, Photo]:
    """Three strips along the longer side: for A, for tests, and for B."""
    if photo.shape[0] > photo.shape[1]:
        return {key: strip.swapaxes(0, 1) for key, strip in split(photo.swapaxes(0, 1)).items()}
    w = photo.shape[1]
    return {
        "A": photo[:, : int(0.4 * w)],
        "test": photo[:, int(0.4 * w) : int(0.6 * w)],
        "B": photo[:, int(0.6 * w) :],
    }


def crop(strips: list[Photo], size: int, rng: np.random.Generator) -> Photo:
    """A random square of a random strip, 70 to 160 px wide where it is large enough, resized to `size`."""
    strip = strips[int(rng.integers(len(strips)))]
    side = min(int(rng.integers(70, 161)), *strip.shape[:2])
    top, left = (int(rng.integers(n - side + 1)) for n in strip.shape[:2])
    square = strip[top : top + side, left : left + side]
    square = square[:, ::-1] if rng.random() < 0.5 else square
    return transform.resize(square, (size, size), anti_aliasing=True)


def make(folder: Path, count: int, size: int, seed: int) -> None:
    """Write trainA trainB testA testB truthA truthB as PNG."""
    photos = [load(name) for name in SOURCES]
    pairs = [(split(day), split(dusk(day))) for day in photos]
    rng = np.random.default_rng(seed)

    def write(name: str, index: int, photo: Photo) -> None:
        images.save_png(folder / name / f"{index:04}.png", (2 * photo - 1).transpose(2, 0, 1).astype(np.float32))

    for i in range(count):
        write("trainA", i, crop([day["A"] for day, _ in pairs], size, rng))
        write("trainB", i, crop([night["B"] for _, night in pairs], size, rng))
    for i in range(max(20, count // 8)):
        for side, source, truth in (("A", 0, 1), ("B", 1, 0)):
            start = rng.bit_generator.state
            write(f"test{side}", i, crop([pair[source]["test"] for pair in pairs], size, rng))
            rng.bit_generator.state = start  # the same square in the other domain
            write(f"truth{side}", i, crop([pair[truth]["test"] for pair in pairs], size, rng))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    for option, default in (("--count", 400), ("--size", 64), ("--seed", 0)):
        parser.add_argument(option, type=int, default=default)
    args = parser.parse_args()
    make(args.folder, args.count, args.size, args.seed)
