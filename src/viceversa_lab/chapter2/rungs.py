"""How much does each step bring? Perceptron, multi-layer perceptron and CNN on the same digits."""

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from viceversa.methods.classifier import ClassifierConfig
from viceversa.runs.presets import preset

from ..blocks import Block, Claim, Figure, Finding, Table, Text
from ..classifiers import DigitSet, accuracy, dataset_name, load_digits, predictions, train
from ..experiment import Experiment, Results
from ..figures import axes, legend, points, ticks
from ..interval import interval
from ..sweep import describe, difference, percent
from ..workspace import Workspace

NETWORKS = {"perceptron": "perceptron", "mlp": "MLP", "cnn": "CNN"}  # preset to name


@dataclass(frozen=True)
class Settings:
    """The presets of the same names; 0 epochs means those of the preset."""

    seeds: tuple[int, ...] = (0, 1, 2)
    data: str = "handwritten"
    epochs: tuple[int, ...] = (0, 0, 0)
    shifts: tuple[int, ...] = (0, 1, 2, 3, 4)  # pixels
    shown: int = 8  # digits in the figure


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Test accuracy of every network and seed, also on shifted test digits, and misclassified digits."""
    from viceversa.networks.layers import count_parameters

    def one(network: str, seed: int) -> dict[str, Any]:
        config, data = preset(network, 28), load_digits(s.data, seed)
        epochs = s.epochs[list(NETWORKS).index(network)] or config.train.epochs or 1
        method = train(
            cast(ClassifierConfig, config.method),
            data,
            seed=seed,
            epochs=epochs,
            batch=config.train.batch,
            decay_from=config.train.decay_from,
        )
        return {
            "predictions": predictions(method, data.test_x),
            "accuracy": [accuracy(method, shifted(data.test_x, shift), data.test_y) for shift in s.shifts],
            "parameters": count_parameters(method.nets),
            "epochs": epochs,
        }

    rows = work.sweep("network", NETWORKS, s.seeds, one)
    data = load_digits(s.data, s.seeds[0])
    indices = misclassified(data, [np.array(row[0]["predictions"]) for row in rows], s.shown)
    for i, index in enumerate(indices):
        work.save_image(f"digit-{i}", data.test_x[index])
    return {
        "networks": dict(zip(NETWORKS, rows, strict=True)),
        "mistakes": [[int(data.test_y[i]), *(int(row[0]["predictions"][i]) for row in rows)] for i in indices],
        "tested": len(data.test_y),
    }


def shifted(x: NDArray[np.float32], by: int) -> NDArray[np.float32]:
    """Images (N, 1, H, W) shifted by so many pixels, a quarter of them each to the right, left, bottom and top."""
    result = x.copy()
    for quarter, (axis, shift) in enumerate(((3, by), (3, -by), (2, by), (2, -by))):
        result[quarter::4] = np.roll(x[quarter::4], shift, axis)
        if by:
            edge = slice(None, shift) if shift > 0 else slice(shift, None)
            result[quarter::4][(slice(None),) * axis + (edge,)] = -1
    return result


def misclassified(data: DigitSet, predicted: list[NDArray[np.int64]], count: int) -> list[int]:
    """Test digits that a network before the last gets wrong, first those that the last one gets right."""
    wrong = np.array([classes != data.test_y for classes in predicted])
    order = np.lexsort((-wrong[:-1].sum(0), wrong[-1]))
    return [int(i) for i in order if wrong[:-1, i].any()][:count]


def plot(results: Results, accuracies: dict[str, list[float]]) -> list[Any]:
    """Accuracy of the networks, and on shifted digits."""
    s = results.settings
    left, ax = axes("", "test accuracy, %", size="panel")
    points(ax, list(NETWORKS.values()), percent(list(accuracies.values())), joined=False)

    right, ax = axes("digits shifted by, pixels", "test accuracy, %", size="panel")
    for series, (network, name) in enumerate(NETWORKS.items()):
        by_shift = np.array([trial["accuracy"] for trial in results["networks"][network]]).T.tolist()
        points(ax, s.shifts, percent(by_shift), name, series)
    ticks(ax, s.shifts)
    legend(ax, "lower left")
    return [left, right]


def table(results: Results, accuracies: dict[str, list[float]]) -> Table:
    """Size, epochs and accuracy of each network."""
    rows = []
    for network, name in NETWORKS.items():
        trials = results["networks"][network]
        shifted = interval(trial["accuracy"][-1] for trial in trials)
        size = f"{trials[0]['parameters']:,}"
        rows.append([name, size, trials[0]["epochs"], f"{interval(accuracies[network]):.2%}", f"{shifted:.1%}"])
    return Table(["network", "weights", "epochs", "accuracy", f"shifted by {results.settings.shifts[-1]} px"], rows)


def mistakes(results: Results) -> Figure:
    """Digits that not every network reads."""
    return Figure(
        [results.image(f"digit-{i}") for i in range(len(results["mistakes"]))],
        "Test digits that the first networks get wrong. Above each the truth, and how perceptron, MLP and CNN read it "
        "with the first seed.",
        alt="Badly written digits",
        titles=[f"{truth}, read {' '.join(map(str, predicted))}" for truth, *predicted in results["mistakes"]],
        sharp=True,
    )


def write(results: Results) -> list[Block]:
    s, tested = results.settings, results["tested"]
    accuracies = {network: [trial["accuracy"][0] for trial in results["networks"][network]] for network in NETWORKS}
    perceptron, mlp, cnn = accuracies.values()
    means = [interval(values) for values in accuracies.values()]
    errors = [tested * (1 - mean.mean) for mean in means]
    in_order = sum(a < b < c for a, b, c in zip(perceptron, mlp, cnn, strict=True))
    listed = ", ".join(f"{name} {mean:.2%}" for name, mean in zip(NETWORKS.values(), means, strict=True))
    return [
        Text(
            f"The same digits ({dataset_name(s.data)}), the same seeds, three networks: one layer trained by "
            "Rosenblatt’s rule, one hidden layer of 128 neurons, and three convolutions with batch norm, pooling and "
            "dropout. They are the presets `perceptron`, `mlp` and `cnn` of `viceversa train`, and none of them sees "
            "the test digits."
        ),
        Figure(
            plot(results, accuracies),
            f"Left: accuracy on {tested:,} test digits, every seed, mean and 95 % interval, n = {len(s.seeds)}. Right: "
            "the same networks on test digits shifted sideways, up or down. In training none was shifted.",
            alt="The CNN is above the MLP and the perceptron; when digits are shifted its lead grows",
            titles=("one network after the other", "shifted digits"),
        ),
        table(results, accuracies),
        mistakes(results),
        Finding(
            f"Of {tested:,} digits the perceptron misreads {errors[0]:.1f}, the MLP {errors[1]:.1f}, the CNN "
            f"{errors[2]:.1f} (mean of {len(s.seeds)} seeds). The hidden layer brings "
            f"{describe(difference(mlp, perceptron))}, the convolutions {describe(difference(cnn, mlp))}."
        ),
        Claim(
            claimed="Each network does better than the one before it: perceptron, MLP, CNN.",
            measured=f"{listed}; in this order with {in_order} of {len(s.seeds)} seeds.",
            holds=means[0].mean < means[1].mean < means[2].mean,
        ),
        Claim(
            claimed="A CNN reads at least 98 % of the digits.",
            measured=f"{means[2]:.2%}; {min(cnn):.2%} with the worst seed.",
            holds=min(cnn) >= 0.98,
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="rungs",
    chapter=2,
    title="How much does each network bring?",
    full=FULL,
    quick=replace(FULL, epochs=(2, 12, 5)),
    measure=measure,
    write=write,
)
