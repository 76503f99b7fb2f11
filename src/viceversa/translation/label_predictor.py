"""The label predictor: a trained segmenter as a function from images to class numbers."""

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

BATCH_PIXELS = 2**18  # 64 images of 64 px


class LabelPredictor:
    """Predicts the class of every pixel as a number into `names`, whose colours `palette` holds.

    Objects should appear at the size they had in training: give images a shorter side of `size` pixels.
    `domain` names the images it was trained on, `step` is that of its checkpoint.
    """

    def __init__(self, network: nn.Module, palette: Palette, channels: int, size: int, step: int, domain: str) -> None:
        self.network = network.eval().requires_grad_(False)
        self.names, self.palette = palette.names, palette
        self.channels, self.size, self.step, self.domain = channels, size, step, domain

    @torch.inference_mode()
    def predict(self, x: Tensor) -> NDArray[np.uint8]:
        """Class numbers (N, H, W) of images (N, C, H, W) in [-1, 1] of any size; independent of the batch size."""
        if x.ndim != 4 or x.shape[1] != self.channels:
            raise DataError(
                f"a tensor of shape {tuple(x.shape)} does not fit: expected (N, {self.channels}, H, W) in [-1, 1]"
            )
        n, _, h, w = x.shape
        labels = np.empty((n, h, w), np.uint8)
        count = max(1, BATCH_PIXELS // (h * w))
        for i in range(0, n, count):
            labels[i : i + count] = self.network(x[i : i + count].float()).argmax(1).numpy()
        return labels


def load_segmenter(run: Path | str) -> LabelPredictor:
    """Load the newest checkpoint of a run of preset `fcn`, on the CPU. ModelFileError for another kind of run."""
    folder = RunFolder(run).require()
    config, data = folder.config(), folder.data()
    if not task_of(config.method).labels_pixels:
        raise ModelFileError(
            f"{folder.path} is a run of preset {config.preset}, which labels no pixels; train fcn for that"
        )
    try:
        palette, domain = Palette.from_dict(data["palette"]), str(data["domain"])
    except (KeyError, TypeError, ValueError):
        raise ModelFileError(f"{folder.path / 'data.json'} lacks palette or domain; restore it or train anew") from None

    saved = folder.checkpoint()
    network = make(config.method, size=config.data.size, classes=len(palette.names)).nets["S"]
    checkpoint.load_networks(saved.path, {"S": network}, averaged=False)
    return LabelPredictor(network, palette, config.method.channels_of(), config.data.size, saved.step, domain)
