"""Can two convolutional networks teach each other to write digits? The report left its results out (Fig. 3.5)."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from viceversa import images
from viceversa.worlds.digits import CLASSES

from ..experiment import Experiment, Found
from ..figures import INK, SERIES, axes, band, legend, points, ticks
from ..interval import Interval, interval
from ..parts import Claim, Figure, Film, Finding, Part, Table, Text
from ..work import Work
from . import recognition
from .recognition import LEVELS, SURE, Known

SHOWN = 64  # generated and real digits side by side
COPIES = 8  # pairs of a generated digit and its nearest real one
STRIP = 5  # noises whose digits are followed through the training


@dataclass(frozen=True)
class Settings:
    """Steps of 64 digits; `judge` is those of the classifier, `count` the digits that it looks at."""

    data: str = "handwritten"
    seeds: tuple[int, ...] = (0, 1, 2)
    steps: int = 2500
    judge: int = 600
    count: int = 2000
    moments: int = 30  # sample sheets, for the film
    change: tuple[str, ...] = ()  # of the preset


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Generators of all seeds before the same judge, and the pictures of the first."""
    known = recognition.prepare(work, s.data)
    judge = recognition.restore(recognition.learn(work, known, "cnn", s.judge, seed=0))
    change = (*s.change, f"train.samples={s.moments}")
    runs = [recognition.learn(work, known, "dcgan", s.steps, seed, change) for seed in s.seeds]
    found = work.each(
        "judged", [(seed,) for seed in s.seeds], lambda seed: one(runs[s.seeds.index(seed)], judge, known, s)
    )
    look(work, known, runs[0])
    distance, _ = recognition.nearest(known.test, known)
    return {
        "name": known.name,
        "train": len(known.train),
        "accuracy": recognition.accuracy(judge, known),
        "real": recognition.opinion(judge, known.test) | {"distance": np.median(distance)},
        "generated": found,
        "pace": work.keep("pace", lambda: recognition.pace(runs[0])),
    }


def one(run: Any, judge: Any, known: Known, s: Settings) -> dict[str, Any]:
    """What the judge says of one generator, and how far its digits are from the training digits."""
    drawn = recognition.sample(recognition.restore(run), s.count)
    distance, _ = recognition.nearest(drawn, known)
    return recognition.opinion(judge, drawn) | {"distance": np.median(distance)}


def look(work: Work, known: Known, run: Any) -> None:
    """Generated and real digits, the nearest pairs, and the course of the training."""
    drawn = recognition.sample(recognition.restore(run), 500)
    work.picture("generated", recognition.sheet(drawn[:SHOWN]))
    order = torch.randperm(len(known.train), generator=torch.Generator().manual_seed(0))
    work.picture("real", recognition.sheet(known.train[order[:SHOWN]]))
    distance, number = recognition.nearest(drawn, known)
    closest = np.argsort(distance)[:COPIES]
    pairs = torch.cat([drawn[closest], known.train[number[closest]]])
    work.picture("pairs", recognition.sheet(pairs, COPIES))
    frames = recognition.moments(run)
    for i, rows in enumerate(frames):
        work.picture(f"moment-{i}", images.grid(rows, gap=1))
    followed = [frames[round(i)] for i in np.linspace(0, len(frames) - 1, min(11, len(frames)))]
    work.picture("strip", images.grid([[rows[k][0] for rows in followed] for k in range(STRIP)], gap=1))
    work.keep("moments", lambda: len(frames))


def classes(found: Found) -> Any:
    """How often the judge sees each class."""
    figure, ax = axes("class that the judge sees", "share of the digits, %", size="panel")
    rows = [[100 * t["classes"][k] for t in found["generated"]] for k in range(CLASSES)]
    points(ax, range(CLASSES), rows, "generated", 1, joined=False)
    ax.plot(range(CLASSES), [100 * c for c in found["real"]["classes"]], "_", color=INK, markersize=13, label="real")
    ticks(ax, range(CLASSES))
    ax.set_ylim(bottom=0)
    legend(ax, "lower center")
    return figure


def sureness(found: Found) -> Any:
    """Share of the digits of which the judge is at least so sure."""
    figure, ax = axes("sureness of the judge, at least", "share of the digits, %", size="panel")
    rows = [[100 * t["curve"][i] for t in found["generated"]] for i in range(len(LEVELS))]
    ax.plot(LEVELS, [100 * c for c in found["real"]["curve"]], color=SERIES[0], label="real, not seen")
    band(ax, list(LEVELS), rows, "generated", 1)
    ax.axvline(SURE, color=INK, linewidth=0.8)
    ax.set_ylim(0, 103)
    legend(ax, "lower left")
    return figure


def write(found: Found) -> list[Part]:
    """Samples, their course, and what the judge says."""
    return [*samples(found), *judgement(found), *answer(found)]


def samples(found: Found) -> list[Part]:
    """Digits from the same noise, as a film and as a strip."""
    s = found.settings
    seconds = found["pace"] * s.steps
    frames = [found.picture(f"moment-{i}") for i in range(s.moments + 1)]
    return [
        Text(
            "DCGAN (Radford and others, 2016) gives both players convolutions: the generator doubles the side of a "
            "small map by transposed convolutions until it is a picture, the discriminator halves it by strides. "
            f"Both learn here from {found['train']:,} {found['name']} digits, in {s.steps:,} steps of 64, about "
            f"{seconds:.0f} seconds on one core of the processor."
        ),
        Figure(
            [Film(frames, 200), found.picture("real")],
            f"Left: {SHOWN} digits from the same noise while the generator learns, as they come, not picked. Right: as "
            "many real ones.",
            alt="A film in which grey noise turns into white digits on black, beside real digits",
            titles=("generated", "real"),
            sharp=True,
        ),
        Figure(
            found.picture("strip"),
            f"The same training as a strip: each row is one noise, each column a later moment, from step 0 to "
            f"{s.steps:,}.",
            alt="Rows in which a grey square becomes a digit from left to right",
            sharp=True,
            wide=True,
        ),
    ]


def judgement(found: Found) -> list[Part]:
    """How sure the judge is, of which classes, and whether the digits are copies."""
    s, real = found.settings, found["real"]
    recognised, sure, fewest, distance = scores(found)
    return [
        Text(
            "Who judges? A convolutional classifier that has learnt the real digits, and names "
            f"{interval([found['accuracy']]):.1%} of those it has not seen rightly. It is asked how sure it is, that "
            f"is, for its largest probability. A digit counts as recognised from {100 * SURE:.0f} % on (@3). It is not "
            "sure of every real digit either, and a picture between two digits, which nobody would write, makes it "
            "waver."
        ),
        Figure(
            [sureness(found), classes(found)],
            f"Left: how sure the judge is; the line marks {100 * SURE:.0f} %. Right: what it sees in "
            f"{s.count:,} digits of each training.",
            alt="Sureness of generated digits beside that of real ones, and how often each of the ten classes is seen",
        ),
        Table(
            ["", "recognised", "mean sureness", "rarest class", "nearest training digit"],
            [
                ["generated", f"{recognised:.1%}", f"{sure:.1%}", f"{fewest:.1%}", f"{distance:.3f}"],
                [
                    "real, not seen",
                    f"{interval([real['recognised']]):.1%}",
                    f"{interval([real['sureness']]):.1%}",
                    f"{interval([min(real['classes'])]):.1%}",
                    f"{real['distance']:.3f}",
                ],
            ],
            caption=f"Mean and 95 % interval over trainings (n = {len(s.seeds)}), {s.count:,} digits each. The last "
            "column is a median distance, root mean square of the difference of the pixels from −1 to 1.",
        ),
        Figure(
            found.picture("pairs"),
            "Are they copies? Above, of 500 generated digits those that lie nearest to a training digit; below, that "
            "training digit.",
            alt="Eight generated digits and below each the most similar real digit",
            sharp=True,
            wide=True,
        ),
    ]


def scores(found: Found) -> tuple[Interval, ...]:
    """Share recognised, mean sureness, share of the rarest class, distance to the nearest training digit."""
    names = ("recognised", "sureness", "distance")
    recognised, sure, distance = (interval(t[name] for t in found["generated"]) for name in names)
    return recognised, sure, interval([min(min(t["classes"]) for t in found["generated"])]), distance


def answer(found: Found) -> list[Part]:
    """The finding and the claim."""
    real = found["real"]
    recognised, sure, fewest, distance = scores(found)
    return [
        Finding(
            f"The judge is {sure:.1%} sure of a generated digit on average, and at least {100 * SURE:.0f} % sure of "
            f"{recognised:.1%} of them (95 % interval, n = {sure.n}). The rarest class has {fewest:.1%} of the digits. "
            f"Half of them are nearer to a training digit than {distance:.3f}; of real digits that were held back, "
            f"half are nearer than {real['distance']:.3f}."
        ),
        Claim(
            claimed="DCGAN’s digits are recognised with at least 90 % confidence, and all ten classes occur.",
            measured=f"Mean confidence {sure:.1%}; {recognised:.1%} of the digits reach 90 % alone; rarest class "
            f"{fewest:.1%}.",
            holds=sure.mean >= SURE and fewest.mean > 0.01,
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="dcgan",
    chapter=3,
    title="Can two networks teach each other to write digits?",
    full=FULL,
    quick=replace(FULL, seeds=(0,), steps=500, judge=250, count=1000, moments=10),
    measure=measure,
    write=write,
)
