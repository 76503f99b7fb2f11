"""How strongly the way back reacts to noise on a translation: a hint at hidden information and invented structures."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
SIGMA = 0.05  # standard deviation of the noise, as a share of the range of values
DRAWS = 2
RANGE = 2.0  # of values in [-1, 1]
CELL = 32  # pixels of a place of the coarse map


def noise_response(
    back: Callable[[Images], Images], translated: Images, *, sigma: float = SIGMA, draws: int = DRAWS, seed: int = 0
) -> Images:
    """|F(y + n) - F(y)| over E|n| at each place of translations y = G(a), mean over channels and draws: (N, H, W).

    `back` is F: (N, C, H, W) in [-1, 1] to images of the same height and width; n is Gaussian noise of `sigma` times
    the range, clipped with y to the range, the same for every image of a batch.

    A network trained for F(G(a)) = a can keep what it has no honest place for as a faint, high-frequency pattern in
    G(a), which F turns into visible structure (Chu, Zhmoginov, Sandler 2017: CycleGAN, a Master of Steganography,
    arXiv 1712.02950). Noise destroys the pattern, and F(G(a) + n) falls
    apart where the translation does not show what its input shows. A linear F of unit gain has 1; one that amplifies a
    pattern of a 50th of the range has up to 50, as far as its own range allows.
    """
    exact = back(translated)
    response = np.zeros((len(translated), *translated.shape[2:]), np.float64)
    for draw in range(draws):
        rng = np.random.default_rng((seed, draw))
        noise = rng.standard_normal(translated.shape[1:], np.float32) * np.float32(sigma * RANGE)
        noisy: Images = np.clip(translated + noise, -1, 1)
        response += np.abs(back(noisy) - exact).mean(1)
    mean_noise = sigma * RANGE * np.sqrt(2 / np.pi)  # E|n| of a Gaussian
    return np.asarray(response / (draws * mean_noise), np.float32)


def coarse_map(response: Images, cell: int = CELL) -> Images:
    """Means over cells of (H, W): (rows, columns); a remainder at the right and bottom is left out."""
    h, w = response.shape
    cell = min(cell, h, w)
    rows, columns = h // cell, w // cell
    cells = response[: rows * cell, : columns * cell].reshape(rows, cell, columns, cell)
    return np.asarray(cells.mean((1, 3)), np.float32)
