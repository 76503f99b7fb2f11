"""The trials of a session: a function of the study, the number of the session, and its arm.

Isola et al. 2017, section 4.1, and Zhu et al. 2017, section 5.1.1: pairs for one second each, practice with feedback
first, one algorithm per person, sides at random. Here the sides are also balanced, and sentinels (pairs whose answer
is obvious) are mixed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .folder import Pool, Study, StudyPicture

Side = Literal["left", "right"]
Part = Literal["practice", "scored", "sentinel"]
PAIR_SECONDS = 1.0  # that a pair is shown
MAX_MISSED = 0.25  # share of the sentinels; a session that misses more is left out of the main result


@dataclass(frozen=True)
class Trial:
    """One pair. `key` is the side of the real picture; in a preference study that of the arm's first algorithm, and in
    its sentinels that of the picture that is not destroyed."""

    part: Part
    left: str  # tokens of pictures
    right: str
    key: Side
    input: str | None = None  # token of the picture that both were translated from, shown above

    @property
    def tokens(self) -> tuple[str, ...]:
        return tuple(token for token in (self.input, self.left, self.right) if token)


def session_trials(study: Study, number: int, arm: int) -> tuple[Trial, ...]:
    """The trials of session `number` on `study.arms[arm]`: practice, then scored ones and sentinels in random order.

    No picture comes twice, a real picture is never beside a translation of its own scene, and the key lies on each
    side equally often (one side once more where the number is odd).
    """
    rng = np.random.default_rng((study.seed, number, arm))
    names = study.arms[arm]

    practice = _part_trials("practice", study.practice_pool, study.practice, study, names, rng)
    scored = _part_trials("scored", study.scored_pool, study.trials, study, names, rng)
    sentinels = _part_trials("sentinel", study.sentinel_pool, study.sentinels, study, names, rng)

    mixed = [*scored, *sentinels]
    return (*practice, *(mixed[i] for i in rng.permutation(len(mixed))))


def _part_trials(
    part: Part, pool: Pool, count: int, study: Study, names: Sequence[str], rng: np.random.Generator
) -> list[Trial]:
    """`count` trials from a pool, each picture at most once."""
    sides = _balanced_sides(count, rng)
    if study.kind == "real-or-fake":
        return _real_or_fake(part, pool, names[0], sides, rng)
    return _preference(part, pool, names, sides, study.seed, rng)


def _real_or_fake(part: Part, pool: Pool, name: str, sides: Sequence[Side], rng: np.random.Generator) -> list[Trial]:
    """Real pictures beside generated ones of one algorithm; in sentinels beside destroyed ones."""
    candidates = pool.destroyed[name] if part == "sentinel" else pool.generated[name]
    fakes = [candidates[i] for i in rng.permutation(len(candidates))[: len(sides)]]
    reals = [pool.real[i] for i in rng.permutation(len(pool.real))]
    separate_scenes(reals, fakes)
    pairs = zip(reals[: len(sides)], fakes, sides, strict=True)
    return [_trial(part, real, fake, side) for real, fake, side in pairs]


def _preference(
    part: Part, pool: Pool, names: Sequence[str], sides: Sequence[Side], seed: int, rng: np.random.Generator
) -> list[Trial]:
    """Translations of one scene by two algorithms; in sentinels one of them is destroyed, each algorithm's in turn."""
    first, second = (pool.generated[name] for name in names)
    order = rng.permutation(len(first))[: len(sides)]

    trials = []
    for turn, (i, side) in enumerate(zip(order, sides, strict=True)):
        key, other = first[i], second[i]
        if part == "sentinel" and (turn + seed) % 2:
            other = pool.destroyed[names[1]][i]
        elif part == "sentinel":
            key, other = second[i], pool.destroyed[names[0]][i]
        trials.append(_trial(part, key, other, side, pool.real[i].token if pool.real else None))
    return trials


def _trial(part: Part, key: StudyPicture, other: StudyPicture, side: Side, above: str | None = None) -> Trial:
    left, right = (key, other) if side == "left" else (other, key)
    return Trial(part, left.token, right.token, side, above)


def _balanced_sides(count: int, rng: np.random.Generator) -> list[Side]:
    """Left and right equally often, in random order; the odd one at random."""
    first = int(rng.integers(2))
    both: tuple[Side, Side] = ("left", "right")
    return [both[(first + int(i)) % 2] for i in rng.permutation(count)]


def separate_scenes(reals: list[StudyPicture], fakes: Sequence[StudyPicture]) -> None:
    """Exchange real pictures until none is beside a translation of its own scene.

    One exchange is enough for each, since a scene comes once on either side. A single pair cannot be rearranged.
    """
    for i, fake in enumerate(fakes):
        if reals[i].scene != fake.scene:
            continue
        others = (j for j in range(len(reals)) if j != i)
        j = next((j for j in others if j >= len(fakes) or reals[i].scene != fakes[j].scene), None)
        if j is not None:
            reals[i], reals[j] = reals[j], reals[i]
