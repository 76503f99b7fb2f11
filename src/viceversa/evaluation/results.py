"""RUN/metrics.json: the one file that holds what is known of a run's translations.

`evaluate` writes all of it. The report writes verdict and truth of each direction, marked `"complete": false`, where
the step has not been evaluated yet, so that they outlast the images.
"""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from .. import files
from ..runs.folder import RunFolder
from .run import EvaluatedRun
from .translations import DirectionInputs, DirectionResults
from .verdict import summary

Evaluation = dict[str, Any]  # what becomes JSON
SHOWN = {"source", "target", "headline", "detail", "better"}  # keys of a verdict that the report needs


@dataclass(frozen=True, kw_only=True)
class PairedScore:
    """Mean PSNR against the truth in dB over `count` images of one direction."""

    source: str
    target: str
    count: int
    input: float  # the input as it is
    colour: float  # the best affine change of all colours, fitted on these very pairs
    translation: float
    mae: float | None = None  # mean absolute error in the numbers of the target's files; none for photographs
    colour_mae: float | None = None  # of the best affine change

    @staticmethod
    def of(inputs: DirectionInputs, results: DirectionResults) -> "PairedScore | None":
        """The score of a direction, none without a known truth."""
        translation, plain = results.mean("psnr"), results.mean("input_psnr")
        colour = results.mean("colour_psnr")
        if translation is None or plain is None or colour is None:
            return None
        return PairedScore(
            source=inputs.source,
            target=inputs.target,
            count=len(results.paths),
            input=plain,
            colour=colour,
            translation=translation,
            mae=results.mean("mae"),
            colour_mae=results.mean("colour_mae"),
        )

    @property
    def over_input(self) -> float:
        """How much nearer to the truth than the input as it is."""
        return self.translation - self.input

    @property
    def over_colour(self) -> float:
        """How much nearer to the truth than the best colour change."""
        return self.translation - self.colour


def describe_run(run: EvaluatedRun, step: int) -> Evaluation:
    """What was evaluated: run, preset, seed, step and domains."""
    return {
        "run": run.folder.path.name,
        "preset": run.config.preset,
        "seed": run.config.train.seed,
        "step": step,
        "domains": list(run.names),
    }


def saved_evaluation(run: Path | str) -> Evaluation | None:
    """What `evaluate` has written about a run; none where the step of metrics.json has not been evaluated."""
    saved = _read(RunFolder(run))
    return saved if saved and saved.get("complete", True) else None


def last_evaluation(run: RunFolder) -> Evaluation | None:
    """The last complete evaluation of a run, which may be of an earlier step than the paired part."""
    saved = _read(run)
    if saved and not saved.get("complete", True):
        saved = saved.get("earlier")
    return saved


def save_each_picture(run: RunFolder, step: int, inputs: DirectionInputs, results: DirectionResults) -> str:
    """Write every number of every picture as a table, and return its name: RUN/evaluation/each-a-to-b-step-<N>.csv."""
    columns = {name: np.concatenate(parts) for name, parts in results.numbers.items()}
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["picture", *columns])
    for i, path in enumerate(results.paths):
        table.writerow([str(path), *(f"{values[i]:.6g}" for values in columns.values())])

    name = f"each-{inputs.source.lower()}-to-{inputs.target.lower()}-step-{step}.csv"
    files.write_text(run.evaluations / name, text.getvalue().encode("utf-8", "replace").decode())
    return name


def each_picture(run: RunFolder, name: str | None, column: str) -> dict[str, float] | None:
    """A number of every picture by its path, from a table of `save_each_picture`; none where it is not there."""
    try:
        with open(run.evaluations / (name or ""), encoding="utf-8", newline="") as file:
            return {row["picture"]: float(row[column]) for row in csv.DictReader(file)}
    except (OSError, ValueError, LookupError):
        return None


def save_partial(
    run: EvaluatedRun, step: int, scores: Sequence[PairedScore], verdicts: Sequence[dict[str, Any]]
) -> None:
    """Write what the report knows of a step that has not been evaluated; a complete evaluation is never lost."""
    evaluation = last_evaluation(run.folder)
    if evaluation and evaluation.get("step") == step:
        return

    directions: dict[tuple[str, str], dict[str, Any]] = {}
    for s in scores:
        truth = {"pictures": s.count, "psnr": s.translation, "input_psnr": s.input, "colour_psnr": s.colour}
        if s.mae is not None and s.colour_mae is not None:
            truth |= {"mae": s.mae, "colour_mae": s.colour_mae}
        directions.setdefault((s.source, s.target), {})["truth"] = truth
    for v in verdicts:
        directions.setdefault((v["source"], v["target"]), {})["verdict"] = v

    named = [{"source": source, "target": target, **found} for (source, target), found in directions.items()]
    partial = describe_run(run, step) | {"complete": False, "verdict": summary(verdicts), "directions": named}
    if evaluation:
        partial["earlier"] = evaluation
    files.write_json(run.folder.evaluation, partial)


def saved_verdicts(run: RunFolder, step: int) -> dict[tuple[str, str], dict[str, Any]]:
    """The verdicts that were written about `step`, by source and target; none of an earlier version."""
    saved = _read(run) or {}
    if saved.get("step") != step:
        return {}
    verdicts = [d.get("verdict") for d in saved["directions"] if isinstance(d, dict)]
    return {(v["source"], v["target"]): v for v in verdicts if isinstance(v, dict) and v.keys() >= SHOWN}


def saved_paired_scores(run: RunFolder, step: int | None = None) -> list[PairedScore]:
    """The paired scores that were written about a run, of a given step only if there is one; also by older versions."""
    for read in (_paired_of_evaluation, _paired_of_truth_json):
        try:
            saved_step, scores = read(run)
        except (OSError, ValueError, LookupError, TypeError, AttributeError):  # missing, damaged or of another version
            continue
        if scores and step in (None, saved_step):
            return scores
    return []


def _paired_of_evaluation(run: RunFolder) -> tuple[int, list[PairedScore]]:
    """Step and scores in metrics.json."""
    saved = json.loads(run.evaluation.read_bytes())
    scores = []
    for direction in saved["directions"]:
        truth = direction.get("truth")
        if not truth:
            continue
        count = truth["pictures"] if "pictures" in truth else direction["rows"]["translation"]["count"]
        scores.append(
            PairedScore(
                source=direction["source"],
                target=direction["target"],
                count=count,
                input=truth["input_psnr"],
                colour=truth["colour_psnr"],
                translation=truth["psnr"],
                mae=truth.get("mae"),
                colour_mae=truth.get("colour_mae"),
            )
        )
    return saved["step"], scores


def _paired_of_truth_json(run: RunFolder) -> tuple[int, list[PairedScore]]:
    """Step and scores in truth.json, where version 0.1 of the report wrote them."""
    saved = json.loads((run.path / "truth.json").read_bytes())
    fields = ("source", "target", "count", "input", "colour", "translation")
    scores = [
        PairedScore(**{name: saved[key][name] for name in fields}) for key in ("a_to_b", "b_to_a") if key in saved
    ]
    return saved["step"], scores


def _read(run: RunFolder) -> Evaluation | None:
    """The content of metrics.json, none where it is missing or damaged."""
    try:
        saved: Evaluation = json.loads(run.evaluation.read_bytes())
    except (OSError, ValueError):
        return None
    return saved if isinstance(saved, dict) and "directions" in saved else None
