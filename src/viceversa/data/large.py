"""Checks of slides and other large files, which are not decoded as a whole; one function for each check."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from .. import images
from ..images import ImageError, Picture, Values, Window, WindowedImage
from .tissue import describe_tissue

SIDE = 512  # pixels of the window that is read
Check = Callable[[WindowedImage], str]  # a few words for people; ImageError where the file cannot be used


def is_large(path: Path) -> bool:
    """Whether a file is a slide, or too large to be decoded for a check; False where it cannot be opened."""
    if not images.may_be_large(path):
        return False
    try:
        with images.open_windows(path) as image:
            height, width = image.about.size
            return not image.about.is_whole and (image.about.is_slide or height * width > images.LARGE)
    except ImageError:
        return False


def check_large(path: Path) -> str:
    """What the checks say of a file, as one line. ImageError where it cannot be used."""
    with images.open_windows(path) as image:
        return "; ".join(words for words in (check(image) for check in CHECKS) if words)


def size(image: WindowedImage) -> str:
    """Width, height and megapixels."""
    height, width = image.about.size
    return f"{width} x {height} pixels ({height * width / 1e6:,.0f} megapixels)"


def levels(image: WindowedImage) -> str:
    """How many levels there are, and how much smaller they are."""
    factors = ", ".join(f"1/{level.downsample:.4g}" for level in image.about.levels[1:])
    return f"{len(image.about.levels)} levels: 1, {factors}" if factors else "1 level"


def pixel_size(image: WindowedImage) -> str:
    """Micrometres per pixel."""
    if image.about.mpp is None:
        return "micrometres per pixel not stated"
    x, y = image.about.mpp
    return f"{x:.4g} µm per pixel" if abs(x - y) < 1e-3 * x else f"{x:.4g} x {y:.4g} µm per pixel"


def scanner(image: WindowedImage) -> str:
    """Vendor and objective, where the file states them."""
    stated = dict(image.about.properties)
    words = [stated.get("vendor", ""), f"objective {stated['objective']}x" if "objective" in stated else ""]
    return ", ".join(word for word in words if word)


def middle(image: WindowedImage) -> str:
    """A window in the middle can be read."""
    image.read(middle_of(image))
    return ""


def middle_of(image: WindowedImage) -> Window:
    """The window in the middle."""
    height, width = image.about.size
    h, w = min(SIDE, height), min(SIDE, width)
    return Window((height - h) // 2, (width - w) // 2, h, w)


def read_in_part(path: Path, side: int, values: Values | None) -> Picture:
    """A large file by its coarsest level that is enough for `side`; by the window in its middle where it has none."""
    with images.open_windows(path) as image:
        coarsest = image.about.levels[-1]
        if coarsest.height * coarsest.width <= images.LARGE:
            return images.read(path, side=side, values=values, managed=True)
        top, left, height, width = middle_of(image)
        picture = images.read(f"{path}#{left},{top},{width},{height}", values=values, managed=True)
        return replace(picture, full_size=image.about.size, reduction=2)  # not all of its pixels


CHECKS: tuple[Check, ...] = (size, levels, pixel_size, scanner, describe_tissue, middle)
