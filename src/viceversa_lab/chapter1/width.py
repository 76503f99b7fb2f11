"""How many neurons? The report says that too few and too many both hurt."""

from dataclasses import replace

from ..blocks import Block, Figure, Finding, Text
from ..experiment import Experiment, Results
from ..sweep import Settings, Sweep, caption

SWEEP = Sweep(
    label="neurons in the hidden layer",
    train=lambda s, series, width, seed: s.train(seed, width=width),
    name="width {}",
    log="x",
)


def write(results: Results) -> list[Block]:
    s, (curve,) = results.settings, SWEEP.curves(results)
    best, few, many = curve.best, s.values[0], s.values[-1]
    near_best = [i for i in range(len(s.values)) if curve.mean(i).mean > curve.mean(best).mean - 0.05]
    return [
        Text(
            "A layer of neurons draws as many lines as it has neurons, and the next layer combines them. With few, the "
            "ten classes cannot be separated. With many, there are more weights than examples: the network could "
            "memorise every training image."
        ),
        Figure(
            [SWEEP.plot(curve), SWEEP.plot(curve.select(near_best))],
            caption("Accuracy on test digits by the width of the only hidden layer", s),
            alt="Accuracy climbs steeply with the first neurons and then levels off",
            titles=("all widths", "within five points of the best"),
        ),
        Finding(
            f"{s.values[best]} neurons do best, {curve.mean(best):.1%}. With {few} it is {curve.mean(0):.1%}, with "
            f"{many} it is {curve.mean(-1):.1%}. Training {many} takes "
            f"{curve.mean_seconds(-1) / curve.mean_seconds(0):.1f} times as long as training {few}."
        ),
        curve.claim("Too few neurons hurt.", better=best, worse=0),
        curve.claim("Too many neurons hurt.", better=best, worse=-1),
    ]


FULL = Settings(values=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048), seeds=tuple(range(50)), epochs=20)
EXPERIMENT = Experiment(
    name="width",
    chapter=1,
    title="How many neurons does a layer need?",
    full=FULL,
    quick=replace(FULL, values=(1, 4, 16, 64, 256, 1024), seeds=(0, 1, 2, 3, 4), epochs=5),
    measure=SWEEP.measure,
    write=write,
)
