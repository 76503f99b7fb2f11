"""What the chapter's experiments share: a drawn world, a training on it, and how near it comes to the truth."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from viceversa import images
from viceversa.methods.protocol import OPPOSITE, Side
from viceversa.metrics.paired import apply_affine_colour, fit_affine_colour, psnr
from viceversa.runs.folder import RunFolder
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
    translator = load(run, device="cpu", precision="fp32")
    found: dict[str, dict[str, float]] = {}
    for to in translator.generators:
        scenes, truth = tests(data, to)
        there, back = there_and_back(translator, scenes, to)
        recoloured = apply_affine_colour(scenes, fit_affine_colour(scenes, truth))
        found[to] = {"input": psnr(scenes, truth), "colour": psnr(recoloured, truth), "translation": psnr(there, truth)}
        found[to] |= in_places(scenes, truth, {"input": scenes, "colour": recoloured, "translation": there})
        if back is not None:
            found[to]["cycle"] = float(np.abs(back - scenes).mean())
    return found


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


def there_and_back(translator: Translator, scenes: Images, to: Side) -> tuple[Images, Images | None]:
    """The translations, and where they lead back to if there is a way."""
    there = through(translator, scenes, to)
    return there, through(translator, there, OPPOSITE[to]) if OPPOSITE[to] in translator.generators else None


def through(translator: Translator, pictures: Images, to: Side) -> Images:
    """Pictures translated one by one, as a user's are."""
    return np.concatenate([translator.batch(torch.from_numpy(p[None]), to).numpy() for p in pictures])


def gallery(run: Path, data: Path, to: Side) -> Images:
    """Rows of the first test scenes: input, translation, there and back if there is a way, truth."""
    translator = load(run, device="cpu", precision="fp32")
    scenes, truth = (x[:COLUMNS] for x in tests(data, to))
    there, back = there_and_back(translator, scenes, to)
    return images.grid([list(x) for x in (scenes, there, back, truth) if x is not None])


def answers(run: Path, data: Path, to: Side, count: int = COLUMNS) -> list[Images]:
    """Translations of the first test scenes."""
    translator = load(run, device="cpu", precision="fp32")
    return list(through(translator, tests(data, to)[0][:count], to))


def both(scores: dict[str, dict[str, float]], name: str) -> float:
    """A score as the mean of both directions."""
    return (scores["A"][name] + scores["B"][name]) / 2


def film(run: Path, size: int) -> list[Images]:
    """The sample sheets of a CycleGAN run as frames: pictures of A and B above, their translations below."""
    folder = RunFolder(run).samples
    pitch = size + 2  # a cell and its gap, as images.grid lays them out
    frames = []
    for path in sorted(folder.glob("step-*.png")):
        sheet = images.read(path).pixels
        cells = [
            [sheet[:, y : y + size, x : x + size] for y in range(2, sheet.shape[1] - size, pitch)]
            for x in range(2, sheet.shape[2] - size, pitch)
        ]
        a, to_b, _, b, to_a, _ = cells
        frames.append(images.grid([a + b, to_b + to_a]))
    return frames


def signed(difference: Interval) -> str:
    """A difference in dB with its sign."""
    return f"{'−' if difference.mean < 0 else '+'}{replace(difference, mean=abs(difference.mean)):.1f} dB"


def larger(pixels: Images, width: int = 900) -> Images:
    """A picture about `width` pixels wide, for a page."""
    _, h, w = pixels.shape
    factor = max(1, round(width / w))
    return images.resize(pixels, (factor * h, factor * w)) if factor > 1 else pixels
