"""How many examples before each step? The report compares 1, 32 and 2,048."""

from dataclasses import replace
from math import sqrt
from typing import Any

from ..blocks import Block, Figure, Finding, Table, Text
from ..classifiers import load_digits
from ..experiment import Experiment, Results
from ..sweep import Settings, Sweep, caption, describe, difference
from ..workspace import Workspace


def train(s: Settings, rule: str, batch: int, seed: int) -> dict[str, float]:
    """The learning rate of the settings is for a batch of 32."""
    assert s.lr is not None
    return s.train(seed, batch=batch, lr=s.lr * (sqrt(batch / 32) if rule == "scaled" else 1))


SWEEP = Sweep(
    label="examples in a batch",
    train=train,
    series={"same": "the same rate", "scaled": "rate × √(batch / 32)"},
    log="x",
    ticks=",",
)


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Every batch size with both learning rates, and the number of training digits."""
    return SWEEP.measure(s, work) | {"examples": len(load_digits(s.data, s.seeds[0], count=s.count).train_y)}


def write(results: Results) -> list[Block]:
    s, (same, scaled) = results.settings, SWEEP.curves(results)
    examples, largest = results["examples"], s.values[-1]
    rows = []
    for i, batch in enumerate(s.values):
        seconds, steps = same.mean_seconds(i) / s.epochs, max(1, examples // batch)
        rows.append([f"{batch:,}", steps, f"{seconds:.3f}", f"{same.mean(i):.1%}", f"{scaled.mean(i):.1%}"])
    return [
        Text(
            "The gradient over a batch is an estimate of the gradient over all examples. A batch of one gives a noisy "
            "direction but takes a step after every example; a large batch gives a good direction and takes few steps. "
            f"Each network in @1 has seen every example {s.epochs} times, so a batch of one has taken 32 times as many "
            "steps as one of 32. That mixes two effects, fewer steps and better directions. The second series "
            "therefore takes longer steps with larger batches, by the square root, as suits Adam."
        ),
        Figure(
            SWEEP.plot(same, scaled, size="full"),
            caption(
                f"Accuracy with a hidden layer of {s.width} neurons",
                s,
                f"All {examples:,} digits are one batch there." if largest >= examples else "",
            ),
            alt="Accuracy by batch size: large batches fall behind, less so with a larger learning rate",
        ),
        Table(["batch", "steps per epoch", "seconds per epoch", "same rate", "scaled rate"], rows),
        Finding(
            f"With one learning rate for all, a batch of {s.values[same.best]:,} does best, "
            f"{same.mean(same.best):.1%}, and {largest:,} reaches {same.mean(-1):.1%}. The longer step changes the "
            f"latter by {describe(difference(scaled.accuracy[-1], same.accuracy[-1]))}. A batch of {s.values[0]} takes "
            f"{same.mean_seconds(0) / same.mean_seconds(-1):.0f} times the CPU time of the largest."
        ),
    ]


FULL = Settings(values=(1, 4, 32, 256, 2048), seeds=tuple(range(20)), epochs=20, width=64)
EXPERIMENT = Experiment(
    name="batch",
    chapter=1,
    title="How many examples before each step?",
    full=FULL,
    quick=replace(FULL, values=(1, 32, 2048), seeds=(0, 1, 2), count=300, epochs=8),
    measure=measure,
    write=write,
)
