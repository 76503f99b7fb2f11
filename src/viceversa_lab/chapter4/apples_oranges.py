"""Apples into oranges and back: can a network exchange objects that it never saw as pairs?"""

from dataclasses import replace

from ..blocks import Block, Text
from ..experiment import Experiment, Results
from .trained import SMALL
from .translation import Settings, figures, measure, numbers


def write(results: Results) -> list[Block]:
    return [
        Text(
            "The orchard shows apples, or oranges in the same places. Red must become orange and gloss must become "
            "pores, but only on the fruit: red table cloths, leaves and bowls have to stay. A global change of colours "
            "cannot do that, because it does not know what a fruit is."
        ),
        *figures(results),
        *numbers(results),
    ]


FULL = Settings("orchard")
EXPERIMENT = Experiment(
    name="apples-oranges",
    chapter=4,
    title="Can apples become oranges, and oranges apples?",
    full=FULL,
    quick=replace(FULL, size=48, scenes=120, steps=500, sheets=12, seeds=(0,), change=SMALL),
    measure=measure,
    write=write,
)
