"""`evaluate`: numbers that can be trusted and compared, of a run or of two folders."""

import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from .. import files, images
from ..data.directories import existing_folder
from ..data.folders import pictures_of
from ..data.measure import measure_values
from ..data.preparation import Preparation
from ..errors import DataError, UsageError
from ..metrics.kid import DRAWS, LARGEST
from ..translation.large import LARGE_PIXELS
from ..translation.translator import Translator, load
from . import best
from .extractors import EMBEDDED, FeatureNet, Features, load_extractor
from .fcn import Segmenters, label_score
from .features import evenly_spaced, features_key, features_of_files
from .nuclei import about_large, nuclei_score
from .results import Evaluation, describe_run, save_each_picture
from .run import EvaluatedRun, evaluated_run, generated_features
from .scores import NEIGHBOURS, Scores, score, warnings
from .translations import (
    DirectionInputs,
    DirectionResults,
    colours_of_target,
    file_translate,
    score_direction,
)
from .verdict import as_json, kid_verdict, summary, translation_verdict
from .worst import worst

Show = Callable[[str], None]


@dataclass(frozen=True)
class EvaluationTools:
    """Feature extractor, segmentation networks, seed and progress callback of an evaluation."""

    extractor: FeatureNet
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
) -> Evaluation:
    """Evaluate a run on its test images (or those of `data`), or a folder of generated images against a real one.

    Of a run the newest checkpoint is evaluated, with `find_best` also the best of those it has kept, and the result is
    written to RUN/metrics.json. Distances come with their floor (real against real) and with what the untranslated
    inputs score. ModelFileError, DataError and UsageError as for `translate`.
    """
    net = load_extractor(extractor, resize)
    if other is not None:
        if data is not None or find_best or segmenters:
            raise UsageError("evaluate: two folders of pictures take neither --data nor --best nor --segmenter")
        return evaluate_folders(Path(run), Path(other), net, seed, show)

    own = evaluated_run(run, data, data_b)
    tools = EvaluationTools(net, Segmenters.load(segmenters, own.names, own.config.data.size), seed, show)
    evaluation = evaluate_checkpoint(own, tools)
    if find_best:
        evaluation["best"] = evaluate_best(own, evaluation, tools)
    files.write_json(own.folder.evaluation, evaluation)
    return evaluation


def evaluate_checkpoint(run: EvaluatedRun, tools: EvaluationTools, step: int | None = None) -> Evaluation:
    """Evaluate one checkpoint of a run: the newest, or that of `step`."""
    step = run.folder.checkpoint(step).step
    head = describe_run(run, step) | {"protocol": protocol(tools.extractor, run.preparation(), tools.seed)}
    if not run.config.method.translates:
        directions = [evaluate_generator(run, step, tools)]
    else:
        translator = load(run.folder.path, device="cpu", step=step)
        directions = [evaluate_direction(run, inputs, translator, tools) for inputs in run.directions()]
    return head | {"verdict": summary(d["verdict"] for d in directions), "directions": directions}


def evaluate_direction(
    run: EvaluatedRun, inputs: DirectionInputs, translator: Translator, tools: EvaluationTools
) -> Evaluation:
    """Evaluate one direction of a translator."""
    translate = file_translate(translator)
    labels, nuclei = label_score(inputs, tools.segmenters), nuclei_score(inputs)
    results = score_direction(
        inputs,
        translate,
        extractor=tools.extractor,
        recolour=colours_of_target(inputs),
        back=inputs.direction.source in translator.generators,
        cycle=True,
        observers=[counted.observe for counted in (labels, nuclei) if counted],
        show=tools.show,
    )
    results.require_two(inputs.source)

    unreadable = results.unreadable
    outputs, plain = np.concatenate(results.output_features), np.concatenate(results.input_features)
    real = features_of_files(inputs.real, inputs.prepare_target, tools.extractor, unreadable, tools.show)
    rows = {"translation": score(outputs, real, tools.seed)}
    if results.colour_features:
        rows["colour"] = score(np.concatenate(results.colour_features), real, tools.seed)
    rows["input"] = score(plain, real, tools.seed)
    rows |= real_against_real(inputs.other_real, real, len(outputs), inputs.prepare_target, tools, unreadable)

    notes = warnings(list(rows.values()), tools.extractor)
    if inputs.training:
        notes.append(f"there is no test set of {inputs.source}: these are training pictures")
    return {
        "source": inputs.source,
        "target": inputs.target,
        "reference": features_key(inputs.real, inputs.prepare_target, tools.extractor)[:16],
        "verdict": as_json(translation_verdict(inputs, results, real, tools.seed)),
        "rows": {name: row.as_dict() for name, row in rows.items()},
        "truth": against_truth(results),
        "fcn": labels.result() if labels else None,
        "nuclei": nuclei.result() if nuclei else None,
        "cycle": results.means("cycle_l1", "cycle_psnr") or None,
        "content": content(results),
        "each": save_each_picture(run.folder, translator.step, inputs, results),
        "worst": worst(run.folder, translator.step, inputs, results, outputs, real, translate),
        "notes": [*notes, *note_unreadable(unreadable)],
    }


def real_against_real(
    other_real: Sequence[Path],
    real: Features,
    count: int,
    prepare: Preparation,
    tools: EvaluationTools,
    unreadable: list[str],
) -> dict[str, Scores]:
    """The floor: other real images of the target domain, as many as were generated, against the same reference."""
    features = other_features(other_real, count, prepare, tools, unreadable)
    return {"real": score(features, real, tools.seed)} if len(features) > 1 else {}


def other_features(
    other_real: Sequence[Path], count: int, prepare: Preparation, tools: EvaluationTools, unreadable: list[str]
) -> Features:
    """Features of `count` of the other real images, evenly spaced; of none where there are fewer than two."""
    chosen = evenly_spaced(other_real, count) if len(other_real) > 1 else ()
    if not chosen:
        return np.zeros((0, tools.extractor.dimensions), np.float32)
    return features_of_files(chosen, prepare, tools.extractor, unreadable, tools.show)


def note_unreadable(errors: Sequence[str]) -> list[str]:
    """A note about images that could not be read, if there are any."""
    return [f"{len(errors)} pictures could not be read; the first: {errors[0]}"] if errors else []


def against_truth(results: DirectionResults) -> dict[str, float] | None:
    """Distance to the true translations, beside the input as it is and the best colour change; none without truths."""
    names = ("psnr", "ssim", "feature", "input_psnr", "input_ssim", "input_feature", "colour_psnr")
    return results.means(*names, "mae", "colour_mae") or None


def content(results: DirectionResults) -> dict[str, float | None]:
    """What of the input's content is kept: agreement of edges, that of the truth, and the traceable share."""
    return {
        "edges": results.mean("edges"),
        "true_edges": results.mean("true_edges"),
        "traceable": results.traceable,
    }


def evaluate_generator(run: EvaluatedRun, step: int, tools: EvaluationTools) -> Evaluation:
    """Evaluate a GAN on as many images from noise as there are real ones to compare with."""
    unreadable: list[str] = []
    real_paths, other_real = run.real()
    if len(real_paths) < 2:
        raise DataError(f"{run.folder.path} has fewer than two real pictures to compare with; name some with --data")

    prepare = run.preparation()
    real = features_of_files(real_paths, prepare, tools.extractor, unreadable, tools.show)
    fake = generated_features(run, run.folder.checkpoint(step), len(real), tools.extractor, tools.seed)
    other = other_features(other_real, len(fake), prepare, tools, unreadable)
    rows = {"generated": score(fake, real, tools.seed)}
    if len(other) > 1:
        rows["real"] = score(other, real, tools.seed)
    verdict = kid_verdict("noise", run.names[0], fake, other, real, baseline="real", seed=tools.seed)
    return {
        "source": "noise",
        "target": run.names[0],
        "reference": features_key(real_paths, prepare, tools.extractor)[:16],
        "verdict": as_json(verdict),
        "rows": {name: row.as_dict() for name, row in rows.items()},
        "notes": [*warnings(list(rows.values()), tools.extractor), *note_unreadable(unreadable)],
    }


def evaluate_folders(fake: Path, real: Path, extractor: FeatureNet, seed: int, show: Show) -> Evaluation:
    """Evaluate generated images against real ones; the floor compares the two halves of the real ones."""
    notes: list[str] = []
    unreadable: list[str] = []
    folders = [existing_folder(folder, "folder of pictures") for folder in (fake, real)]
    listed = [pictures_of(folder, folder.name, notes) for folder in folders]
    require_small([path for paths in listed for path in paths])
    values = replace(measure_values(listed[1], real.name), managed=True)
    prepare = Preparation(channels=3 if values.channels == 1 else values.channels, values=values)
    sets = []
    for folder, paths in zip(folders, listed, strict=True):
        features = features_of_files(paths, prepare, extractor, unreadable, show)
        if len(features) < 2:
            first = f"; the first that is not: {unreadable[0]}" if unreadable else ""
            where = images.printable_path(folder)
            raise DataError(f"{where} holds {len(features)} readable pictures; two are the least{first}")
        sets.append(features)

    made, reference, other = sets[0], sets[1][1::2], sets[1][::2]
    rows = {"made": score(made, sets[1], seed)}
    if len(sets[1]) >= 4:
        rows["real"] = score(other, reference, seed)
    verdict = kid_verdict(fake.name, real.name, made, other, reference, baseline="real", seed=seed)
    notes += [*warnings(list(rows.values()), extractor), *note_unreadable(unreadable)]
    direction = {
        "source": fake.name,
        "target": real.name,
        "verdict": as_json(verdict),
        "rows": {name: row.as_dict() for name, row in rows.items()},
        "notes": notes,
    }
    return {
        "folders": [str(fake), str(real)],
        "protocol": protocol(extractor, prepare, seed),
        "verdict": summary([as_json(verdict)]),
        "directions": [direction],
    }


def require_small(paths: Sequence[Path]) -> None:
    """UsageError where an image is a slide or too large to be compared as a whole."""
    for path in paths:
        about = about_large(path)
        if about is not None and (about.is_slide or about.size[0] * about.size[1] > LARGE_PIXELS):
            height, width = about.size
            raise UsageError(
                f"evaluate: {images.printable_path(path)} has {width} x {height} pixels, and folders are compared by "
                "whole pictures; evaluate the run itself, or cut both folders into tiles of one size"
            )


def protocol(extractor: FeatureNet, prepare: Preparation, seed: int) -> dict[str, Any]:
    """Every choice that a number depends on."""
    cut = f"centre of {prepare.size} px, fit {prepare.fit}" if prepare.size else "whole, at their own size"
    values = prepare.values
    depth = "8 bit" if values is None or values.is_8_bit else values.number_type
    return {
        "extractor": extractor.name,
        "extractor_sha256": extractor.sha256,
        "features": extractor.dimensions,
        "resize": f"{extractor.rule} to {extractor.side} px",
        "pictures": f"{cut}, {depth}",
        "kid": f"all pairs of up to {LARGEST} pictures, x 1000; 95 % bootstrap interval of {DRAWS} draws",
        "neighbours": NEIGHBOURS,
        "seed": seed,
        "versions": {name: version(name) for name in ("viceversa", "torch", "numpy", "pillow")},
        "python": platform.python_version(),
        "date": time.strftime("%F"),
    }


def evaluate_best(run: EvaluatedRun, last: Evaluation, tools: EvaluationTools) -> Evaluation:
    """Evaluate the best of the checkpoints that are left (see best.py), in the same way as the last one."""
    step, candidates = best.choose(run, tools.extractor, tools.seed, tools.show)
    evaluation = last if step == last["step"] else evaluate_checkpoint(run, tools, step)
    return {"rule": best.RULE, "step": step, "candidates": candidates, "directions": evaluation["directions"]}
