"""Images of any kind for the translator, and its results as the same kind."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .. import images
from ..errors import UsageError
from ..images import Values
from .tensors import require_range

MOST_COLOURS = 4  # channels that a grey domain takes as grey or colours, with alpha
Pack = Callable[[list[images.Picture]], Any]
Range = tuple[float, float]


def is_float_array(image: Any) -> bool:
    """Whether it is a NumPy array of float numbers."""
    return isinstance(image, np.ndarray) and image.dtype.kind == "f"


def open_image(
    image: Any, value_range: Range | None, values: Values | None = None
) -> tuple[list[images.Picture], Pack]:
    """The Pictures in one image or array of images, and the function that makes their translations the same kind.

    `image` is anything that `Translator.translate` takes but a tensor or a list; `values` are those of its domain.
    """
    if isinstance(image, np.ndarray):
        return open_array(image, value_range, values)
    if value_range is not None:
        raise UsageError(f"value_range is for arrays and tensors; {type(image).__name__} states its own range")
    if isinstance(image, str | Path):
        return [images.read(Path(image), values=values)], lambda results: images.to_pil_like(results[0])
    if isinstance(image, bytes | bytearray | memoryview):
        return [images.decode(bytes(image), values)], lambda results: images.encode_picture(results[0])
    if isinstance(image, images.Picture):
        return [image], lambda results: results[0]
    picture, pack = images.to_picture(image, values=values)
    return [picture], lambda results: pack(results[0])


def open_array(
    array: np.ndarray, value_range: Range | None, values: Values | None = None
) -> tuple[list[images.Picture], Pack]:
    """The same for one image (H, W), (H, W, C) or a batch (N, H, W, C); a batch has one range of values.

    Of a domain of one channel, (N, H, W) with W above MOST_COLOURS is a volume of N slices.
    """
    if values is not None and values.channels == 1 and array.ndim == 3 and array.shape[2] > MOST_COLOURS:
        slices, pack_slices = open_array(array[..., None], value_range, values)
        return slices, lambda results: without_one_channel(pack_slices(results))
    if value_range is not None:
        value_range = require_range(value_range)
    if array.ndim != 4:
        picture, pack = images.to_picture(array, value_range, values)
        return [picture], lambda results: pack(results[0])
    if (values is None and array.shape[-1] > 4) or 0 in array.shape:
        raise UsageError(f"a batch of image arrays is (N, H, W, 1 | 2 | 3 | 4), not {array.shape}")

    if value_range is None and array.dtype.kind == "f" and (values is None or values.relative):
        value_range = images.range_of_array(array)
    pictures, packs = zip(*(images.to_picture(image, value_range, values) for image in array), strict=True)
    return list(pictures), lambda results: np.stack([pack(r) for pack, r in zip(packs, results, strict=True)])


def without_one_channel(volume: np.ndarray) -> np.ndarray:
    """(N, H, W, 1) as (N, H, W); of more channels the same."""
    return volume[..., 0] if volume.shape[-1] == 1 else volume
