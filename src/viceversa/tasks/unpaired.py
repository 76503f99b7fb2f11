"""Translation between two domains without pairs."""

from ..data.folders import find_domains
from ..data.layouts import swap_sides
from ..data.loader import Unpaired
from ..methods.protocol import SIDES, Method
from ..runs.arguments import parse_names
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from ..runs.sheets import save_sheet
from .dataset import DatasetListing, of_domains
from .samples import fixed_images
from .task import augmentation, image_reader, loading
from .translation import TranslationTask


class UnpairedTask(TranslationTask):
    """Two folders of images that do not belong together one by one."""

    paired = False

    def find(self, config: RunConfig) -> DatasetListing:
        d = config.data
        domains = find_domains(d.source, d.other, parse_names(d.names))
        return of_domains(swap_sides(domains) if d.swap else domains)

    def source(self, config: RunConfig, listing: DatasetListing) -> Unpaired:
        readers = image_reader(config, "A"), image_reader(config, "B")
        a, b = listing.split("train", "A"), listing.split("train", "B")
        return Unpaired(a, b, readers, augmentation(config), **loading(config))

    def sampler(
        self, config: RunConfig, listing: DatasetListing, run: RunFolder, device: str, method: Method
    ) -> "CycleSheet":
        return CycleSheet(config, listing, run, device, method)


class CycleSheet:
    """The same four images of each domain: input, translation, cycle, in both directions."""

    def __init__(self, config: RunConfig, listing: DatasetListing, run: RunFolder, device: str, method: Method) -> None:
        self.run, self.method, self.device = run, method, device
        d = config.data
        self.a, self.b = (
            fixed_images(
                listing.split("test", side) or listing.split("train", side),
                d.size,
                config.method.channels_of(side),
                fit=d.fit,
            )
            for side in SIDES
        )

    def sample(self, step: int) -> None:
        """Write the sheet of this step."""
        a, b = self.a.to(self.device), self.b.to(self.device)
        outputs = self.method.preview(a, b)
        columns = [a, outputs["fake_b"], outputs["cycle_a"], b, outputs["fake_a"], outputs["cycle_b"]]
        save_sheet(self.run, step, columns)
