"""Symptoms: rules over the history of a run's signals.

A rule is applied to each line of health.jsonl and the lines before it. If it holds once, the symptom is at level
"watch"; if it holds `HITS` times in a row, at level "alarm", until it has failed twice. No rule uses a loss alone.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..methods.protocol import Direction
from .catalogue import cures
from .history import History, HistoryContext

Line = dict[str, Any]
HITS = 2  # consecutive checks that make an alarm
LEVELS = ("ok", "watch", "alarm")

# Chosen on runs of benchmarks/health.py with seeds from 100 on, evaluated on other seeds (docs/health.md).
SURE = 0.98  # AUC above which D is hardly ever wrong
BLIND = 0.3  # AUC below which D is wrong more often than right
SEPARABLE = 0.9  # AUC above which D still tells translations from real images
LOW_LOSS = 0.25  # of D, 0 at its floor and 1 at the equilibrium
HIGH_LOSS = 3.0  # of G, times its value at the equilibrium
FLOORS = 2.0  # times the distance between real images
FAR = 0.5  # share of the first distance to real images that remains
STANDS = 0.8  # a signal that falls by less than this factor in two checks is not improving
ALIKE = 0.5  # diversity, 1 for real pictures
FIRST_STEPS = 100  # in which every generator gives nearly one image
ONE_IMAGE = 0.1  # diversity below which all samples are one image, near which many real ones may lie
UNCOVERED = 0.25  # coverage, share of what real pictures reach
LOST = 0.25  # share of the real images in clusters that are not generated
SWING = 0.15  # Jensen-Shannon divergence of the clusters between two checks, nats
MEMORISED = 0.4  # D's mean score of held-out images: 0 like its training images, 1 like generated ones
SAME_OUTPUT = 0.35  # diversity of translations, 1 for real images
UNRELATED = 0.25  # share of translations that can be traced to their input
UNCHANGED = 0.12  # mean change over mean distance of the domains
CHANGED_SOMEWHERE = 0.3  # the same of the region that changes most
INVERTED = -0.3  # correlation of the luminance of input and translation
CHECKERED = 4.0  # energy of the checkerboard over that of real pictures
AMPLIFIED = 3.0  # how much louder noise on a translation comes back
NO_NEARER = 0.9  # distance of a typical translation from the target over that of the inputs
ARRIVED = 0.75  # of the way from the inputs to the target domain
LATE = 0.5  # share of the steps before which nobody expects the target
GOOD_CYCLE = 0.1  # mean absolute error of the cycle; black to white is 2


@dataclass(frozen=True)
class Verdict:
    """One symptom of a run: level, step since which it holds, direction, evidence and remedies."""

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
        sentence = f"{what[:1].upper()}{what[1:]} is not finite: training has diverged. No update was applied."
        return Verdict("non-finite", "alarm", step, sentence, remedies=cures("non-finite", False))


class Rule(NamedTuple):
    """A symptom, when it holds at check `i` (of a direction), the sentence for people, and the numbers in it."""

    symptom: str
    holds: Callable[[History, int, Direction | None], bool]
    sentence: str
    numbers: tuple[str, ...]
    highest: str = "alarm"  # level


def far(h: History, i: int, direction: Direction | None) -> bool:
    """Samples are as far from real images as at the first check, and farther than real images from each other.

    At the first check of a translator, as far as the inputs. Translations that have come nearly all the way are not
    far: photographs differ so much from each other that the distance of their texture says little.
    """
    now, floor = h.at(i, "distance", direction), h.at(i, "distance_floor", direction)
    before = h.at(0, "distance_source" if direction and not i else "distance", direction)
    arrived = h.at(i, "way", direction) >= ARRIVED and nearer(h, i, direction)
    return now > FAR * before and now > FLOORS * floor and not arrived


def nearer(h: History, i: int, direction: Direction | None) -> bool:
    """Translations have come nearer to the target than their inputs; False where that is not measured.

    Either a typical translation lies nearer; or, where the inputs are as near as real images of the target are, the
    translations have moved along the difference of the domains, and their mean is no farther off.
    """
    typical, way = h.at(i, "typical_ratio", direction), h.at(i, "way", direction)
    moved = way >= ARRIVED and h.at(i, "mean_ratio", direction) <= 1
    return not math.isnan(way) and (typical <= NO_NEARER or moved)


def no_nearer(h: History, i: int, direction: Direction | None) -> bool:
    """In the second half of the run, translations have not come nearer to the target than their inputs."""
    late = h.step(i) > LATE * h.context.steps
    return late and not math.isnan(h.at(i, "way", direction)) and not nearer(h, i, direction)


def d_wins(h: History, i: int, direction: Direction | None) -> bool:
    """D is always right, its loss is near 0, G's far above equilibrium, and samples are not improving."""
    won = h.auc(i, direction) > SURE and h.d_level(i, direction) < LOW_LOSS and h.g_level(i) > HIGH_LOSS
    return won and far(h, i, direction) and h.at(i, "distance", direction) > STANDS * h.before(i, "distance", direction)


def g_wins(h: History, i: int, direction: Direction | None) -> bool:
    """D is wrong or at chance level while samples are far from real images and not improving."""
    blind = h.auc(i, direction) < BLIND or abs(h.auc(i, direction) - 0.5) < 0.03
    return (
        blind and far(h, i, direction) and h.at(i, "distance", direction) > STANDS * h.before(i, "distance", direction)
    )


def collapse(h: History, i: int, direction: Direction | None) -> bool:
    """Samples are one image; or similar to each other, not becoming more diverse, and covering almost nothing."""
    if h.at(i, "diversity") < ONE_IMAGE and h.step(i) >= FIRST_STEPS:
        return True
    uncovered = h.at(i, "coverage") < UNCOVERED * h.at(i, "coverage_floor")
    return h.at(i, "diversity") < ALIKE and uncovered and not h.rises(i, "diversity")


def partial_collapse(h: History, i: int, direction: Direction | None) -> bool:
    """Whole clusters of real images are not generated, now and two checks ago."""
    stays = h.at(i, "lost") > LOST and h.at(i - 2, "lost") > LOST and h.at(i, "lost") > 0.7 * h.at(i - 2, "lost")
    return stays and h.at(i, "diversity") >= ALIKE


def oscillation(h: History, i: int, direction: Direction | None) -> bool:
    """Samples change from check to check without improving."""
    swings = [h.swing(j) > SWING for j in range(i - 3, i + 1)]
    return i > 3 and sum(swings) >= 3 and far(h, i, direction)


def memorising(h: History, i: int, direction: Direction | None) -> bool:
    """D scores held-out real images like generated ones."""
    return h.at(i, "gap") > MEMORISED and h.auc(i, direction) > SEPARABLE


def input_ignored(h: History, i: int, direction: Direction | None) -> bool:
    """Different inputs give the same output."""
    return h.at(i, "diversity", direction) < SAME_OUTPUT and h.at(i, "retrieval", direction) <= UNRELATED


def nothing_translated(h: History, i: int, direction: Direction | None) -> bool:
    """The output equals the input everywhere, and D can tell."""
    somewhere = h.at(i, "most_change", direction) > CHANGED_SOMEWHERE  # a mouth, where nothing else should change
    return h.at(i, "change", direction) < UNCHANGED and not somewhere and h.auc(i, direction) > SEPARABLE


def inversion(h: History, i: int, direction: Direction | None) -> bool:
    """Light and dark are exchanged."""
    return h.at(i, "luminance", direction) < INVERTED


def checkerboard(h: History, i: int, direction: Direction | None) -> bool:
    """Too much energy at the highest spatial frequency."""
    return h.at(i, "checkerboard", direction) > CHECKERED


def hidden_information(h: History, i: int, direction: Direction | None) -> bool:
    """The cycle relies on imperceptible noise in the translation (steganography, Chu et al. 2017)."""
    louder = h.at(i, "noisy_cycle", direction) > 3 * h.at(i, "cycle", direction)
    return h.at(i, "gain", direction) > AMPLIFIED and louder and h.at(i, "change", direction) > UNCHANGED


def good_cycle_bad_output(h: History, i: int, direction: Direction | None) -> bool:
    """The cycle is good, translations are not, and D can tell."""
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
        "D is nearly always right (AUC {auc:.2f}), its loss is near 0, G's is {g_level:.1f} times its equilibrium, and "
        "samples are not improving: the discriminator has won.",
        ("auc", "d_level", "g_level"),
    ),
    Rule(
        "g-wins",
        g_wins,
        "D is no better than chance (AUC {auc:.2f}), though samples are {ratio:.0f} times as far from real images as "
        "these are from each other: the generator has won against a useless discriminator.",
        ("auc", "distance", "distance_floor"),
    ),
)
NOISE = (
    *EITHER,
    Rule(
        "collapse",
        collapse,
        "Samples are {diversity:.0%} as diverse as real images and cover {coverage:.0%} of them: mode collapse.",
        ("diversity", "coverage", "coverage_floor"),
    ),
    Rule(
        "partial-collapse",
        partial_collapse,
        "{lost:.0%} of the real images are in clusters that G never generates, check after check: modes are lost.",
        ("lost", "coverage", "diversity"),
    ),
    Rule(
        "oscillation",
        oscillation,
        "Samples change from check to check and come no nearer to the real images: G and D oscillate.",
        ("swing", "distance", "distance_floor"),
    ),
    Rule(
        "memorising",
        memorising,
        "D scores held-out real images {gap:.0%} of the way from training images to generated ones: D has memorised "
        "the training set.",
        ("gap", "auc"),
    ),
)
TRANSLATION = (
    Rule(
        "input-ignored",
        input_ignored,
        "Translations are {diversity:.0%} as diverse as real images, and {retrieval:.0%} of them can be traced to "
        "their input: the input is ignored.",
        ("diversity", "retrieval"),
    ),
    Rule(
        "nothing-translated",
        nothing_translated,
        "A translation differs from its input by {change:.0%} of the distance between the domains, and D can tell "
        "(AUC {auc:.2f}): nothing is translated.",
        ("change", "auc"),
    ),
    Rule(
        "inversion",
        inversion,
        "Light and dark are exchanged (correlation {luminance:.2f}): colours are inverted.",
        ("luminance",),
    ),
    Rule(
        "checkerboard",
        checkerboard,
        "The highest spatial frequency has {checkerboard:.0f} times its energy in real images: a checkerboard.",
        ("checkerboard",),
    ),
    Rule(
        "hidden-information",
        hidden_information,
        "Invisible noise on a translation is amplified {gain:.0f} times in the cycle and ruins it: translations hide "
        "their input in faint signals.",
        ("gain", "cycle", "noisy_cycle"),
    ),
    Rule(
        "good-cycle-bad-output",
        good_cycle_bad_output,
        "The cycle is good (error {cycle:.3f}) while translations look nothing like the target and D can tell "
        "(AUC {auc:.2f}).",
        ("cycle", "distance", "distance_source", "auc"),
    ),
    Rule(
        "no-nearer-to-target",
        no_nearer,
        "Translations are no nearer to the target than the images they were made from (their distance is "
        "{typical_ratio:.2f} times that of the inputs): as it stands, the run does not translate. Train longer "
        "(--steps, --max-time), try a larger --size or another --preset, and look at the samples: domains that differ "
        "in shape need far more steps than those that differ in colour.",
        ("way", "way_error", "separable", "mean_ratio", "typical_ratio"),
        highest="watch",
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
    verdicts = [verdict_of(rule, history, direction) for direction in context.parts for rule in rules]
    return sorted((v for v in verdicts if v), key=lambda v: -LEVELS.index(v.level))


def verdict_of(rule: Rule, h: History, direction: Direction | None) -> Verdict | None:
    """Apply a rule to every check in turn: consecutive hits raise the level, two misses clear it."""
    level, hits, misses, since = "ok", 0, 0, 0
    for i in range(h.start, len(h)):
        if rule.holds(h, i, direction):
            since = h.step(i) if level == "ok" else since
            hits, misses = hits + 1, 0
            level = rule.highest if level == "alarm" or hits >= HITS else "watch"
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
        remedies=cures(rule.symptom, bool(h.context.directions)),
    )
