"""What the answers say: the share of people fooled or of translations preferred, its interval, and the power."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from ..metrics import bootstrap
from .answers import Answer, read
from .folder import Study, StudyFolder
from .protocol import MISSED, SECONDS, Trial, plan

POINTS = (0.05, 0.10)  # differences whose power is told
ROUNDING_MS = 0.5  # browsers round the times of frames


@dataclass(frozen=True)
class Person:
    """One complete session: how many scored trials went the counted way, of how many, and how they were seen."""

    counted: int
    trials: int
    missed: float  # share of the sentinels
    answers: tuple[Answer, ...]  # to scored trials

    @property
    def attentive(self) -> bool:
        return self.missed <= MISSED


def results(study: Path | str) -> dict[str, Any]:
    """The results of a study by algorithm, or by pair of algorithms; also while people answer.

    Only complete sessions count. `share` leaves out those who missed more than a quarter of the sentinels, `everyone`
    does not. Real or fake: the share of trials in which the translation was taken for real (half is perfect).
    Preference: the share in which the first of the two was chosen. Intervals are 95 %.
    """
    folder = StudyFolder(study).require()
    asked = folder.study()
    arms: list[list[Person]] = [[] for _ in asked.arms]
    unfinished = [0] * len(asked.arms)
    for session, answers in read(folder.answers, folder.digest()):
        if len(answers) < asked.length:
            unfinished[session.arm] += 1
        else:
            arms[session.arm].append(person(asked, plan(asked, session.number, session.arm), answers))
    kept = [[p for p in people if p.attentive] for people in arms]
    return {
        "study": str(folder.path),
        "kind": asked.kind,
        "question": asked.question,
        "counted": "taken for real" if asked.kind == "real-or-fake" else "first preferred",
        "trials_each": asked.trials,
        "arms": [_arm(asked, i, people, kept[i], unfinished[i]) for i, people in enumerate(arms)],
        "differences": _differences(asked, kept),
        "power": _power(asked, kept),
        "notes": list(asked.notes),
    }


def person(study: Study, trials: Sequence[Trial], answers: Sequence[Answer]) -> Person:
    """Judge one complete session by its plan."""
    hits = {part: [t.key == a.side for t, a in zip(trials, answers, strict=True) if t.part == part]
            for part in ("scored", "sentinel")}  # fmt: skip
    right, watched = sum(hits["scored"]), hits["sentinel"]
    return Person(
        counted=len(hits["scored"]) - right if study.kind == "real-or-fake" else right,
        trials=len(hits["scored"]),
        missed=1 - sum(watched) / len(watched) if watched else 0.0,
        answers=tuple(a for t, a in zip(trials, answers, strict=True) if t.part == "scored"),
    )


def _arm(study: Study, arm: int, people: Sequence[Person], kept: Sequence[Person], unfinished: int) -> dict[str, Any]:
    return {
        "algorithms": list(study.arms[arm]),
        "people": len(kept),
        "excluded": len(people) - len(kept),
        "unfinished": unfinished,
        "trials": sum(p.trials for p in kept),
        "share": _share(kept, arm),
        "everyone": _share(people, arm),
        "answer_ms": _median([a.answer_ms for p in kept for a in p.answers]),
        "shown": _shown([a for p in kept for a in p.answers]),
    }


def _numbers(people: Sequence[Person]) -> tuple[list[int], list[int]]:
    return [p.counted for p in people], [p.trials for p in people]


def _share(people: Sequence[Person], arm: int) -> dict[str, float] | None:
    """Mean over people, how they spread, and the interval; nothing without people."""
    if not people:
        return None
    numbers = _numbers(people)
    spread = bootstrap.spread(*numbers)
    low, high = bootstrap.interval(bootstrap.resample_means(*numbers, seed=arm))
    mean = float(np.mean([p.counted / p.trials for p in people]))
    return {"mean": mean, "low": low, "high": high, "sd": spread.total, "sd_of_skill": spread.between}


def _shown(answers: Sequence[Answer]) -> dict[str, float | None]:
    """How long pairs stood on the screen; `off` is the share of trials wrong by more than one frame."""
    off = [abs(a.shown_ms - SECONDS * 1000) > a.frame_ms + ROUNDING_MS for a in answers]
    return {
        "median_ms": _median([a.shown_ms for a in answers]),
        "frame_ms": _median([a.frame_ms for a in answers]),
        "off": float(np.mean(off)) if off else None,
    }


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None


def _differences(study: Study, kept: Sequence[Sequence[Person]]) -> list[dict[str, Any]]:
    """Between each two algorithms that were asked about in the same way; none in a preference study."""
    if study.kind == "preference":
        return []
    found = []
    for (i, first), (j, second) in combinations([(i, p) for i, p in enumerate(kept) if p], 2):
        a, b = (bootstrap.resample_means(*_numbers(people), seed=arm) for arm, people in ((i, first), (j, second)))
        low, high = bootstrap.interval(a - b)
        means = [float(np.mean([p.counted / p.trials for p in people])) for people in (first, second)]
        found.append({
            "algorithms": [study.arms[i][0], study.arms[j][0]],
            "mean": means[0] - means[1],
            "low": low,
            "high": high,
            "first_ahead": float(((a > b) + (a == b) / 2).mean()),  # share of the draws
        })  # fmt: skip
    return found


def _power(study: Study, kept: Sequence[Sequence[Person]]) -> dict[str, Any] | None:
    """From the deviation of people's shares about their own arm's mean: what this study could see, what it would take.

    Real or fake: between two algorithms. Preference: between the share of one pair and a half.
    """
    groups = [p for p in kept if len(p) > 1]
    if not groups:
        return None
    freedom = sum(len(p) - 1 for p in groups)
    squares = sum((len(p) - 1) * bootstrap.spread(*_numbers(p)).total ** 2 for p in groups)
    deviation = math.sqrt(squares / freedom)
    n = min(len(p) for p in groups)
    two = study.kind == "real-or-fake"
    return {
        "deviation": deviation,
        "people": n,  # in the smallest arm with two or more
        "had": {f"{d:.0%}": bootstrap.power(d, deviation, n, n if two else None) for d in POINTS},
        "needed": {f"{d:.0%}": bootstrap.people_needed(d, deviation, groups=2 if two else 1) for d in POINTS},
    }
