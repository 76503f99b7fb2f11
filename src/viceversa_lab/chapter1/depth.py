"""How many layers? The report says that a single layer is a perceptron, and that deeper is better but slower."""

from dataclasses import replace

from viceversa.networks.mlp import INITIALISATIONS

from ..blocks import Block, Claim, Figure, Finding, Text
from ..experiment import Experiment, Results
from ..interval import interval
from ..sweep import Settings, Sweep, caption, difference

SWEEP = Sweep(
    label="hidden layers",
    train=lambda s, init, depth, seed: s.train(seed, init=INITIALISATIONS[init], depth=depth),
    series={"normal": "deviation 0.05 everywhere", "he_normal": "He et al. 2015"},
    name="depth {}",
    shift=0.12,
)


def write(results: Results) -> list[Block]:
    s, (normal, he) = results.settings, SWEEP.curves(results)
    best_hidden = 1 + he.select(range(1, len(s.values))).best
    shallow, deep = interval(he.seconds[1]), interval(he.seconds[-1])
    return [
        Text(
            "Without a hidden layer the network is a perceptron with ten outputs: each class gets one hyperplane. "
            "Every layer in between bends the borders once more. It also multiplies the signal by one more matrix, and "
            "with badly scaled initial weights the signal vanishes on the way. So each depth is trained twice in @1: "
            "with the same small deviation everywhere, and with that of He et al., which keeps the size of the signal."
        ),
        Figure(
            [SWEEP.plot(normal, he), SWEEP.plot_seconds(he)],
            caption(f"Layers of {s.width} neurons", s, "Right: CPU time of one training."),
            alt="Accuracy rises with the first hidden layer, then stays level or falls; time grows with every layer",
            titles=("accuracy", "time"),
        ),
        Finding(
            f"One layer reaches {he.mean(0):.1%}, one hidden layer more {he.mean(1):.1%}, and {s.values[-1]} hidden "
            f"layers {he.mean(-1):.1%}. At that depth the initialisation of He et al. gains "
            f"{difference(he.accuracy[-1], normal.accuracy[-1]):.1f} points over a fixed deviation of 0.05."
        ),
        he.claim("A hidden layer does better than a single layer, the perceptron.", better=1, worse=0),
        he.claim("Deeper is better.", better=best_hidden, worse=1),
        Claim(
            claimed="Deeper is slower.",
            measured=f"{he.names[1]} takes {shallow:.2f} s, {he.names[-1]} takes {deep:.2f} s.",
            holds=deep.low > shallow.high,
        ),
    ]


FULL = Settings(values=(0, 1, 2, 3, 4, 6, 8), seeds=tuple(range(50)), epochs=20, width=64)
EXPERIMENT = Experiment(
    name="depth",
    chapter=1,
    title="Is a deeper network better?",
    full=FULL,
    quick=replace(FULL, values=(0, 1, 3, 8), seeds=(0, 1, 2, 3, 4), epochs=6),
    measure=SWEEP.measure,
    write=write,
)
