"""The translations of a run as images and as numbers: test images in file order, never picked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from .. import images
from ..evaluation.extractors import FeatureNet, Images, load_extractor
from ..evaluation.features import BATCH, evenly_spaced, features_of_files
from ..evaluation.results import (
    PairedScore,
    last_evaluation,
    save_partial,
    saved_paired_scores,
    saved_verdicts,
)
from ..evaluation.run import EvaluatedRun
from ..evaluation.translations import (
    DirectionInputs,
    DirectionResults,
    TranslatedImage,
    colours_of_target,
    file_translate,
    score_direction,
)
from ..evaluation.verdict import as_json, translation_verdict
from ..runs.folder import RunFolder
from ..translation.translator import Translator
from .pairs import Pair, at_own_size

COMPARED = 200  # test images that a verdict is computed from, at most
COMPARED_PIXELS = 100 * 256**2  # and pixels: at larger sizes fewer of them
BATCH_PIXELS = 2**19  # of one batch at most: eight images of 256 px


@dataclass(frozen=True, kw_only=True)
class DirectionGallery:
    """The first images of one direction, and the score of all."""

    source: str
    target: str
    images: tuple[TranslatedImage, ...]
    pairs: tuple[Pair, ...]  # the first ones at their own size
    verdict: dict[str, Any] | None  # against the colour change; none where it could not be decided
    listed: int  # images that data.json names
    training: bool  # there is no test set: these are training images
    unreadable: tuple[str, ...]  # one line for each image that could not be read
    score: PairedScore | None  # none without a known truth


def collect(run: RunFolder, translator: Translator, limit: int = 12) -> tuple[DirectionGallery, ...]:
    """Translate up to `limit` test images of each direction, and score more of them for the verdict; saves the scores.

    All that have a truth are scored, else up to COMPARED. Images that are missing or broken are listed, not raised.
    What was saved for this step is used where there are no images any more, or where `evaluate` has scored them all.
    """
    evaluated, verdicts = EvaluatedRun.of(run), saved_verdicts(run, translator.step)
    evaluation = last_evaluation(run)
    extractor = None if evaluation and evaluation.get("step") == translator.step else load_extractor()
    galleries, computed, shown = [], False, evaluated.config.data.shown
    for inputs in evaluated.directions():
        if inputs.direction.target not in translator.generators:
            continue
        results = score(inputs, translator, limit, None if inputs.truths else extractor)
        verdict = verdict_of(inputs, results, extractor)
        computed = computed or verdict is not None
        galleries.append(
            DirectionGallery(
                source=inputs.source,
                target=inputs.target,
                images=tuple(displayed(image, shown) for image in results.images),
                pairs=at_own_size(results.images, translator, inputs.direction.target, shown),
                verdict=verdict or verdicts.get((inputs.source, inputs.target)),
                listed=len(inputs.paths),
                training=inputs.training,
                unreadable=tuple(results.unreadable),
                score=PairedScore.of(inputs, results),
            )
        )

    scores = [gallery.score for gallery in galleries if gallery.score]
    if scores or computed:
        save_partial(evaluated, translator.step, scores, [g.verdict for g in galleries if g.verdict])
    if scores:
        return tuple(galleries)

    saved = {(s.source, s.target): s for s in saved_paired_scores(run, translator.step)}
    return tuple(replace(gallery, score=saved.get((gallery.source, gallery.target))) for gallery in galleries)


def displayed(image: TranslatedImage, channels: Sequence[int]) -> TranslatedImage:
    """The image with the channels that are drawn."""

    def drawn(pixels: Images | None) -> Images | None:
        return None if pixels is None else images.to_display(pixels, channels)

    return replace(
        image,
        input=images.to_display(image.input, channels),
        output=images.to_display(image.output, channels),
        cycle=drawn(image.cycle),
        truth=drawn(image.truth),
    )


def score(
    inputs: DirectionInputs, translator: Translator, limit: int, extractor: FeatureNet | None
) -> DirectionResults:
    """Translate the test images of a direction; with an extractor also what the verdict by KID needs."""
    compared = max(limit, compared_images(translator.size)) if extractor else limit
    return score_direction(
        inputs,
        file_translate(translator),
        extractor=extractor,
        recolour=colours_of_target(inputs) if extractor else None,
        back=inputs.direction.source in translator.generators,
        keep=limit,
        limit=None if inputs.truths else compared,
        batch=min(BATCH, max(1, BATCH_PIXELS // translator.size**2)),
    )


def verdict_of(
    inputs: DirectionInputs, results: DirectionResults, extractor: FeatureNet | None
) -> dict[str, Any] | None:
    """The verdict on a direction; none where there are too few images, or `evaluate` has given it already."""
    if extractor is None or len(results.paths) < 2:
        return None
    size = inputs.prepare_target.size or 0
    real = evenly_spaced(inputs.real, compared_images(size)) if results.colour_features else ()
    features = features_of_files(real, inputs.prepare_target, extractor, [])
    return as_json(translation_verdict(inputs, results, features, 0))


def compared_images(size: int) -> int:
    """Number of test images of `size` pixels that a verdict is computed from."""
    return min(COMPARED, COMPARED_PIXELS // max(1, size) ** 2)
