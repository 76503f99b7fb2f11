"""Where the tissue of a slide lies: a mask from a thumbnail, with hints about pen marks and blur."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .. import images
from ..images import About, Window, WindowedImage
from ..images.arrays import Array
from ..images.values import full_span
from ..metrics.otsu import otsu

THUMBNAIL = 1024  # pixels of its longer side
LEAST_THRESHOLD, LARGEST_THRESHOLD = 0.05, 0.2  # noise of glass lies below; pale tissue above, however dark the pen
WHITE_PERCENTILE = 98  # of each channel: the glass
LEAST_WHITE = 0.7  # of full intensity, for slides without any glass
BRIGHT, COLOURLESS = 0.8, 0.06  # glass is brighter, and its saturation lower
LEAST_GLASS = 0.05  # share of the thumbnail, above which an image of known scale is a slide
NEIGHBOURHOOD = 5  # pixels: what the majority around a pixel lacks is a speck, or a hole
RAMP = 3  # pixels of the thumbnail by which tissue is widened, before its weight falls to 0 over as many
PEN_SHARE = 0.001  # of the thumbnail, from which pen marks are named
BLUR_TILE, BLUR_TILES = 256, 64  # pixels of a side, and tiles that are read at most
BLURRED = 0.1  # of the median variance of the Laplacian, below which a tile is blurred
BLUR_SHARE = 0.05  # of the tiles, from which blur is named
BLUR_MPP = 1.0  # micrometres per pixel at which it is measured, where the scale is known

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class TissueMask:
    """Tissue in a thumbnail of an image; windows are in pixels of the image, reduced by `downsample`."""

    mask: Mask  # (h, w) true for tissue
    size: tuple[int, int]  # height and width of the full image
    mpp: tuple[float, float] | None = None  # micrometres per full pixel, across and down

    @property
    def scale(self) -> tuple[float, float]:
        """Full pixels per pixel of the mask, down and across."""
        return self.size[0] / self.mask.shape[0], self.size[1] / self.mask.shape[1]

    @property
    def area_mm2(self) -> float | None:
        """Area of the tissue in square millimetres; none where the scale is not known."""
        if self.mpp is None:
            return None
        down, across = self.scale
        return float(self.mask.sum()) * down * across * self.mpp[0] * self.mpp[1] / 1e6

    @cached_property
    def integral(self) -> NDArray[np.float64]:
        """(h + 1, w + 1): tissue pixels of the mask above and left of each corner."""
        return integral_of(self.mask)

    def share(self, window: Window, downsample: float = 1.0) -> float:
        """Share of tissue in a window, exactly as the mask has it."""
        scale_y, scale_x = (side / downsample for side in self.scale)
        rows = np.array([window.top, window.top + window.height]) / scale_y
        columns = np.array([window.left, window.left + window.width]) / scale_x
        corners = at_corners(self.integral, rows, columns)
        area = (rows[1] - rows[0]) * (columns[1] - columns[0])
        return float((corners[1, 1] - corners[0, 1] - corners[1, 0] + corners[0, 0]) / area)

    @cached_property
    def ramp(self) -> NDArray[np.float32]:
        """The mask as weights: 1 on tissue, falling to 0 over twice RAMP pixels of the thumbnail."""
        grown = box_mean(self.mask, 2 * RAMP + 1) > 0
        return box_mean(grown, 2 * RAMP + 1).astype(np.float32)

    def weights(self, window: Window, downsample: float = 1.0) -> NDArray[np.float32]:
        """(height, width) in [0, 1] of a window: 1 on tissue, 0 on glass, smooth between; the same for any windows."""
        scale_y, scale_x = (side / downsample for side in self.scale)
        rows = (window.top + np.arange(window.height) + 0.5) / scale_y - 0.5
        columns = (window.left + np.arange(window.width) + 0.5) / scale_x - 0.5
        return at_corners(self.ramp, rows, columns).astype(np.float32)


def tissue_mask(image: WindowedImage) -> TissueMask:
    """The tissue of an open image by Otsu's threshold on darkness and saturation of its thumbnail."""
    colours = thumbnail_of(image)
    return TissueMask(mask_of(colours), image.about.size, image.about.mpp)


def thumbnail_of(image: WindowedImage, longer: int = THUMBNAIL) -> NDArray[np.float32]:
    """(h, w, C) of full intensity 1, with a longer side of about `longer` pixels."""
    height, width = image.about.size
    shorter = max(1, round(longer * min(height, width) / max(height, width)))
    return intensities(images.thumbnail(image, shorter))


def intensities(samples: Array) -> NDArray[np.float32]:
    """Samples as shares of the full intensity of their type; floats as they are."""
    shares: NDArray[np.float32] = samples.astype(np.float32) / np.float32(full_span(samples.dtype.name)[1])
    return shares.clip(0, 1)


def mask_of(colours: NDArray[np.float32]) -> Mask:
    """(h, w) true for tissue in a thumbnail (h, w, C), without specks and small holes."""
    density = tissue_density(colours)
    threshold = float(np.clip(otsu(density, (0.0, 1.0)), LEAST_THRESHOLD, LARGEST_THRESHOLD))
    return majority(density > threshold)


def tissue_density(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """The larger one of optical density and saturation, in [0, 1], both relative to the glass: 0 on glass.

    Of images on a dark ground, such as fluorescence, the brightness.
    """
    mean = colours.mean(2)
    if np.median(border_of(mean)) < 0.5:
        ground, top = np.percentile(mean, [5, 99.5])
        brightness: NDArray[np.float32] = ((mean - ground) / max(top - ground, 1e-6)).astype(np.float32)
        return brightness.clip(0, 1)
    white = np.maximum(np.percentile(colours, WHITE_PERCENTILE, axis=(0, 1)), LEAST_WHITE)
    relative = np.clip(colours / white, 1 / 255, 1)
    saturation = 1 - relative.min(2) / relative.max(2)
    density: NDArray[np.float32] = np.maximum(-np.log10(relative.mean(2)), saturation).astype(np.float32)
    return density.clip(0, 1)


def border_of(plane: Array) -> Array:
    """The outermost pixels of (h, w)."""
    return np.concatenate([plane[0], plane[-1], plane[:, 0], plane[:, -1]])


def majority(mask: Mask, side: int = NEIGHBOURHOOD) -> Mask:
    """What most pixels around each one are: specks and holes of less than half of side x side pixels go."""
    smooth: Mask = box_mean(mask, side) > 0.5
    return smooth


def box_mean(plane: Array, side: int) -> NDArray[np.float64]:
    """Mean over side x side pixels around each pixel of (h, w), the border repeated."""
    padded = np.pad(plane.astype(np.float64), side // 2, mode="edge")
    total = integral_of(padded)
    sums: NDArray[np.float64] = total[side:, side:] - total[:-side, side:] - total[side:, :-side]
    return np.round(sums + total[:-side, :-side], 9) / side**2


def integral_of(plane: Array) -> NDArray[np.float64]:
    """(h + 1, w + 1): sums of the pixels above and left of each corner."""
    return np.pad(plane.astype(np.float64), ((1, 0), (1, 0))).cumsum(0).cumsum(1)


def at_corners(plane: Array, rows: Array, columns: Array) -> NDArray[np.float64]:
    """Values of (h, w) at fractional places, row by column, by bilinear interpolation; beyond the border its values."""
    low_y, share_y = neighbours(rows, plane.shape[0])
    low_x, share_x = neighbours(columns, plane.shape[1])
    high_y, high_x = np.minimum(low_y + 1, plane.shape[0] - 1), np.minimum(low_x + 1, plane.shape[1] - 1)
    lines = plane[low_y] * (1 - share_y)[:, None] + plane[high_y] * share_y[:, None]
    result: NDArray[np.float64] = lines[:, low_x] * (1 - share_x) + lines[:, high_x] * share_x
    return result


def neighbours(places: Array, count: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The pixel before each place, and the share of the one after it."""
    inside = np.clip(places, 0, count - 1)
    low = np.floor(inside).astype(np.int64)
    return low, inside - low


def is_on_glass(about: About, colours: NDArray[np.float32]) -> bool:
    """Whether an image shows tissue on bright glass: all slides, and images of known scale with bright empty parts."""
    if about.is_slide:
        return True
    if about.mpp is None or colours.shape[2] not in (1, 3):
        return False
    saturation = 1 - colours.min(2) / np.maximum(colours.max(2), 1e-6)
    glass = (colours.min(2) > BRIGHT) & (saturation < COLOURLESS)
    return float(glass.mean()) > LEAST_GLASS


def pen_share(colours: NDArray[np.float32]) -> float:
    """Share of a thumbnail (h, w, C) in the colours of marker pens: strong blue or green, or black."""
    if colours.shape[2] != 3:
        return 0.0
    red, green, blue = np.moveaxis(colours, 2, 0)
    largest, smallest = colours.max(2), colours.min(2)
    saturation = (largest - smallest) / np.maximum(largest, 1e-6)
    is_blue = (blue > 1.3 * red) & (green >= red) & (saturation > 0.4)
    is_green = (green > 1.2 * red) & (green > 1.1 * blue) & (saturation > 0.3)
    is_black = (largest < 0.25) & (largest - smallest < 0.08)
    return float(majority(is_blue | is_green | is_black).mean())


def blurred_share(image: WindowedImage, tissue: TissueMask) -> float:
    """Share of tiles of tissue, evenly spaced, with far less fine detail than half of the tiles of this image have."""
    about = image.about
    mean_mpp = None if about.mpp is None else (about.mpp[0] * about.mpp[1]) ** 0.5
    scaled = images.ScaledImage(image, 1.0 if mean_mpp is None else max(1.0, BLUR_MPP / mean_mpp))
    downsample = about.size[0] / scaled.size[0]
    places = [
        Window(top, left, BLUR_TILE, BLUR_TILE)
        for top in range(0, scaled.size[0] - BLUR_TILE + 1, BLUR_TILE)
        for left in range(0, scaled.size[1] - BLUR_TILE + 1, BLUR_TILE)
    ]
    full = [place for place in places if tissue.share(place, downsample) > 0.7]
    some = full[:: -(-len(full) // BLUR_TILES)] if full else []
    variances = np.array([detail(intensities(scaled.read(place).samples)) for place in some])
    return float((variances < BLURRED * np.median(variances)).mean()) if len(variances) > 3 else 0.0


def detail(colours: NDArray[np.float32]) -> float:
    """Variance of the Laplacian of the brightness of (h, w, C)."""
    grey = colours.mean(2)
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    return float(laplacian.var())


def describe_tissue(image: WindowedImage) -> str:
    """Area and share of the tissue of a slide, with hints at pen marks and blur; empty for other images."""
    colours = thumbnail_of(image)
    if not is_on_glass(image.about, colours):
        return ""
    tissue = TissueMask(mask_of(colours), image.about.size, image.about.mpp)
    area = "" if tissue.area_mm2 is None else f"{tissue.area_mm2:.3g} mm² of "
    words = [f"{area}tissue ({tissue.mask.mean():.0%} of the image)"]
    if (pen := pen_share(colours)) > PEN_SHARE:
        words.append(f"perhaps pen marks ({pen:.1%})")
    if (blurred := blurred_share(image, tissue)) > BLUR_SHARE:
        words.append(f"perhaps blurred in part ({blurred:.0%} of the tissue)")
    return ", ".join(words)
