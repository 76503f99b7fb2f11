"""`compare`: evaluations of several runs side by side; runs that differ by their seed only share a row."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .. import settings
from ..console import duration
from ..errors import DataError, UsageError
from ..runs.folder import RunFolder
from ..runs.presets import preset
from .evaluate import evaluate
from .ranking import HIGHER_IS_BETTER, Entry, Estimate, over_pictures, over_seeds, rank
from .results import Evaluation, each_picture, saved_evaluation
from .verdict import summary

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
Groups = dict[str, list[tuple[RunFolder, Evaluation]]]  # runs of one configuration by its label


def compare(runs: Sequence[Path | str], show: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Evaluations of runs side by side; runs that have not been evaluated are evaluated first.

    {"protocol": ..., "verdict": {"sentence", "numbers"}, "directions": [{"source", "target", "verdict", "columns",
    "rows": [{"name", "runs", "seeds", COLUMN: {"mean", "deviation", "low", "high"}}], "input": {...}, "colour": {...},
    "real": {...}}]}. UsageError where the numbers cannot be compared: another protocol, other images.
    """
    if len(runs) < 2:
        raise UsageError("compare: name two runs or more")
    folders = [RunFolder(run).require() for run in runs]
    evaluations = [saved_evaluation(folder.path) or evaluate(folder.path, show=show) for folder in folders]
    require_comparable(folders, evaluations)

    groups: Groups = {}
    for name, folder, evaluation in zip(labels(folders), folders, evaluations, strict=True):
        groups.setdefault(name, []).append((folder, evaluation))
    first = evaluations[0]
    directions = [side_by_side(groups, d["source"], d["target"]) for d in first["directions"]]
    verdict = summary(direction["verdict"] for direction in directions)
    return {"protocol": first["protocol"], "verdict": verdict, "directions": directions}


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


def side_by_side(groups: Groups, source: str, target: str) -> dict[str, Any]:
    """One direction: a row for each group, and the scores of the baselines and of real images."""
    rows: list[Row] = []
    entries: list[Entry] = []
    baselines: dict[str, Row] = {}
    measure = measure_of(groups, source, target)
    for name, runs in groups.items():
        scored = [
            (run, d) for run, e in runs for d in e["directions"] if (d["source"], d["target"]) == (source, target)
        ]
        if not scored:
            continue
        head = {"name": name, "runs": [e["run"] for _, e in runs], "seeds": [e["seed"] for _, e in runs]}
        estimates = {column: estimate(scored, column) for column in COLUMNS}
        rows.append(head | {column: asdict(e) if e else None for column, e in estimates.items()})
        if (best := estimates[measure]) is not None:
            entries.append(entry(name, scored, measure, best))
        for row in ("input", "colour", "real"):
            if row in scored[0][1]["rows"]:
                baselines[row] = baseline(scored[0][1], row)

    if len(entries) == 1:  # of runs that differ by their seed only: against the colour change
        entries += colour_entry(baselines, measure, entries[0])
    ranking = rank(source, target, measure, entries)
    columns = [column for column in COLUMNS if any(row[column] is not None for row in rows)]
    verdict = ranking.as_dict() if ranking else None
    return {"source": source, "target": target, "verdict": verdict, "columns": columns, "rows": rows, **baselines}


def measure_of(groups: Groups, source: str, target: str) -> str:
    """What a ranking goes by: PSNR where every run has it, else KID."""
    directions = [d for runs in groups.values() for _, e in runs for d in e["directions"]]
    here = [d for d in directions if (d["source"], d["target"]) == (source, target)]
    return next((m for m in HIGHER_IS_BETTER if all(number(d, m, made(d)) is not None for d in here)), "KID")


def estimate(scored: Sequence[tuple[RunFolder, dict[str, Any]]], column: str) -> Estimate | None:
    """A number over the seeds, or of one run with the interval over its pictures; none where a run lacks it."""
    numbers = [number(direction, column, made(direction)) for _, direction in scored]
    values = [n for n in numbers if n is not None]
    if len(values) < len(numbers):
        return None
    if len(values) > 1:
        return over_seeds(values)

    run, direction = scored[0]
    if column == "KID":
        row = direction["rows"][made(direction)]
        return Estimate(mean=values[0], low=row["kid_low"], high=row["kid_high"])
    each = each_picture(run, direction.get("each"), "psnr") if column == "PSNR" else None
    return over_pictures(list(each.values())) if each and len(each) > 1 else Estimate(mean=values[0])


def entry(name: str, scored: Sequence[tuple[RunFolder, dict[str, Any]]], measure: str, best: Estimate) -> Entry:
    """A row as the ranking sees it."""
    run, direction = scored[0]
    each = each_picture(run, direction.get("each"), "psnr") if measure == "PSNR" and len(scored) == 1 else None
    pictures = direction["rows"][made(direction)]["count"]
    return Entry(name=name, estimate=best, seeds=len(scored), pictures=pictures, each=each)


def colour_entry(baselines: dict[str, Row], measure: str, like: Entry) -> list[Entry]:
    """The colour change as a further entry; its scores are the same for every seed."""
    value = baselines.get("colour", {}).get(measure)
    if value is None:
        return []
    fixed = Estimate(mean=value, low=value, high=value)
    return [Entry(name="a plain colour change", estimate=fixed, seeds=like.seeds, pictures=like.pictures)]


def made(direction: dict[str, Any]) -> str:
    """The row of what a run makes: its translations, or what it generates."""
    return "translation" if "translation" in direction["rows"] else "generated"


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
    """The scores of the inputs ("input"), of the colour change ("colour"), or of real images ("real")."""
    scores: Row = {c: number(direction, c, row) for c, (part, _) in COLUMNS.items() if part == "rows"}
    if row == "input":
        truth = direction.get("truth") or {}
        scores |= {"PSNR": truth.get("input_psnr"), "SSIM": truth.get("input_ssim")}
    if row == "colour":
        scores["PSNR"] = (direction.get("truth") or {}).get("colour_psnr")
    return scores
