"""`compare`: runs side by side, those that differ by their seed only in one row."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import settings
from ..errors import DataError, UsageError
from ..runs.folder import RunFolder
from ..runs.presets import preset
from .evaluate import evaluate, written

SAME = ("extractor", "extractor_sha256", "resize", "pictures", "neighbours")  # what makes numbers comparable
COLUMNS = {  # name: where it stands in a direction
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


def compare(runs: Sequence[Path | str], show: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """What evaluate found of each run, side by side; runs that it has not judged are judged first.

    {"protocol": ..., "directions": [{"source", "target", "columns", "rows": [{"name", "runs", "seeds", COLUMN: ...}],
    "input": {...}, "real": {...}}]}. UsageError where the numbers cannot be compared: another protocol, other pictures.
    """
    if len(runs) < 2:
        raise UsageError("compare: name two runs or more")
    folders = [RunFolder(run).require() for run in runs]
    found = [(folder, written(folder.path) or evaluate(folder.path, show=show)) for folder in folders]
    require_comparable(found)
    groups: dict[str, list[dict[str, Any]]] = {}
    for name, (_, result) in zip(labels([run for run, _ in found]), found, strict=True):
        groups.setdefault(name, []).append(result)
    first = found[0][1]
    ways = [(d["source"], d["target"]) for d in first["directions"]]
    return {"protocol": first["protocol"], "directions": [side_by_side(groups, *way) for way in ways]}


def labels(runs: Sequence[RunFolder]) -> list[str]:
    """The preset of each run, what was changed of it, and its length where equal ones differ in that alone."""
    names = []
    for run in runs:
        config = run.config()
        changed = settings.difference(preset(config.preset, config.data.size), config)
        told = [f"{key.split('.')[-1]}={new}" for key, (_, new) in changed.items() if key.startswith("method.")]
        names.append(" ".join([config.preset, *told]))
    lengths = {
        name: {run.config().steps for run, own in zip(runs, names, strict=True) if own == name} for name in names
    }
    return [
        f"{name}, {run.config().steps} steps" if len(lengths[name]) > 1 else name
        for run, name in zip(runs, names, strict=True)
    ]


def require_comparable(found: Sequence[tuple[RunFolder, dict[str, Any]]]) -> None:
    """Refuse numbers that were made in different ways, or on different pictures."""
    (first, one), *others = found
    for run, other in others:
        odd = [key for key in SAME if one["protocol"][key] != other["protocol"][key]]
        if odd:
            told = ", ".join(f"{key} {one['protocol'][key]} and {other['protocol'][key]}" for key in odd)
            raise UsageError(
                f"{first.path} and {run.path} were evaluated differently ({told}); evaluate one of them anew"
            )
        ways = [{(d["source"], d["target"]): d["reference"] for d in side["directions"]} for side in (one, other)]
        shared = ways[0].keys() & ways[1].keys()
        if not shared:
            raise DataError(f"{first.path} and {run.path} have no direction in common, so there is nothing to compare")
        if any(ways[0][way] != ways[1][way] for way in shared):
            raise UsageError(
                f"{first.path} and {run.path} were evaluated on different pictures; evaluate both with the same --data"
            )


def side_by_side(groups: dict[str, list[dict[str, Any]]], source: str, target: str) -> dict[str, Any]:
    """One direction: a row for each group, and what doing nothing and real pictures score."""
    rows: list[dict[str, Any]] = []
    ends: dict[str, Any] = {}
    for name, results in groups.items():
        ways = [d for r in results for d in r["directions"] if (d["source"], d["target"]) == (source, target)]
        if not ways:
            continue
        row = {"name": name, "runs": [r["run"] for r in results], "seeds": [r["seed"] for r in results]}
        made = "translation" if "translation" in ways[0]["rows"] else "generated"
        rows.append(row | {column: over_seeds(ways, column, made) for column in COLUMNS})
        ends |= {which: plain(ways[0], which) for which in ("input", "real") if which in ways[0]["rows"]}
    shown = [column for column in COLUMNS if any(row[column] is not None for row in rows)]
    return {"source": source, "target": target, "columns": shown, "rows": rows, **ends}


def over_seeds(ways: Sequence[dict[str, Any]], column: str, made: str) -> dict[str, float | None] | None:
    """Mean of a number over the seeds and its deviation (none for one seed); none at all where a run lacks it."""
    numbers = [look(way, column, made) for way in ways]
    if any(n is None for n in numbers):
        return None
    told = np.array(numbers, float)
    return {"mean": float(told.mean()), "deviation": float(told.std(ddof=1)) if len(told) > 1 else None}


def look(way: dict[str, Any], column: str, row: str) -> float | None:
    """Where a column's number stands in what evaluate wrote."""
    part, name = COLUMNS[column]
    place = way.get(part)
    if part == "rows":
        place = way["rows"][row]
    elif part == "fcn" and place:
        place = place["translation"]
    found: float | None = (place or {}).get(name)
    return found


def plain(way: dict[str, Any], row: str) -> dict[str, float | None]:
    """What the inputs as they are, or real pictures, score."""
    names = {"PSNR": "input_psnr", "SSIM": "input_ssim"} if row == "input" else {}
    truth = way.get("truth") or {}
    columns = {c: look(way, c, row) for c, (part, _) in COLUMNS.items() if part == "rows"}
    return columns | {column: truth.get(name) for column, name in names.items()}
