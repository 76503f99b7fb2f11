"""How large a step? The report found a learning rate that is best."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from viceversa.methods.classifier import ClassifierConfig

from ..experiment import Experiment, Found
from ..figures import axes, legend, points
from ..interval import interval
from ..parts import Claim, Figure, Finding, Part, Text
from ..work import Work
from .trials import accuracies, apart, best, called, percent, pictures, trial

OPTIMIZERS = {"adam": "Adam", "sgd": "plain SGD"}


@dataclass(frozen=True)
class Settings:
    """One hidden layer, with two optimisers."""

    seeds: tuple[int, ...] = tuple(range(50))
    data: str = "handwritten"
    rates: tuple[float, ...] = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)
    width: int = 64
    epochs: int = 20


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Test accuracy of every rate and seed."""

    def one(optimizer: Any, lr: float, seed: int) -> dict[str, float]:
        config = ClassifierConfig(network="mlp", width=s.width, optimizer=optimizer, lr=lr)
        return trial(config, pictures(s.data, seed), seed=seed, epochs=s.epochs)

    return {name: work.sweep(name, s.rates, s.seeds, partial(one, name)) for name in OPTIMIZERS}


def write(found: Found) -> list[Part]:
    """Accuracy by learning rate."""
    s = found.settings
    shares = {name: accuracies(found[name]) for name in OPTIMIZERS}
    figure, ax = axes("learning rate", "test accuracy, %", log="x")
    for series, (name, told) in enumerate(OPTIMIZERS.items()):
        points(ax, s.rates, percent(shares[name]), told, series)
    legend(ax, "lower center")
    top = {name: best(share) for name, share in shares.items()}
    falls = {
        name: (apart(share[top[name]], share[0]), apart(share[top[name]], share[-1])) for name, share in shares.items()
    }
    best_of = {
        name: f"{OPTIMIZERS[name]} is best at {s.rates[top[name]]:g}, {interval(share[top[name]]):.1%}"
        for name, share in shares.items()
    }
    worse = {
        name: f"{OPTIMIZERS[name]}: {small:.1f} points worse at the smallest, {large:.1f} at the largest"
        for name, (small, large) in falls.items()
    }
    return [
        Text(
            "The gradient tells the direction, the learning rate the length of the step. Short steps do not arrive in "
            "the time that is given. Long ones leap across the valley. Between them lies a rate that is best, and it "
            "belongs to an optimiser: plain descent multiplies the rate with the gradient, Adam with about ±1."
        ),
        Figure(
            figure,
            f"Accuracy after {s.epochs} epochs ({called(s.data)}), a hidden layer of {s.width}: every seed, mean and "
            f"95 % interval, n = {len(s.seeds)}.",
            alt="Two curves over the learning rate, each with a summit; that of Adam lies at smaller rates",
        ),
        Finding(f"{best_of['adam']}; {best_of['sgd']}."),
        Claim(
            claimed="There is a best learning rate; smaller and larger ones hurt.",
            measured=f"{worse['adam']}; {worse['sgd']}.",
            holds=all(fall.low > 0 for pair in falls.values() for fall in pair),
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="learning-rate",
    chapter=1,
    title="How large should a step be?",
    full=FULL,
    quick=replace(FULL, seeds=(0, 1, 2, 3, 4), rates=(1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0), epochs=4),
    measure=measure,
    write=write,
)
