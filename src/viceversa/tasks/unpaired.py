"""Translation between two domains without pairs."""

from torch import Tensor

from ..data.folders import find_domains
from ..data.loader import Unpaired
from ..data.native import NativeSource
from ..methods.protocol import SIDES, Method, Side
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from ..runs.sheets import save_sheet
from .dataset import DatasetListing
from .samples import fixed_images
from .task import preparation
from .translation import TranslationTask


class UnpairedTask(TranslationTask):
    """Two folders of images that do not belong together one by one."""

    paired = False
    layout = staticmethod(find_domains)
    batches = Unpaired
    native = NativeSource

    def sampler(
        self, config: RunConfig, listing: DatasetListing, run: RunFolder, device: str, method: Method
    ) -> "CycleSheet":
        return CycleSheet(config, listing, run, device, method)


class CycleSheet:
    """The same four images of each domain: input, translation and, where the method leads back, cycle."""

    def __init__(self, config: RunConfig, listing: DatasetListing, run: RunFolder, device: str, method: Method) -> None:
        self.run, self.method, self.device = run, method, device
        self.directions, self.shown = config.method.directions, config.data.shown
        self.images = {side: sheet_images(config, listing, side) for side in SIDES}

    def sample(self, step: int) -> None:
        """Write the sheet of this step."""
        inputs = {side: images.to(self.device) for side, images in self.images.items()}
        outputs = self.method.preview(inputs["A"], inputs["B"])
        columns = []
        for direction in self.directions:
            columns += [inputs[direction.source], outputs[direction.output]]
            if direction.back:
                columns.append(outputs[direction.cycle])
        save_sheet(self.run, step, columns, show=self.shown)


def sheet_images(config: RunConfig, listing: DatasetListing, side: Side) -> Tensor:
    """The first test images of a domain, or training images where there are no test images."""
    paths = listing.fixed("test", side) or listing.fixed("train", side)
    return fixed_images(paths, preparation(config, listing.values, side))
