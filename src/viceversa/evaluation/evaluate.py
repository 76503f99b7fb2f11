"""`evaluate`: numbers that can be trusted and compared, of a run or of two folders."""

import json
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from .. import files
from ..data.folders import existing_folder, pictures_of
from ..errors import DataError, UsageError
from ..metrics.kid import DRAWS, LARGEST
from ..runs.checkpoint import Checkpoint
from ..runs.folder import RunFolder
from ..translation.translator import Translator, load
from . import best
from .extractors import EMBEDDED, FeatureNet, Features, load_extractor
from .fcn import Segmenters, label_score
from .features import Preparation, evenly, key, of_files
from .scores import NEIGHBOURS, Scores, score, warnings
from .subject import EvaluatedRun, generated, subject
from .translations import DirectionInputs, DirectionResults, colour_psnr, judge
from .worst import worst

Show = Callable[[str], None]
Found = dict[str, Any]  # what becomes JSON


@dataclass(frozen=True)
class EvaluationTools:
    """Who judges: the feature network, segmentation networks; the seed; and where progress is told."""

    net: FeatureNet
    segmenters: Segmenters
    seed: int
    show: Show


def evaluate(
    run: Path | str,
    other: Path | str | None = None,
    *,
    data: Path | str | None = None,
    data_b: Path | str | None = None,
    find_best: bool = False,
    extractor: str = EMBEDDED,
    resize: str = "clean",
    segmenters: Sequence[Path | str] = (),
    seed: int = 0,
    show: Show = lambda line: None,
) -> Found:
    """A run on its test pictures (or those of `data`), or a folder of made pictures against a folder of real ones.

    Of a run the newest checkpoint is judged, with `find_best` also the best of those it has kept, and all is written to
    RUN/metrics.json. Distances come with their floor (real against real) and with what the inputs, left as they are,
    would score. ModelFileError, DataError and UsageError as for `translate`.
    """
    net = load_extractor(extractor, resize)
    if other is not None:
        if data is not None or find_best or segmenters:
            raise UsageError("evaluate: two folders of pictures take neither --data nor --best nor --segmenter")
        return of_folders(Path(run), Path(other), net, seed, show)
    judged = subject(run, data, data_b)
    how = EvaluationTools(net, Segmenters.load(segmenters, judged.names, judged.config.data.size), seed, show)
    found = of_run(judged, how)
    if find_best:
        found["best"] = best_beside_last(judged, found, how)
    files.write_json(judged.folder.evaluation, found)
    return found


def of_run(judged: EvaluatedRun, how: EvaluationTools, step: int | None = None) -> Found:
    """One checkpoint of a run: the newest, or that of `step`."""
    kept, config = judged.folder.checkpoint(step), judged.config
    head = {
        "run": judged.folder.path.name,
        "preset": config.preset,
        "seed": config.train.seed,
        "step": kept.step,
        "domains": list(judged.names),
        "protocol": protocol(how.net, judged.preparation(), how.seed),
    }
    if not judged.translates:
        return head | {"directions": [from_noise(judged, kept, how)]}
    translator = load(judged.folder.path, device="cpu", step=kept.step)
    return head | {"directions": [one_way(judged, task, translator, how) for task in judged.tasks()]}


def one_way(judged: EvaluatedRun, task: DirectionInputs, translator: Translator, how: EvaluationTools) -> Found:
    """One direction of a translator."""
    broken: list[str] = []
    prepare = judged.preparation(task.side), judged.preparation(task.other)
    labels = label_score(task, prepare, how.segmenters)
    seen = judge(task, translator, how.net, prepare, broken, [labels] if labels else [], how.show)
    made, inputs = np.concatenate(seen.made), np.concatenate(seen.inputs)
    real = of_files(task.real, prepare[1], how.net, broken, how.show)
    rows = {"translation": score(made, real, how.seed), "input": score(inputs, real, how.seed)}
    rows |= real_against_real(task.known, real, len(made), prepare[1], how, broken)
    notes = warnings(list(rows.values()), how.net)
    if task.training:
        notes.append(f"there is no test set of {task.source}: these are training pictures")
    return {
        "source": task.source,
        "target": task.target,
        "reference": key(task.real, prepare[1], how.net)[:16],
        "rows": {name: row.as_dict() for name, row in rows.items()},
        "truth": against_truth(seen, task, prepare),
        "fcn": labels.found() if labels else None,
        "cycle": means(seen, ("cycle_l1", "cycle_psnr")),
        "content": content(seen),
        "worst": worst(judged.folder, task, seen, made, real, translator, prepare),
        "notes": [*notes, *unread(broken)],
    }


def real_against_real(
    known: Sequence[Path], real: Features, count: int, prepare: Preparation, how: EvaluationTools, broken: list[str]
) -> dict[str, Scores]:
    """The floor: other real pictures of the target domain, as many as were made, against the same reference."""
    if len(known) < 2:
        return {}
    return {"real": score(of_files(evenly(known, count), prepare, how.net, broken, how.show), real, how.seed)}


def unread(broken: Sequence[str]) -> list[str]:
    """A note about pictures that could not be read, if there are any."""
    return [f"{len(broken)} pictures could not be read; the first: {broken[0]}"] if broken else []


def means(seen: DirectionResults, names: Sequence[str]) -> dict[str, float] | None:
    """The means of numbers that were noted, or none of them."""
    found = {name: value for name in names if (value := seen.mean(name)) is not None}
    return found or None


def against_truth(
    seen: DirectionResults, task: DirectionInputs, prepare: tuple[Preparation, Preparation]
) -> dict[str, float] | None:
    """How near to the true translations, beside the input as it is and the best colour change."""
    names = ("psnr", "ssim", "feature", "input_psnr", "input_ssim", "input_feature")
    found = means(seen, names)
    colour = colour_psnr(task, prepare) if found else None
    return found and found | ({} if colour is None else {"colour_psnr": colour})


def content(seen: DirectionResults) -> dict[str, float | None]:
    """What of the input is still there: edges, those of the truth, those of strangers; and who can be traced back."""
    return {"edges": seen.mean("edges"), "true_edges": seen.mean("true_edges"), "traceable": seen.traceable}


def from_noise(judged: EvaluatedRun, kept: Checkpoint, how: EvaluationTools) -> Found:
    """What a GAN makes of noise, as many pictures as there are real ones to compare with."""
    broken: list[str] = []
    real_paths, known = judged.real()
    if len(real_paths) < 2:
        raise DataError(f"{judged.folder.path} has fewer than two real pictures to compare with; name some with --data")
    prepare = judged.preparation()
    real = of_files(real_paths, prepare, how.net, broken, how.show)
    made = generated(judged, kept, len(real), how.net, how.seed)
    rows = {"generated": score(made, real, how.seed)}
    rows |= real_against_real(known, real, len(made), prepare, how, broken)
    return {
        "source": "noise",
        "target": judged.names[0],
        "reference": key(real_paths, prepare, how.net)[:16],
        "rows": {name: row.as_dict() for name, row in rows.items()},
        "notes": [*warnings(list(rows.values()), how.net), *unread(broken)],
    }


def of_folders(made: Path, real: Path, net: FeatureNet, seed: int, show: Show) -> Found:
    """Made pictures against real ones; the floor compares the two halves of the real ones."""
    notes: list[str] = []
    broken: list[str] = []
    prepare = Preparation()
    folders = [existing_folder(folder, "folder of pictures") for folder in (made, real)]
    sets = []
    for folder in folders:
        features = of_files(pictures_of(folder, folder.name, notes), prepare, net, broken, show)
        if len(features) < 2:
            raise DataError(f"{folder} holds {len(features)} readable pictures; two are the least")
        sets.append(features)
    rows = {"made": score(sets[0], sets[1], seed)}
    if len(sets[1]) >= 4:
        rows["real"] = score(sets[1][::2], sets[1][1::2], seed)
    notes += [*warnings(list(rows.values()), net), *unread(broken)]
    direction = {
        "source": made.name, "target": real.name, "rows": {name: row.as_dict() for name, row in rows.items()},
        "notes": notes,
    }  # fmt: skip
    return {"folders": [str(made), str(real)], "protocol": protocol(net, prepare, seed), "directions": [direction]}


def protocol(net: FeatureNet, prepare: Preparation, seed: int) -> Found:
    """Every choice that a number depends on."""
    cut = f"centre of {prepare.size} px, fit {prepare.fit}" if prepare.size else "whole, at their own size"
    return {
        "extractor": net.name,
        "extractor_sha256": net.sha256,
        "features": net.dimensions,
        "resize": f"{net.rule} to {net.side} px",
        "pictures": f"{cut}, 8 bit",
        "kid": f"all pairs of up to {LARGEST} pictures, x 1000; 95 % bootstrap interval of {DRAWS} draws",
        "neighbours": NEIGHBOURS,
        "seed": seed,
        "versions": {name: version(name) for name in ("viceversa", "torch", "numpy", "pillow")},
        "python": platform.python_version(),
        "date": time.strftime("%F"),
    }


def best_beside_last(judged: EvaluatedRun, last: Found, how: EvaluationTools) -> Found:
    """The best of the checkpoints that are left, by the rule of best.py, judged like the last one."""
    chosen, candidates = best.choose(judged, how.net, how.seed, how.show)
    found = last if chosen == last["step"] else of_run(judged, how, chosen)
    return {"rule": best.RULE, "step": chosen, "candidates": candidates, "directions": found["directions"]}


def written(run: Path | str) -> Found | None:
    """What evaluate has written about a run, or none."""
    try:
        found: Found = json.loads(RunFolder(run).evaluation.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and "directions" in found else None
