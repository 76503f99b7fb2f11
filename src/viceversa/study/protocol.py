"""What a person is shown, in which order: a function of the study, the number of the session, and its arm.

Isola et al. 2017, section 4.1, and Zhu et al. 2017, section 5.1.1: pairs for one second each, practice with feedback
first, one algorithm per person, sides at random. Here the sides are also balanced, and sentinels (pairs whose answer
is plain) are mixed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .folder import Pool, Shown, Study

Side = Literal["left", "right"]
Part = Literal["practice", "scored", "sentinel"]
SECONDS = 1.0  # a pair is shown
MISSED = 0.25  # of the sentinels; a session that misses a larger share is left out of the main result


@dataclass(frozen=True)
class Trial:
    """One pair. `key` is the side of the real picture; in a preference study of the arm's first algorithm, and in its
    sentinels of the picture that is whole."""

    part: Part
    left: str  # tokens of pictures
    right: str
    key: Side
    input: str | None = None  # what both were made from, shown above

    @property
    def tokens(self) -> tuple[str, ...]:
        return tuple(token for token in (self.input, self.left, self.right) if token)


def plan(study: Study, number: int, arm: int) -> tuple[Trial, ...]:
    """The trials of session `number` on `study.arms[arm]`: practice, then scored ones and sentinels in random order.

    No picture comes twice, a real picture never beside a translation of its own scene, and the key lies on each side
    equally often (in one more trial where the number is odd).
    """
    rng = np.random.default_rng((study.seed, number, arm))
    names = study.arms[arm]
    parts: list[tuple[Part, Pool, int]] = [
        ("practice", study.practised, study.practice),
        ("scored", study.scored, study.trials),
        ("sentinel", study.watched, study.sentinels),
    ]
    practice, *judged = ([*_part(part, pool, count, study, names, rng)] for part, pool, count in parts)
    mixed = [trial for trials in judged for trial in trials]
    return (*practice, *(mixed[i] for i in rng.permutation(len(mixed))))


def _part(
    part: Part, pool: Pool, count: int, study: Study, names: Sequence[str], rng: np.random.Generator
) -> list[Trial]:
    """`count` trials from a pool, each picture at most once."""
    sides = _sides(count, rng)
    if study.kind == "real-or-fake":
        made = (pool.spoiled if part == "sentinel" else pool.made)[names[0]]
        fakes = [made[i] for i in rng.permutation(len(made))[:count]]
        reals = [pool.real[i] for i in rng.permutation(len(pool.real))]
        apart(reals, fakes)
        return [_trial(part, r, f, side) for r, f, side in zip(reals[:count], fakes, sides, strict=True)]
    first, second = (pool.made[name] for name in names)
    trials = []
    for turn, (i, side) in enumerate(zip(rng.permutation(len(first))[:count], sides, strict=True)):
        one, other = first[i], second[i]
        if part == "sentinel":  # each of the two is the destroyed one in turn
            whole, broken = (first, names[1]) if (turn + study.seed) % 2 else (second, names[0])
            one, other = whole[i], pool.spoiled[broken][i]
        trials.append(_trial(part, one, other, side, pool.real[i].token if pool.real else None))
    return trials


def _trial(part: Part, key: Shown, other: Shown, side: Side, above: str | None = None) -> Trial:
    left, right = (key, other) if side == "left" else (other, key)
    return Trial(part, left.token, right.token, side, above)


def _sides(count: int, rng: np.random.Generator) -> list[Side]:
    """Left and right equally often, in random order; the odd one at random."""
    first = int(rng.integers(2))
    both: tuple[Side, Side] = ("left", "right")
    return [both[(first + int(i)) % 2] for i in rng.permutation(count)]


def apart(reals: list[Shown], fakes: Sequence[Shown]) -> None:
    """Exchange real pictures until none stands beside a translation of its own scene.

    One exchange is enough for each, since a scene comes once on either side. A lone pair cannot be helped here.
    """
    for i, fake in enumerate(fakes):
        if reals[i].scene == fake.scene:
            others = (j for j in range(len(reals)) if j != i)
            j = next((j for j in others if j >= len(fakes) or reals[i].scene != fakes[j].scene), None)
            if j is not None:
                reals[i], reals[j] = reals[j], reals[i]
