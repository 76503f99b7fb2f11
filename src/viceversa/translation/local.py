"""Networks of which a pixel depends on its surroundings only: as they are, or with instance norm's statistics fixed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..methods.protocol import Side
from ..networks.receptive_field import ReceptiveField, receptive_field
from ..networks.segments import instance_norms
from ..networks.translation import TranslationModule
from .background import Background
from .calibration import calibrate
from .large import LargeImage
from .statistics import Statistics as Moments
from .statistics import freeze
from .tiles import TiledTranslation
from .training_statistics import read_statistics, training_statistics, write_statistics
from .translator import Translator

Statistics = Literal["picture", "training", "tile"]  # of instance norm, see `viceversa translate --help`


@dataclass(frozen=True)
class Fixed:
    """The translation of a large image in tiles that do not show."""

    translator: Translator
    source: LargeImage
    side: Side
    background: Background | None

    @property
    def module(self) -> TranslationModule:
        """The translation as it was learned."""
        return self.translator.modules[self.side]

    @property
    def precision(self) -> str:
        """Number format of the convolutions: 16 bits for images of 8 bits only."""
        return self.translator.precision if self.source.is_8_bit else "fp32"

    def translation(
        self, how: Statistics, block: int, kept: Path | None, keep: Path
    ) -> tuple[TiledTranslation, list[str]]:
        """The translation in tiles of `block` pixels, and what there is to say of it.

        A network without statistics over space is used as it is. Instance norm gets the statistics of the image
        (`picture`), those of the training images (`training`), or takes them of each tile (`tile`): then tiles show.
        Statistics of the image are read from `kept`, or measured and written to `keep`. UsageError for other networks
        that depend on the whole image.
        """
        if not instance_norms(self.module.generator):
            return self.tiled(self.module, block), []
        field = receptive_field(self.module.generator)
        if how == "tile":
            note = "instance norm: statistics of each tile; --statistics picture shows no seams"
            return self.tiled(self.module, block, field), [note]
        if how == "training":
            assert self.translator.run is not None
            statistics, note = self.of_training(self.translator.run), "instance norm: statistics of the training images"
        else:
            statistics, note = self.of_image(field.halo, kept, keep)
        return self.tiled(TranslationModule(freeze(self.module.generator, statistics)), block), [note]

    def tiled(self, module: TranslationModule, block: int, field: ReceptiveField | None = None) -> TiledTranslation:
        """The tiles of a module."""
        device = self.translator.device
        return TiledTranslation(
            module, self.source.size, side=block, device=device, precision=self.precision, field=field
        )

    def of_training(self, run: Path) -> Moments:
        """Statistics of the training images."""
        return training_statistics(run, self.side, step=self.translator.step, device=self.translator.device)

    def of_image(self, halo: int, kept: Path | None, keep: Path) -> tuple[Moments, str]:
        """Statistics of the image, those of an interrupted start where it kept them; and how sure they are."""
        known = read_statistics(kept) if kept else None
        if known is not None:
            return known, "instance norm: statistics of the earlier start"
        calibration = calibrate(
            self.module,
            self.source.pixels,
            self.source.size,
            halo=halo,
            thumbnail=self.source.thumbnail().pixels,
            translated=self.background.mask.mask if self.background else None,
            precision=self.precision,
        )
        write_statistics(keep, calibration.statistics)
        return calibration.statistics, str(calibration)
