"""Does the Wasserstein distance make better digits? Not in the report, to its authors' surprise."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..experiment import Experiment, Found
from ..figures import GREEN, axes, points
from ..interval import Interval, interval, paired
from ..parts import Claim, Figure, Finding, Formula, Part, Table, Text
from ..work import Work
from . import recognition
from .recognition import SURE, Known

TASK = r"\min_G \max_f \; E_{x \sim p} f(x) - E_z f(G(z))"
NAMES = {"dcgan": "DCGAN", "wgan": "WGAN, clipping", "wgan-gp": "WGAN, penalty"}
SHOWN = 36


@dataclass(frozen=True)
class Settings:
    """Steps of DCGAN, of WGAN with clipping and of WGAN with a penalty: chosen so that each takes about as long."""

    data: str = "handwritten"
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: tuple[int, int, int] = (2500, 1300, 1150)
    judge: int = 600  # steps of the classifier
    count: int = 2000  # digits that it looks at
    change: tuple[str, ...] = ()  # of all presets


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Three methods, the same digits, the same judge."""
    known = recognition.prepare(work, s.data)
    judge = recognition.restore(recognition.learn(work, known, "cnn", s.judge, seed=0))
    change = (*s.change, "train.samples=0")

    def one(method: str, steps: int, seed: int) -> dict[str, Any]:
        run = recognition.learn(work, known, method, steps, seed, change)
        drawn = recognition.sample(recognition.restore(run), s.count)
        if seed == s.seeds[0]:
            work.picture(method, recognition.sheet(drawn[:SHOWN], 6))
        return recognition.opinion(judge, drawn) | apart(drawn, known) | {"pace": recognition.pace(run)}

    judged = [work.each("judged", [(m, n, seed) for seed in s.seeds], one) for m, n in zip(NAMES, s.steps, strict=True)]
    real = recognition.opinion(judge, known.test) | apart(known.test, known)
    return {
        "name": known.name,
        "accuracy": recognition.accuracy(judge, known),
        "real": real,
        **dict(zip(NAMES, judged, strict=True)),
    }


def apart(pictures: Any, known: Known) -> dict[str, float]:
    """The median distance to the nearest training digit."""
    return {"distance": float(np.median(recognition.nearest(pictures, known)[0]))}


def series(found: Found, method: str, name: str) -> list[float]:
    """A number of every seed."""
    return [t[name] for t in found[method]]


def compared(found: Found, name: str, label: str, scale: float = 1.0) -> Any:
    """One number of the three methods, and of real digits as a line."""
    figure, ax = axes("", label, size="panel")
    rows = [[scale * v for v in series(found, method, name)] for method in NAMES]
    points(ax, [title.replace(", ", ",\n") for title in NAMES.values()], rows, joined=False)
    ax.axhline(scale * found["real"][name], color=GREEN, linewidth=1.2, linestyle=(0, (1, 1.6)))
    ax.text(2.4, scale * found["real"][name], "real", color=GREEN, ha="right", va="bottom")
    ax.set_xlim(-0.5, 2.5)
    return figure


def row(title: str, tests: Sequence[dict[str, Any]], seconds: Interval | None) -> list[str]:
    """A line of the table."""
    shares, sure = (interval(t[name] for t in tests) for name in ("recognised", "sureness"))
    fewest, imbalance, distance = (
        interval(values)
        for values in (
            [min(t["classes"]) for t in tests],
            [t["imbalance"] for t in tests],
            [t["distance"] for t in tests],
        )
    )
    time = f"{seconds.mean:.0f} s" if seconds else ""
    return [title, time, f"{shares:.1%}", f"{sure:.1%}", f"{fewest:.1%}", f"{imbalance:.3f}", f"{distance:.3f}"]


def write(found: Found) -> list[Part]:
    """Samples of all three, the numbers, and the report's claim."""
    return [*comparison(found), *answer(found)]


def comparison(found: Found) -> list[Part]:
    """Samples, points and numbers of all three."""
    s = found.settings
    seconds = {m: interval(n * p for p in series(found, m, "pace")) for m, n in zip(NAMES, s.steps, strict=True)}
    return [
        Text("WGAN keeps DCGAN’s networks and replaces the verdict by [a critic](#wasserstein):"),
        Formula(TASK),
        Text(
            "Its critic learns several times for each step of the generator, so a step is dearer. All three therefore "
            f"learn from the same {found['name']} digits for about the same time, measured on one core, and the judge "
            f"is again a classifier ({interval([found['accuracy']]):.1%} right on real digits it has not seen)."
        ),
        Figure(
            [found.picture(method) for method in NAMES],
            f"{SHOWN} digits of each, from the same noise, as they come.",
            alt="Three sheets of generated digits",
            titles=list(NAMES.values()),
            sharp=True,
        ),
        Figure(
            [
                compared(found, "recognised", "at least 90 % sure, % of digits", 100),
                compared(found, "imbalance", "imbalance of the classes"),
            ],
            f"Left: share of the digits that the judge recognises. Right: Kullback–Leibler divergence of the classes "
            f"from ten equal shares, 0 where all are drawn equally often. {s.count:,} digits of each training, "
            f"n = {len(s.seeds)}.",
            alt="Points of three methods for recognised share and class imbalance",
        ),
        Table(
            ["", "time", "recognised", "sureness", "rarest", "imbalance", "nearest"],
            [
                *(row(title.removeprefix("WGAN, "), found[m], seconds[m]) for m, title in NAMES.items()),
                row("real", [found["real"]], None),
            ],
            caption="Recognised digits, mean sureness, share of the rarest class, and the median distance to the "
            "nearest training digit, as [before](#dcgan); real digits are those held back.",
        ),
    ]


def answer(found: Found) -> list[Part]:
    """The finding and both claims."""
    s = found.settings
    shares = {m: interval(series(found, m, "recognised")) for m in NAMES}
    sure = interval(series(found, "wgan-gp", "sureness"))
    fewest = interval([min(min(t["classes"]) for t in found["wgan-gp"])])
    gains = {
        m: paired(series(found, m, "recognised"), series(found, "dcgan", "recognised")) for m in ("wgan", "wgan-gp")
    }
    told = {m: f"{gain:.1%}".replace("-", "−") for m, gain in gains.items()}
    return [
        Finding(
            "Against DCGAN’s share of recognised digits, seed by seed, clipping makes a difference of "
            f"{told['wgan']} and the penalty one of {told['wgan-gp']} (percent of the digits, 95 % interval, "
            f"n = {len(s.seeds)})."
        ),
        Claim(
            claimed="WGAN is no better than DCGAN (the report, with surprise).",
            measured=f"Recognised: DCGAN {shares['dcgan']:.1%}, clipping {shares['wgan']:.1%}, penalty "
            f"{shares['wgan-gp']:.1%}.",
            holds=all(gain.low <= 0 for gain in gains.values()),
        ),
        Claim(
            claimed="With a penalty, digits are recognised with at least 90 % confidence, and all ten classes occur.",
            measured=f"Mean confidence {sure:.1%}; {shares['wgan-gp']:.1%} of the digits reach 90 % alone; rarest "
            f"class {fewest:.1%}.",
            holds=sure.mean >= SURE and fewest.mean > 0.01,
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="wgan",
    chapter=3,
    title="Does the Wasserstein distance make better digits?",
    full=FULL,
    quick=replace(FULL, seeds=(0,), steps=(400, 170, 130), judge=250, count=1000),
    measure=measure,
    write=write,
)
