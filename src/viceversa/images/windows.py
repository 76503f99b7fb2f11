"""Images of any size: parts of a file, read at one of its scales without the rest of it."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from .arrays import Array
from .decoded import Decoded


class Window(NamedTuple):
    """A part of an image, in pixels of the level that it is read from."""

    top: int
    left: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Of an array (H, W, ...)."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


class Level(NamedTuple):
    """One scale of an image; the first level of an image is the full one."""

    height: int
    width: int
    downsample: float = 1.0  # full pixels per pixel of this level, on a side


def level_of(size: tuple[int, int], full: tuple[int, int]) -> Level:
    """The level of a copy by height and width; the whole factor that its sides are rounded from, where there is one."""
    down, across = full[0] / size[0], full[1] / size[1]
    whole = round((across + down) / 2)
    is_exact = all(copy in (side // whole, -(-side // whole)) for copy, side in zip(size, full, strict=True))
    return Level(*size, float(whole) if is_exact else (across + down) / 2)


@dataclass(frozen=True, kw_only=True)
class About:
    """What is known of an image before its pixels are read."""

    path: str
    format: str  # name of a format
    levels: tuple[Level, ...]  # from the full scale down
    number_type: str  # by NumPy's name
    channels: int  # without alpha
    has_alpha: bool = False
    mpp: tuple[float, float] | None = None  # micrometres per full pixel, across and down
    nodata: float | None = None  # the number that stands for missing pixels, where the file states one
    is_slide: bool = False  # from a slide scanner: glass around tissue
    is_whole: bool = False  # the format has no windows: the image lies in memory
    properties: tuple[tuple[str, str], ...] = ()  # what else the file says, such as the scanner and its objective
    origin: Any = None  # what a format needs to write a file like this one, see `Decoded`
    notes: tuple[str, ...] = ()  # what is dropped or converted

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the full image."""
        return self.levels[0].height, self.levels[0].width


class WindowedImage(ABC):
    """An open image. `read` may be called from several threads."""

    about: About

    @abstractmethod
    def read(self, window: Window, level: int = 0) -> Decoded:
        """The samples of a window that lies inside of the level; any exception for a damaged file."""

    def close(self) -> None:  # noqa: B027 - images in memory have nothing to close
        """Close the file."""

    def __enter__(self) -> "WindowedImage":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class PartOfImage(WindowedImage):
    """A window of an open image as an image of its own; at smaller levels its place is rounded to whole pixels."""

    def __init__(self, image: WindowedImage, window: Window) -> None:
        height, width = image.about.size
        if window.top + window.height > height or window.left + window.width > width:
            raise ValueError(
                f"the window {window.left},{window.top},{window.width},{window.height} (left, top, width, height) "
                f"reaches outside of its {width} x {height} pixels; name a window inside"
            )
        self.image = image
        self._windows = [w for w in (_window_at(level, window) for level in image.about.levels) if min(w[2:]) > 0]
        levels = [
            level._replace(height=w.height, width=w.width)
            for level, w in zip(image.about.levels, self._windows, strict=False)
        ]
        self.about = replace(image.about, levels=tuple(levels), origin=None)  # which is that of the whole image

    def read(self, window: Window, level: int = 0) -> Decoded:
        part = self._windows[level]
        inner = Window(part.top + window.top, part.left + window.left, window.height, window.width)
        return replace(self.image.read(inner, level), origin=None)

    def close(self) -> None:
        self.image.close()


def _window_at(level: Level, window: Window) -> Window:
    """A window of the full image at a level, inside of it."""
    top, left, height, width = (side / level.downsample for side in window)
    top, left = round(top), round(left)
    return Window(top, left, min(int(height), level.height - top), min(int(width), level.width - left))


class WholeImage(WindowedImage):
    """An image of a format without windows, decoded in memory."""

    def __init__(self, path: str, format: str, decoded: Decoded) -> None:
        height, width, channels = decoded.samples.shape
        self.decoded = decoded
        self.about = About(
            path=path,
            format=format,
            levels=(Level(height, width),),
            number_type=decoded.samples.dtype.name,
            channels=channels,
            has_alpha=decoded.alpha is not None,
            nodata=decoded.nodata,
            is_whole=True,
            origin=decoded.origin,
            notes=decoded.notes,
        )

    def read(self, window: Window, level: int = 0) -> Decoded:
        samples: Array = np.ascontiguousarray(self.decoded.samples[window.slices])
        alpha = None if self.decoded.alpha is None else np.ascontiguousarray(self.decoded.alpha[window.slices])
        return replace(self.decoded, samples=samples, alpha=alpha)


class GuardedImage(WindowedImage):
    """An image whose errors, whatever they are, become one that `error` makes of their reason."""

    def __init__(self, image: WindowedImage, error: Callable[[str], Exception]) -> None:
        self.image, self.about, self._error = image, image.about, error

    def read(self, window: Window, level: int = 0) -> Decoded:
        size = self.about.levels[level]
        if min(window[:2]) < 0 or min(window[2:]) < 1:
            raise self._error(f"a window of {window.width} x {window.height} pixels at {window.left}, {window.top}")
        if window.top + window.height > size.height or window.left + window.width > size.width:
            raise self._error(f"the window {tuple(window)} reaches outside of its {size.width} x {size.height} pixels")
        try:
            return self.image.read(window, level)
        except Exception as error:  # a damaged file can make a decoder raise anything
            raise self._error(str(error) or type(error).__name__) from None

    def close(self) -> None:
        self.image.close()


def level_for(about: About, downsample: float) -> int:
    """The coarsest level with at least the detail of `downsample` full pixels per pixel (1 % of slack)."""
    fitting = [i for i, level in enumerate(about.levels) if level.downsample <= downsample * 1.01]
    return fitting[-1] if fitting else 0


def downsample_for(about: About, mpp: float | None) -> float:
    """Full pixels per pixel at a scale in micrometres per pixel; 1 without one. ValueError where the file has none."""
    if mpp is None:
        return 1.0
    if about.mpp is None:
        raise ValueError("it does not state how many micrometres its pixels have")
    return mpp / math.sqrt(about.mpp[0] * about.mpp[1])
