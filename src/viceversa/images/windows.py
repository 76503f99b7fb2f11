"""Images of any size: parts of a file, read at one of its scales without the rest of it."""

import math
from abc import ABC, abstractmethod
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
