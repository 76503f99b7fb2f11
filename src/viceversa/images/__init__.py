"""Images: reading and writing files, pixel arrays, contact sheets. Every file passes through `read` and `write`."""

from .adapters import range_of_array, to_picture, to_pil, to_pil_like
from .address import LEFT, RIGHT, file_of, printable_path
from .arrays import (
    channel_map,
    channels_fit,
    from_stored,
    from_uint8,
    resize,
    to_channels,
    to_display,
    to_stored,
    to_uint8,
)
from .decoded import MAX_PIXELS
from .formats import EXTENSIONS
from .opened import ImageError
from .picture import (
    Picture,
    about,
    clipping_note,
    colours_of,
    decode,
    describe,
    encode_picture,
    may_be_large,
    open_windows,
    pages_of,
    picture_of,
    read,
    read_decoded,
    read_pages,
    read_sample,
    thumbnail,
    to_samples,
    with_pixels,
    write,
)
from .pyramid import PyramidWriter
from .reduced import LARGE
from .scaled import ScaledImage
from .sheets import grid, save_png
from .values import Values
from .windows import About, Level, Window, WindowedImage, downsample_for, level_for

__all__ = [
    "About",
    "EXTENSIONS",
    "LARGE",
    "LEFT",
    "Level",
    "MAX_PIXELS",
    "RIGHT",
    "ScaledImage",
    "ImageError",
    "Picture",
    "PyramidWriter",
    "Values",
    "Window",
    "WindowedImage",
    "about",
    "channel_map",
    "channels_fit",
    "clipping_note",
    "colours_of",
    "decode",
    "describe",
    "encode_picture",
    "file_of",
    "from_stored",
    "from_uint8",
    "grid",
    "level_for",
    "may_be_large",
    "downsample_for",
    "open_windows",
    "pages_of",
    "picture_of",
    "printable_path",
    "range_of_array",
    "read",
    "read_decoded",
    "read_pages",
    "read_sample",
    "resize",
    "save_png",
    "thumbnail",
    "to_channels",
    "to_display",
    "to_picture",
    "to_pil",
    "to_pil_like",
    "to_samples",
    "to_stored",
    "to_uint8",
    "with_pixels",
    "write",
]
