"""Images: reading and writing files, pixel arrays, contact sheets. Every file passes through `read` and `write`."""

from .adapters import range_of_array, to_picture, to_pil, to_pil_like
from .arrays import channel_map, from_stored, from_uint8, resize, to_channels, to_display, to_stored, to_uint8
from .decoded import MAX_PIXELS
from .picture import (
    EXTENSIONS,
    LEFT,
    RIGHT,
    ImageError,
    Picture,
    clipping_note,
    decode,
    describe,
    encode_picture,
    file_of,
    pages_of,
    printable_path,
    read,
    read_decoded,
    read_pages,
    to_samples,
    with_pixels,
    write,
)
from .sheets import grid, save_png
from .values import Values

__all__ = [
    "EXTENSIONS",
    "LEFT",
    "MAX_PIXELS",
    "RIGHT",
    "ImageError",
    "Picture",
    "Values",
    "channel_map",
    "clipping_note",
    "decode",
    "describe",
    "encode_picture",
    "file_of",
    "from_stored",
    "from_uint8",
    "grid",
    "pages_of",
    "printable_path",
    "range_of_array",
    "read",
    "read_decoded",
    "read_pages",
    "resize",
    "save_png",
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
