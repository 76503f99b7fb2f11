"""Scores of the quality benchmark: PSNR where the truth is known, distances of patches and features, a classifier."""

import itertools
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from viceversa import images
from viceversa.evaluation.extractors import load_extractor
from viceversa.evaluation.features import Preparation
from viceversa.evaluation.translations import DirectionInputs, DirectionResults, score_direction
from viceversa.methods.cyclegan import CycleGANConfig
from viceversa.methods.protocol import Direction
from viceversa.metrics.kid import kid
from viceversa.metrics.patches import checkerboard, sliced_wasserstein

SIZE = 64
Translate = Callable[[np.ndarray, str], np.ndarray]  # (N, 3, H, W) in [-1, 1], target "A" or "B" -> the same shape
DIRECTIONS = CycleGANConfig.directions
PREPARE = Preparation(size=SIZE, fit="squash")


@cache
def load_images(folder: Path) -> np.ndarray:
    """All images of a folder, (N, 3, SIZE, SIZE) in [-1, 1]."""
    return np.stack([PREPARE(path) for path in sorted(folder.iterdir())])


def translate_test_set(data: Path, direction: Direction, translate: Translate) -> DirectionResults:
    """Translations of all test images in one batch, with their PSNR where the truth is known."""
    paths = tuple(sorted((data / f"test{direction.source}").iterdir()))
    truths = data / f"truth{direction.source}"
    inputs = DirectionInputs(
        direction=direction,
        source=direction.source,
        target=direction.target,
        paths=paths,
        truths=tuple(sorted(truths.iterdir())) if truths.exists() else (),
        prepare_source=PREPARE,
        prepare_target=PREPARE,
    )
    return score_direction(inputs, translate, batch=len(paths), keep=len(paths))


def score_translations(data: Path, translate: Translate) -> dict[str, dict[str, float]]:
    """Every score that the dataset allows, for both directions, on all test images."""
    scores = {}
    for direction in DIRECTIONS:
        source, target = direction.source, direction.target
        results = translate_test_set(data, direction, translate)
        outputs = np.stack([image.output for image in results.images])
        values = set_distances(outputs, load_images(data / f"test{target}"))
        psnr = results.mean("psnr")
        if psnr is None:
            values["taken"] = share_classified_as(target, outputs, data)
        else:
            values["translation"] = psnr
        scores[f"{source}_to_{target}"] = values
    return scores


def score_baselines(data: Path) -> dict[str, dict[str, float]]:
    """The same scores of untranslated inputs and of real images of the target, and of the best colour change."""
    scores = {}
    for direction in DIRECTIONS:
        source, target = direction.source, direction.target
        inputs, real = load_images(data / f"test{source}"), load_images(data / f"test{target}")
        training = load_images(data / f"train{target}")
        values = {f"input_{name}": value for name, value in set_distances(inputs, real).items()}
        spaced = training[:: len(training) // len(real)]
        values |= {f"real_{name}": value for name, value in set_distances(spaced, real).items()}
        if (data / f"truth{source}").exists():
            results = translate_test_set(data, direction, lambda x, side: x)
            values |= {"input": results.mean("input_psnr"), "best_colour": results.mean("colour_psnr")}
        else:
            values["input_taken"] = share_classified_as(target, inputs, data)
            values["real_taken"] = share_classified_as(target, real, data)
        scores[f"{source}_to_{target}"] = values
    return scores


def set_distances(outputs: np.ndarray, real: np.ndarray) -> dict[str, float]:
    """Distances between two sets of images (N, 3, H, W), and the checkerboard energy of the first."""
    extract = load_extractor()
    return {
        "patch_distance": sliced_wasserstein(outputs, real),
        "kid": kid(extract(outputs), extract(real), draws=0).value,
        "checkerboard": checkerboard(outputs),
    }


@torch.no_grad()
def share_classified_as(side: str, x: np.ndarray, data: Path) -> float:
    """Share of images that a classifier, trained on the real training images, assigns to the domain `side`."""
    is_b = classifier(data)(torch.from_numpy(x)).flatten() > 0
    return (is_b == (side == "B")).float().mean().item()


@cache
@torch.enable_grad()
def classifier(data: Path, epochs: int = 12) -> nn.Module:
    """A small CNN, A against B, trained on the real training images; positive = B."""
    torch.manual_seed(0)
    widths, layers = (3, 24, 48, 96, 96), list[nn.Module]()
    for before, after in itertools.pairwise(widths):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.3), nn.Linear(96, 1))

    a, b = load_images(data / "trainA"), load_images(data / "trainB")
    x = torch.from_numpy(np.concatenate([a, b]))
    y = torch.cat([torch.zeros(len(a)), torch.ones(len(b))])

    optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.01, epochs * (len(x) // 64))
    for _ in range(epochs):
        for indices in torch.randperm(len(x)).split(64)[:-1]:
            logits = net(flip_and_shift(x[indices])).flatten()
            loss = nn.functional.binary_cross_entropy_with_logits(logits, y[indices])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return net.eval()


def flip_and_shift(x: Tensor) -> Tensor:
    """Mirror a batch at random and shift it by up to 6 px, all images alike."""
    x = x.flip(3) if torch.rand(()) < 0.5 else x
    return torch.roll(x, tuple(torch.randint(-6, 7, (2,)).tolist()), (2, 3))


def save_sheet(data: Path, translate: Translate, path: Path) -> None:
    """Write the first 12 test images of each domain above their translations; they are not selected."""
    rows = []
    for direction in DIRECTIONS:
        x = load_images(data / f"test{direction.source}")[:12]
        rows += [list(x), list(translate(x, direction.target))]
    images.save_png(path, images.grid(rows))
