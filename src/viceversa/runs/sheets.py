"""Sheets of images that a run keeps of itself."""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from .. import images
from .folder import RunFolder


def save_sheet(run: RunFolder, step: int, columns: Sequence[Tensor], folder: Path | None = None) -> None:
    """Write columns of images (N, C, H, W) side by side as step-<N>.png of `folder`, or of the run's samples."""
    folder = folder or run.samples
    arrays = [column.cpu().numpy() for column in columns]
    rows = [[images.to_channels(x[i], 3) for x in arrays] for i in range(min(map(len, arrays)))]
    folder.mkdir(exist_ok=True)
    images.save_png(folder / f"step-{step:06}.png", images.grid(rows))
