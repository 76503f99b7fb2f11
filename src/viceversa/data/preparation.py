"""How the files of a domain become inputs of the networks: the same in training, samples, evaluation and health."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .. import images
from ..images import ImageError, Values, Window, WindowedImage
from ..images.arrays import Array
from .content import Content, Crops
from .fixed_windows import open_at_scale, window_of

CLOSE = 1.25  # loading sides up to this many times the size count as the size itself, as in the authors' code
KNOWN = -0.99  # of a mask from -1 (known) to 1 (missing), resized like the image


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """Size, channels and values of a domain's images.

    `fit` "cover": the shorter side becomes `load` and the aspect ratio stays; "squash": both sides become `load`;
    "native": crops of `size` as `crops` says, of windows FILE#left,top,width,height these, of files the central one.
    """

    size: int | None = None  # side of the networks' training images, pixels; none: files at their own size
    load: int | None = None  # side before the random crop of training, pixels; none: `size`
    fit: str = "cover"
    channels: int = 3
    values: Values | None = None  # of the domain; none: each file's own range, as in runs of earlier versions
    crops: Crops | None = field(default=None, repr=False)  # of "native", and of no other fit

    @property
    def scale_side(self) -> int:
        """Shorter side at which whole images have the scale that training sees."""
        assert self.size is not None
        return self.load if self.load and self.load > CLOSE * self.size else self.size

    def read(self, path: Path, side: int | None = None) -> images.Picture:
        """The file with the values of its domain. ImageError where its channels are not those of the domain."""
        return self.fitting(path, images.read(path, values=self.values, side=side))

    def fitting(self, path: Path, picture: images.Picture) -> images.Picture:
        """The picture; ImageError where its channels are not those of the domain."""
        count = len(picture.pixels)
        if not images.channels_fit(count, self.channels):
            raise ImageError(path, f"it has {count} channels, where its domain has {self.channels}")
        return picture

    def stored(self, path: Path) -> Array:
        """(channels, H, W) at the loading side, in the smallest number type that loses nothing, for training."""
        assert self.size is not None
        side = self.load or self.size
        pixels = fit_pixels(self.read(path, side), side, self.fit, self.channels)
        return images.to_stored(pixels, self.store_type)

    def stored_window(self, image: WindowedImage, content: Content, window: Window) -> Array:
        """A window of an open image at the scale of the run, as `stored`. ImageError where it is damaged."""
        return self.as_stored(self.picture_at(image, content.path, content.downsample, window))

    def stored_whole(self, content: Content) -> Array:
        """All of an image at the scale of the run, as `stored`."""
        if content.downsample == 1:
            return self.as_stored(self.read(content.path))
        with images.open_windows(content.path) as image:
            return self.stored_window(image, content, Window(0, 0, *content.size))

    def as_stored(self, picture: images.Picture) -> Array:
        """The pixels of a picture on white, in the number type of the training store."""
        return images.to_stored(images.to_channels(blend_on_white(picture), self.channels), self.store_type)

    def picture_at(self, image: WindowedImage, path: Path, downsample: float, window: Window) -> images.Picture:
        """A window of an open image, in pixels of its scale reduced by `downsample`."""
        try:
            decoded = images.ScaledImage(image, downsample).read(window)
            picture = images.picture_of(decoded, self.values, image.about.format)
        except (ValueError, RuntimeError, OSError) as error:
            raise ImageError(path, str(error) or type(error).__name__) from None
        return self.fitting(path, picture)

    def fixed_window(self, path: Path) -> images.Picture:
        """The window that a path names, or the central one of a file, at the scale of the run."""
        assert self.crops is not None
        file, downsample, window = window_of(path, self.crops)
        with open_at_scale(file) as image:
            return self.picture_at(image, path, downsample, window)

    @property
    def store_type(self) -> str:
        """Number type of `stored`: uint8 for images of 8 bits, uint16 for whole numbers up to 16 bits, else float32."""
        if self.values is None or self.values.is_8_bit:
            return "uint8"
        kind = np.dtype(self.values.number_type)
        return "uint16" if kind.kind in "ui" and kind.itemsize <= 2 else "float32"

    def centre(self, path: Path) -> Array:
        """The centre of an image at the scale of training: (channels, size, size) float32 in [-1, 1]."""
        side = self.scale_side
        if self.crops is not None:
            return fit_pixels(self.fixed_window(path), side, "squash", self.channels)
        return self.crop(fit_pixels(self.read(path, side), side, self.fit, self.channels))

    def known(self, path: Path) -> Array | None:
        """(1, size, size) true where the `centre` of an image depends on no missing pixel; none where none does."""
        side, fit = self.scale_side, self.fit if self.crops is None else "squash"
        picture = self.read(path, side) if self.crops is None else self.fixed_window(path)
        if picture.missing is None:
            return None
        mask = np.where(picture.missing, 1, -1)[None].astype(np.float32)
        known: Array = self.crop(images.resize(mask, fit_size(picture, side, fit), picture.box)) < KNOWN
        return None if known.all() else known

    def crop(self, pixels: Array) -> Array:
        """The centre of (C, H, W): (C, size, size)."""
        assert self.size is not None
        _, h, w = pixels.shape
        top, left = (h - self.size) // 2, (w - self.size) // 2
        return np.ascontiguousarray(pixels[:, top : top + self.size, left : left + self.size])

    def __call__(self, path: Path) -> Array:
        """`centre`, or without a size the whole image, with the precision that files of the domain have."""
        if self.size is None:
            return images.to_channels(blend_on_white(self.read(path)), self.channels)
        return self.rounded(self.centre(path))

    def rounded(self, pixels: Array) -> Array:
        """Pixels in [-1, 1] with the 256 levels of images of 8 bits; others stay as they are."""
        return images.from_uint8(images.to_uint8(pixels)) if self.store_type == "uint8" else pixels


def fit_pixels(picture: images.Picture, load: int, fit: str, channels: int) -> Array:
    """The pixels of a picture on white, resized as by `Preparation`: (channels, H, W) in [-1, 1]."""
    pixels = images.to_channels(blend_on_white(picture), channels)
    size = fit_size(picture, load, fit)
    return pixels if size == pixels.shape[1:] else images.resize(pixels, size, picture.box)


def fit_size(picture: images.Picture, load: int, fit: str) -> tuple[int, int]:
    """Height and width to which `Preparation` resizes a picture."""
    if fit == "squash":
        return load, load
    h, w = picture.size
    scale = load / min(h, w)
    return max(load, round(h * scale)), max(load, round(w * scale))


def blend_on_white(picture: images.Picture) -> Array:
    """Pixels (C, H, W) in [-1, 1] whose transparent parts are blended with white."""
    if picture.alpha is None:
        return picture.pixels
    blended: Array = 1 + (picture.pixels - 1) * picture.alpha[None]
    return blended
