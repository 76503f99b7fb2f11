"""`evaluate`: numbers that can be trusted and compared, of a run or of two folders."""

import json
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from .. import files
from ..data.folders import existing_folder, pictures_of
from ..errors import DataError, UsageError
from ..metrics.kid import DRAWS, LARGEST
from ..training.run_folder import RunFolder
from ..translation.translator import Translator, checkpoint_of, load
from . import best
from .extractors import EMBEDDED, FeatureNet, Features, load_extractor
from .features import Preparation, key, of_files
from .scores import NEIGHBOURS, Scores, score, warnings
from .subject import Subject, generated, subject
from .translations import Judged, Task, colour_psnr, judge
from .worst import worst

Show = Callable[[str], None]
Found = dict[str, Any]  # what becomes JSON


def evaluate(
    run: Path | str,
    other: Path | str | None = None,
    *,
    data: Path | str | None = None,
    data_b: Path | str | None = None,
    find_best: bool = False,
    extractor: str = EMBEDDED,
    resize: str = "clean",
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
        if data is not None or find_best:
            raise UsageError("evaluate: two folders of pictures take neither --data nor --best")
        return of_folders(Path(run), Path(other), net, seed, show)
    judged = subject(run, data, data_b)
    found = of_run(judged, net, seed, show)
    if find_best:
        found["best"] = best_beside_last(judged, found, net, seed, show)
    files.write_json(judged.folder.evaluation, found)
    return found


def of_run(judged: Subject, net: FeatureNet, seed: int, show: Show, step: int | None = None) -> Found:
    """One checkpoint of a run: the newest, or that of `step`."""
    path = checkpoint_of(judged.folder, step)
    step, config = int(path.name[5:]), judged.config
    head = {
        "run": judged.folder.path.name,
        "preset": config.preset,
        "seed": config.train.seed,
        "step": step,
        "domains": list(judged.names),
        "protocol": protocol(net, judged.preparation(), seed),
    }
    if not judged.translates:
        return head | {"directions": [from_noise(judged, path, net, seed, show)]}
    translator = load(judged.folder.path, device="cpu", step=step)
    tasks = judged.tasks(translator)
    return head | {"directions": [one_way(judged, task, translator, net, seed, show) for task in tasks]}


def one_way(judged: Subject, task: Task, translator: Translator, net: FeatureNet, seed: int, show: Show) -> Found:
    """One direction of a translator."""
    broken: list[str] = []
    there = judged.preparation(task.other)
    prepare = judged.preparation(task.side), there
    seen = judge(task, translator, net, prepare, broken, show=show)
    made, inputs = np.concatenate(seen.made), np.concatenate(seen.inputs)
    real = of_files(task.real, there, net, broken, show)
    floor = real_against_real(task.known, real, len(made), there, net, broken, seed, show)
    rows = {"translation": score(made, real, seed), "input": score(inputs, real, seed)} | floor
    notes = warnings(list(rows.values()), net)
    if task.training:
        notes.append(f"there is no test set of {task.source}: these are training pictures")
    notes += [f"{len(broken)} pictures could not be read; the first: {broken[0]}"] if broken else []
    return {
        "source": task.source,
        "target": task.target,
        "rows": {name: row.as_dict() for name, row in rows.items()},
        "cycle": means(seen, ("cycle_l1", "cycle_psnr")),
        "truth": against_truth(seen, task, prepare),
        "content": content(seen),
        "reference": key(task.real, there, net)[:16],
        "worst": worst(judged.folder, task, seen, made, real, translator, prepare),
        "notes": notes,
    }


def real_against_real(
    known: Sequence[Path], real: Features, count: int, prepare: Preparation, net: FeatureNet, broken: list[str],
    seed: int, show: Show,
) -> dict[str, Scores]:  # fmt: skip
    """The floor: other real pictures of the target domain, as many as were made, against the same reference."""
    if len(known) < 2:
        return {}
    chosen = [known[i] for i in np.linspace(0, len(known) - 1, min(count, len(known))).round().astype(int)]
    return {"real": score(of_files(chosen, prepare, net, broken, show), real, seed)}


def means(seen: Judged, names: Sequence[str]) -> dict[str, float] | None:
    """The means of numbers that were noted, or none of them."""
    found = {name: value for name in names if (value := seen.mean(name)) is not None}
    return found or None


def against_truth(seen: Judged, task: Task, prepare: tuple[Preparation, Preparation]) -> dict[str, float] | None:
    """How near to the true translations, beside the input as it is and the best colour change."""
    names = ("psnr", "ssim", "feature", "input_psnr", "input_ssim", "input_feature")
    found = means(seen, names)
    colour = colour_psnr(task, prepare) if found else None
    return found and found | ({} if colour is None else {"colour_psnr": colour})


def content(seen: Judged) -> dict[str, float | None]:
    """What of the input is still there: edges, those of the truth, those of strangers; and who can be traced back."""
    return {"edges": seen.mean("edges"), "true_edges": seen.mean("true_edges"), "traceable": seen.traceable}


def from_noise(judged: Subject, path: Path, net: FeatureNet, seed: int, show: Show) -> Found:
    """What a GAN makes of noise, as many pictures as there are real ones to compare with."""
    broken: list[str] = []
    real_paths, known = judged.real()
    if len(real_paths) < 2:
        raise DataError(f"{judged.folder.path} has fewer than two real pictures to compare with; name some with --data")
    prepare = judged.preparation()
    real = of_files(real_paths, prepare, net, broken, show)
    made = generated(judged, path, len(real), net, seed)
    floor = real_against_real(known, real, len(made), prepare, net, broken, seed, show)
    rows = {"generated": score(made, real, seed)} | floor
    return {
        "source": "noise",
        "target": judged.names[0],
        "reference": key(real_paths, prepare, net)[:16],
        "rows": {name: row.as_dict() for name, row in rows.items()},
        "notes": warnings(list(rows.values()), net),
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
    notes += warnings(list(rows.values()), net)
    notes += [f"{len(broken)} pictures could not be read; the first: {broken[0]}"] if broken else []
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


def best_beside_last(judged: Subject, last: Found, net: FeatureNet, seed: int, show: Show) -> Found:
    """The best of the checkpoints that are left, by the rule of best.py, judged like the last one."""
    chosen, candidates = best.choose(judged, net, seed, show)
    found = last if chosen == last["step"] else of_run(judged, net, seed, show, chosen)
    return {"rule": best.RULE, "step": chosen, "candidates": candidates, "directions": found["directions"]}


def written(run: Path | str) -> Found | None:
    """What evaluate has written about a run, or none."""
    try:
        found: Found = json.loads(RunFolder(run).evaluation.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and "directions" in found else None
