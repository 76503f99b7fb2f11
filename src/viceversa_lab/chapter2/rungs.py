"""How much does each rung bring? Perceptron, multi-layer perceptron and CNN on the same digits."""

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from viceversa.methods.classifier import ClassifierConfig
from viceversa.runs.presets import preset

from ..chapter1.trials import Pictures, accuracy, answers, apart, called, learn, percent, pictures, signed
from ..experiment import Experiment, Found
from ..figures import axes, legend, points, ticks
from ..interval import interval
from ..parts import Claim, Figure, Finding, Part, Table, Text
from ..work import Work

RUNGS = {"perceptron": "perceptron", "mlp": "MLP", "cnn": "CNN"}


@dataclass(frozen=True)
class Settings:
    """The presets of the same names; an epoch count of 0 is that of the preset."""

    seeds: tuple[int, ...] = (0, 1, 2)
    data: str = "handwritten"
    epochs: tuple[int, ...] = (0, 0, 0)
    shifts: tuple[int, ...] = (0, 1, 2, 3, 4)  # pixels
    shown: int = 8  # digits in the figure


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Test accuracy of every rung and seed, also when the test digits are shifted, and what is misread."""
    from viceversa.networks.layers import count_parameters

    def one(rung: str, seed: int) -> dict[str, Any]:
        chosen, data = preset(rung, 28), pictures(s.data, seed)
        epochs = s.epochs[list(RUNGS).index(rung)] or chosen.train.epochs or 1
        method = learn(
            cast(ClassifierConfig, chosen.method),
            data,
            seed=seed,
            epochs=epochs,
            batch=chosen.train.batch,
            decay_from=chosen.train.decay_from,
        )
        return {
            "answers": answers(method, data.test_x),
            "accuracy": [accuracy(method, shifted(data.test_x, by), data.test_y) for by in s.shifts],
            "parameters": count_parameters(method.nets),
            "epochs": epochs,
        }

    rows = work.sweep("rung", RUNGS, s.seeds, one)
    data = pictures(s.data, s.seeds[0])
    kept = misread(data, [np.array(row[0]["answers"]) for row in rows], s.shown)
    for place, number in enumerate(kept):
        work.picture(f"digit-{place}", data.test_x[number])
    told = [[int(data.test_y[i]), *(int(row[0]["answers"][i]) for row in rows)] for i in kept]
    return {"rungs": dict(zip(RUNGS, rows, strict=True)), "told": told, "tested": len(data.test_y)}


def shifted(x: NDArray[np.float32], by: int) -> NDArray[np.float32]:
    """Pictures (N, 1, H, W) moved by so many pixels, a quarter of them each to the right, left, bottom and top."""
    moved = x.copy()
    for part, (axis, way) in enumerate(((3, by), (3, -by), (2, by), (2, -by))):
        moved[part::4] = np.roll(x[part::4], way, axis)
        if by:
            edge = slice(None, way) if way > 0 else slice(way, None)
            moved[part::4][(slice(None),) * axis + (edge,)] = -1
    return moved


def misread(data: Pictures, answered: list[NDArray[np.int64]], count: int) -> list[int]:
    """Test pictures that the first rungs get wrong, those that only the last gets right in front."""
    wrong = np.array([answer != data.test_y for answer in answered])
    order = np.lexsort((-wrong[:-1].sum(0), wrong[-1]))
    return [int(i) for i in order if wrong[:-1, i].any()][:count]


def drawn(found: Found, shares: dict[str, list[float]]) -> list[Any]:
    """Accuracy of the rungs, and how it falls when digits are moved."""
    s, rungs = found.settings, found["rungs"]
    left, ax = axes("", "test accuracy, %", size="panel")
    points(ax, list(RUNGS.values()), percent(list(shares.values())), joined=False)
    right, ax = axes("digits shifted by, pixels", "test accuracy, %", size="panel")
    for series, (rung, name) in enumerate(RUNGS.items()):
        moved = np.array([one["accuracy"] for one in rungs[rung]]).T.tolist()
        points(ax, s.shifts, percent(moved), name, series)
    ticks(ax, s.shifts)
    legend(ax, "lower left")
    return [left, right]


def table(found: Found, shares: dict[str, list[float]]) -> Table:
    """Size, time and accuracy of each rung."""
    rows = []
    for rung, name in RUNGS.items():
        trials = found["rungs"][rung]
        moved = interval(one["accuracy"][-1] for one in trials)
        size = f"{trials[0]['parameters']:,}"
        rows.append([name, size, trials[0]["epochs"], f"{interval(shares[rung]):.2%}", f"{moved:.1%}"])
    return Table(["rung", "weights", "epochs", "accuracy", f"moved by {found.settings.shifts[-1]} px"], rows)


def mistakes(found: Found) -> Figure:
    """Digits that not every rung reads."""
    return Figure(
        [found.picture(f"digit-{place}") for place in range(len(found["told"]))],
        "Test digits that the first rungs get wrong. Above each the truth, and how perceptron, MLP and CNN read it "
        "with the first seed.",
        alt="Badly written digits",
        titles=[f"{truth}, read {' '.join(map(str, said))}" for truth, *said in found["told"]],
        sharp=True,
    )


def write(found: Found) -> list[Part]:
    """Accuracy, robustness and mistakes of the three rungs, one beside the other."""
    s = found.settings
    shares = {rung: [one["accuracy"][0] for one in found["rungs"][rung]] for rung in RUNGS}
    first, second = apart(shares["mlp"], shares["perceptron"]), apart(shares["cnn"], shares["mlp"])
    cnn = interval(shares["cnn"])
    ordered = sum(a < b < c for a, b, c in zip(*shares.values(), strict=True))
    misses = {rung: found["tested"] * (1 - interval(share).mean) for rung, share in shares.items()}
    return [
        Text(
            f"The same digits ({called(s.data)}), the same seeds, three networks: one layer taught by Rosenblatt’s "
            "rule, one hidden layer of 128 neurons, and three convolutions with batch norm, pooling and dropout. They "
            "are the presets `perceptron`, `mlp` and `cnn` of `viceversa train`, and none of them sees the test digits."
        ),
        Figure(
            drawn(found, shares),
            f"Left: accuracy on {found['tested']:,} test digits, every seed, mean and 95 % interval, "
            f"n = {len(s.seeds)}. Right: the same networks on test digits moved sideways, up or down. In training none "
            "was moved.",
            alt="The CNN stands above the MLP and the perceptron; when digits are shifted its lead grows",
            titles=("one rung after the other", "moved digits"),
        ),
        table(found, shares),
        mistakes(found),
        Finding(
            f"Of {found['tested']:,} digits the perceptron misreads {misses['perceptron']:.1f}, the MLP "
            f"{misses['mlp']:.1f}, the CNN {misses['cnn']:.1f} (mean of {len(s.seeds)} seeds). The hidden layer is "
            f"worth {signed(first)}, the convolutions {signed(second)}."
        ),
        Claim(
            claimed="Each rung does better than the one below it: perceptron, MLP, CNN.",
            measured=", ".join(f"{name} {interval(shares[rung]):.2%}" for rung, name in RUNGS.items())
            + f"; in this order with {ordered} of {len(s.seeds)} seeds.",
            holds=interval(shares["perceptron"]).mean < interval(shares["mlp"]).mean < cnn.mean,
        ),
        Claim(
            claimed="A CNN reads at least 98 % of the digits.",
            measured=f"{cnn:.2%}; {min(shares['cnn']):.2%} with the worst seed.",
            holds=min(shares["cnn"]) >= 0.98,
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="rungs",
    chapter=2,
    title="How much does each rung bring?",
    full=FULL,
    quick=replace(FULL, epochs=(2, 12, 5)),
    measure=measure,
    write=write,
)
