"""Which of the checkpoints that a run has kept is the best one, without a look at the test pictures."""

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
from .features import evenly, of_files
from .subject import EvaluatedRun, generated
from .translations import judge

MADE, REAL = 200, 500  # training pictures, taken at even steps
RULE = (
    f"lowest KID, mean of the directions, of {MADE} training pictures translated against {REAL} training pictures of "
    "the target; the later of two equal ones. Test pictures play no part"
)


def choose(
    judged: EvaluatedRun, net: FeatureNet, seed: int, show: Callable[[str], None]
) -> tuple[int, list[dict[str, Any]]]:
    """The step of the best checkpoint, and every candidate with its KID x 1000."""
    candidates = [
        {"step": step, "kid": 1000 * float(np.mean(distances(judged, step, net, seed, show)))}
        for step in judged.folder.kept()
    ]
    chosen = min(reversed(candidates), key=lambda row: row["kid"])
    return int(chosen["step"]), candidates


def distances(judged: EvaluatedRun, step: int, net: FeatureNet, seed: int, show: Callable[[str], None]) -> list[float]:
    """KID of what the checkpoint of `step` makes, each direction, on training pictures."""
    broken: list[str] = []

    def real(paths: Paths, side: Side) -> Features:
        return of_files(evenly(paths, REAL), judged.preparation(side), net, broken, show)

    show(f"checkpoint of step {step}")
    if not judged.translates:
        made = generated(judged, judged.folder.kept()[step], MADE, net, seed)
        return [kid(made, real(judged.files["train"], "A"), draws=0).value]
    found = []
    translator = load(judged.folder.path, device="cpu", step=step)
    for task in judged.tasks():
        given, target = judged.split("train", task.side), judged.split("train", task.other)
        if min(len(given), len(target)) < 2:
            raise DataError(f"{judged.folder.path} has too few training pictures to choose a checkpoint by")
        own = replace(task, paths=evenly(given, MADE), truths=())
        prepare = judged.preparation(task.side), judged.preparation(task.other)
        seen = judge(own, translator, net, prepare, broken)
        found.append(kid(np.concatenate(seen.made), real(target, task.other), draws=0).value)
    return found
