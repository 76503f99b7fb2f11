"""Does dropout help? The report found no effect, on MNIST and on two moons."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch

from viceversa.losses.classification import CLASSIFICATION
from viceversa.methods.classifier import ClassifierConfig
from viceversa.networks.mlp import MLP
from viceversa.optimize import Player

from ..chapter1.trials import accuracies, apart, best, called, percent, pictures, signed, trial
from ..experiment import Experiment, Found
from ..figures import axes, legend, points, ticks
from ..parts import Claim, Figure, Finding, Formula, Part, Text
from ..work import Work


@dataclass(frozen=True)
class Settings:
    """A small CNN on all digits and on `few` of them, and an MLP on two moons."""

    seeds: tuple[int, ...] = tuple(range(20))
    data: str = "handwritten"
    shares: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75)
    few: int = 100  # training digits
    shrink: int = 1  # 2: pictures of half the side
    conv_widths: str = "16,32"
    width: int = 64
    epochs: int = 15  # of all digits; with few, as many steps
    lr: float = 3e-3
    points: int = 60  # of the moons to train on
    noise: float = 0.3  # of the moons: standard deviation, their radius is 1
    steps: int = 800


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Test accuracy of every share of silenced neurons."""

    examples = len(pictures(s.data, s.seeds[0]).train_y)

    def digit(count: int | None, share: float, seed: int) -> dict[str, float]:
        config = ClassifierConfig(conv_widths=s.conv_widths, width=s.width, dropout=share, lr=s.lr)
        data = pictures(s.data, seed, count=count, shrink=s.shrink)
        return trial(config, data, seed=seed, epochs=s.epochs * examples // len(data.train_y))

    return {
        "digits": work.sweep("digits", s.shares, s.seeds, partial(digit, None)),
        "few": work.sweep("few", s.shares, s.seeds, partial(digit, s.few)),
        "moons": work.sweep("moons", s.shares, s.seeds, partial(moons, s)),
        "examples": examples,
    }


def moons(s: Settings, share: float, seed: int) -> dict[str, float]:
    """Accuracy of an MLP on two half circles that interlock, from few noisy points."""
    from sklearn.datasets import make_moons  # type: ignore[import-untyped]

    x, y = make_moons(s.points + 2000, noise=s.noise, random_state=seed)
    xs, ys = torch.tensor(x, dtype=torch.float32), torch.tensor(y)
    torch.manual_seed(seed)
    net = MLP(2, 2, width=s.width, depth=2, init="he_normal", dropout=share)
    player, loss = Player([net], 5e-3, (0.9, 0.999)), CLASSIFICATION["cross_entropy"]
    for _ in range(s.steps):
        with player.turn() as update:
            update(loss(net(xs[: s.points]), ys[: s.points]))
    net.eval()
    with torch.no_grad():
        right = net(xs[s.points :]).argmax(1) == ys[s.points :]
    return {"accuracy": float(right.float().mean())}


def drawn(found: Found, shares: dict[str, list[list[float]]]) -> list[Any]:
    """Accuracy on digits and on moons."""
    s = found.settings
    told = {"digits": f"all {found['examples']:,}", "few": f"{s.few} digits"}
    left, ax = axes("share of neurons silenced, %", "test accuracy, %", size="panel")
    for series, (name, label) in enumerate(told.items()):
        points(ax, [100 * share for share in s.shares], percent(shares[name]), label, series, shift=1.5 * series)
    ticks(ax, [100 * share for share in s.shares])
    legend(ax, "lower left")
    right, ax = axes("share of neurons silenced, %", "test accuracy, %", size="panel")
    points(ax, [100 * share for share in s.shares], percent(shares["moons"]), series=2)
    ticks(ax, [100 * share for share in s.shares])
    return [left, right]


def write(found: Found) -> list[Part]:
    """Accuracy by dropout on both data sets, with many examples and with few."""
    s = found.settings
    shares = {name: accuracies(found[name]) for name in ("digits", "few", "moons")}
    top = {name: best(share[1:]) + 1 for name, share in shares.items()}
    gained = {name: apart(share[top[name]], share[0]) for name, share in shares.items()}
    most = {name: apart(share[-1], share[0]) for name, share in shares.items()}

    def effect(name: str) -> str:
        return f"{s.shares[top[name]]:.0%} dropout, the best share: {signed(gained[name])}"

    return [
        Text(
            "Dropout silences each neuron of a layer with probability $p$ in every step of training, so that no neuron "
            "can rely on a single other one, and scales up those that are left. In use all neurons answer:"
        ),
        Formula(r"\tilde a_i = \frac{m_i}{1 - p} \, a_i, \quad m_i \sim \mathrm{Bernoulli}(1 - p)"),
        Text(
            "It is meant against learning by heart, so it can only help where a network has room for that. The digits "
            f"are therefore learnt twice in @1: from all {found['examples']:,} and from {s.few}. The moons are two "
            f"half circles with so much noise that they overlap, {s.points} points to learn from."
        ),
        Figure(
            drawn(found, shares),
            f"Test accuracy by dropout: every seed, mean and 95 % interval, n = {len(s.seeds)}. Left: a CNN on digits "
            f"({called(s.data)}). Right: an MLP with two hidden layers on two moons.",
            alt="Accuracy over the share of silenced neurons for digits and for two moons",
            titles=("digits", "two moons"),
        ),
        Finding(
            f"All digits: {effect('digits')}. {s.few} digits: {effect('few')}. Two moons: {effect('moons')}. With "
            f"{s.shares[-1]:.0%} it is {signed(most['digits'])}, {signed(most['few'])}, and {signed(most['moons'])}."
        ),
        Claim(
            claimed="Dropout has no effect on MNIST’s digits.",
            measured=f"On {called(s.data)} digits {effect('digits')}; {s.shares[-1]:.0%}: {signed(most['digits'])}.",
            holds=without_effect(shares["digits"], s.shares),
        ),
        Claim(
            claimed="Dropout has no effect on two moons.",
            measured=f"{effect('moons')}; {s.shares[-1]:.0%}: {signed(most['moons'])}.",
            holds=without_effect(shares["moons"], s.shares),
        ),
    ]


def without_effect(share: list[list[float]], shares: tuple[float, ...]) -> bool:
    """Whether no usual share of dropout, one half at most, differs from none by more than the seeds do."""
    changes = [apart(row, share[0]) for row, p in zip(share, shares, strict=True) if 0 < p <= 0.5]
    return all(change.low <= 0 <= change.high for change in changes)


FULL = Settings()
EXPERIMENT = Experiment(
    name="dropout",
    chapter=2,
    title="Does dropout help?",
    full=FULL,
    quick=replace(
        FULL, seeds=(0, 1, 2, 3), shares=(0.0, 0.5, 0.75), shrink=2, conv_widths="8,16", width=32, epochs=6, steps=300
    ),
    measure=measure,
    write=write,
)
