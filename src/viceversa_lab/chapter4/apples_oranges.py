"""Apples into oranges and back: can a network exchange objects that it never saw as pairs?"""

from dataclasses import replace

from ..experiment import Experiment, Found
from ..parts import Part, Text
from .trained import SMALL
from .translation import Settings, measure, numbers, pictures


def write(found: Found) -> list[Part]:
    """Pictures, film and figures."""
    return [
        Text(
            "The orchard shows apples, or oranges in the same places. Red must become orange and gloss must become "
            "pores, but only on the fruit: red table cloths, leaves and bowls have to stay. A change of all "
            "colours cannot do that, because it does not know what a fruit is."
        ),
        *pictures(found),
        *numbers(found),
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
