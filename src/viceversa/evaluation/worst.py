"""The worst translations of an evaluation as a sheet, because a mean hides them."""

from typing import Any

import numpy as np

from .. import images
from ..metrics.features import distances
from ..runs.folder import RunFolder
from .extractors import Features
from .translations import DirectionInputs, DirectionResults, Translate

COUNT = 6  # images on a sheet


def worst(
    folder: RunFolder,
    step: int,
    inputs: DirectionInputs,
    results: DirectionResults,
    outputs: Features,
    real: Features,
    translate: Translate,
) -> dict[str, Any]:
    """The worst translations by PSNR where the truth is known, else those farthest from any real image.

    Writes RUN/evaluation/worst-a-to-b-step-<N>.png: a row each of inputs, translations and, where known, truths.
    """
    values, by = results.each("psnr"), "PSNR to the truth, dB"
    if values is None:
        values, by = -distances(outputs, real).min(1), "distance to the nearest real picture, in features"

    order = np.argsort(values)[:COUNT]
    columns = []
    for path in (results.paths[i] for i in order):
        x = inputs.prepare_source(path)
        column = [x, translate(x[None], inputs.direction.target)[0]]
        if path in inputs.truth_of:
            column.append(inputs.prepare_target(inputs.truth_of[path]))
        columns.append(column)

    source, target = inputs.direction.source.lower(), inputs.direction.target.lower()
    sheet = folder.evaluations / f"worst-{source}-to-{target}-step-{step}.png"
    images.save_png(sheet, images.grid(list(zip(*columns, strict=True))))
    listed = [{"picture": results.paths[i].name, "value": abs(float(values[i]))} for i in order]
    return {"by": by, "sheet": sheet.name, "pictures": listed}
