"""Segmentation: one class for each pixel."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from json import dumps
from pathlib import Path

import numpy as np
import torch

from .. import files, images
from ..data.folders import Domains
from ..data.labels import Palette, are_labels, palette_for
from ..data.layouts import find_pairs, swap_sides
from ..data.loader import PairedLabels
from ..data.preparation import Preparation
from ..data.transforms import label_reader
from ..errors import DataError
from ..methods.protocol import Method, Side
from ..metrics.segmentation import class_ious, confusion, scores
from ..runs.arguments import parse_names
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from ..runs.sheets import save_sheet
from ..worlds.scenes import LABEL_PICTURES
from .dataset import DatasetListing
from .task import Task, augmentation, loading, preparation

TEST_PAIRS = 500  # test pairs that are used at most: as many as the Cityscapes validation set has
SHEET_PAIRS = 4  # of them on a sheet
BATCH_PIXELS = 2**18  # 64 images of 64 px

Pair = tuple[np.ndarray, np.ndarray]  # (C, size, size) uint8 and class numbers (size, size)


class SegmentationTask(Task):
    """Pairs of images and label images, whose colours are classes."""

    evaluated = False
    named_by_data = True
    sample_note = "The same pictures again and again: the predicted classes while the run learned, and the truth."
    sample_truth = True
    sample_names = ("picture", "classes")
    labels_pixels = True

    def find(self, config: RunConfig) -> DatasetListing:
        d = config.data
        domains = find_pairs(d.source, d.other, parse_names(d.names), d.pair)
        if label_side(domains, d.swap) == "A":
            domains = swap_sides(domains)

        folder = domains.train_b[0].parent
        palette = palette_for(folder, domains.train_b)
        if len(palette.names) < 2:
            raise DataError(f"the label pictures in {folder} hold one colour, so there is nothing to tell apart")

        lists = {
            "train": domains.train_a,
            "train_labels": domains.train_b,
            "test": domains.test_a,
            "test_labels": domains.truth_a,
        }
        notes = (*domains.notes, f"{domains.name_a} are the pictures, {domains.name_b} their labels")
        return DatasetListing(names=palette.names, files=lists, notes=notes, palette=palette, domain=domains.name_a)

    def source(self, config: RunConfig, listing: DatasetListing) -> PairedLabels:
        assert listing.palette is not None
        d = config.data
        readers = preparation(config, listing.values).stored, label_reader(d.load_size, d.fit, listing.palette)
        train, labels = listing.split("train"), listing.split("train_labels")
        return PairedLabels(train, labels, readers, augmentation(config), **loading(config))

    def sampler(
        self, config: RunConfig, listing: DatasetListing, run: RunFolder, device: str, method: Method
    ) -> "PixelAccuracy":
        return PixelAccuracy(config, listing, run, device, method)


def label_side(d: Domains, swap: bool) -> Side:
    """The domain of the label images: the one named labels; A when swapped; else the one that shows few colours."""
    if d.name_a.casefold() == LABEL_PICTURES:
        return "A"
    if d.name_b.casefold() == LABEL_PICTURES:
        return "B"
    if swap:
        return "A"

    a, b = are_labels(d.train_a[:8]), are_labels(d.train_b[:8])
    if a != b:
        return "A" if a else "B"
    look = "both of {} and {} look" if a else "neither of {} and {} looks"
    raise DataError(
        f"{look.format(d.name_a, d.name_b)} like label pictures of few colours; say which are: "
        "--names pictures,labels or --names labels,pictures"
    )


class PixelAccuracy:
    """Pixel accuracy, class accuracy and mean IoU on the test pairs, a line of accuracy.jsonl each time.

    A sheet shows the same four: image, predicted classes, truth. Without test pairs there is the sheet alone, of
    training pairs.
    """

    def __init__(self, config: RunConfig, listing: DatasetListing, run: RunFolder, device: str, method: Method) -> None:
        assert listing.palette is not None
        self.run, self.palette, self.method, self.device = run, listing.palette, method, device
        self.tests = bool(listing.split("test"))
        part, most = ("test", TEST_PAIRS) if self.tests else ("train", SHEET_PAIRS)
        pairs = list(zip(listing.split(part), listing.split(f"{part}_labels"), strict=True))
        some = pairs[:: -(-len(pairs) // most)]
        reasons: list[str] = []
        prepare = replace(preparation(config, listing.values), load=None)
        self.pairs = list(read_pairs(some, self.palette, prepare, reasons))
        if not self.pairs:
            folder = images.printable_path(listing.split(part)[0].parent)
            raise DataError(f"none of the {len(some)} pairs in {folder} can be used; the first: {reasons[0]}")

    def sample(self, step: int) -> None:
        """Write the sheet of this step and append its accuracy."""
        predicted: list[np.ndarray] = []
        classes = len(self.palette.names)
        matrix = np.zeros((classes, classes), np.int64)
        size = max(1, BATCH_PIXELS // self.pairs[0][1].size)
        for i in range(0, len(self.pairs), size):
            x, truth = (np.stack(side) for side in zip(*self.pairs[i : i + size], strict=True))
            inputs = torch.from_numpy(images.from_stored(x)).to(self.device)
            labels = self.method.preview(inputs)["scores"].argmax(1).cpu().numpy().astype(np.uint8)
            matrix += confusion(truth, labels, classes)
            predicted += list(labels[: SHEET_PAIRS - len(predicted)])

        self.save_sheet(step, predicted)
        if self.tests and matrix.any():
            self.append_accuracy(step, matrix)

    def append_accuracy(self, step: int, matrix: np.ndarray) -> None:
        """Add a line to accuracy.jsonl, from a confusion matrix (classes, classes)."""
        s = scores(matrix)
        ious = dict(zip(self.palette.names, class_ious(matrix).tolist(), strict=True))
        line = {
            "step": step,
            "accuracy": s.pixel,
            "class_accuracy": s.class_,
            "iou": s.iou,
            "of": len(self.pairs),
            "iou_of": {name: None if np.isnan(iou) else iou for name, iou in ious.items()},
        }
        files.append_line(self.run.accuracy, dumps(line))

    def save_sheet(self, step: int, predicted: Sequence[np.ndarray]) -> None:
        """Write the sheet of this step."""
        few = self.pairs[: len(predicted)]
        columns = (
            [images.from_stored(x) for x, _ in few],
            [self.palette.picture(labels) for labels in predicted],
            [self.palette.picture(y) for _, y in few],
        )
        save_sheet(self.run, step, [torch.from_numpy(np.stack(column)) for column in columns])


def read_pairs(
    pairs: Sequence[tuple[Path, Path]], palette: Palette, prepare: Preparation, reasons: list[str]
) -> Iterator[Pair]:
    """The centre of each pair as training would load it: (C, size, size) stored and class numbers (size, size).

    Why a pair is left out is added to `reasons`.
    """
    size = prepare.size or 0
    read_labels = label_reader(size, prepare.fit, palette)
    for image, labels in pairs:
        try:
            x, y = prepare.stored(image), read_labels(labels)
        except DataError as error:
            reasons.append(str(error))
            continue
        if x.shape[1:] != y.shape[1:]:
            both = f"{images.printable_path(image)} and {images.printable_path(labels)}"
            reasons.append(f"{both} are a pair of different shapes; bring them to one shape")
            continue
        yield centre(x, size), centre(y, size)[0]


def centre(x: np.ndarray, size: int) -> np.ndarray:
    """The centre (C, size, size) of (C, H, W)."""
    _, h, w = x.shape
    return x[:, (h - size) // 2 :, (w - size) // 2 :][:, :size, :size]
