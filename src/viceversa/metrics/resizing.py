"""The two ways in which the literature brings pictures to the size that a feature network wants."""

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from .. import images

Rule = Literal["clean", "legacy"]
RULES: tuple[Rule, ...] = ("clean", "legacy")


def resize(pictures: NDArray[np.float32], side: int, rule: Rule) -> NDArray[np.float32]:
    """(N, C, H, W) float32 in [-1, 1] -> (N, C, side, side) float32 in [-1, 1].

    `clean`: bicubic with antialias, each channel in float, nothing rounded afterwards (Parmar et al. 2022, clean-fid).
    `legacy`: the pictures as 8 bit, bilinear between the four nearest pixels however much they shrink, as pytorch-fid
    does; details finer than a pixel of the result alias.
    """
    if rule == "clean":
        return np.stack([images.resize(pixels, (side, side)) for pixels in pictures])
    if rule != "legacy":
        raise ValueError(f"a resizing rule is one of {', '.join(RULES)}, not {rule}")
    unit = torch.from_numpy(images.to_uint8(pictures)).float() / 255
    resized = torch.nn.functional.interpolate(unit, (side, side), mode="bilinear", align_corners=False)
    return (resized * 2 - 1).numpy()
