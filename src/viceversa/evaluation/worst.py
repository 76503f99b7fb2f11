"""The pictures that came out worst, shown: a mean hides them."""

from typing import Any

import numpy as np

from .. import images
from ..metrics.features import distances
from ..runs.folder import RunFolder
from ..translation.translator import Translator
from .extractors import Features, Pictures
from .features import Preparation
from .translations import DirectionInputs, DirectionResults, translated

SHOWN = 6


def worst(
    folder: RunFolder,
    task: DirectionInputs,
    seen: DirectionResults,
    made: Features,
    real: Features,
    translator: Translator,
    prepare: tuple[Preparation, Preparation],
) -> dict[str, Any]:
    """The worst translations by PSNR where the truth is known, else those farthest from any real picture.

    Writes RUN/evaluation/worst-a-to-b-step-<N>.png: a row each of inputs, translations and, where known, truths.
    """
    values = seen.each("psnr")
    by = "PSNR to the truth, dB"
    if values is None:
        values, by = -distances(made, real).min(1), "distance to the nearest real picture, in features"
    order = np.argsort(values)[:SHOWN]
    truths = dict(zip(task.paths, task.truths, strict=False))
    columns = [
        [*shown(task, seen, i, translator, prepare), *true(truths.get(seen.paths[i]), prepare[1])] for i in order
    ]
    path = folder.evaluations / f"worst-{task.side.lower()}-to-{task.other.lower()}-step-{translator.step}.png"
    images.save_png(path, images.grid(list(zip(*columns, strict=True))))
    listed = [{"picture": seen.paths[i].name, "value": abs(float(values[i]))} for i in order]
    return {"by": by, "sheet": path.name, "pictures": listed}


def shown(
    task: DirectionInputs,
    seen: DirectionResults,
    i: int,
    translator: Translator,
    prepare: tuple[Preparation, Preparation],
) -> list[Pictures]:
    """Input and translation of the i-th picture."""
    x = prepare[0](seen.paths[i])
    return [x, translated(translator, x[None], task.other)[0]]


def true(path: Any, prepare: Preparation) -> list[Pictures]:
    """The truth, where there is one."""
    return [prepare(path)] if path is not None else []
