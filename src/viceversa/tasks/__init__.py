"""The kinds of task: what each looks for on disk, its batches, samples and health probe."""

from ..methods.protocol import MethodConfig
from .classification import ClassificationTask
from .dataset import DatasetListing, split_key
from .generation import GenerationTask
from .paired import PairedTask
from .segmentation import SegmentationTask
from .task import Sampler, Task
from .unpaired import UnpairedTask

__all__ = ["TASKS", "DatasetListing", "Sampler", "Task", "split_key", "task_of"]

TASKS: dict[str, Task] = {
    "unpaired": UnpairedTask(),
    "paired": PairedTask(),
    "generation": GenerationTask(),
    "classification": ClassificationTask(),
    "segmentation": SegmentationTask(),
}


def task_of(config: MethodConfig) -> Task:
    """The task of a method's configuration."""
    return TASKS[config.task]
