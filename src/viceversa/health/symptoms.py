"""Symptoms: rules over the history of a run's signals, of which nothing else is known to them.

A rule looks at one line of health.jsonl and those before it. Where it holds once the symptom is watched; where it holds
`HITS` times in a row it alarms, until it has failed twice. No rule listens to a loss alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..methods.protocol import Direction
from .catalogue import CURES
from .history import History, HistoryContext

Line = dict[str, Any]
HITS = 2  # looks in a row that make an alarm
LEVELS = ("ok", "watch", "alarm")

# Chosen on the runs of benchmarks/health.py with seeds from 100 on; judged by others (docs/health.md).
SURE = 0.98  # AUC above which D is hardly ever wrong
BLIND = 0.3  # AUC below which D is wrong more often than right
TOLD_APART = 0.9  # AUC above which D still sees what is wrong
LOW_LOSS = 0.25  # of D, 0 at its floor and 1 at the equilibrium
HIGH_LOSS = 3.0  # of G, times its value at the equilibrium
FLOORS = 2.0  # times the distance of real pictures from each other
FAR = 0.5  # share of the first distance to the real pictures that is still left
STANDS = 0.8  # a signal that in two looks changes by less does not move
ALIKE = 0.5  # diversity, 1 for real pictures
UNCOVERED = 0.25  # coverage, share of what real pictures reach
LOST = 0.25  # share of the real pictures whose kind is not made
SWING = 0.15  # Jensen-Shannon divergence of the kinds between two looks, nats
LEARNED_BY_HEART = 0.4  # where new pictures stand between D's own (0) and generated ones (1)
SAME_ANSWER = 0.35  # diversity of translations
UNRELATED = 0.25  # share of translations that can be traced to their input
UNCHANGED = 0.12  # mean change over mean distance of the domains
CHANGED_SOMEWHERE = 0.3  # the same of the place that changes most
INVERTED = -0.3  # correlation of the luminance of input and translation
CHEQUERED = 4.0  # energy of the checkerboard over that of real pictures
AMPLIFIED = 3.0  # how much louder noise on a translation comes back
GOOD_CYCLE = 0.1  # mean error of there and back; black to white is 2


@dataclass(frozen=True)
class Verdict:
    """One symptom of a run: what, how sure, since which step, where (a direction), and what helps."""

    symptom: str
    level: str  # "watch" or "alarm"
    since: int
    sentence: str
    where: str = ""
    numbers: dict[str, float] = field(default_factory=dict)
    remedies: tuple[str, ...] = ()

    @staticmethod
    def not_finite(step: int, what: str) -> "Verdict":
        """The verdict of a step whose gradient or loss was not a number."""
        told = f"{what[:1].upper()}{what[1:]} is not finite: the numbers have blown up. No update was applied."
        return Verdict("non-finite", "alarm", step, told, remedies=CURES["non-finite"])


class Rule(NamedTuple):
    """A symptom, when it holds at look `i` (in a direction), what is said of it, and the numbers that show it."""

    symptom: str
    holds: Callable[[History, int, Direction | None], bool]
    sentence: str
    numbers: tuple[str, ...]


def far(h: History, i: int, direction: Direction | None) -> bool:
    """What is made is as far from real pictures as at the first look, and farther than these are from each other."""
    now, floor = h.at(i, "distance", direction), h.at(i, "distance_floor", direction)
    return now > FAR * h.at(0, "distance", direction) and now > FLOORS * floor


def d_wins(h: History, i: int, direction: Direction | None) -> bool:
    """D is sure, its loss near its floor, G's far above equilibrium, and the samples do not come nearer."""
    won = h.auc(i, direction) > SURE and h.d_level(i, direction) < LOW_LOSS and h.g_level(i) > HIGH_LOSS
    return won and far(h, i, direction) and h.at(i, "distance", direction) > STANDS * h.before(i, "distance", direction)


def g_wins(h: History, i: int, direction: Direction | None) -> bool:
    """D is wrong, or sees nothing while the samples are far from real ones and come no nearer."""
    blind = h.auc(i, direction) < BLIND or abs(h.auc(i, direction) - 0.5) < 0.03
    return (
        blind and far(h, i, direction) and h.at(i, "distance", direction) > STANDS * h.before(i, "distance", direction)
    )


def collapse(h: History, i: int, direction: Direction | None) -> bool:
    """Samples are alike, do not become less so, and cover next to nothing."""
    uncovered = h.at(i, "coverage") < UNCOVERED * h.at(i, "coverage_floor")
    return h.at(i, "diversity") < ALIKE and uncovered and not h.rises(i, "diversity")


def partial_collapse(h: History, i: int, direction: Direction | None) -> bool:
    """Whole kinds of real pictures are not made, and more than a look ago were not either."""
    stays = h.at(i, "lost") > LOST and h.at(i - 2, "lost") > LOST and h.at(i, "lost") > 0.7 * h.at(i - 2, "lost")
    return stays and h.at(i, "diversity") >= ALIKE


def oscillation(h: History, i: int, direction: Direction | None) -> bool:
    """What is made changes from look to look, and comes no nearer."""
    swings = [h.swing(j) > SWING for j in range(i - 3, i + 1)]
    return i > 3 and sum(swings) >= 3 and far(h, i, direction)


def memorising(h: History, i: int, direction: Direction | None) -> bool:
    """D takes real pictures that it has not seen for generated ones."""
    return h.at(i, "gap") > LEARNED_BY_HEART and h.auc(i, direction) > TOLD_APART


def input_ignored(h: History, i: int, direction: Direction | None) -> bool:
    """Different inputs, one answer."""
    return h.at(i, "diversity", direction) < SAME_ANSWER and h.at(i, "retrieval", direction) <= UNRELATED


def nothing_translated(h: History, i: int, direction: Direction | None) -> bool:
    """Output is input, wherever one looks, and D sees it."""
    somewhere = h.at(i, "most_change", direction) > CHANGED_SOMEWHERE  # a mouth, where nothing else is to change
    return h.at(i, "change", direction) < UNCHANGED and not somewhere and h.auc(i, direction) > TOLD_APART


def inversion(h: History, i: int, direction: Direction | None) -> bool:
    """Light becomes dark."""
    return h.at(i, "luminance", direction) < INVERTED


def checkerboard(h: History, i: int, direction: Direction | None) -> bool:
    """Energy at the finest pattern."""
    return h.at(i, "checkerboard", direction) > CHEQUERED


def hidden_information(h: History, i: int, direction: Direction | None) -> bool:
    """The way back needs what no eye and no file keeps."""
    louder = h.at(i, "noisy_cycle", direction) > 3 * h.at(i, "cycle", direction)
    return h.at(i, "gain", direction) > AMPLIFIED and louder and h.at(i, "change", direction) > UNCHANGED


def good_cycle_bad_output(h: History, i: int, direction: Direction | None) -> bool:
    """There and back is perfect, there alone is not, and D knows."""
    bad = far(h, i, direction) and h.at(i, "change", direction) > UNCHANGED
    return (
        h.at(i, "cycle", direction) < GOOD_CYCLE
        and bad
        and h.auc(i, direction) > SURE
        and h.d_level(i, direction) < LOW_LOSS
    )


EITHER = (
    Rule(
        "d-wins",
        d_wins,
        "D tells real from made nearly always (AUC {auc:.2f}), its loss is near its floor, G's is {g_level:.1f} times "
        "what it is in balance, and what is made comes no nearer: D has won.",
        ("auc", "d_level", "g_level"),
    ),
    Rule(
        "g-wins",
        g_wins,
        "D is no judge any more (AUC {auc:.2f}), though what is made is {ratio:.0f} times as far from real pictures as "
        "these are from each other: G has won against a blind D.",
        ("auc", "distance", "distance_floor"),
    ),
)
NOISE = (
    *EITHER,
    Rule(
        "collapse",
        collapse,
        "The pictures are {diversity:.0%} as varied as real ones and cover {coverage:.0%} of them: G makes one thing.",
        ("diversity", "coverage", "coverage_floor"),
    ),
    Rule(
        "partial-collapse",
        partial_collapse,
        "{lost:.0%} of the real pictures are of kinds that G does not make, look after look: modes are lost.",
        ("lost", "coverage", "diversity"),
    ),
    Rule(
        "oscillation",
        oscillation,
        "What G makes changes from look to look and comes no nearer to the real pictures: the two go round in circles.",
        ("swing", "distance", "distance_floor"),
    ),
    Rule(
        "memorising",
        memorising,
        "New real pictures stand {gap:.0%} of the way from D's own to generated ones: D knows its pictures by heart.",
        ("gap", "auc"),
    ),
)
TRANSLATION = (
    Rule(
        "input-ignored",
        input_ignored,
        "Translations are {diversity:.0%} as varied as real pictures, and {retrieval:.0%} of them can be traced to "
        "their input: the input is ignored.",
        ("diversity", "retrieval"),
    ),
    Rule(
        "nothing-translated",
        nothing_translated,
        "A translation differs from its input by {change:.0%} of what two pictures of both domains do, and D sees it "
        "(AUC {auc:.2f}): nothing is translated.",
        ("change", "auc"),
    ),
    Rule(
        "inversion",
        inversion,
        "Light turns dark and dark turns light (correlation {luminance:.2f}): colours are inverted.",
        ("luminance",),
    ),
    Rule(
        "checkerboard",
        checkerboard,
        "The finest pattern of pixels has {checkerboard:.0f} times the energy that it has in real pictures: a "
        "checkerboard.",
        ("checkerboard",),
    ),
    Rule(
        "hidden-information",
        hidden_information,
        "Noise that no eye sees comes back {gain:.0f} times louder and ruins the way back: translations hide their "
        "input in faint signals.",
        ("gain", "cycle", "noisy_cycle"),
    ),
    Rule(
        "good-cycle-bad-output",
        good_cycle_bad_output,
        "The way back is good (error {cycle:.3f}) while translations look nothing like the target and D knows "
        "(AUC {auc:.2f}).",
        ("cycle", "distance", "distance_source", "auc"),
    ),
    *EITHER,
)


def overall(verdicts: Sequence[Verdict]) -> str:
    """ "ok", "watch" or "alarm": the worst of all."""
    return max((v.level for v in verdicts), key=LEVELS.index, default="ok")


def examine(lines: Sequence[Line], context: HistoryContext) -> list[Verdict]:
    """Symptoms after these lines, alarms first; none while training has just begun."""
    history = History(lines, context)
    rules = TRANSLATION if context.directions else NOISE
    verdicts = [judge(rule, history, direction) for direction in context.parts for rule in rules]
    return sorted((v for v in verdicts if v), key=lambda v: -LEVELS.index(v.level))


def judge(rule: Rule, h: History, direction: Direction | None) -> Verdict | None:
    """Apply a rule to every check in turn: consecutive hits raise the level, two misses clear it."""
    level, hits, misses, since = "ok", 0, 0, 0
    for i in range(h.start, len(h)):
        if rule.holds(h, i, direction):
            since = h.step(i) if level == "ok" else since
            hits, misses = hits + 1, 0
            level = "alarm" if level == "alarm" or hits >= HITS else "watch"
        else:
            hits, misses = 0, misses + 1
            level = "ok" if level == "watch" or misses >= 2 else level
    if level == "ok":
        return None

    values = h.values(len(h) - 1, direction)
    return Verdict(
        symptom=rule.symptom,
        level=level,
        since=since,
        sentence=rule.sentence.format(**values),
        where=h.context.where(direction),
        numbers={name: round(values[name], 4) for name in rule.numbers},
        remedies=CURES[rule.symptom],
    )
