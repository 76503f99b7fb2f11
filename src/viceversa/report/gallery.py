"""The translations of a run as images and as numbers: test images in file order, never picked."""

from dataclasses import dataclass, replace

from ..evaluation.features import BATCH
from ..evaluation.results import PairedScore, save_paired_scores, saved_paired_scores
from ..evaluation.run import EvaluatedRun
from ..evaluation.translations import TranslatedImage, eight_bit_translate, score_direction
from ..runs.folder import RunFolder
from ..translation.translator import Translator

BATCH_PIXELS = 2**19  # of one batch at most: eight images of 256 px


@dataclass(frozen=True, kw_only=True)
class DirectionGallery:
    """The first images of one direction, and the score of all."""

    source: str
    target: str
    images: tuple[TranslatedImage, ...]
    listed: int  # images that data.json names
    training: bool  # there is no test set: these are training images
    unreadable: tuple[str, ...]  # one line for each image that could not be read
    score: PairedScore | None  # none without a known truth


def collect(run: RunFolder, translator: Translator, limit: int = 12) -> tuple[DirectionGallery, ...]:
    """Translate up to `limit` test images of each direction, and score all that have a truth; saves the scores.

    Images that are missing or broken are listed, not raised. When all are missing, scores saved for this step are used.
    """
    evaluated = EvaluatedRun.of(run)
    translate = eight_bit_translate(translator)
    galleries = []
    for inputs in evaluated.directions():
        if inputs.direction.target not in translator.generators:
            continue
        results = score_direction(
            inputs,
            translate,
            back=inputs.direction.source in translator.generators,
            keep=limit,
            limit=None if inputs.truths else limit,
            batch=min(BATCH, max(1, BATCH_PIXELS // translator.size**2)),
        )
        galleries.append(
            DirectionGallery(
                source=inputs.source,
                target=inputs.target,
                images=tuple(results.images),
                listed=len(inputs.paths),
                training=inputs.training,
                unreadable=tuple(results.unreadable),
                score=PairedScore.of(inputs, results),
            )
        )

    scores = [gallery.score for gallery in galleries if gallery.score]
    if scores:
        save_paired_scores(evaluated, translator.step, scores)
        return tuple(galleries)

    saved = {(s.source, s.target): s for s in saved_paired_scores(run, translator.step)}
    return tuple(replace(gallery, score=saved.get((gallery.source, gallery.target))) for gallery in galleries)
