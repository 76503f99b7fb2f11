"""What unpaired and paired translation share."""

from collections.abc import Callable
from typing import ClassVar

from torch import Tensor

from ..data.folders import Domains
from ..data.layouts import swap_sides
from ..data.loader import Source, Unpaired
from ..data.native import NativeSource, NativeStore
from ..health.probe import Probe
from ..health.target_distance import REFERENCES
from ..health.translation_probe import PICTURES, TranslationProbe
from ..methods.protocol import SIDES, Side
from ..runs.arguments import parse_names
from ..runs.config import RunConfig
from .dataset import DatasetListing, of_domains
from .samples import evenly_spaced, fixed_images
from .task import Task, augmentation, caches, drawing, loading, preparation


class TranslationTask(Task):
    """Two domains, A and B; `directions` of the method say which ways it translates."""

    layout: ClassVar[Callable[..., Domains]]  # finds the files of both domains in the folders that are named
    batches: ClassVar[type[Unpaired]]  # what training draws from them
    native: ClassVar[type[NativeSource]]  # and from large images
    crops = True
    sample_note = "The same pictures, translated again and again while the run learned."

    def find(self, config: RunConfig) -> DatasetListing:
        d = config.data
        domains = self.layout(d.source, d.other, parse_names(d.names), d.pair)
        return of_domains(swap_sides(domains) if d.swap else domains)

    def source(self, config: RunConfig, listing: DatasetListing) -> Source:
        if config.data.crops is not None:
            return self.native(
                [crop_store(config, listing, side) for side in SIDES], augmentation(config), **drawing(config)
            )
        read_a, read_b = (preparation(config, listing.values, side).stored for side in SIDES)
        a, b = listing.split("train", "A"), listing.split("train", "B")
        return self.batches(a, b, (read_a, read_b), augmentation(config), **loading(config))

    def probe(self, config: RunConfig, listing: DatasetListing) -> Probe | None:
        if not config.method.directions:
            return None
        a, b = (probe_images(config, listing, side) for side in SIDES)
        if min(len(a), len(b)) < 2:
            return None
        references = reference_images(config, listing, "A"), reference_images(config, listing, "B")
        return TranslationProbe(a, b, config.method.directions, references=references)

    def probe_cost(self, config: RunConfig) -> float:
        return PICTURES * len(config.method.directions) / (1.5 * config.train.batch + 5)  # benchmarks/monitor.py

    def counts(self, listing: DatasetListing) -> str:
        a, b = listing.names
        return f"{a} ({len(listing.split('train', 'A'))}) and {b} ({len(listing.split('train', 'B'))})"


def crop_store(config: RunConfig, listing: DatasetListing, side: Side) -> NativeStore:
    """The crops of a domain at native scale; the caches are shared by both domains."""
    assert config.data.crops is not None
    prepare = preparation(config, listing.values, side)
    return NativeStore(listing.split("train", side), prepare, config.data.crops, **caches(config, domains=2))


def probe_images(config: RunConfig, listing: DatasetListing, side: Side) -> Tensor:
    """Fixed images of a domain for the health probe: test images, or training images where there are none."""
    paths = listing.fixed("test", side) or listing.fixed("train", side)
    return fixed_images(evenly_spaced(paths, PICTURES), preparation(config, listing.values, side), PICTURES)


def reference_images(config: RunConfig, listing: DatasetListing, side: Side) -> Tensor:
    """Training images of a domain, from all over the list, with which the health probe compares translations."""
    paths = evenly_spaced(listing.fixed("train", side), REFERENCES)
    return fixed_images(paths, preparation(config, listing.values, side), REFERENCES)
