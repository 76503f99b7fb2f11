"""Choose the best of the checkpoints that a run has kept, by training images alone."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..data.folders import Paths
from ..errors import DataError
from ..methods.protocol import Side
from ..metrics.kid import kid
from ..translation.translator import load
from .extractors import FeatureNet, Features
from .features import evenly_spaced, features_of_files
from .run import EvaluatedRun, generated_features
from .translations import file_translate, score_direction

GENERATED, REAL = 200, 500  # training images, taken at even steps
RULE = (
    f"lowest KID, mean of the directions, of {GENERATED} training pictures translated against {REAL} training pictures "
    "of the target; the later of two equal ones. Test pictures play no part"
)


def choose(
    run: EvaluatedRun, extractor: FeatureNet, seed: int, show: Callable[[str], None]
) -> tuple[int, list[dict[str, Any]]]:
    """The step of the best checkpoint, and every candidate with its KID x 1000."""
    candidates = [
        {"step": step, "kid": 1000 * float(np.mean(training_kids(run, step, extractor, seed, show)))}
        for step in run.folder.kept()
    ]
    best = min(reversed(candidates), key=lambda row: row["kid"])
    return int(best["step"]), candidates


def training_kids(
    run: EvaluatedRun, step: int, extractor: FeatureNet, seed: int, show: Callable[[str], None]
) -> list[float]:
    """KID of what the checkpoint of `step` generates from training images, for each direction."""
    unreadable: list[str] = []

    def real(paths: Paths, side: Side) -> Features:
        return features_of_files(evenly_spaced(paths, REAL), run.preparation(side), extractor, unreadable, show)

    show(f"checkpoint of step {step}")
    if not run.config.method.translates:
        fake = generated_features(run, run.folder.kept()[step], GENERATED, extractor, seed)
        return [kid(fake, real(run.split("train"), "A"), draws=0).value]

    values = []
    translate = file_translate(load(run.folder.path, device="cpu", step=step))
    for inputs in run.directions():
        direction = inputs.direction
        sources, targets = run.split("train", direction.source), run.split("train", direction.target)
        if min(len(sources), len(targets)) < 2:
            raise DataError(f"{run.folder.path} has too few training pictures to choose a checkpoint by")

        training = replace(inputs, paths=evenly_spaced(sources, GENERATED), truths=())
        results = score_direction(training, translate, extractor=extractor)
        results.require_two(inputs.source)
        fake = np.concatenate(results.output_features)
        values.append(kid(fake, real(targets, direction.target), draws=0).value)
    return values
