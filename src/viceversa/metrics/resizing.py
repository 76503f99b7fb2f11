"""The two ways in which the literature resizes images for a feature network."""

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from .. import images

Rule = Literal["clean", "legacy"]
RULES: tuple[Rule, ...] = ("clean", "legacy")


def resize(x: NDArray[np.float32], side: int, rule: Rule) -> NDArray[np.float32]:
    """(N, C, H, W) float32 in [-1, 1] -> (N, C, side, side) float32 in [-1, 1].

    `clean`: bicubic with antialiasing, each channel in float32, no rounding (Parmar et al. 2022, clean-fid).
    `legacy`: rounded to 8 bits, then bilinear without antialiasing, as in pytorch-fid; fine details alias when the
    image shrinks. ValueError for another rule.
    """
    if rule == "clean":
        return np.stack([images.resize(pixels, (side, side)) for pixels in x])
    if rule != "legacy":
        raise ValueError(f"a resizing rule is one of {', '.join(RULES)}, not {rule}")
    unit = torch.from_numpy(images.to_uint8(x)).float() / 255
    resized = torch.nn.functional.interpolate(unit, (side, side), mode="bilinear", align_corners=False)
    return (resized * 2 - 1).numpy()
