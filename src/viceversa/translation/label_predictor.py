"""A trained segmenter as a function from pictures to class numbers."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..data.labels import Palette
from ..errors import DataError, ModelFileError
from ..methods import make
from ..runs import checkpoint
from ..runs.folder import RunFolder
from ..tasks import task_of

AT_ONCE = 2**18  # pixels: 64 pictures of 64 px


class Segmented:
    """Names every pixel of pictures of `domain`, by class numbers into `names`; `palette` holds their colours.

    It knows things at the size it saw them: pictures had best come with a shorter side of `size` pixels.
    """

    def __init__(self, network: nn.Module, palette: Palette, channels: int, size: int, step: int, domain: str) -> None:
        self.network = network.eval().requires_grad_(False)
        self.names, self.palette = palette.names, palette
        self.channels, self.size, self.step, self.domain = channels, size, step, domain

    @torch.inference_mode()
    def __call__(self, x: Tensor) -> NDArray[np.uint8]:
        """(N, C, H, W) in [-1, 1], any size, to class numbers (N, H, W); however many at once, the same numbers."""
        if x.ndim != 4 or x.shape[1] != self.channels:
            raise DataError(
                f"a tensor of shape {tuple(x.shape)} does not fit: expected (N, {self.channels}, H, W) in [-1, 1]"
            )
        n, _, h, w = x.shape
        found = np.empty((n, h, w), np.uint8)
        few = max(1, AT_ONCE // (h * w))
        for i in range(0, n, few):
            found[i : i + few] = self.network(x[i : i + few].float()).argmax(1).numpy()
        return found


def load_segmenter(run: Path | str) -> Segmented:
    """The newest checkpoint of a run of preset `fcn`, on the CPU. ModelFileError for a run of another kind."""
    folder = RunFolder(run).require()
    config, data = folder.config(), folder.data()
    if not task_of(config.method).labels_pixels:
        raise ModelFileError(
            f"{folder.path} is a run of preset {config.preset}, which names no pixels; train fcn for that"
        )
    try:
        palette, domain = Palette.of(data["palette"]), str(data["domain"])
    except (KeyError, TypeError, ValueError):
        raise ModelFileError(f"{folder.path / 'data.json'} lacks palette or domain; restore it or train anew") from None
    kept = folder.checkpoint()
    network = make(config.method, size=config.data.size, classes=len(palette.names)).nets["S"]
    checkpoint.load_networks(kept.path, {"S": network}, averaged=False)
    return Segmented(network, palette, config.method.channels_of(), config.data.size, kept.step, domain)
