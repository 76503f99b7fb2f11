"""A measured image as a TIFF file."""

import io
from typing import Any

from numpy.typing import NDArray

GDAL_NODATA = 42113  # the tag with the number of missing pixels, as text


def encode_tiff(pixels: NDArray[Any], nodata: float | None, options: dict[str, Any]) -> bytes:
    """The bytes of a TIFF file of an image (H, W) or (H, W, C): compressed without loss, the same on every call.

    `options` go to `tifffile.imwrite`, for example `resolution` or `extratags`.
    """
    import tifffile  # late: a fifth of a second that most commands do not need

    options = dict(options)
    tags = list(options.pop("extratags", ()))
    if nodata is not None:
        tags.append((GDAL_NODATA, "s", 0, f"{nodata:g}", True))

    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        pixels,
        photometric="minisblack",
        planarconfig="contig" if pixels.ndim == 3 else None,
        compression="zlib",
        predictor=True,
        metadata=None,
        software=False,
        extratags=tags,
        **options,
    )
    return buffer.getvalue()
