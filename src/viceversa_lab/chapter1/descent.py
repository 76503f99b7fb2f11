"""Which way down? Four optimisers on a loss over two weights, each with its own best learning rate."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..by_hand.optimizers import OPTIMIZERS, SURFACES, path
from ..experiment import Experiment, Found
from ..figures import INK, LINE, MARKS, SERIES, axes, legend, line
from ..parts import Figure, Finding, Formula, Part, Table, Text
from ..work import Work

TOLD = {"sgd": "SGD", "momentum": "momentum", "rmsprop": "RMSProp", "adam": "Adam"}
SHOWN = {"valley": "a valley", "neuron": "a neuron"}


@dataclass(frozen=True)
class Settings:
    """Down is where the loss stays within `share` of its way to the minimum."""

    rates: tuple[float, ...] = tuple(float(f"{rate:.3g}") for rate in np.geomspace(1e-3, 100, 26))
    steps: int = 400  # of a path at most
    share: float = 0.01


def descend(s: Settings, surface: str, optimizer: str, lr: float) -> NDArray[np.float64]:
    """The places from the start until it is down for good, or all of them where it never is."""
    here = SURFACES[surface]
    with np.errstate(over="ignore", invalid="ignore"):  # too long a step leaves every valley
        places = path(OPTIMIZERS[optimizer](lr=lr), here.gradient, here.start, s.steps)
        above = here.value(places) - here.value(np.array(here.minimum))
    high = np.flatnonzero(~(above <= s.share * above[0]))  # what is not finite is not down
    return places[: high[-1] + 2]


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Steps by learning rate, None where it never comes down, and the path of the best rate."""
    found: dict[str, Any] = {}
    for surface in SHOWN:
        for optimizer in OPTIMIZERS:
            lengths = [len(descend(s, surface, optimizer, lr)) - 1 for lr in s.rates]
            best = s.rates[int(np.argmin(lengths))]
            found[f"{surface} {optimizer}"] = {
                "steps": [n if n < s.steps else None for n in lengths],
                "best": best,
                "path": descend(s, surface, optimizer, best),
            }
    return found


def paths(found: Found, surface: str) -> Any:
    """Contours of the loss, and the four ways down."""
    here = SURFACES[surface]
    left, right, bottom, top = here.window
    figure, ax = axes("first weight", "second weight", size="square")
    grid = np.stack(np.meshgrid(np.linspace(left, right, 200), np.linspace(bottom, top, 200)), -1)
    heights = here.value(grid)
    levels = np.quantile(heights, np.linspace(0.02, 0.98, 12))
    ax.contour(grid[..., 0], grid[..., 1], heights, levels, colors=LINE, linewidths=1)
    for series, optimizer in enumerate(OPTIMIZERS):
        places = np.array(found[f"{surface} {optimizer}"]["path"])
        ax.plot(
            *places.T, color=SERIES[series], marker=MARKS[series], markersize=2.8, linewidth=1.2, label=TOLD[optimizer]
        )
    ax.plot(*here.start, "o", color=INK, markersize=5)
    ax.plot(*here.minimum, "x", color=INK, markersize=7, markeredgewidth=1.8)
    ax.set(xlim=(left, right), ylim=(bottom, top))
    ax.grid(visible=False)
    if surface == "valley":
        legend(ax, "lower left")
    return figure


def by_rate(found: Found, surface: str) -> Any:
    """Steps to the bottom by learning rate."""
    figure, ax = axes("learning rate", "steps until down", size="panel", log="xy")
    for series, optimizer in enumerate(OPTIMIZERS):
        steps = [np.nan if n is None else n for n in found[f"{surface} {optimizer}"]["steps"]]
        line(ax, found.settings.rates, steps, TOLD[optimizer] if surface == "valley" else "", series)
    ax.set_ylim(5, found.settings.steps * 1.2)
    if surface == "valley":
        legend(ax, "lower left")
    return figure


def fewest(found: Found, surface: str, optimizer: str) -> int | None:
    """Steps at the best rate, None where no rate comes down."""
    return min((n for n in found[f"{surface} {optimizer}"]["steps"] if n is not None), default=None)


def coming_down(found: Found, optimizer: str) -> float:
    """At which share of the rates it comes down, on both surfaces together."""
    return float(np.mean([n is not None for surface in SHOWN for n in found[f"{surface} {optimizer}"]["steps"]]))


def told(found: Found, surface: str, optimizer: str) -> str:
    n = fewest(found, surface, optimizer)
    best = found[f"{surface} {optimizer}"]["best"]
    return f"never in {found.settings.steps}" if n is None else f"{n} at {best:.2g}"


def write(found: Found) -> list[Part]:
    """Paths, steps by rate, and a table of both."""
    s = found.settings

    counted = {name: {o: fewest(found, name, o) or s.steps + 1 for o in OPTIMIZERS} for name in SHOWN}
    first = {name: min(steps, key=steps.__getitem__) for name, steps in counted.items()}
    working = {o: coming_down(found, o) for o in OPTIMIZERS}
    widest = max(working, key=working.__getitem__)
    return [
        Text(
            "All four follow the gradient $g$ and differ in what they remember. Plain descent forgets everything. "
            "Momentum $v$ rolls on like a heavy ball. RMSProp divides by the size $\\sqrt{s}$ that the gradient has "
            "had lately, so that each weight gets steps of its own length. Adam does both."
        ),
        Formula(r"w \leftarrow w - \eta \, g \qquad v \leftarrow \mu v + g, \;\; w \leftarrow w - \eta \, v"),
        Formula(r"s \leftarrow \rho s + (1 - \rho) \, g^2, \;\; w \leftarrow w - \eta \, g / (\sqrt{s} + \epsilon)"),
        Text(
            "The valley is 25 times as steep across as along. The other surface is the squared error of one neuron "
            "with a weight and a bias on fourteen points: where it is sure of a wrong answer it is a plateau. Each "
            f"optimiser may choose the best of {len(s.rates)} learning rates."
        ),
        Figure(
            [paths(found, surface) for surface in SHOWN],
            f"From the dot to {1 - s.share:.1%} of the way down, a mark per step, at the learning rate that needs the "
            "fewest steps. The cross is the minimum and may be crossed on the way.",
            alt="Contours of two loss surfaces with the paths of four optimisers",
            titles=tuple(SHOWN.values()),
        ),
        Figure(
            [by_rate(found, surface) for surface in SHOWN],
            f"Steps by learning rate. Where a line ends, the optimiser does not stay down within {s.steps} steps.",
            alt="Steps fall with the learning rate to a minimum, then the optimiser fails or wanders",
            titles=tuple(SHOWN.values()),
        ),
        Table(
            ["fewest steps, at the rate", *SHOWN.values()],
            [[TOLD[o], *(told(found, surface, o) for surface in SHOWN)] for o in OPTIMIZERS],
        ),
        Finding(
            f"The fewest steps down the valley takes {TOLD[first['valley']]} ({counted['valley'][first['valley']]}; "
            f"SGD {counted['valley']['sgd']}), down the neuron’s surface {TOLD[first['neuron']]} "
            f"({counted['neuron'][first['neuron']]}; SGD {counted['neuron']['sgd']}). {TOLD[widest]} comes down at the "
            f"largest share of the rates, {working[widest]:.0%}; plain SGD at {working['sgd']:.0%}."
        ),
    ]


EXPERIMENT = Experiment(
    name="descent",
    chapter=1,
    title="Which optimiser comes down first?",
    full=Settings(),
    quick=Settings(),
    measure=measure,
    write=write,
)
