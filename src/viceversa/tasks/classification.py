"""Classification: one class for each image."""

from json import dumps

import torch

from .. import files
from ..data.layouts import find_classes
from ..data.loader import Labelled
from ..methods.protocol import Method
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from .dataset import DatasetListing
from .samples import fixed_images
from .task import Task, augmentation, loading, one_folder, preparation

BATCH = 256  # test images at a time


class ClassificationTask(Task):
    """A folder for each class."""

    evaluated = False
    named_by_data = True

    def find(self, config: RunConfig) -> DatasetListing:
        one_folder(config)
        c = find_classes(config.data.source)
        labels = {"train": c.train_labels, "test": c.test_labels}
        return DatasetListing(names=c.names, files={"train": c.train, "test": c.test}, labels=labels, notes=c.notes)

    def source(self, config: RunConfig, listing: DatasetListing) -> Labelled:
        assert listing.labels is not None
        train, labels = listing.split("train"), listing.labels["train"]
        return Labelled(
            train, labels, preparation(config, listing.values).stored, augmentation(config), **loading(config)
        )

    def sampler(
        self, config: RunConfig, listing: DatasetListing, run: RunFolder, device: str, method: Method
    ) -> "ClassAccuracy":
        return ClassAccuracy(config, listing, run, device, method)


class ClassAccuracy:
    """Share of the test images that are classified correctly, a line of accuracy.jsonl each time."""

    def __init__(self, config: RunConfig, listing: DatasetListing, run: RunFolder, device: str, method: Method) -> None:
        assert listing.labels is not None
        self.path, self.method, self.device = run.accuracy, method, device
        tests, prepare = listing.split("test"), preparation(config, listing.values)
        self.x = fixed_images(tests, prepare, len(tests), stand_in=True)
        self.y = torch.tensor(listing.labels["test"])

    def sample(self, step: int) -> None:
        """Append the accuracy of this step."""
        right = 0
        for i in range(0, len(self.y), BATCH):
            scores = self.method.preview(self.x[i : i + BATCH].to(self.device))["scores"]
            right += int((scores.argmax(1).cpu() == self.y[i : i + BATCH]).sum())
        line = {"step": step, "accuracy": right / len(self.y), "right": right, "of": len(self.y)}
        files.append_line(self.path, dumps(line))
