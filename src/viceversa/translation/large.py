"""Images larger than memory as the network sees them: windows of pixels at the scale of training."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from .. import images
from ..errors import DataError
from ..images import ImageError, Values, Window, WindowedImage
from ..images.arrays import Array
from ..images.decoded import Decoded
from ..images.values import full_span

THUMBNAIL = 512  # pixels of its shorter side
LARGE_PIXELS = 64_000_000  # from here on images are read, translated and written by windows where their format can


class LargeImage:
    """A windowed image at the scale of the network: `pixels` are its input, `picture` what the output is made from."""

    def __init__(self, image: WindowedImage, values: Values | None, channels: int, downsample: float = 1.0) -> None:
        about = image.about
        if not images.channels_fit(about.channels, channels):
            raise ImageError(about.path, f"it has {about.channels} channels, where the run was trained on {channels}")
        if values is None and about.number_type not in ("uint8", "uint16"):
            reason = f"it holds {about.number_type} and the run knows no range of values; train again with this version"
            raise ImageError(about.path, reason)
        self.scaled, self.about = images.ScaledImage(image, downsample), about
        self.values, self.channels = values, channels
        self.fill: Array | None = None  # pixel that stands for missing ones
        self.clipped = 0  # values outside of the range of their domain, of all pictures read

    @property
    def span(self) -> tuple[float, float]:
        """The numbers of the file that become -1 and +1."""
        return self.values.span(self.about.number_type) if self.values else full_span(self.about.number_type)

    @property
    def is_8_bit(self) -> bool:
        """Whether 256 levels lose nothing of it."""
        return self.about.number_type == "uint8" and (self.values is None or self.values.is_8_bit)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width at the scale of the network."""
        return self.scaled.size

    def picture(self, window: Window) -> images.Picture:
        """A window with alpha, missing pixels and profile; missing pixels hold the mean of a thumbnail.

        ImageError where its part of the file is damaged.
        """
        picture = images.picture_of(self.scaled.read(window), self.values, "TIFF")  # as which it will be written
        if picture.missing is not None:
            picture.pixels[:, picture.missing] = self.filling()[:, None]
        return picture

    def pixels(self, window: Window) -> Array:
        """A window as the network sees it: (channels, height, width) float32 in [-1, 1]."""
        return images.to_channels(self.picture(window).pixels, self.channels)

    def thumbnail(self) -> images.Picture:
        """The whole image with a shorter side of THUMBNAIL pixels at most."""
        samples = images.thumbnail(self.scaled.image, min(THUMBNAIL, *self.size))
        decoded = Decoded(samples=samples, nodata=self.about.nodata)
        return images.picture_of(decoded, self.values, "TIFF")

    def filling(self) -> Array:
        """The mean of the pixels of a thumbnail that have a value, (C,) in [-1, 1]; the same for every window."""
        if self.fill is None:
            thumbnail = self.thumbnail()
            known = slice(None) if thumbnail.missing is None else ~thumbnail.missing
            values = thumbnail.pixels[:, known]
            mean = values.mean(axis=tuple(range(1, values.ndim))) if values.size else -np.ones(len(values))
            self.fill = mean.astype(np.float32)
        return self.fill


@contextmanager
def open_large(path: Path, values: Values | None, channels: int, mpp: float | None = None) -> Iterator[LargeImage]:
    """A large image at `mpp` micrometres per pixel, or at its own scale; closed at the end."""
    with images.open_windows(path) as image:
        try:
            downsample = images.downsample_for(image.about, mpp)
        except ValueError as error:
            raise DataError(f"cannot read {images.printable_path(path)} at {mpp:g} µm per pixel: {error}") from None
        yield LargeImage(image, values, channels, downsample)


def is_large(path: Path, is_native: bool, mpp: float | None = None) -> bool:
    """Whether a file is translated by windows: slides, and images that are too large for memory.

    At the network's own scale (`is_native`) that is from LARGE_PIXELS on, else where the file cannot be decoded whole.
    Of a network that was trained at `mpp` micrometres per pixel, all files that can be read at a scale.
    """
    about = images.about(path)
    if about is None or about.is_whole:
        return False
    height, width = about.size
    return about.is_slide or mpp is not None or height * width > (LARGE_PIXELS if is_native else images.MAX_PIXELS)
