"""Generation of images from noise."""

from typing import Any

import torch

from .. import distributed
from ..data.layouts import find_pictures
from ..data.loader import Single, Source
from ..data.native import NativeSource, NativeStore
from ..errors import UsageError
from ..health.noise_probe import NoiseProbe
from ..health.probe import Probe
from ..methods.protocol import Method
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from ..runs.sheets import save_sheet
from .dataset import DatasetListing
from .samples import evenly_spaced, fixed_images
from .task import Task, augmentation, caches, drawing, loading, one_folder, preparation

SAMPLES = 64  # images on a sheet, eight in a row
PROBE_REAL = 768  # real images that generated ones are compared with
PROBE_HELD_OUT = 128  # of those that training does not see
PROBE_LEAST = 30  # real images below which nothing can be said


class GenerationTask(Task):
    """Any images in one folder."""

    crops = True
    sample_note = "The same noise, turned into pictures again and again while the run learned."

    def find(self, config: RunConfig) -> DatasetListing:
        one_folder(config)
        p = find_pictures(config.data.source)
        return DatasetListing(names=(p.name,), files={"train": p.train, "test": p.test}, notes=p.notes)

    def source(self, config: RunConfig, listing: DatasetListing) -> Source:
        parts = config.method.batch_divisor * distributed.world_size()
        if config.train.batch % parts and config.method.batch_divisor > 1:
            raise UsageError(f"train.batch is {config.train.batch}; the critic's turns need a multiple of {parts}")
        prepare = preparation(config, listing.values)
        if (crops := config.data.crops) is not None:
            store = NativeStore(listing.split("train"), prepare, crops, **caches(config))
            return NativeSource([store], augmentation(config), **drawing(config))
        return Single(listing.split("train"), prepare.stored, augmentation(config), **loading(config))

    def sampler(
        self, config: RunConfig, listing: DatasetListing, run: RunFolder, device: str, method: Method
    ) -> "NoiseSheet":
        return NoiseSheet(config, run, device, method)

    def probe(self, config: RunConfig, listing: DatasetListing) -> Probe | None:
        prepare = preparation(config, listing.values)

        def some(part: str, count: int) -> torch.Tensor:
            return fixed_images(evenly_spaced(listing.fixed(part), count), prepare, count)

        real = some("train", PROBE_REAL)
        if len(real) < PROBE_LEAST:
            return None
        held_out = some("test", PROBE_HELD_OUT) if listing.split("test") else None
        return NoiseProbe(real, latent_of(config.method), held=held_out, seed=config.train.seed)

    def probe_cost(self, config: RunConfig) -> float:
        return 88 / config.train.batch  # benchmarks/monitor.py


class NoiseSheet:
    """Images from the same noise."""

    def __init__(self, config: RunConfig, run: RunFolder, device: str, method: Method) -> None:
        self.run, self.method, self.device = run, method, device
        rng = torch.Generator().manual_seed(config.train.seed)
        self.z = torch.randn(SAMPLES, latent_of(config.method), generator=rng)

    def sample(self, step: int) -> None:
        """Write the sheet of this step."""
        fake = self.method.preview(self.z.to(self.device))["fake"]
        save_sheet(self.run, step, [fake[column::8] for column in range(8)])


def latent_of(config: Any) -> int:
    """Numbers of noise that a generator starts from."""
    return int(config.latent)
