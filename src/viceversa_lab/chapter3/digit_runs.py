"""What the experiments on digits share: trainings, the scores of a classifier, and the nearest training digits."""

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

from ..workspace import Workspace

CONFIDENT = 0.9  # a digit counts as recognised from this confidence of the classifier on
LEVELS = np.linspace(0.3, 1.0, 71)  # of confidence, for curves
CHUNK = 500  # images at a time, to bound the memory
Images = NDArray[np.float32]


@dataclass(frozen=True)
class RealDigits:
    """The real digits as images (N, 1, 28, 28) in [-1, 1], and the folder that trainings read."""

    name: str
    folder: Path
    train: Tensor
    test: Tensor
    test_classes: NDArray[np.int64]


def prepare(work: Workspace, name: str) -> RealDigits:
    """Load a dataset by its name or folder, and write it to the folder of the experiment."""
    loaded = digits.load(name)
    folder = work.folder / "digits"
    work.progress(f"writing {loaded.name} digits")
    digits.write(loaded, folder)
    train_x, test_x = (torch.from_numpy(images.from_uint8(x[:, None])) for x in (loaded.train_x, loaded.test_x))
    return RealDigits(loaded.name, folder, train_x, test_x, loaded.test_y)


def learn(work: Workspace, real: RealDigits, preset: str, steps: int, seed: int, change: Sequence[str] = ()) -> Path:
    """Train a preset on the digits, or resume; returns the folder of the finished run."""
    out = work.run_folder(f"{preset}-{seed}")
    work.progress(f"training {out.name}, {steps} steps")
    train(
        real.folder,
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


def chunks(x: Tensor) -> list[Tensor]:
    return [x[i : i + CHUNK] for i in range(0, len(x), CHUNK)]


def sample(method: Any, count: int, seed: int = 0) -> Tensor:
    """Generated images (count, 1, 28, 28), from the same noise for every training."""
    z = torch.randn(count, method.latent, generator=torch.Generator().manual_seed(seed))
    return torch.cat([method.preview(chunk)["fake"] for chunk in chunks(z)])


def probabilities(classifier: Any, x: Tensor) -> Tensor:
    """The classifier's probabilities (N, 10)."""
    return torch.cat([classifier.preview(chunk)["scores"].softmax(1) for chunk in chunks(x)])


def score(classifier: Any, x: Tensor) -> dict[str, Any]:
    """How confident the classifier is on these images, and which classes it predicts."""
    predicted = probabilities(classifier, x)
    confidence = predicted.max(1).values.numpy()
    classes = np.bincount(predicted.argmax(1).numpy(), minlength=digits.CLASSES) / len(confidence)
    return {
        "recognised": (confidence >= CONFIDENT).mean(),
        "confidence": confidence.mean(),
        "classes": classes,
        "imbalance": float(np.sum(classes * np.log(np.maximum(classes, 1e-12) * digits.CLASSES))),
        "curve": [(confidence >= level).mean() for level in LEVELS],
    }


def accuracy(classifier: Any, real: RealDigits) -> float:
    """The share of the real test digits that it classifies correctly."""
    return float((probabilities(classifier, real.test).argmax(1).numpy() == real.test_classes).mean())


def nearest(x: Tensor, real: RealDigits) -> tuple[Images, NDArray[np.int64]]:
    """Distance (root mean square over the pixels) and index of the nearest training digit of each image."""
    flat = real.train.flatten(1)
    minima = [torch.cdist(chunk.flatten(1), flat).min(1) for chunk in chunks(x)]
    distances = torch.cat([minimum.values for minimum in minima]) / digits.SIDE
    return distances.numpy(), torch.cat([minimum.indices for minimum in minima]).numpy()


def seconds_per_step(run: Path, steps: int = 10) -> float:
    """CPU seconds that one step of the run's method takes on this machine."""
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


def sheet(x: Tensor, columns: int = 8) -> Images:
    """A contact sheet of the images."""
    rows = [image.numpy() for image in x]
    return images.grid([rows[i : i + columns] for i in range(0, len(rows), columns)], gap=1)


def sample_sheets(run: Path) -> list[list[list[Images]]]:
    """The sample sheets of a run in the order of the steps, each as rows of images (3, 28, 28) from the same noise."""
    paths = sheets(RunFolder(run).samples).values()
    return [cut_sheet(images.read(path).pixels, digits.SIDE) for path in paths]
