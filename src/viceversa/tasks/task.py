"""The contract between a kind of task and the rest of the package."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Protocol

from ..data.fixed_windows import native_listing
from ..data.loader import Source
from ..data.measure import measure_values
from ..data.pages import ALIGNED, expand_pages
from ..data.preparation import Preparation
from ..data.transforms import Augment
from ..errors import UsageError
from ..health.probe import Probe
from ..images import Values
from ..methods.protocol import SIDES, Method, Side
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from .dataset import DatasetListing, split_key


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
    crops: ClassVar[bool] = False  # learns from crops at native scale, too

    @abstractmethod
    def find(self, config: RunConfig) -> DatasetListing:
        """The files that a configuration names; DataError and UsageError for what is missing."""

    def listing(self, config: RunConfig) -> DatasetListing:
        """`find`, with the pages of stacks and volumes as images of their own, and fixed windows of large ones."""
        if config.data.fit == "native" and not self.crops:
            raise UsageError(f"preset {config.preset} does not learn from crops; leave data.fit=native out")
        found = self.find(config)
        pairs = [("train_a", "train_b")] if self.paired else []
        expanded = expand_pages(found.files, config.data.pages, [*ALIGNED, *pairs])
        labels = found.labels and {
            part: tuple(n for n, path in zip(own, found.files[part], strict=True) for _ in range(expanded.counts[path]))
            for part, own in found.labels.items()
        }
        notes, files = (*found.notes, *expanded.notes), expanded.files
        if config.data.crops is not None:
            keys = {split_key("train", side): name for side, name in zip(SIDES, found.names, strict=False)}
            keys = {"train": found.names[0]} if "train" in files else keys
            native = native_listing(files, config.data.crops, config.data.windows, [*ALIGNED, *pairs], keys)
            notes, files = (*notes, *native.notes), native.files
        return replace(found, files=files, labels=labels, notes=notes)

    def measured(self, config: RunConfig, listing: DatasetListing) -> DatasetListing:
        """The listing with the values of each domain, measured on its training images or as configured."""
        d, values = config.data, {}
        for side, given in zip(SIDES, (d.range_a, d.range_b), strict=True):
            own = listing.split("train", side) or (listing.split("train") if side == "A" else ())
            if own:
                name = listing.names[SIDES.index(side)] if listing.split("train", side) else "the data"
                key = f"data.range_{side.lower()}"
                measured = measure_values(own, name, given=given, nodata=d.nodata, key=key)
                values[side] = replace(measured, managed=d.colour == "managed")
        return replace(listing, values=values)

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


def preparation(config: RunConfig, values: Mapping[Side, Values], side: Side = "A") -> Preparation:
    """How the images of a domain become inputs of the networks."""
    d = config.data
    return Preparation(
        size=d.size,
        load=d.load_size,
        fit=d.fit,
        channels=config.method.channels_of(side),
        values=values.get(side),
        crops=d.crops,
    )


def drawing(config: RunConfig) -> dict[str, int]:
    """Batch and seed of a source."""
    return dict(batch=config.train.batch, seed=config.train.seed)


def caches(config: RunConfig, domains: int = 1) -> dict[str, int]:
    """Bytes of memory and disk for the decoded images of each of several domains."""
    d = config.data
    return dict(memory_bytes=d.cache_mb * 10**6 // domains, disk_bytes=d.disk_cache_mb * 10**6 // domains)


def loading(config: RunConfig) -> dict[str, int]:
    """Batch, seed and caches of a source."""
    return drawing(config) | caches(config)
