"""How many neurons? The report found that too few and too many both hurt."""

from dataclasses import dataclass, replace
from typing import Any

from viceversa.methods.classifier import ClassifierConfig

from ..experiment import Experiment, Found
from ..figures import axes, points, ticks
from ..interval import interval
from ..parts import Claim, Figure, Finding, Part, Text
from ..work import Work
from .trials import accuracies, apart, best, called, percent, pictures, signed, trial


@dataclass(frozen=True)
class Settings:
    """One hidden layer of each width, trained with Adam."""

    seeds: tuple[int, ...] = tuple(range(50))
    data: str = "handwritten"
    widths: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048)
    epochs: int = 20
    lr: float = 1e-3


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Test accuracy and seconds of every width and seed."""

    def one(width: int, seed: int) -> dict[str, float]:
        config = ClassifierConfig(network="mlp", width=width, lr=s.lr)
        return trial(config, pictures(s.data, seed), seed=seed, epochs=s.epochs)

    return {"trials": work.sweep("width", s.widths, s.seeds, one)}


def drawn(found: Found, share: list[list[float]], top: int) -> list[Any]:
    """Accuracy of all widths, and of those within five points of the best."""
    s = found.settings
    good = [i for i, row in enumerate(share) if interval(row).mean > interval(share[top]).mean - 0.05]
    shown = []
    for rows in (range(len(share)), good):
        figure, ax = axes("neurons in the hidden layer", "test accuracy, %", size="panel", log="x")
        points(ax, [s.widths[i] for i in rows], percent([share[i] for i in rows]))
        ticks(ax, [s.widths[i] for i in rows][:: 1 + len(rows) // 7])
        shown.append(figure)
    return shown


def write(found: Found) -> list[Part]:
    """Accuracy by width, and both halves of the claim."""
    s, share = found.settings, accuracies(found["trials"])
    seconds = [interval(one["seconds"] for one in row) for row in found["trials"]]
    top = best(share)
    few, many = apart(share[top], share[0]), apart(share[top], share[-1])
    return [
        Text(
            "A layer of neurons draws as many lines as it has neurons, and the next layer combines them. With few, the "
            "ten classes cannot be told apart. With many, there are more weights than examples: the network could "
            "learn every training picture by heart."
        ),
        Figure(
            drawn(found, share, top),
            f"Accuracy on test digits ({called(s.data)}) by the width of the only hidden layer, after {s.epochs} "
            f"epochs: every seed, the mean and its 95 % interval, n = {len(s.seeds)}.",
            alt="Accuracy climbs steeply with the first neurons and then levels off",
            titles=("all widths", "within five points of the best"),
        ),
        Finding(
            f"{s.widths[top]} neurons do best, {interval(share[top]):.1%}. With {s.widths[0]} it is "
            f"{interval(share[0]):.1%}, with {s.widths[-1]} it is {interval(share[-1]):.1%}. Training {s.widths[-1]} "
            f"takes {seconds[-1].mean / seconds[0].mean:.1f} times as long as training {s.widths[0]}."
        ),
        Claim(
            claimed="Too few neurons hurt.",
            measured=f"{s.widths[top]} neurons against {s.widths[0]}: {signed(few)}.",
            holds=few.low > 0,
        ),
        Claim(
            claimed="Too many neurons hurt.",
            measured=f"{s.widths[-1]} are the best width, no loss was found."
            if top == len(s.widths) - 1
            else f"{s.widths[top]}, the best, against {s.widths[-1]}: {signed(many)}.",
            holds=many.low > 0,
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="width",
    chapter=1,
    title="How many neurons does a layer need?",
    full=FULL,
    quick=replace(FULL, seeds=(0, 1, 2, 3, 4), widths=(1, 4, 16, 64, 256, 1024), epochs=5),
    measure=measure,
    write=write,
)
