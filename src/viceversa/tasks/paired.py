"""Translation learned from pairs."""

from ..data.layouts import find_pairs
from ..data.loader import Paired
from ..data.native import NativePairs
from ..methods.protocol import Method
from ..runs.config import RunConfig
from ..runs.folder import RunFolder
from ..runs.sheets import save_sheet
from .dataset import DatasetListing
from .samples import fixed_images
from .task import preparation
from .translation import TranslationTask


class PairedTask(TranslationTask):
    """Pairs: two folders of equal file names, or images that show A on the left and B on the right."""

    layout = staticmethod(find_pairs)
    batches = Paired
    native = NativePairs

    def sampler(
        self, config: RunConfig, listing: DatasetListing, run: RunFolder, device: str, method: Method
    ) -> "PairSheet":
        return PairSheet(config, listing, run, device, method)


class PairSheet:
    """The same four pairs: input, translation, truth."""

    def __init__(self, config: RunConfig, listing: DatasetListing, run: RunFolder, device: str, method: Method) -> None:
        self.run, self.method, self.device = run, method, device
        truths = listing.split("truth", "A")
        inputs, targets = (
            (listing.split("test", "A"), truths)
            if truths
            else (listing.fixed("train", "A"), listing.fixed("train", "B"))
        )
        self.shown = config.data.shown
        self.a = fixed_images(inputs, preparation(config, listing.values, "A"))
        self.b = fixed_images(targets, preparation(config, listing.values, "B"))

    def sample(self, step: int) -> None:
        """Write the sheet of this step."""
        a = self.a.to(self.device)
        save_sheet(self.run, step, [a, self.method.preview(a)["fake_b"], self.b], show=self.shown)
