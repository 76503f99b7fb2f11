"""What quality is judged by: the truth where there is one, patches and features everywhere, a classifier for fruit."""

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
Translate = Callable[[np.ndarray, str], np.ndarray]  # (N, 3, H, W) in [-1, 1], "A" or "B" -> the same
DIRECTIONS = CycleGANConfig.directions
PREPARE = Preparation(size=SIZE, fit="squash")


@cache
def pictures(folder: Path) -> np.ndarray:
    """All pictures of a folder, (N, 3, SIZE, SIZE) in [-1, 1]."""
    return np.stack([PREPARE(path) for path in sorted(folder.iterdir())])


def score(data: Path, direction: Direction, translate: Translate) -> DirectionResults:
    """Translations of all test pictures, handed over as one batch, with their scores where the truth is known."""
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


def judge(data: Path, translate: Translate) -> dict[str, dict[str, float]]:
    """Every measure that this world allows, for both directions, on all test pictures."""
    scores = {}
    for direction in DIRECTIONS:
        source, target = direction.source, direction.target
        results = score(data, direction, translate)
        y = np.stack([image.output for image in results.images])
        numbers = likeness(y, pictures(data / f"test{target}"))
        psnr = results.mean("psnr")
        numbers |= {"taken": share(data, y, target)} if psnr is None else {"translation": psnr}
        scores[f"{source}_to_{target}"] = numbers
    return scores


def known(data: Path) -> dict[str, dict[str, float]]:
    """The same measures of the inputs as they are and of real pictures of the target, and the best colour change."""
    scores = {}
    for direction in DIRECTIONS:
        source, side = direction.source, direction.target
        x, target = pictures(data / f"test{source}"), pictures(data / f"test{side}")
        other = pictures(data / f"train{side}")
        found = {f"input_{name}": value for name, value in likeness(x, target).items()}
        spaced = other[:: len(other) // len(target)]
        found |= {f"real_{name}": value for name, value in likeness(spaced, target).items()}
        if (data / f"truth{source}").exists():
            results = score(data, direction, lambda x, side: x)
            found |= {"input": results.mean("input_psnr"), "best_colour": results.mean("colour_psnr")}
        else:
            found |= {"input_taken": share(data, x, side), "real_taken": share(data, target, side)}
        scores[f"{source}_to_{side}"] = found
    return scores


def likeness(y: np.ndarray, target: np.ndarray) -> dict[str, float]:
    """How far pictures are from real ones of the domain, as sets."""
    extract = load_extractor()
    return {
        "patch_distance": sliced_wasserstein(y, target),
        "kid": kid(extract(y), extract(target), draws=0).value,
        "checkerboard": checkerboard(y),
    }


@torch.no_grad()
def share(data: Path, x: np.ndarray, side: str) -> float:
    """Share of pictures that a classifier, trained on the real training pictures, puts into domain `side`."""
    says_b = classifier(data)(torch.from_numpy(x)).flatten() > 0
    return (says_b == (side == "B")).float().mean().item()


@cache
@torch.enable_grad()
def classifier(data: Path, epochs: int = 12) -> nn.Module:
    """A small CNN, A against B, trained on the real training pictures; positive = B."""
    torch.manual_seed(0)
    widths, layers = (3, 24, 48, 96, 96), list[nn.Module]()
    for a, b in itertools.pairwise(widths):
        layers += [nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2)]
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.3), nn.Linear(96, 1))
    a, b = pictures(data / "trainA"), pictures(data / "trainB")
    x = torch.from_numpy(np.concatenate([a, b]))
    y = torch.cat([torch.zeros(len(a)), torch.ones(len(b))])
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=1e-2)
    rates = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.01, epochs * (len(x) // 64))
    for _ in range(epochs):
        for chosen in torch.randperm(len(x)).split(64)[:-1]:
            loss = nn.functional.binary_cross_entropy_with_logits(net(jitter(x[chosen])).flatten(), y[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rates.step()
    return net.eval()


def jitter(x: Tensor) -> Tensor:
    """A shared mirror flip and shift of up to 6 px."""
    x = x.flip(3) if torch.rand(()) < 0.5 else x
    return torch.roll(x, tuple(torch.randint(-6, 7, (2,)).tolist()), (2, 3))


def sheet(data: Path, translate: Translate, path: Path) -> None:
    """The first 12 test pictures of each domain over their translations: not picked."""
    rows = []
    for direction in DIRECTIONS:
        x = pictures(data / f"test{direction.source}")[:12]
        rows += [list(x), list(translate(x, direction.target))]
    images.save_png(path, images.grid(rows))
