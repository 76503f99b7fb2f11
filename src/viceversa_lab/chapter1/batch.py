"""How many examples before each step? The report compared 1, 32 and 2,048."""

from dataclasses import dataclass, replace
from functools import partial
from math import sqrt
from typing import Any

from viceversa.methods.classifier import ClassifierConfig

from ..experiment import Experiment, Found
from ..figures import axes, legend, points, ticks
from ..interval import interval
from ..parts import Figure, Finding, Part, Table, Text
from ..work import Work
from .trials import accuracies, apart, best, called, percent, pictures, signed, trial

RULES = {"same": "the same rate", "scaled": "rate × √(batch / 32)"}


@dataclass(frozen=True)
class Settings:
    """One hidden layer, trained with Adam; `lr` belongs to a batch of 32."""

    seeds: tuple[int, ...] = tuple(range(20))
    data: str = "handwritten"
    batches: tuple[int, ...] = (1, 4, 32, 256, 2048)  # 2,048 is all there is where there are fewer
    count: int | None = None  # training digits; none: all
    width: int = 64
    epochs: int = 20
    lr: float = 1e-3


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Test accuracy and seconds of every batch size and seed, for both rules for the learning rate."""

    def one(rule: str, batch: int, seed: int) -> dict[str, float]:
        lr = s.lr * (sqrt(batch / 32) if rule == "scaled" else 1)
        config = ClassifierConfig(network="mlp", width=s.width, lr=lr)
        return trial(config, pictures(s.data, seed, count=s.count), seed=seed, epochs=s.epochs, batch=batch)

    trials = {rule: work.sweep(rule, s.batches, s.seeds, partial(one, rule)) for rule in RULES}
    return trials | {"examples": len(pictures(s.data, s.seeds[0], count=s.count).train_y)}


def drawn(found: Found, shares: dict[str, list[list[float]]]) -> Any:
    """Accuracy with both rules."""
    s = found.settings
    figure, ax = axes("examples in a batch", "test accuracy, %", log="x")
    for series, (rule, name) in enumerate(RULES.items()):
        points(ax, s.batches, percent(shares[rule]), name, series)
    ticks(ax, s.batches, [f"{batch:,}" for batch in s.batches])
    legend(ax, "lower left")
    return figure


def write(found: Found) -> list[Part]:
    """Accuracy by batch size after equally many examples, and what an epoch costs."""
    s = found.settings
    shares = {rule: accuracies(found[rule]) for rule in RULES}
    seconds = [interval(one["seconds"] / s.epochs for one in row) for row in found["same"]]
    top = {rule: best(share) for rule, share in shares.items()}
    gained = apart(shares["scaled"][-1], shares["same"][-1])
    whole = f" All {found['examples']:,} digits are one batch there." if s.batches[-1] >= found["examples"] else ""
    return [
        Text(
            "The gradient over a batch is an estimate of the gradient over all examples. A batch of one is a noisy "
            "guide but takes a step after every example; a large batch points well and takes few steps. Each network "
            f"in @1 has seen every example {s.epochs} times, so a batch of one has taken 32 times as many steps as one "
            "of 32. That mixes two effects, fewer steps and better directions. The second series therefore takes "
            "longer steps with larger batches, by the square root, as suits Adam."
        ),
        Figure(
            drawn(found, shares),
            f"Accuracy after {s.epochs} epochs ({called(s.data)}), a hidden layer of {s.width} neurons: every seed, "
            f"mean and 95 % interval, n = {len(s.seeds)}.{whole}",
            alt="Accuracy by batch size: large batches fall behind, less so with a larger learning rate",
        ),
        Table(
            ["batch", "steps per epoch", "seconds per epoch", "same rate", "scaled rate"],
            [
                [
                    f"{batch:,}",
                    max(1, found["examples"] // batch),
                    f"{seconds[i].mean:.3f}",
                    *(f"{interval(share[i]):.1%}" for share in shares.values()),
                ]
                for i, batch in enumerate(s.batches)
            ],
        ),
        Finding(
            f"With one learning rate for all, a batch of {s.batches[top['same']]:,} does best, "
            f"{interval(shares['same'][top['same']]):.1%}, and {s.batches[-1]:,} reaches "
            f"{interval(shares['same'][-1]):.1%}. The longer step changes the latter by {signed(gained)}. A batch of 1 "
            f"takes {seconds[0].mean / seconds[-1].mean:.0f} times the processor time of the largest."
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="batch",
    chapter=1,
    title="How many examples before each step?",
    full=FULL,
    quick=replace(FULL, seeds=(0, 1, 2), batches=(1, 32, 2048), count=300, epochs=8),
    measure=measure,
    write=write,
)
