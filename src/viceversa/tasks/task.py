"""The contract between a kind of task and the rest of the package."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Protocol

from ..data.loader import Source
from ..data.transforms import Augment, reader
from ..errors import UsageError
from ..health.probe import Probe
from ..methods.protocol import Method, Side
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from .dataset import DatasetListing


class Sampler(Protocol):
    """Records what a run can do on fixed inputs: a sheet of samples, or a line of test accuracy."""

    def sample(self, step: int) -> None: ...


class Task(ABC):
    """One kind of task: what it looks for on disk, its batches, its samples, its health probe, its words."""

    evaluated: ClassVar[bool] = True  # its images can be compared with real ones
    named_by_data: ClassVar[bool] = False  # a run is called after its data folder: its names are those of classes
    paired: ClassVar[bool] = True  # training sees which images belong together
    sample_note: ClassVar[str] = ""  # sentence above the samples of a report; none where there are no sheets
    sample_truth: ClassVar[bool] = False  # the last column of a sheet is the truth
    sample_names: ClassVar[tuple[str, str] | None] = None  # what the columns show; none: the domains
    labels_pixels: ClassVar[bool] = False  # accuracy counts pixels, not images

    @abstractmethod
    def find(self, config: RunConfig) -> DatasetListing:
        """The files that a configuration names; DataError and UsageError for what is missing."""

    @abstractmethod
    def source(self, config: RunConfig, listing: DatasetListing) -> Source:
        """The batches that the method learns from."""

    @abstractmethod
    def sampler(
        self, config: RunConfig, listing: DatasetListing, run: RunFolder, device: str, method: Method
    ) -> Sampler:
        """What records samples or test accuracy during training."""

    def probe(self, config: RunConfig, listing: DatasetListing) -> Probe | None:
        """What measures the health of a run; none where nothing adversarial trains, or images are too few."""
        return None

    def probe_cost(self, config: RunConfig) -> float:
        """About how many training steps one health check takes (measured: docs/health.md)."""
        return 0.0

    def counts(self, listing: DatasetListing) -> str:
        """Names and numbers of training images."""
        count = len(listing.split("train"))
        if self.named_by_data:
            return f"pictures ({count}), {len(listing.names)} classes"
        return f"{listing.names[0]} ({count})"


def one_folder(config: RunConfig) -> None:
    """UsageError where a task of one folder is given two, or names of domains."""
    d = config.data
    if d.other is not None:
        raise UsageError(f"preset {config.preset} takes one folder of pictures, not two; leave out {d.other}")
    if d.names or d.swap:
        option = "--names" if d.names else "data.swap"
        raise UsageError(f"preset {config.preset} has no two domains; leave out {option}")


def augmentation(config: RunConfig) -> Augment:
    """Crop, flip and zoom of training images."""
    return Augment(config.data.size, config.data.flip, config.data.zoom)


def image_reader(config: RunConfig, side: Side = "A") -> Any:
    """Reads a training image at its loading size, with the channels of its domain."""
    return reader(config.data.load_size, config.data.fit, config.method.channels_of(side))


def loading(config: RunConfig) -> dict[str, Any]:
    """Batch, seed and caches of a source."""
    d = config.data
    return dict(
        batch=config.train.batch,
        seed=config.train.seed,
        memory_bytes=d.cache_mb * 10**6,
        disk_bytes=d.disk_cache_mb * 10**6,
    )
