"""What is normal for a run: the quality figures of slides, measured on its training images and kept with the run."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from .. import files, images
from ..methods.protocol import OPPOSITE, Side
from ..metrics.noise_response import noise_response
from ..runs.folder import RunFolder
from ..translation.translator import Translator, load
from .extractors import Images
from .features import evenly_spaced, readable
from .run import EvaluatedRun
from .slide_statistics import Statistics, statistics_of

COUNT = 24  # training images of each domain
FORMAT = 1  # of the file, changes with what the figures mean


@dataclass(frozen=True, kw_only=True)
class SlideReference:
    """Figures of training images, one of each image."""

    statistics: tuple[Statistics, ...] = ()  # of the target domain
    responses: tuple[float, ...] = ()  # noise response of translated images of the source domain
    format: int = FORMAT

    def percentile(self, response: float) -> float | None:
        """Share of the training images whose noise response is lower, in percent; none where it is not known."""
        if not self.responses:
            return None
        return 100 * float(np.mean(np.array(self.responses) < response))


def slide_reference(run: Path | str, translator: Translator, side: Side) -> SlideReference:
    """The figures of the training images for translations to `side`, at the step of the translator.

    They are measured once, with statistics of norms as in training, and kept in RUN/evaluation. Training images that
    are gone or cannot be read are left out; without any the reference is empty.
    """
    folder = RunFolder(run).require()
    path = folder.evaluations / f"slides-to-{side}-step-{translator.step}.json"
    kept = read_reference(path)
    if kept is not None:
        return kept
    fresh = load(folder.path, step=translator.step, device=translator.device, precision="fp32")
    reference = measure_reference(EvaluatedRun.of(folder), fresh, side)
    if reference.statistics or reference.responses:
        with suppress(OSError):  # a run that cannot be written to costs the measurement again
            files.write_json(path, asdict(reference))
    return reference


def measure_reference(run: EvaluatedRun, translator: Translator, side: Side) -> SlideReference:
    """The figures of at most COUNT training images of each domain."""
    source = OPPOSITE[side]
    wanted, given = (evenly_spaced(run.split("train", own), COUNT) for own in (side, source))
    prepare = run.preparation(side)
    rows = [statistics_of(pixels, prepare.values) for _, pixels in readable(wanted, prepare, [])]
    responses: list[float] = []
    if source in translator.generators:
        inputs = [pixels for _, pixels in readable(given, run.preparation(source), [])]
        responses = [response_of(translator, pixels, side) for pixels in inputs]
    return SlideReference(statistics=tuple(row for row in rows if row), responses=tuple(responses))


def response_of(translator: Translator, pixels: Images, side: Side) -> float:
    """Mean noise response of the translation of an image (C, H, W)."""
    made = translator.batch(torch.from_numpy(pixels[None]), side, "fp32").numpy()
    return float(noise_response(back_from(translator, side), as_written(translator, made, side)).mean())


def as_written(translator: Translator, made: Images, side: Side) -> Images:
    """Translations with the levels that files of their domain have."""
    values = translator.values.get(side)
    return images.from_uint8(images.to_uint8(made)) if values is None or values.is_8_bit else made


def back_from(translator: Translator, side: Side) -> Callable[[Images], Images]:
    """The network that leads back from `side`, one image at a time to bound memory."""

    def back(made: Images) -> Images:
        results = [translator.batch(torch.from_numpy(one[None]), OPPOSITE[side], "fp32").numpy() for one in made]
        return np.concatenate(results)

    return back


def read_reference(path: Path) -> SlideReference | None:
    """A reference that was written before; none where it is missing, damaged or of another version."""
    try:
        saved = json.loads(path.read_bytes())
        if saved["format"] != FORMAT:
            return None
        return SlideReference(statistics=tuple(saved["statistics"]), responses=tuple(map(float, saved["responses"])))
    except (OSError, ValueError, LookupError, TypeError):
        return None
