"""Summer into winter and back: can a network exchange the season and leave the place?"""

from dataclasses import replace

from ..experiment import Experiment, Found
from ..parts import Part, Text
from .trained import SMALL
from .translation import Settings, measure, numbers, pictures


def write(found: Found) -> list[Part]:
    """Pictures, film and figures."""
    return [
        Text(
            "A village in summer and in winter. Meadows and roofs turn white, crowns carry snow, water freezes, the "
            "light gets cold; walls and balloons keep their colours. From summer to winter much must be covered; from "
            "winter to summer, green has to be invented where there is white."
        ),
        *pictures(found),
        *numbers(found),
    ]


FULL = Settings("seasons")
EXPERIMENT = Experiment(
    name="summer-winter",
    chapter=4,
    title="Can summer become winter, and winter summer?",
    full=FULL,
    quick=replace(FULL, size=48, scenes=120, steps=500, sheets=12, seeds=(0,), change=SMALL),
    measure=measure,
    write=write,
)
