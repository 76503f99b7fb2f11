"""One training of a small classifier in memory: what the studies of chapters 1 and 2 repeat over choices and seeds."""

import time
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from viceversa import images, methods
from viceversa.data.loader import Arrays
from viceversa.methods.classifier import ClassifierConfig
from viceversa.training.fit import fit
from viceversa.worlds import digits

from ..interval import Interval, paired

DRAWN = ("handwritten", "glyphs")  # sets that a seed splits or draws anew


class Pictures(NamedTuple):
    """Pictures (N, 1, size, size) in [-1, 1] and classes (N,)."""

    train_x: NDArray[np.float32]
    train_y: NDArray[np.int64]
    test_x: NDArray[np.float32]
    test_y: NDArray[np.int64]


def pictures(data: str, seed: int, *, count: int | None = None, crop: int = 0, shrink: int = 1) -> Pictures:
    """The digits called `data`, at most `count` to train, without `crop` pixels of border, `shrink` times smaller."""
    found = _load(data, seed if data in DRAWN else 0)

    def prepared(x: NDArray[np.uint8]) -> NDArray[np.float32]:
        inner = images.from_uint8(x)[:, None, crop : x.shape[1] - crop, crop : x.shape[2] - crop]
        n, _, side, _ = inner.shape
        smaller = inner.reshape(n, 1, side // shrink, shrink, side // shrink, shrink).mean((3, 5))
        return np.ascontiguousarray(smaller, np.float32)

    return Pictures(prepared(found.train_x[:count]), found.train_y[:count], prepared(found.test_x), found.test_y)


@lru_cache(maxsize=8)
def _load(data: str, seed: int) -> digits.Digits:
    return digits.load(data, seed=seed)


def learn(
    config: ClassifierConfig,
    data: Pictures,
    *,
    seed: int,
    epochs: int,
    batch: int = 32,
    decay_from: float = 1.0,  # share of the training after which the rate falls; 1 = never
    start: Callable[[nn.Module], None] = lambda net: None,  # changes the first weights
) -> methods.Method:
    """A classifier that has seen all of `data` so many times."""
    torch.manual_seed(seed)
    method = methods.make(config, size=data.train_x.shape[-1], classes=digits.CLASSES)
    start(method.nets["C"])
    batches = Arrays(data.train_x, data.train_y, batch=min(batch, len(data.train_y)), seed=seed)
    steps = epochs * len(data.train_y) // batches.batch_size
    fit(method, batches, steps, seed=seed, decay_from=decay_from)
    return method


def trial(config: ClassifierConfig, data: Pictures, **how: Any) -> dict[str, float]:
    """`learn`; accuracy on the test pictures, and seconds of the processor that learning took."""
    warm_up()
    began = time.process_time()
    method = learn(config, data, **how)
    seconds = time.process_time() - began
    return {"accuracy": accuracy(method, data.test_x, data.test_y), "seconds": seconds}


@cache
def warm_up() -> None:
    """PyTorch prepares its kernels at the first step, which would count as time of the first trial."""
    few = Pictures(*(np.zeros(shape, kind) for shape, kind in (((32, 1, 8, 8), "f4"), (32, "i8")) * 2))
    for network in ("mlp", "cnn"):
        learn(ClassifierConfig(network=network, conv_widths="8,8"), few, seed=0, epochs=3)


def accuracy(method: methods.Method, x: NDArray[np.float32], y: NDArray[np.int64]) -> float:
    """Share of the pictures that are named rightly."""
    return float((answers(method, x) == y).mean())


def answers(method: methods.Method, x: NDArray[np.float32]) -> NDArray[np.int64]:
    """The class that a classifier names for each picture (N, 1, size, size)."""
    parts = [method.preview(torch.from_numpy(x[i : i + 500]))["scores"].argmax(1) for i in range(0, len(x), 500)]
    return torch.cat(parts).numpy()


def gaussian(deviation: float, shape: str = "normal") -> Callable[[nn.Module], None]:
    """First weights with mean 0 and this deviation, `normal` or `uniform`, in all dense layers."""

    def start(net: nn.Module) -> None:
        for part in net.modules():
            if isinstance(part, nn.Linear):
                if shape == "normal":
                    nn.init.normal_(part.weight, 0.0, deviation)
                else:
                    nn.init.uniform_(part.weight, -(3**0.5) * deviation, 3**0.5 * deviation)

    return start


def called(data: str) -> str:
    """The digits' name, also where they were named as a folder."""
    return Path(data).name


def accuracies(rows: Sequence[Sequence[dict[str, float]]]) -> list[list[float]]:
    """The accuracies of a sweep of trials."""
    return [[one["accuracy"] for one in row] for row in rows]


def percent(rows: Sequence[Sequence[float]]) -> list[list[float]]:
    """Shares in percent, as figures show them."""
    return [[100 * value for value in row] for row in rows]


def apart(better: Sequence[float], worse: Sequence[float]) -> Interval:
    """By how many percentage points one series is better than another, seed by seed."""
    return paired(*percent([better, worse]))


def signed(change: Interval) -> str:
    """A change with its sign and interval, and whether the seeds alone could make it."""
    told = f"{change.mean:+.1f} ± {change.half:.1f} points".replace("-", "−")
    return told if change.low > 0 or change.high < 0 else f"{told}, no more than the seeds differ"


def best(rows: Sequence[Sequence[float]]) -> int:
    """Which row has the greatest mean."""
    return int(np.argmax([np.mean(row) for row in rows]))
