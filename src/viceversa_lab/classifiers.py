"""Trains small classifiers of digits in memory, as the sweeps of chapters 1 and 2 do for each value and seed."""

import time
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from viceversa import images, methods
from viceversa.data.loader import Arrays
from viceversa.methods.classifier import ClassifierConfig
from viceversa.training.fit import fit
from viceversa.worlds import digits

SEEDED = ("handwritten", "glyphs")  # datasets that are split or drawn anew for each seed


class DigitSet(NamedTuple):
    """Images (N, 1, size, size) in [-1, 1] and classes (N,)."""

    train_x: NDArray[np.float32]
    train_y: NDArray[np.int64]
    test_x: NDArray[np.float32]
    test_y: NDArray[np.int64]


def load_digits(data: str, seed: int, *, count: int | None = None, crop: int = 0, shrink: int = 1) -> DigitSet:
    """The dataset `data`, at most `count` training images, with `crop` pixels cut off each side, then shrunk."""
    loaded = _load(data, seed if data in SEEDED else 0)

    def prepare(x: NDArray[np.uint8]) -> NDArray[np.float32]:
        cropped = images.from_uint8(x)[:, None, crop : x.shape[1] - crop, crop : x.shape[2] - crop]
        n, _, side, _ = cropped.shape
        shrunk = cropped.reshape(n, 1, side // shrink, shrink, side // shrink, shrink).mean((3, 5))
        return np.ascontiguousarray(shrunk, np.float32)

    return DigitSet(prepare(loaded.train_x[:count]), loaded.train_y[:count], prepare(loaded.test_x), loaded.test_y)


@lru_cache(maxsize=8)
def _load(data: str, seed: int) -> digits.Digits:
    return digits.load(data, seed=seed)


def dataset_name(data: str) -> str:
    """The name of a dataset, also if `data` is a folder."""
    return Path(data).name


def train(
    config: ClassifierConfig,
    data: DigitSet,
    *,
    seed: int,
    epochs: int,
    batch: int = 32,
    decay_from: float = 1.0,  # fraction of the training after which the rate falls; 1 = never
    init: Callable[[Tensor], Tensor] | None = None,  # fills the weights of each dense layer
) -> methods.Method:
    """Train a classifier for so many epochs."""
    torch.manual_seed(seed)
    method = methods.make(config, size=data.train_x.shape[-1], classes=digits.CLASSES)
    if init:
        for layer in method.nets["C"].modules():
            if isinstance(layer, nn.Linear):
                init(layer.weight)

    batches = Arrays(data.train_x, data.train_y, batch=min(batch, len(data.train_y)), seed=seed)
    steps = epochs * len(data.train_y) // batches.batch_size
    fit(method, batches, steps, seed=seed, decay_from=decay_from)
    return method


def train_and_test(config: ClassifierConfig, data: DigitSet, **options: Any) -> dict[str, float]:
    """`train` a classifier; its accuracy on the test images and the CPU seconds of the training."""
    warm_up()
    started = time.process_time()
    method = train(config, data, **options)
    seconds = time.process_time() - started
    return {"accuracy": accuracy(method, data.test_x, data.test_y), "seconds": seconds}


@cache
def warm_up() -> None:
    """Train briefly, because PyTorch prepares its kernels at the first step, which is not to be timed."""
    x, y = np.zeros((32, 1, 8, 8), np.float32), np.zeros(32, np.int64)
    for network in ("mlp", "cnn"):
        train(ClassifierConfig(network=network, conv_widths="8,8"), DigitSet(x, y, x, y), seed=0, epochs=3)


def accuracy(method: methods.Method, x: NDArray[np.float32], y: NDArray[np.int64]) -> float:
    """Fraction of the images that are classified correctly."""
    return float((predictions(method, x) == y).mean())


def predictions(method: methods.Method, x: NDArray[np.float32]) -> NDArray[np.int64]:
    """The predicted class of each image (N, 1, size, size)."""
    chunks = [method.preview(torch.from_numpy(x[i : i + 500]))["scores"].argmax(1) for i in range(0, len(x), 500)]
    return torch.cat(chunks).numpy()
