"""Nuclei kept by a translation between stains: found in source and result by stain density, matched by their middles.

Colour deconvolution (Ruifrok & Johnston 2001) gives the density of haematoxylin; what is denser than Otsu's threshold
(1979) and neither too small nor too large is a nucleus. Two nuclei match when their middles are near. The vector of the
other stain is taken from the image: the colours farthest from haematoxylin, in the spirit of Macenko et al. (2009).
"""

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from .otsu import otsu

Floats = NDArray[np.float32]
Points = NDArray[np.float64]
Vector = tuple[float, float, float]
HAEMATOXYLIN: Vector = (0.65, 0.70, 0.29)  # optical density in red, green and blue
EOSIN: Vector = (0.14, 0.87, 0.40)  # where an image has too little tissue to tell
FARTHEST = 3.0  # per cent of the stained pixels whose colour is that of the other stain
STAINED = 0.2  # optical density, length of the vector
SMALLEST, LARGEST = 7.0, 130.0  # square micrometres of a nucleus
NEAR = 3.0  # micrometres between middles that match
FAINTEST = 0.12  # concentration below which nothing is a nucleus, however blank the image


@dataclass(frozen=True)
class Matches:
    """Numbers of nuclei; those of windows can be added."""

    both: int
    source: int
    result: int

    def __add__(self, other: "Matches") -> "Matches":
        return Matches(self.both + other.both, self.source + other.source, self.result + other.result)

    @property
    def precision(self) -> float:
        """Share of the nuclei of the result that the source has; 1 without any."""
        return self.both / self.result if self.result else 1.0

    @property
    def recall(self) -> float:
        """Share of the nuclei of the source that the result has; 1 without any."""
        return self.both / self.source if self.source else 1.0

    @property
    def f1(self) -> float:
        """2 both / (source + result), the harmonic mean of precision and recall; 1 without nuclei."""
        total = self.source + self.result
        return 2 * self.both / total if total else 1.0


def nuclei_kept(
    source: NDArray[np.uint8],
    result: NDArray[np.uint8],
    *,
    source_stain: Vector | None = None,
    result_stain: Vector | None = None,
    mpp: float = 0.5,
) -> Matches:
    """Nuclei of two aligned images (H, W, 3), uint8, that match; `.f1` is the score. ValueError for unequal shapes.

    The stains are the vectors of what is beside haematoxylin, by default `other_stain`; `mpp` is micrometres per pixel.
    """
    if source.shape != result.shape:
        raise ValueError(f"the source has the shape {source.shape}, the result {result.shape}")
    middles = [find_nuclei(image, stain, mpp) for image, stain in ((source, source_stain), (result, result_stain))]
    return match(middles[0], middles[1], NEAR / mpp)


def find_nuclei(image: NDArray[np.uint8], stain: Vector | None = None, mpp: float = 0.5) -> Points:
    """Middles (N, 2), row and column in pixels, of the nuclei of an image (H, W, 3), uint8."""
    density = _blurred(haematoxylin_density(image, stain))
    threshold = max(otsu(density[density > FAINTEST / 2]), FAINTEST)
    regions, count = components(density > threshold)
    areas = np.bincount(regions.ravel(), minlength=count + 1)[1:]
    rows, columns = np.nonzero(regions)
    label = regions[rows, columns] - 1
    middles = np.stack([np.bincount(label, at, count) / np.maximum(areas, 1) for at in (rows + 0.5, columns + 0.5)], 1)
    return middles[(areas * mpp**2 >= SMALLEST) & (areas * mpp**2 <= LARGEST)]


def optical_density(image: NDArray[np.uint8]) -> Floats:
    """-log10(I / I0) of an image (H, W, 3); I0 is the brightest level of each channel, at least 200."""
    glass = np.maximum(np.percentile(image[::4, ::4].reshape(-1, 3), 99.5, axis=0), 200)
    levels = np.log10(np.maximum(np.arange(256), 1)).astype(np.float32)
    density: Floats = np.log10(glass).astype(np.float32) - levels[image]
    return density


def other_stain(image: NDArray[np.uint8]) -> Vector:
    """The unit vector of the stain beside haematoxylin: mean of the FARTHEST stained pixels from it, by angle."""
    density = optical_density(image[::2, ::2]).reshape(-1, 3)
    length = np.linalg.norm(density, axis=1)
    stained = (length > STAINED) & (density.min(axis=1) > 0)
    if stained.sum() < 100:
        return EOSIN
    directions = density[stained] / length[stained, None]
    cosine = directions @ (np.array(HAEMATOXYLIN) / np.linalg.norm(HAEMATOXYLIN))
    mean = directions[cosine <= np.percentile(cosine, FARTHEST)].mean(axis=0)
    red, green, blue = (mean / np.linalg.norm(mean)).tolist()
    return red, green, blue


def haematoxylin_density(image: NDArray[np.uint8], stain: Vector | None = None) -> Floats:
    """Concentration of haematoxylin (H, W) in an image (H, W, 3): density = concentrations @ unit vectors, inverted.

    The third vector is orthogonal to both stains.
    """
    density, stain = optical_density(image), other_stain(image) if stain is None else stain
    first, second = (np.array(vector) / np.linalg.norm(vector) for vector in (HAEMATOXYLIN, stain))
    third = np.cross(first, second)
    inverse = np.linalg.inv(np.stack([first, second, third / np.linalg.norm(third)]))
    weights = inverse[:, 0].astype(np.float32)
    result: Floats = reduce(np.add, (density[..., i] * weights[i] for i in range(3)))
    return result


def components(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int]:
    """Regions of neighbours (8 of them) in a mask (H, W), numbered from 1; 0 elsewhere; and how many there are.

    Runs of each row are joined with those of the row below that they touch, until nothing changes.
    """
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    padded[:, 1:-1] = mask
    steps = np.diff(padded, axis=1)
    row, first = np.nonzero(steps == 1)
    last = np.nonzero(steps == -1)[1]  # the column after the run
    if not len(row):
        return np.zeros(mask.shape, np.int32), 0

    width = mask.shape[1] + 3
    starts, ends = row * width + first, row * width + last
    low = np.searchsorted(ends, starts + width)  # the first run of the next row that ends at or after this start
    high = np.searchsorted(starts, ends + width, side="right")
    touching = np.maximum(high - low, 0)
    upper = np.arange(len(row)).repeat(touching)
    lower = np.arange(touching.sum()) - (np.cumsum(touching) - touching).repeat(touching) + low.repeat(touching)

    name = np.arange(len(row))
    while True:
        least = np.minimum(name[upper], name[lower])
        joined = name.copy()
        np.minimum.at(joined, upper, least)
        np.minimum.at(joined, lower, least)
        joined = joined[joined]
        if np.array_equal(joined, name):
            break
        name = joined
    known, number = np.unique(name, return_inverse=True)
    changes = np.zeros((mask.shape[0], mask.shape[1] + 1), np.int32)
    changes[row, first] += (number + 1).astype(np.int32)
    changes[row, last] -= (number + 1).astype(np.int32)
    return np.cumsum(changes, axis=1, dtype=np.int32)[:, :-1], len(known)


def match(first: Points, second: Points, near: float) -> Matches:
    """Pairs of points (N, 2) and (M, 2), each point in one pair at most: the nearest two first, none beyond `near`."""
    both = 0
    if len(first) and len(second):
        order = np.argsort(second[:, 0], kind="stable")
        second = second[order]
        low = np.searchsorted(second[:, 0], first[:, 0] - near)
        high = np.searchsorted(second[:, 0], first[:, 0] + near, side="right")
        a = np.arange(len(first)).repeat(high - low)
        b = np.arange(len(a)) - (np.cumsum(high - low) - (high - low)).repeat(high - low) + low.repeat(high - low)
        distance = np.hypot(*(first[a] - second[b]).T)
        used_a, used_b = np.zeros(len(first), bool), np.zeros(len(second), bool)
        for index in np.argsort(distance, kind="stable"):
            i, j = a[index], b[index]
            if distance[index] <= near and not used_a[i] and not used_b[j]:
                used_a[i] = used_b[j] = True
                both += 1
    return Matches(both, len(first), len(second))


def _blurred(density: Floats) -> Floats:
    """The mean of 3 x 3 pixels, the border repeated."""
    padded = np.pad(density, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    mean: Floats = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / np.float32(9)
    return mean
