"""What an instrument adds to a scene: blur, noise, a smooth field of sensitivity, defective pixels."""

from math import ceil

import numpy as np
from numpy.typing import NDArray

from ..scenes.noise import Floats, SceneRng, noise


def blur(planes: Floats, sigma: float) -> Floats:
    """Convolve planes (C, H, W) with a Gaussian of `sigma` samples; the border is repeated."""
    radius = ceil(3 * sigma)
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (offsets / sigma) ** 2).astype(np.float32)
    weights /= weights.sum()

    for axis in (1, 2):
        length = planes.shape[axis]
        padded = np.take(planes, np.clip(np.arange(-radius, length + radius), 0, length - 1), axis)
        shifted = (slice(None),) * axis
        planes = np.zeros_like(planes)
        for start, weight in enumerate(weights):
            planes += weight * padded[(*shifted, slice(start, start + length))]
    return planes


def normal(rng: SceneRng, shape: tuple[int, ...]) -> Floats:
    """Standard normal numbers by the Box-Muller transform, from the stream that NumPy keeps between versions."""
    u, v = rng.generator.random((2, *shape))
    z: Floats = (np.sqrt(-2 * np.log1p(-u)) * np.cos(2 * np.pi * v)).astype(np.float32)
    return z


def smooth_field(seed: int, shape: tuple[int, int], strength: float) -> Floats:
    """A factor (H, W) that varies slowly around 1, by about `strength` up and down; the longer side is two cells."""
    height, width = shape
    unit = max(shape)
    x = ((np.arange(width) - width / 2) / unit * 2 + 8).astype(np.float32)[None]
    y = ((np.arange(height) - height / 2) / unit * 2 + 8).astype(np.float32)[:, None]
    return 1 + (2 * strength) * (noise(seed, x, y) - 0.5)


def hot_pixels(rng: SceneRng, image: NDArray[np.uint16], share: float, highest: int) -> None:
    """Set single pixels of an image (H, W, C) far above what they saw; `share` is their share of all pixels."""
    height, width, channels = image.shape
    expected = share * height * width * channels
    for _ in range(int(expected) + rng.chance(expected % 1)):
        where = rng.integer(0, height - 1), rng.integer(0, width - 1), rng.integer(0, channels - 1)
        image[where] = max(int(image[where]), rng.integer(highest // 2, highest))
