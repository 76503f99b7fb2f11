"""What the chapter's experiments share: a drawn world, a training on it, and its scores against the truth."""

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

from ..interval import Interval
from ..work import Work

Images = NDArray[np.float32]  # (N, 3, H, W) in [-1, 1]
CHANGE = 0.1  # where scene and truth differ by more, something must change; below half of it, nothing may
SMALL = ("method.width=8", "method.blocks=2", "method.d_width=16", "train.precision=fp32")  # for quick runs
ALONE = ("train.batch=1", "method.lr_g=5e-4", "method.lr_d=5e-4", "method.ema=0.995")  # steps of one picture
COLUMNS = 6  # test scenes shown: the first ones


def draw(
    work: Work, world: str, *, size: int, count: int, domains: tuple[str, str] | None = None, paired: bool = False
) -> Path:
    """The folder of a world: `count` scenes of each domain to learn from and a tenth to be judged by."""
    folder = work.folder / "worlds" / "-".join((world, *(domains or ()), str(size)))
    work.show(f"drawing {folder.name}")
    make(world, folder, count=count, size=size, domains=domains, paired=paired)
    return folder


def learn(
    work: Work, key: str, data: Path, *, preset: str, size: int, steps: int, seed: int, change: Sequence[str] = ()
) -> Path:
    """Train in the run folder of `key`, picture by picture, or go on where it was stopped; the finished run."""
    work.show(f"training {key}")
    out = work.run_folder(key)
    change = (*ALONE, *change)
    train(data, preset=preset, out=out, size=size, steps=steps, seed=seed, device="cpu", quiet=True, set=change)
    return out


def judge(run: Path, data: Path) -> dict[str, dict[str, float]]:
    """For each side that the run leads to ("A", "B"): the scores of its translations of all test scenes."""
    scores: dict[str, dict[str, float]] = {}
    for to, results in translate_tests(run, data).items():
        scenes = np.stack([image.input for image in results.images])
        there = np.stack([image.output for image in results.images])
        truth = np.stack([image.truth for image in results.images if image.truth is not None])
        names = {"input": "input_psnr", "colour": "colour_psnr", "translation": "psnr"}
        scores[to] = {name: results.means(key)[key] for name, key in names.items()}

        assert results.colour_map is not None
        recoloured = apply_affine_colour(scenes, results.colour_map)
        scores[to] |= in_places(scenes, truth, {"input": scenes, "colour": recoloured, "translation": there})
        back = [image.cycle for image in results.images if image.cycle is not None]
        if back:
            scores[to]["cycle"] = float(np.abs(np.stack(back) - scenes).mean())
    return scores


def translate_tests(
    run: Path, data: Path, sides: Sequence[Side] = SIDES, count: int | None = None
) -> dict[Side, DirectionResults]:
    """The test scenes of a world, all or the first ones, translated by a run, by the side that they are led to."""
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


def in_places(scenes: Images, truth: Images, answers: dict[str, Images]) -> dict[str, float]:
    """PSNR where something must change, and the mean error where nothing may."""
    apart = np.abs(truth - scenes).max(axis=1, keepdims=True).repeat(scenes.shape[1], axis=1)
    changed, kept = apart > CHANGE, apart < CHANGE / 2
    found = {}
    for name, answer in answers.items():
        error = np.square((answer - truth)[changed], dtype=np.float64).mean() if changed.any() else np.nan
        found[f"{name} changed"] = float(10 * np.log10(4 / max(error, 1e-10)))
        found[f"{name} kept"] = float(np.abs((answer - truth)[kept]).mean()) if kept.any() else float("nan")
    return found


def tests(data: Path, to: Side) -> tuple[Images, Images]:
    """Test scenes of the other domain, and what they truly are in `to`."""
    return read_all(data / f"test{OPPOSITE[to]}"), read_all(data / f"truth{OPPOSITE[to]}")


def read_all(folder: Path) -> Images:
    """Every picture of a folder in the order of its names."""
    return np.stack([images.read(path).pixels for path in sorted(folder.glob("*.png"))])


def one_by_one(translator: Translator) -> Translate:
    """A translator as a function that takes the images of a batch one after the other, as a user's are."""

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


def answers(run: Path, data: Path, to: Side, count: int = COLUMNS) -> list[Images]:
    """Translations of the first test scenes."""
    return [image.output for image in translate_tests(run, data, [to], count)[to].images]


def both(scores: dict[str, dict[str, float]], name: str) -> float:
    """A score as the mean of both directions."""
    return (scores["A"][name] + scores["B"][name]) / 2


def film(run: Path, size: int) -> list[Images]:
    """The sample sheets of a CycleGAN run as frames: images of A and B above, their translations below."""
    frames = []
    for path in sheets(RunFolder(run).samples).values():
        a, b = cut_directions(images.read(path).pixels, size)
        rows = [*a, *b]
        frames.append(images.grid([[row.input for row in rows], [row.output for row in rows]]))
    return frames


def signed(difference: Interval) -> str:
    """A difference in dB with its sign."""
    return f"{'−' if difference.mean < 0 else '+'}{replace(difference, mean=abs(difference.mean)):.1f} dB"


def larger(pixels: Images, width: int = 900) -> Images:
    """A picture about `width` pixels wide, for a page."""
    _, h, w = pixels.shape
    factor = max(1, round(width / w))
    return images.resize(pixels, (factor * h, factor * w)) if factor > 1 else pixels
