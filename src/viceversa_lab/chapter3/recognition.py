"""What the experiments on digits share: a training, a classifier that judges what it draws, and the nearest copies."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from viceversa import images, methods
from viceversa.methods import Method
from viceversa.runs import checkpoint
from viceversa.runs.folder import RunFolder
from viceversa.runs.sheets import cut_sheet, sheets
from viceversa.training.train import train
from viceversa.worlds import digits

from ..work import Work

SURE = 0.9  # a digit counts as recognised where the classifier is this sure
LEVELS = np.linspace(0.3, 1.0, 71)  # of sureness, for curves
PART = 500
Pictures = NDArray[np.float32]


@dataclass(frozen=True)
class Known:
    """The real digits as pictures (N, 1, 28, 28) in [-1, 1], and the folder that trainings read."""

    name: str
    folder: Path
    train: Tensor
    test: Tensor
    answers: NDArray[np.int64]  # classes of `test`


def prepare(work: Work, name: str) -> Known:
    """The digits called so, or of a folder, written once."""
    found = digits.load(name)
    folder = work.folder / "digits"
    work.show(f"writing {found.name} digits")
    digits.write(found, folder)
    train_x, test_x = (torch.from_numpy(images.from_uint8(x[:, None])) for x in (found.train_x, found.test_x))
    return Known(found.name, folder, train_x, test_x, found.test_y)


def learn(work: Work, known: Known, preset: str, steps: int, seed: int, change: Sequence[str] = ()) -> Path:
    """Train a preset on the digits, or go on where it was stopped; the finished run."""
    out = work.run_folder(f"{preset}-{seed}")
    work.show(f"training {out.name}, {steps} steps")
    train(
        known.folder,
        preset=preset,
        out=out,
        size=digits.SIDE,
        steps=steps,
        seed=seed,
        device="cpu",
        quiet=True,
        set=change,
    )
    return out


def restore(run: Path) -> Method:
    """The method of a finished run."""
    folder = RunFolder(run)
    config = folder.config()
    method = methods.make(config.method, size=config.data.size, classes=digits.CLASSES)
    newest, complaints = checkpoint.newest(folder.checkpoints)
    assert newest is not None, complaints
    checkpoint.load(newest.path, method)
    return method


def parts(x: Tensor) -> list[Tensor]:
    """A few hundred at a time, so that the memory does not depend on their number."""
    return [x[i : i + PART] for i in range(0, len(x), PART)]


def sample(method: Any, count: int, seed: int = 0) -> Tensor:
    """Pictures (count, 1, 28, 28) of a generator, from noise that does not depend on its training."""
    z = torch.randn(count, method.latent, generator=torch.Generator().manual_seed(seed))
    return torch.cat([method.preview(part)["fake"] for part in parts(z)])


def answers(judge: Any, pictures: Tensor) -> Tensor:
    """Probabilities (N, 10) that the classifier gives."""
    return torch.cat([judge.preview(part)["scores"].softmax(1) for part in parts(pictures)])


def opinion(judge: Any, pictures: Tensor) -> dict[str, Any]:
    """How sure the classifier is of these pictures, and which classes it sees."""
    found = answers(judge, pictures)
    top = found.max(1).values.numpy()
    classes = np.bincount(found.argmax(1).numpy(), minlength=digits.CLASSES) / len(top)
    return {
        "recognised": (top >= SURE).mean(),
        "sureness": top.mean(),
        "classes": classes,
        "imbalance": float(np.sum(classes * np.log(np.maximum(classes, 1e-12) * digits.CLASSES))),
        "curve": [(top >= level).mean() for level in LEVELS],
    }


def accuracy(judge: Any, known: Known) -> float:
    """Share of the real test digits that it names rightly."""
    return float((answers(judge, known.test).argmax(1).numpy() == known.answers).mean())


def nearest(pictures: Tensor, known: Known) -> tuple[Pictures, NDArray[np.int64]]:
    """Distance (root mean square over the pixels) and number of the nearest training digit of each picture."""
    flat = known.train.flatten(1)
    found = [torch.cdist(part.flatten(1), flat).min(1) for part in parts(pictures)]
    distances = torch.cat([f.values for f in found]) / digits.SIDE
    return distances.numpy(), torch.cat([f.indices for f in found]).numpy()


def pace(run: Path, steps: int = 10) -> float:
    """Seconds of processor time that one step of the run's method takes here."""
    config = RunFolder(run).config()
    method = methods.make(
        config.method, size=config.data.size, classes=digits.CLASSES, precision=config.train.precision
    )
    batch = torch.rand(config.train.batch, 1, digits.SIDE, digits.SIDE) * 2 - 1
    step: Any = method.step
    for count in range(-2, steps):
        if count == 0:
            started = time.process_time()
        step(batch)
    return (time.process_time() - started) / steps


def sheet(pictures: Tensor, columns: int = 8) -> Pictures:
    """A contact sheet of all the pictures."""
    shown = [picture.numpy() for picture in pictures]
    return images.grid([shown[i : i + columns] for i in range(0, len(shown), columns)], gap=1)


def moments(run: Path) -> list[list[list[Pictures]]]:
    """The sample sheets of a run: at every moment rows of pictures (3, 28, 28), from the same noise."""
    paths = sheets(RunFolder(run).samples).values()
    return [cut_sheet(images.read(path).pixels, digits.SIDE) for path in paths]
