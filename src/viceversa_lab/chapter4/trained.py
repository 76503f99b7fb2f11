"""What the chapter's experiments share: drawn scenes, trainings on them, and scores against the true translations."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from viceversa import images
from viceversa.evaluation.run import EvaluatedRun
from viceversa.evaluation.translations import DirectionResults, Translate, score_direction
from viceversa.methods.protocol import OPPOSITE, SIDES, Side
from viceversa.metrics.paired import apply_affine_colour
from viceversa.runs.folder import RunFolder
from viceversa.runs.sheets import cut_directions, sheets
from viceversa.training.train import train
from viceversa.translation.translator import Translator, load
from viceversa.worlds.make import make

from ..experiment import Results
from ..interval import Interval
from ..workspace import Workspace

Images = NDArray[np.float32]  # (N, 3, H, W) in [-1, 1]
CHANGE = 0.1  # pixels that differ by more from the truth must change; below half of it they must not
SMALL = ("method.width=8", "method.blocks=2", "method.d_width=16", "train.precision=fp32")  # for quick runs
ONE_IMAGE = ("train.batch=1", "method.lr_g=5e-4", "method.lr_d=5e-4", "method.ema=0.995")  # per step
COLUMNS = 6  # test scenes shown: the first ones


def draw_scenes(
    work: Workspace,
    world: str,
    *,
    size: int,
    count: int,
    domains: tuple[str, str] | None = None,
    paired: bool = False,
) -> Path:
    """The folder of a drawn world: `count` training scenes of each domain, and a tenth as many test scenes."""
    folder = work.folder / "worlds" / "-".join((world, *(domains or ()), str(size)))
    work.progress(f"drawing {folder.name}")
    make(world, folder, count=count, size=size, domains=domains, paired=paired)
    return folder


def learn(
    work: Workspace,
    name: str,
    data: Path,
    *,
    size: int,
    steps: int,
    seed: int,
    change: Sequence[str] = (),
    preset: str = "quickstart",
) -> Path:
    """Train one image per step in the run folder `name`, or resume; returns the folder of the finished run."""
    work.progress(f"training {name}")
    out = work.run_folder(name)
    change = (*ONE_IMAGE, *change)
    train(data, preset=preset, out=out, size=size, steps=steps, seed=seed, device="cpu", quiet=True, set=change)
    return out


def score_run(run: Path, data: Path) -> dict[str, dict[str, float]]:
    """For each side that the run translates to ("A", "B"): the scores of its translations of all test scenes."""
    scores: dict[str, dict[str, float]] = {}
    for to, results in translate_tests(run, data).items():
        scenes = np.stack([image.input for image in results.images])
        outputs = np.stack([image.output for image in results.images])
        truth = np.stack([image.truth for image in results.images if image.truth is not None])
        names = {"input": "input_psnr", "colour": "colour_psnr", "translation": "psnr"}
        scores[to] = {name: results.means(key)[key] for name, key in names.items()}

        assert results.colour_map is not None
        recoloured = apply_affine_colour(scenes, results.colour_map)
        scores[to] |= score_regions(scenes, truth, {"input": scenes, "colour": recoloured, "translation": outputs})
        cycles = [image.cycle for image in results.images if image.cycle is not None]
        if cycles:
            scores[to]["cycle"] = float(np.abs(np.stack(cycles) - scenes).mean())
    return scores


def translate_tests(
    run: Path, data: Path, sides: Sequence[Side] = SIDES, count: int | None = None
) -> dict[Side, DirectionResults]:
    """Translate the test scenes of a drawn world, all or the first ones; results by the side that is translated to."""
    folder = RunFolder(run)
    files = {
        f"{part}_{side.lower()}": tuple(sorted((data / f"{part}{side}").glob("*.png"))[:count])
        for part in ("test", "truth")
        for side in SIDES
    }
    evaluated = EvaluatedRun(folder, folder.config(), tuple(folder.data()["names"]), files)
    translator = load(run, device="cpu", precision="fp32")
    results = {}
    for inputs in evaluated.directions():
        if inputs.direction.target not in sides:
            continue
        back = inputs.direction.back is not None
        results[inputs.direction.target] = score_direction(
            inputs, one_by_one(translator), back=back, cycle=back, keep=len(inputs.paths)
        )
    return results


def score_regions(scenes: Images, truth: Images, outputs: dict[str, Images]) -> dict[str, float]:
    """PSNR over the pixels that must change, and the mean absolute error over those that must not."""
    distance = np.abs(truth - scenes).max(axis=1, keepdims=True).repeat(scenes.shape[1], axis=1)
    changed, kept = distance > CHANGE, distance < CHANGE / 2
    scores = {}
    for name, output in outputs.items():
        error = np.square((output - truth)[changed], dtype=np.float64).mean() if changed.any() else np.nan
        scores[f"{name} changed"] = float(10 * np.log10(4 / max(error, 1e-10)))
        scores[f"{name} kept"] = float(np.abs((output - truth)[kept]).mean()) if kept.any() else float("nan")
    return scores


def load_test_scenes(data: Path, to: Side) -> tuple[Images, Images]:
    """Test scenes of the other domain, and their true translations to `to`."""
    return read_all(data / f"test{OPPOSITE[to]}"), read_all(data / f"truth{OPPOSITE[to]}")


def read_all(folder: Path) -> Images:
    """Every image of a folder in the order of the names."""
    return np.stack([images.read(path).pixels for path in sorted(folder.glob("*.png"))])


def one_by_one(translator: Translator) -> Translate:
    """A function that translates the images of a batch one after the other, as the command does."""

    def translate(x: Images, to: Side) -> Images:
        return np.concatenate([translator.batch(torch.from_numpy(pixels[None]), to).numpy() for pixels in x])

    return translate


def gallery(run: Path, data: Path, to: Side) -> Images:
    """Rows of the first test scenes: input, translation, cycle if there is one, truth."""
    scenes = translate_tests(run, data, [to], COLUMNS)[to].images
    rows = [
        [scene.input for scene in scenes],
        [scene.output for scene in scenes],
        [scene.cycle for scene in scenes if scene.cycle is not None],
        [scene.truth for scene in scenes if scene.truth is not None],
    ]
    return images.grid([row for row in rows if row])


def save_test_rows(work: Workspace, data: Path, to: Side, name: str = "{}") -> None:
    """Save the first test scenes as `input` and their true translations as `truth`, each as a row."""
    for what, row in zip(("input", "truth"), load_test_scenes(data, to), strict=True):
        work.save_image(name.format(what), images.grid([list(row[:COLUMNS])]))


def save_translations(work: Workspace, name: str, run: Path, data: Path, to: Side) -> None:
    """Save the translations of the first test scenes as a row."""
    translated = translate_tests(run, data, [to], COLUMNS)[to].images
    work.save_image(name, images.grid([[image.output for image in translated]]))


def rows_below(results: Results, names: Sequence[str]) -> Images:
    """Saved rows below each other, enlarged for a page."""
    return enlarged(np.concatenate([results.image(name)[:, 1:] for name in names], axis=1))


def mean_of_directions(scores: dict[str, dict[str, float]], name: str) -> float:
    return (scores["A"][name] + scores["B"][name]) / 2


def animation_frames(run: Path, size: int) -> list[Images]:
    """The sample sheets of a CycleGAN run as frames: images of A and B above, their translations below."""
    frames = []
    for path in sheets(RunFolder(run).samples).values():
        a, b = cut_directions(images.read(path).pixels, size)
        rows = [*a, *b]
        frames.append(images.grid([[row.input for row in rows], [row.output for row in rows]]))
    return frames


def with_sign(difference: Interval) -> str:
    """A difference in dB with its sign."""
    return f"{'−' if difference.mean < 0 else '+'}{replace(difference, mean=abs(difference.mean)):.1f} dB"


def enlarged(pixels: Images, width: int = 900) -> Images:
    """An image about `width` pixels wide, for a page."""
    _, h, w = pixels.shape
    factor = max(1, round(width / w))
    return images.resize(pixels, (factor * h, factor * w)) if factor > 1 else pixels
