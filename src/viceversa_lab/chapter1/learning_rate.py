"""How large a step? The report says that one learning rate is best."""

from dataclasses import replace

from ..blocks import Block, Claim, Figure, Finding, Text
from ..experiment import Experiment, Results
from ..sweep import Curve, Settings, Sweep, caption

SWEEP = Sweep(
    label="learning rate",
    train=lambda s, optimizer, lr, seed: s.train(seed, optimizer=optimizer, lr=lr),
    series={"adam": "Adam", "sgd": "plain SGD"},
    log="x",
    ticks="",
    legend="lower center",
)


def losses(curve: Curve) -> str:
    """What the smallest and the largest rate lose against the best."""
    small, large = curve.gain(curve.best, 0), curve.gain(curve.best, -1)
    return f"{curve.label}: {small:.1f} points worse at the smallest, {large:.1f} at the largest"


def write(results: Results) -> list[Block]:
    s, curves = results.settings, SWEEP.curves(results)
    return [
        Text(
            "The gradient gives the direction, the learning rate the length of the step. Short steps do not arrive in "
            "the given time. Long ones leap across the valley. Between them lies a rate that is best, and it "
            "depends on the optimiser: plain descent multiplies the rate by the gradient, Adam by about ±1."
        ),
        Figure(
            SWEEP.plot(*curves, size="full"),
            caption(f"Accuracy with a hidden layer of {s.width}", s),
            alt="Two curves over the learning rate, each with a maximum; that of Adam lies at smaller rates",
        ),
        Finding("; ".join(f"{c.label} is best at {s.values[c.best]:g}, {c.mean(c.best):.1%}" for c in curves) + "."),
        Claim(
            claimed="There is a best learning rate; smaller and larger ones hurt.",
            measured="; ".join(losses(curve) for curve in curves) + ".",
            holds=all(curve.gain(curve.best, end).low > 0 for curve in curves for end in (0, -1)),
        ),
    ]


RATES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)
FULL = Settings(values=RATES, seeds=tuple(range(50)), epochs=20, lr=None, width=64)
EXPERIMENT = Experiment(
    name="learning-rate",
    chapter=1,
    title="How large should a step be?",
    full=FULL,
    quick=replace(FULL, values=(1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0), seeds=(0, 1, 2, 3, 4), epochs=4),
    measure=SWEEP.measure,
    write=write,
)
