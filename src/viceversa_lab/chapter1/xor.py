"""Which questions can a perceptron answer? The report names the exclusive or as its limit and shows neither side."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..blocks import Block, Claim, Figure, Finding, Formula, Text
from ..by_hand.perceptron import fit
from ..experiment import Experiment, Results
from ..figures import BLUE, INK, MARKERS, RED, axes, legend, line, ticks
from ..interval import interval
from ..workspace import Workspace

RULE = r"\hat y = H(w \cdot \tilde x), \quad w \leftarrow w + \eta \, (y - \hat y) \, \tilde x, \quad \tilde x = (1, x)"
CORNERS = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]], float)
QUESTIONS = ("and", "xor")


@dataclass(frozen=True)
class Settings:
    """Clouds around four corners; `spread` is the standard deviation of a cloud in units of half their distance."""

    seeds: tuple[int, ...] = tuple(range(20))
    points: int = 50  # around each corner
    spread: float = 0.22
    epochs: int = 40


def clouds(seed: int, s: Settings) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points around the corners of a square (N, 2), and the corner (N, 2) of each."""
    corners = np.repeat(CORNERS, s.points, axis=0)
    return corners + np.random.default_rng(seed).normal(0, s.spread, corners.shape), corners


def labels(corners: NDArray[np.float64], question: str) -> NDArray[np.int64]:
    """and: only the corner (1, 1) is 1. xor: the two corners with different signs are."""
    first, second = (corners > 0).T
    return np.asarray(first & second if question == "and" else first ^ second, np.int64)


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Mistakes of every epoch for both questions and all seeds, and the points of the first seed."""

    def learn(question: str, seed: int) -> dict[str, Any]:
        x, corners = clouds(seed, s)
        weights, mistakes = fit(x, labels(corners, question), s.epochs, seed=seed)
        return {"weights": weights, "mistakes": mistakes}

    x, _ = clouds(s.seeds[0], s)
    work.save_array("points", x)
    and_fits, xor_fits = work.sweep("question", QUESTIONS, s.seeds, learn)
    return {"and": and_fits, "xor": xor_fits}


def plot_border(results: Results, question: str) -> Any:
    """The points of the first seed and the line w . x = 0 of the last epoch."""
    figure, ax = axes("first input", "second input", size="square")
    _, corners = clouds(results.settings.seeds[0], results.settings)
    x, y = results.array("points"), labels(corners, question)
    for value, colour, marker in ((0, BLUE, "o"), (1, RED, "s")):
        first, second = x[y == value].T
        label = f"answer {value}"
        ax.plot(first, second, marker, color=colour, alpha=0.7, markersize=3.6, markeredgewidth=0, label=label)

    w0, w1, w2 = results[question][0]["weights"]
    ends = np.array([-2.0, 2.0])
    ax.plot(ends, -(w0 + w1 * ends) / w2, color=INK, linewidth=1.6)
    ax.set(xlim=(-1.7, 1.7), ylim=(-1.7, 1.7), aspect="equal")
    ticks(ax, (-1, 0, 1))
    ax.set_yticks((-1, 0, 1))
    return figure


def plot_mistakes(results: Results) -> Any:
    """Wrong answers per epoch of the first seed."""
    figure, ax = axes("epoch", "wrong answers, %", height=230)
    for series, question in enumerate(QUESTIONS):
        mistakes = results[question][0]["mistakes"]
        wrong = [100 * m / (4 * results.settings.points) for m in mistakes]
        line(ax, range(1, len(wrong) + 1), wrong, question, series, marker=MARKERS[series], markersize=3)
    ax.set_ylim(bottom=-2)
    legend(ax, "center right")
    return figure


def write(results: Results) -> list[Block]:
    s, n = results.settings, len(results.settings.seeds)
    epochs = interval(len(fit["mistakes"]) for fit in results["and"])
    last = interval(fit["mistakes"][-1] / (4 * s.points) for fit in results["xor"])
    learnt = {question: sum(fit["mistakes"][-1] == 0 for fit in results[question]) for question in QUESTIONS}
    return [
        Text(
            "A formal neuron weighs two inputs and compares the sum with zero. Its border is therefore a straight "
            "line. Rosenblatt’s rule corrects the weights whenever an answer is wrong, by the input itself:"
        ),
        Formula(RULE),
        Text(
            "Two questions on the same points, in @1: *and* is true around one corner only, *exclusive or* around two "
            "opposite ones. A line separates the first. No line separates the second: it gets at most three clouds "
            "right, and the rule does not stop there, because it corrects as long as one answer is wrong."
        ),
        Figure(
            [plot_border(results, question) for question in QUESTIONS],
            f"The same {4 * s.points} points with two questions, and the line after at most {s.epochs} epochs.",
            alt="Four clouds of points; a line cuts off one cloud for and, but cannot separate opposite clouds for xor",
            titles=("and", "exclusive or"),
        ),
        Figure(
            plot_mistakes(results),
            "Wrong answers while learning. The rule stops at the first epoch without a correction; the exclusive or "
            "has none.",
            alt="Mistakes fall to zero within a few epochs for and and stay near half for xor",
        ),
        Finding(
            f"*And* is learnt by {learnt['and']} of {n} seeds, after {epochs:.1f} epochs; *exclusive or* by "
            f"{learnt['xor']}: in the last of {s.epochs} epochs {last:.1%} of the answers are still wrong "
            f"(95 % interval, n = {n})."
        ),
        Claim(
            claimed="The perceptron learns what a line can separate, and cannot learn the exclusive or.",
            measured=f"{learnt['and']} of {n} seeds separate *and*, {learnt['xor']} of {n} the *exclusive or*.",
            holds=learnt["and"] == n and learnt["xor"] == 0,
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="xor",
    chapter=1,
    title="Which questions can a single neuron answer?",
    full=FULL,
    quick=replace(FULL, seeds=(0, 1, 2, 3, 4)),
    measure=measure,
    write=write,
)
