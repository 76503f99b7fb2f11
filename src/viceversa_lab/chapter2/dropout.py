"""Does dropout help? The report says that it has no effect, on MNIST and on two moons."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from viceversa.losses.classification import CLASSIFICATION
from viceversa.networks.mlp import MLP
from viceversa.optimize import Player

from .. import sweep
from ..blocks import Block, Claim, Figure, Finding, Formula, Text
from ..classifiers import dataset_name, load_digits
from ..experiment import Experiment, Results
from ..sweep import Curve, Sweep, describe
from ..workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Settings(sweep.Settings):
    """A small CNN on all digits and on `few` of them, in as many steps, and an MLP on two moons."""

    few: int = 100
    points: int = 60  # of the moons to train on
    noise: float = 0.3  # of the moons: standard deviation; their radius is 1
    steps: int = 800  # of the training on moons


def train(s: Settings, series: str, probability: float, seed: int) -> dict[str, float]:
    if series == "moons":
        return train_on_moons(s, probability, seed)
    if series == "few":
        count = min(s.few, examples(s))
        s = replace(s, count=count, epochs=s.epochs * examples(s) // count)
    return s.train(seed, dropout=probability)


def examples(s: Settings) -> int:
    """Number of all training digits."""
    return len(load_digits(s.data, s.seeds[0]).train_y)


def train_on_moons(s: Settings, probability: float, seed: int) -> dict[str, float]:
    """Accuracy of an MLP on two interlocking half circles, from few noisy points."""
    moons, classes = two_moons(s.points + 2000, s.noise, seed)
    x, y = torch.tensor(moons, dtype=torch.float32), torch.tensor(classes)
    torch.manual_seed(seed)
    net = MLP(2, 2, width=s.width or 64, depth=2, init="he_normal", dropout=probability)
    player, loss = Player([net], 5e-3, (0.9, 0.999)), CLASSIFICATION["cross_entropy"]
    for _ in range(s.steps):
        with player.turn() as update:
            update(loss(net(x[: s.points]), y[: s.points]))

    net.eval()
    with torch.no_grad():
        correct = net(x[s.points :]).argmax(1) == y[s.points :]
    return {"accuracy": float(correct.float().mean())}


def two_moons(count: int, noise: float, seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points (N, 2) of two interlocking half circles in random order and their classes, as scikit-learn draws them."""
    outer = np.linspace(0, np.pi, count // 2)
    inner = np.linspace(0, np.pi, count - count // 2)
    points = np.concatenate(
        [np.stack([np.cos(outer), np.sin(outer)], 1), np.stack([1 - np.cos(inner), 1 - np.sin(inner) - 0.5], 1)]
    )
    classes = np.repeat(np.arange(2), [len(outer), len(inner)])

    rng = np.random.RandomState(seed)  # its stream, so that the points stay those of earlier measurements
    order = np.arange(count)
    rng.shuffle(order)
    return points[order] + rng.normal(scale=noise, size=points.shape), classes[order]


SWEEP = Sweep(
    label="dropout probability",
    train=train,
    series={"digits": "all digits", "few": "few digits", "moons": ""},
    name="{:.0%}",
    shift=0.015,
)


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Every probability on all three datasets, and the number of training digits."""
    return SWEEP.measure(s, work) | {"examples": examples(s)}


def effect(curve: Curve) -> str:
    """What the best dropout and the strongest one change."""
    best = 1 + curve.select(range(1, len(curve.values))).best
    changes = [describe(curve.gain(i, 0)) for i in (best, -1)]
    return f"{curve.names[best]} dropout, the best: {changes[0]}; {curve.names[-1]}: {changes[1]}"


def has_no_effect(curve: Curve) -> bool:
    """Whether no usual dropout, one half at most, differs from none by more than the seeds do."""
    changes = [curve.gain(i, 0) for i, probability in enumerate(curve.values) if 0 < probability <= 0.5]
    return all(change.low <= 0 <= change.high for change in changes)


def write(results: Results) -> list[Block]:
    s, (digits, few, moons) = results.settings, SWEEP.curves(results)
    return [
        Text(
            "Dropout sets each neuron of a layer to zero with probability $p$ in every step of training, so that no "
            "neuron can rely on a single other one, and scales up those that are left. In use all neurons are active:"
        ),
        Formula(r"\tilde a_i = \frac{m_i}{1 - p} \, a_i, \quad m_i \sim \mathrm{Bernoulli}(1 - p)"),
        Text(
            "It is meant against memorising, so it can only help where a network has room for that. The digits are "
            f"therefore learnt twice in @1: from all {results['examples']:,} and from {s.few}. The moons are two "
            f"half circles with so much noise that they overlap, {s.points} points to learn from."
        ),
        Figure(
            [SWEEP.plot(digits, few), SWEEP.plot(moons)],
            f"Test accuracy by dropout: every seed, mean and 95 % interval, n = {len(s.seeds)}. Left: a CNN on all "
            f"{results['examples']:,} digits ({dataset_name(s.data)}), and on {s.few} of them. Right: an MLP with two "
            "hidden layers on two moons.",
            alt="Accuracy over the dropout probability for digits and for two moons",
            titles=("digits", "two moons"),
        ),
        Finding(f"All digits: {effect(digits)}. {s.few} digits: {effect(few)}. Two moons: {effect(moons)}."),
        Claim(
            claimed="Dropout has no effect on MNIST’s digits.",
            measured=f"On {dataset_name(s.data)} digits {effect(digits)}.",
            holds=has_no_effect(digits),
        ),
        Claim(
            claimed="Dropout has no effect on two moons.",
            measured=f"{effect(moons)}.",
            holds=has_no_effect(moons),
        ),
    ]


FULL = Settings(
    values=(0.0, 0.25, 0.5, 0.75), seeds=tuple(range(20)), epochs=15, conv_widths="16,32", width=64, lr=3e-3
)
EXPERIMENT = Experiment(
    name="dropout",
    chapter=2,
    title="Does dropout help?",
    full=FULL,
    quick=replace(
        FULL, values=(0.0, 0.5, 0.75), seeds=(0, 1, 2, 3), shrink=2, conv_widths="8,16", width=32, epochs=6, steps=300
    ),
    measure=measure,
    write=write,
)
