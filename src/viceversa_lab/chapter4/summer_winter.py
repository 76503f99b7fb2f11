"""Summer into winter and back: can a network exchange the season and leave the place?"""

from dataclasses import replace

from ..blocks import Block, Text
from ..experiment import Experiment, Results
from .trained import SMALL
from .translation import Settings, figures, measure, numbers


def write(results: Results) -> list[Block]:
    return [
        Text(
            "A village in summer and in winter. Meadows and roofs turn white, tree crowns carry snow, water freezes, "
            "the light gets cold; walls and balloons keep their colours. From summer to winter much must be covered; "
            "from winter to summer, green has to be invented where there is white."
        ),
        *figures(results),
        *numbers(results),
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
