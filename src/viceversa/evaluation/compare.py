"""`compare`: evaluations of several runs side by side; runs that differ by their seed only share a row."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import settings
from ..console import duration
from ..errors import DataError, UsageError
from ..runs.folder import RunFolder
from ..runs.presets import preset
from .evaluate import evaluate
from .results import Evaluation, saved_evaluation

SAME = ("extractor", "extractor_sha256", "resize", "pictures", "neighbours")  # what makes numbers comparable
COLUMNS = {  # name: part and key of a direction
    "Fréchet": ("rows", "frechet"),
    "KID": ("rows", "kid"),
    "precision": ("rows", "precision"),
    "recall": ("rows", "recall"),
    "density": ("rows", "density"),
    "coverage": ("rows", "coverage"),
    "FCN pixel": ("fcn", "pixel"),
    "class": ("fcn", "class_"),
    "IoU": ("fcn", "iou"),
    "PSNR": ("truth", "psnr"),
    "SSIM": ("truth", "ssim"),
    "edges": ("content", "edges"),
    "traceable": ("content", "traceable"),
    "cycle PSNR": ("cycle", "cycle_psnr"),
}
Row = dict[str, Any]


def compare(runs: Sequence[Path | str], show: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Evaluations of runs side by side; runs that have not been evaluated are evaluated first.

    {"protocol": ..., "directions": [{"source", "target", "columns", "rows": [{"name", "runs", "seeds", COLUMN: ...}],
    "input": {...}, "real": {...}}]}. UsageError where the numbers cannot be compared: another protocol, other images.
    """
    if len(runs) < 2:
        raise UsageError("compare: name two runs or more")
    folders = [RunFolder(run).require() for run in runs]
    evaluations = [saved_evaluation(folder.path) or evaluate(folder.path, show=show) for folder in folders]
    require_comparable(folders, evaluations)

    groups: dict[str, list[Evaluation]] = {}
    for name, evaluation in zip(labels(folders), evaluations, strict=True):
        groups.setdefault(name, []).append(evaluation)
    first = evaluations[0]
    directions = [side_by_side(groups, d["source"], d["target"]) for d in first["directions"]]
    return {"protocol": first["protocol"], "directions": directions}


def labels(runs: Sequence[RunFolder]) -> list[str]:
    """The preset of each run, what was changed of it, and its length where equal ones differ in that alone."""
    names = []
    for run in runs:
        config = run.config()
        changed = settings.difference(preset(config.preset, config.data.size), config)
        changes = [f"{key.split('.')[-1]}={new}" for key, (_, new) in changed.items() if key.startswith("method.")]
        names.append(" ".join([config.preset, *changes]))

    lengths = list(map(planned_length, runs))
    different: dict[str, set[str]] = {}
    for name, length in zip(names, lengths, strict=True):
        different.setdefault(name, set()).add(length)
    return [
        f"{name}, {length}" if len(different[name]) > 1 else name for name, length in zip(names, lengths, strict=True)
    ]


def planned_length(run: RunFolder) -> str:
    """What the length of a run was given as: "400 steps" or "4m"."""
    train = run.config().train
    return f"{run.steps()} steps" if train.seconds is None else duration(train.seconds)


def require_comparable(runs: Sequence[RunFolder], evaluations: Sequence[Evaluation]) -> None:
    """Refuse numbers that were computed in different ways, or on different images."""
    first, one = runs[0], evaluations[0]
    for run, other in zip(runs[1:], evaluations[1:], strict=True):
        odd = [key for key in SAME if one["protocol"][key] != other["protocol"][key]]
        if odd:
            differences = ", ".join(f"{key} {one['protocol'][key]} and {other['protocol'][key]}" for key in odd)
            raise UsageError(
                f"{first.path} and {run.path} were evaluated differently ({differences}); evaluate one of them anew"
            )

        references, others = _references(one), _references(other)
        shared = references.keys() & others.keys()
        if not shared:
            raise DataError(f"{first.path} and {run.path} have no direction in common, so there is nothing to compare")
        if any(references[direction] != others[direction] for direction in shared):
            raise UsageError(
                f"{first.path} and {run.path} were evaluated on different pictures; evaluate both with the same --data"
            )


def _references(evaluation: Evaluation) -> dict[tuple[str, str], str]:
    """The hash of the real images by direction."""
    return {(d["source"], d["target"]): d["reference"] for d in evaluation["directions"]}


def side_by_side(groups: dict[str, list[Evaluation]], source: str, target: str) -> dict[str, Any]:
    """One direction: a row for each group, and the scores of the untranslated inputs and of real images."""
    rows: list[Row] = []
    baselines: dict[str, Row] = {}
    for name, evaluations in groups.items():
        directions = [d for e in evaluations for d in e["directions"] if (d["source"], d["target"]) == (source, target)]
        if not directions:
            continue
        head = {"name": name, "runs": [e["run"] for e in evaluations], "seeds": [e["seed"] for e in evaluations]}
        rows.append(head | {column: over_seeds(directions, column) for column in COLUMNS})
        for row in ("input", "real"):
            if row in directions[0]["rows"]:
                baselines[row] = baseline(directions[0], row)

    columns = [column for column in COLUMNS if any(row[column] is not None for row in rows)]
    return {"source": source, "target": target, "columns": columns, "rows": rows, **baselines}


def over_seeds(directions: Sequence[dict[str, Any]], column: str) -> dict[str, float | None] | None:
    """Mean and standard deviation of a number over the seeds (none for one seed); none where a run lacks it."""
    row = "translation" if "translation" in directions[0]["rows"] else "generated"
    numbers = [number(direction, column, row) for direction in directions]
    if any(n is None for n in numbers):
        return None
    values = np.array(numbers, float)
    return {"mean": float(values.mean()), "deviation": float(values.std(ddof=1)) if len(values) > 1 else None}


def number(direction: dict[str, Any], column: str, row: str) -> float | None:
    """The number of a column in what `evaluate` wrote about a direction, none where it was not measured."""
    part, key = COLUMNS[column]
    values = direction.get(part)
    if part == "rows":
        values = direction["rows"][row]
    elif part == "fcn" and values:
        values = values["translation"]
    value: float | None = (values or {}).get(key)
    return value


def baseline(direction: dict[str, Any], row: str) -> Row:
    """The scores of the untranslated inputs ("input"), or of real images ("real")."""
    scores: Row = {c: number(direction, c, row) for c, (part, _) in COLUMNS.items() if part == "rows"}
    if row == "input":
        truth = direction.get("truth") or {}
        scores |= {"PSNR": truth.get("input_psnr"), "SSIM": truth.get("input_ssim")}
    return scores
