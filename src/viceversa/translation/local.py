"""Networks of which a pixel depends on its surroundings only: as they are, or with instance norm's statistics fixed."""

from typing import Literal

from ..methods.protocol import Side
from ..networks.receptive_field import ReceptiveField, receptive_field
from ..networks.segments import instance_norms
from ..networks.translation import TranslationModule
from .background import Background
from .calibration import calibrate
from .large import LargeImage
from .statistics import freeze
from .tiles import TiledTranslation
from .training_statistics import training_statistics
from .translator import Translator

Statistics = Literal["picture", "training", "tile"]  # of instance norm, see `viceversa translate --help`


def local_translation(
    translator: Translator,
    source: LargeImage,
    side: Side,
    how: Statistics,
    background: Background | None,
    block: int,
) -> tuple[TiledTranslation, list[str]]:
    """The translation of `source` in tiles, and what there is to say of it.

    A network without statistics over space is used as it is. Instance norm gets the statistics of the image
    (`picture`), those of the training images (`training`), or takes them of each tile (`tile`): then tiles show.
    UsageError for other networks that depend on the whole image.
    """
    module, notes = translator.modules[side], []
    known: ReceptiveField | None = None
    if instance_norms(module.generator):
        own = receptive_field(module.generator)
        if how == "tile":
            known = own
            notes.append("instance norm: statistics of each tile; --statistics picture shows no seams")
        else:
            module, note = fixed(translator, source, side, how, background, own.halo)
            notes.append(note)
    tiled = TiledTranslation(
        module,
        source.size,
        side=block,
        device=translator.device,
        precision=translator.precision if source.is_8_bit else "fp32",
        field=known,
    )
    return tiled, notes


def fixed(
    translator: Translator, source: LargeImage, side: Side, how: Statistics, background: Background | None, halo: int
) -> tuple[TranslationModule, str]:
    """The translation with fixed statistics, and where they come from."""
    module = translator.modules[side]
    if how == "training":
        assert translator.run is not None
        statistics = training_statistics(translator.run, side, step=translator.step, device=translator.device)
        return TranslationModule(
            freeze(module.generator, statistics)
        ), "instance norm: statistics of the training images"
    calibration = calibrate(
        module,
        source.pixels,
        source.size,
        halo=halo,
        thumbnail=source.thumbnail().pixels,
        translated=background.mask.mask if background else None,
        precision=translator.precision if source.is_8_bit else "fp32",
    )
    return TranslationModule(freeze(module.generator, calibration.statistics)), str(calibration)
