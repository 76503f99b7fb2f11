"""Nuclei kept by the translations of a run's test images, where these show stained tissue at a known scale."""

from dataclasses import asdict, dataclass, field
from math import sqrt
from pathlib import Path
from typing import Any

from .. import images
from ..data.preparation import Preparation
from ..images import About, ImageError, to_uint8
from ..metrics.nuclei import Matches, nuclei_kept
from .extractors import Images
from .slide_statistics import is_stained
from .translations import DirectionInputs

COARSEST_MPP = 1.0  # micrometres per pixel at which nuclei can still be found


@dataclass
class NucleiScore:
    """Nuclei of inputs and translations that match, found by stain density; see `observe`."""

    mpp: float  # micrometres per pixel of the networks' images
    matches: Matches = field(default=Matches(0, 0, 0))

    def observe(self, paths: list[Path], x: Images, y: Images) -> None:
        """Add a batch of inputs x and translations y: an observer of `score_direction`."""
        for source, output in zip(to_uint8(x), to_uint8(y), strict=True):
            self.matches += nuclei_kept(source.transpose(1, 2, 0), output.transpose(1, 2, 0), mpp=self.mpp)

    def result(self) -> dict[str, Any] | None:
        """For JSON: F1, precision, recall and the numbers of nuclei; none where there are none."""
        found = self.matches
        if not (found.source or found.result):
            return None
        return {"f1": found.f1, "precision": found.precision, "recall": found.recall, "mpp": self.mpp} | asdict(found)


def nuclei_score(inputs: DirectionInputs) -> NucleiScore | None:
    """The score of a direction; none unless both domains are RGB of 8 bits and the input is a slide of known scale."""
    domains = (inputs.prepare_source, inputs.prepare_target)
    if not inputs.paths or not all(is_stained(prepare.values, prepare.channels) for prepare in domains):
        return None
    mpp = network_mpp(inputs.paths[0], inputs.prepare_source)
    return None if mpp is None or mpp > COARSEST_MPP else NucleiScore(mpp)


def network_mpp(path: Path, prepare: Preparation) -> float | None:
    """Micrometres per pixel of a slide as the networks see it; none for other images and unknown scales."""
    about = about_large(Path(images.file_of(path)[0]))
    if about is None or not about.is_slide or about.mpp is None:
        return None
    full = sqrt(about.mpp[0] * about.mpp[1])
    if prepare.fit == "native":  # whose crops may have a scale of their own
        own = prepare.crops.mpp if prepare.crops else None
        return full if own is None else own
    return full * min(about.size) / prepare.scale_side if prepare.fit == "cover" and prepare.size else None


def about_large(path: Path) -> About | None:
    """What is known of an image that can be read by windows; none for other formats and files that are broken."""
    if not images.may_be_large(path):
        return None
    try:
        with images.open_windows(path) as image:
            return None if image.about.is_whole else image.about
    except ImageError:
        return None
