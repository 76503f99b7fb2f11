"""What a segmenter can do on its way: the held-out pictures, pixel by pixel."""

from collections.abc import Iterator, Mapping, Sequence
from json import dumps
from pathlib import Path

import numpy as np
import torch

from .. import files, images
from ..data.labels import Palette
from ..data.transforms import label_reader, reader
from ..errors import DataError
from ..methods.segmenter import Segmenter, SegmenterConfig
from ..metrics.segmentation import class_ious, confusion, scores
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from .samples import save_sheet

HELD = 500  # pairs that are examined at most: as many as the Cityscapes validation set has
SHOWN = 4  # of them on a sheet
AT_ONCE = 2**18  # pixels: 64 pictures of 64 px

Pair = tuple[np.ndarray, np.ndarray]


class PixelExamination:
    """Pixel accuracy, class accuracy and mean IoU on the test pairs, a line of accuracy.jsonl each time.

    A sheet shows the same four: picture, found, true. Without test pairs there is the sheet alone, of training pairs.
    """

    def __init__(
        self, found: Mapping[str, Sequence[Path]], palette: Palette, config: RunConfig, run: RunFolder, device: str,
        method: Segmenter,
    ) -> None:  # fmt: skip
        self.run, self.palette, self.method, self.device = run, palette, method, device
        part, most = ("test", HELD) if found["test"] else ("train", SHOWN)
        self.tests = part == "test"
        pairs = list(zip(found[part], found[f"{part}_labels"], strict=True))
        self.pairs = list(read_pairs(pairs[:: -(-len(pairs) // most)], palette, config))
        if not self.pairs:
            raise DataError(f"none of the {len(pairs)} pairs in {found[part][0].parent} can be read; replace them")

    def __call__(self, step: int) -> None:
        shown: list[np.ndarray] = []
        classes = len(self.palette.names)
        matrix = np.zeros((classes, classes), np.int64)
        size = max(1, AT_ONCE // self.pairs[0][1].size)
        for i in range(0, len(self.pairs), size):
            x, truth = (np.stack(side) for side in zip(*self.pairs[i : i + size], strict=True))
            pictures = torch.from_numpy(images.from_uint8(x)).to(self.device)
            numbers = self.method.preview(pictures)["scores"].argmax(1).cpu().numpy().astype(np.uint8)
            matrix += confusion(truth, numbers, classes)
            shown += list(numbers[: SHOWN - len(shown)])
        self.draw(step, shown)
        if self.tests and matrix.any():
            s = scores(matrix)
            ious = dict(zip(self.palette.names, class_ious(matrix).tolist(), strict=True))
            line = {
                "step": step, "accuracy": s.pixel, "class_accuracy": s.class_, "iou": s.iou, "of": len(self.pairs),
                "iou_of": {name: None if np.isnan(iou) else iou for name, iou in ious.items()},
            }  # fmt: skip
            files.append_line(self.run.accuracy, dumps(line))

    def draw(self, step: int, found: Sequence[np.ndarray]) -> None:
        """The sheet of this moment."""
        few = self.pairs[: len(found)]
        columns = (
            [images.from_uint8(x) for x, _ in few],
            [self.palette.picture(numbers) for numbers in found],
            [self.palette.picture(y) for _, y in few],
        )
        save_sheet(self.run, step, [torch.from_numpy(np.stack(column)) for column in columns])


def read_pairs(pairs: Sequence[tuple[Path, Path]], palette: Palette, config: RunConfig) -> Iterator[Pair]:
    """The middle of each pair as training would load it: (C, size, size) uint8 and class numbers (size, size)."""
    c, d = config.method, config.data
    assert isinstance(c, SegmenterConfig)
    read, read_labels = reader(d.size, d.fit, c.channels), label_reader(d.size, d.fit, palette)
    for picture, labels in pairs:
        try:
            x, y = read(picture), read_labels(labels)
        except DataError:
            continue
        if x.shape[1:] == y.shape[1:]:
            yield middle(x, d.size), middle(y, d.size)[0]


def middle(x: np.ndarray, size: int) -> np.ndarray:
    """The centre (C, size, size) of (C, H, W)."""
    _, h, w = x.shape
    return x[:, (h - size) // 2 :, (w - size) // 2 :][:, :size, :size]
