"""Which optimiser is fastest? Four of them on a loss over two weights, each with its own best learning rate."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..blocks import Block, Figure, Finding, Formula, Table, Text
from ..by_hand.optimizers import OPTIMIZERS, SURFACES, path
from ..experiment import Experiment, Results
from ..figures import INK, LINE, MARKERS, SERIES, axes, legend, line
from ..workspace import Workspace

NAMES = {"sgd": "SGD", "momentum": "momentum", "rmsprop": "RMSProp", "adam": "Adam"}
SURFACE_NAMES = {"valley": "a valley", "neuron": "a neuron"}


@dataclass(frozen=True)
class Settings:
    """A path has arrived where the loss stays below `share` of its start, both measured from the minimum."""

    rates: tuple[float, ...] = tuple(float(f"{rate:.3g}") for rate in np.geomspace(1e-3, 100, 26))
    steps: int = 400  # of a path at most
    share: float = 0.01


def descend(s: Settings, surface: str, optimizer: str, lr: float) -> NDArray[np.float64]:
    """The weights from the start until the path has arrived, or after all steps."""
    loss = SURFACES[surface]
    with np.errstate(over="ignore", invalid="ignore"):  # with too large a rate the loss diverges
        weights = path(OPTIMIZERS[optimizer](lr=lr), loss.gradient, loss.start, s.steps)
        excess = loss.value(weights) - loss.value(np.array(loss.minimum))
    above = np.flatnonzero(~(excess <= s.share * excess[0]))  # a loss that is not finite counts as above
    return weights[: above[-1] + 2]


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Steps by learning rate, None where a path does not arrive, and the path of the best rate."""
    results: dict[str, Any] = {}
    for surface in SURFACE_NAMES:
        for optimizer in OPTIMIZERS:
            lengths = [len(descend(s, surface, optimizer, lr)) - 1 for lr in s.rates]
            best = s.rates[int(np.argmin(lengths))]
            results[f"{surface} {optimizer}"] = {
                "steps": [n if n < s.steps else None for n in lengths],
                "best": best,
                "path": descend(s, surface, optimizer, best),
            }
    return results


def plot_paths(results: Results, surface: str) -> Any:
    """Contours of the loss, and the four paths."""
    loss = SURFACES[surface]
    left, right, bottom, top = loss.window
    figure, ax = axes("first weight", "second weight", size="square")
    grid = np.stack(np.meshgrid(np.linspace(left, right, 200), np.linspace(bottom, top, 200)), -1)
    values = loss.value(grid)
    levels = np.quantile(values, np.linspace(0.02, 0.98, 12))
    ax.contour(grid[..., 0], grid[..., 1], values, levels, colors=LINE, linewidths=1)

    for i, optimizer in enumerate(OPTIMIZERS):
        first, second = np.array(results[f"{surface} {optimizer}"]["path"]).T
        colour, marker, name = SERIES[i], MARKERS[i], NAMES[optimizer]
        ax.plot(first, second, color=colour, marker=marker, markersize=2.8, linewidth=1.2, label=name)
    ax.plot(*loss.start, "o", color=INK, markersize=5)
    ax.plot(*loss.minimum, "x", color=INK, markersize=7, markeredgewidth=1.8)

    ax.set(xlim=(left, right), ylim=(bottom, top))
    ax.grid(visible=False)
    if surface == "valley":
        legend(ax, "lower left")
    return figure


def plot_steps(results: Results, surface: str) -> Any:
    """Steps to the minimum by learning rate."""
    figure, ax = axes("learning rate", "steps to the minimum", size="panel", log="xy")
    for series, optimizer in enumerate(OPTIMIZERS):
        steps = [np.nan if n is None else n for n in results[f"{surface} {optimizer}"]["steps"]]
        line(ax, results.settings.rates, steps, NAMES[optimizer] if surface == "valley" else "", series)
    ax.set_ylim(5, results.settings.steps * 1.2)
    if surface == "valley":
        legend(ax, "lower left")
    return figure


def fewest_steps(results: Results, surface: str, optimizer: str) -> int | None:
    """Steps at the best rate, None where no rate arrives."""
    return min((n for n in results[f"{surface} {optimizer}"]["steps"] if n is not None), default=None)


def share_of_rates(results: Results, optimizer: str) -> float:
    """The share of the rates with which it arrives, on both surfaces together."""
    steps = [n for surface in SURFACE_NAMES for n in results[f"{surface} {optimizer}"]["steps"]]
    return float(np.mean([n is not None for n in steps]))


def cell(results: Results, surface: str, optimizer: str) -> str:
    """A cell of the table: fewest steps, and the rate."""
    n, best = fewest_steps(results, surface, optimizer), results[f"{surface} {optimizer}"]["best"]
    return f"never in {results.settings.steps}" if n is None else f"{n} at {best:.2g}"


def write(results: Results) -> list[Block]:
    s = results.settings
    steps = {name: {o: fewest_steps(results, name, o) or s.steps + 1 for o in OPTIMIZERS} for name in SURFACE_NAMES}
    valley, neuron = steps["valley"], steps["neuron"]
    fastest_valley, fastest_neuron = min(valley, key=valley.__getitem__), min(neuron, key=neuron.__getitem__)
    shares = {o: share_of_rates(results, o) for o in OPTIMIZERS}
    widest = max(shares, key=shares.__getitem__)
    return [
        Text(
            "All four follow the gradient $g$ and differ in what they remember. Plain descent remembers nothing. "
            "Momentum $v$ rolls on like a heavy ball. RMSProp divides by the recent size $\\sqrt{s}$ of the gradient, "
            "so that each weight gets steps of its own length. Adam does both."
        ),
        Formula(r"w \leftarrow w - \eta \, g \qquad v \leftarrow \mu v + g, \;\; w \leftarrow w - \eta \, v"),
        Formula(r"s \leftarrow \rho s + (1 - \rho) \, g^2, \;\; w \leftarrow w - \eta \, g / (\sqrt{s} + \epsilon)"),
        Text(
            "The valley is 25 times as steep across as along. The other surface is the squared error of one neuron "
            "with a weight and a bias on fourteen points: where it is certain of a wrong answer the surface is flat. "
            f"Each optimiser may choose the best of {len(s.rates)} learning rates."
        ),
        Figure(
            [plot_paths(results, surface) for surface in SURFACE_NAMES],
            f"From the dot to {1 - s.share:.1%} of the way down, a mark per step, at the learning rate that needs the "
            "fewest steps. The cross is the minimum and may be crossed on the way.",
            alt="Contours of two loss surfaces with the paths of four optimisers",
            titles=tuple(SURFACE_NAMES.values()),
        ),
        Figure(
            [plot_steps(results, surface) for surface in SURFACE_NAMES],
            f"Steps by learning rate. Where a line ends, the optimiser does not stay down within {s.steps} steps.",
            alt="Steps fall with the learning rate to a minimum, then the optimiser fails or wanders",
            titles=tuple(SURFACE_NAMES.values()),
        ),
        Table(
            ["fewest steps, at the rate", *SURFACE_NAMES.values()],
            [[NAMES[o], *(cell(results, surface, o) for surface in SURFACE_NAMES)] for o in OPTIMIZERS],
        ),
        Finding(
            f"Down the valley {NAMES[fastest_valley]} takes the fewest steps ({valley[fastest_valley]}; SGD "
            f"{valley['sgd']}), down the neuron’s surface {NAMES[fastest_neuron]} ({neuron[fastest_neuron]}; SGD "
            f"{neuron['sgd']}). {NAMES[widest]} arrives with the largest share of the rates, {shares[widest]:.0%}; "
            f"plain SGD with {shares['sgd']:.0%}."
        ),
    ]


EXPERIMENT = Experiment(
    name="descent",
    chapter=1,
    title="Which optimiser arrives first?",
    full=Settings(),
    quick=Settings(),
    measure=measure,
    write=write,
)
