"""The results of a study: the share of people fooled or of translations preferred, its interval, and the power."""

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
from .protocol import MAX_MISSED, PAIR_SECONDS, Trial, session_trials

DIFFERENCES = (0.05, 0.10)  # for which the power is computed
ROUNDING_MS = 0.5  # browsers round the times of frames


@dataclass(frozen=True)
class Person:
    """One complete session: how many of its scored trials count (see `results`), and the answers to them."""

    counted: int
    trials: int
    missed: float  # share of the sentinels
    answers: tuple[Answer, ...]  # to scored trials

    @property
    def attentive(self) -> bool:
        return self.missed <= MAX_MISSED


def results(study: Path | str) -> dict[str, Any]:
    """The results of a study by algorithm or by pair of algorithms; its server may be running.

    Only complete sessions count. `share` leaves out those who missed more than a quarter of the sentinels, `everyone`
    does not. Real or fake: the share of trials in which the translation was taken for real (half is perfect).
    Preference: the share in which the first of the two was chosen. Intervals are 95 %.
    """
    folder = StudyFolder(study).require()
    content = folder.study()

    arms: list[list[Person]] = [[] for _ in content.arms]
    unfinished = [0] * len(content.arms)
    for session, answers in read(folder.answers, folder.digest()):
        if len(answers) < content.length:
            unfinished[session.arm] += 1
        else:
            trials = session_trials(content, session.number, session.arm)
            arms[session.arm].append(score_session(content, trials, answers))
    attentive = [[person for person in people if person.attentive] for people in arms]

    return {
        "study": str(folder.path),
        "kind": content.kind,
        "question": content.question,
        "counted": "taken for real" if content.kind == "real-or-fake" else "first preferred",
        "trials_each": content.trials,
        "arms": [_arm(content, i, people, attentive[i], unfinished[i]) for i, people in enumerate(arms)],
        "differences": _differences(content, attentive),
        "power": _power(content, attentive),
        "notes": list(content.notes),
    }


def score_session(study: Study, trials: Sequence[Trial], answers: Sequence[Answer]) -> Person:
    """Compare the answers of one complete session with the keys of its trials."""
    pairs = list(zip(trials, answers, strict=True))
    scored = [(trial, answer) for trial, answer in pairs if trial.part == "scored"]
    right = sum(answer.side == trial.key for trial, answer in scored)
    sentinels = [answer.side == trial.key for trial, answer in pairs if trial.part == "sentinel"]
    return Person(
        counted=len(scored) - right if study.kind == "real-or-fake" else right,
        trials=len(scored),
        missed=1 - sum(sentinels) / len(sentinels) if sentinels else 0.0,
        answers=tuple(answer for _, answer in scored),
    )


def _arm(
    study: Study, arm: int, people: Sequence[Person], attentive: Sequence[Person], unfinished: int
) -> dict[str, Any]:
    answers = [answer for person in attentive for answer in person.answers]
    return {
        "algorithms": list(study.arms[arm]),
        "people": len(attentive),
        "excluded": len(people) - len(attentive),
        "unfinished": unfinished,
        "trials": sum(person.trials for person in attentive),
        "share": _share(attentive, arm),
        "everyone": _share(people, arm),
        "answer_ms": _median([answer.answer_ms for answer in answers]),
        "shown": _display_times(answers),
    }


def _counts(people: Sequence[Person]) -> tuple[list[int], list[int]]:
    """Counted trials and all scored trials of each person."""
    return [p.counted for p in people], [p.trials for p in people]


def _share(people: Sequence[Person], arm: int) -> dict[str, float] | None:
    """Mean over people, standard deviation and 95 % interval; None without people."""
    if not people:
        return None
    counts = _counts(people)
    spread = bootstrap.spread(*counts)
    low, high = bootstrap.interval(bootstrap.resample_means(*counts, seed=arm))
    mean = float(np.mean([p.counted / p.trials for p in people]))
    return {"mean": mean, "low": low, "high": high, "sd": spread.total, "sd_of_skill": spread.between}


def _display_times(answers: Sequence[Answer]) -> dict[str, float | None]:
    """How long pairs were on the screen; `off` is the share of trials wrong by more than one frame."""
    off = [abs(a.shown_ms - PAIR_SECONDS * 1000) > a.frame_ms + ROUNDING_MS for a in answers]
    return {
        "median_ms": _median([a.shown_ms for a in answers]),
        "frame_ms": _median([a.frame_ms for a in answers]),
        "off": float(np.mean(off)) if off else None,
    }


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None


def _differences(study: Study, arms: Sequence[Sequence[Person]]) -> list[dict[str, Any]]:
    """The difference of the shares of each two algorithms; none in a preference study."""
    if study.kind == "preference":
        return []

    differences = []
    arms_with_people = [(arm, people) for arm, people in enumerate(arms) if people]
    for (i, first), (j, second) in combinations(arms_with_people, 2):
        a = bootstrap.resample_means(*_counts(first), seed=i)
        b = bootstrap.resample_means(*_counts(second), seed=j)
        low, high = bootstrap.interval(a - b)
        means = [float(np.mean([p.counted / p.trials for p in people])) for people in (first, second)]
        difference = {
            "algorithms": [study.arms[i][0], study.arms[j][0]],
            "mean": means[0] - means[1],
            "low": low,
            "high": high,
            "first_ahead": float(((a > b) + (a == b) / 2).mean()),  # share of the draws
        }
        differences.append(difference)
    return differences


def _power(study: Study, arms: Sequence[Sequence[Person]]) -> dict[str, Any] | None:
    """The power of this study and the people needed for 80 %, from the deviation of shares within the arms.

    Real or fake: for a difference of two algorithms. Preference: for a distance of the share from a half.
    """
    groups = [people for people in arms if len(people) > 1]
    if not groups:
        return None

    freedom = sum(len(p) - 1 for p in groups)
    squares = sum((len(p) - 1) * bootstrap.spread(*_counts(p)).total ** 2 for p in groups)
    deviation = math.sqrt(squares / freedom)
    n = min(len(p) for p in groups)
    compares_two = study.kind == "real-or-fake"

    return {
        "deviation": deviation,
        "people": n,  # in the smallest arm with two or more
        "had": {f"{d:.0%}": bootstrap.power(d, deviation, n, n if compares_two else None) for d in DIFFERENCES},
        "needed": {
            f"{d:.0%}": bootstrap.people_needed(d, deviation, groups=2 if compares_two else 1) for d in DIFFERENCES
        },
    }
