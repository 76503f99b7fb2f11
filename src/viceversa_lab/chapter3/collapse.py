"""What does mode collapse look like, and is it noticed? The report's figures 3.1 to 3.3."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from viceversa import images
from viceversa.worlds import digits
from viceversa.worlds.make import make

from ..experiment import Experiment, Found
from ..parts import Claim, Figure, Finding, Part, Table, Text
from ..work import Work
from . import recognition
from .illness import FEW_NUMBERS, HIGH_RATES, draw_map, in_words, learn, looks, placed, verdict

CASES = {"healthy": (), "collapsed": HIGH_RATES, "modes lost": FEW_NUMBERS}
FACES = 32  # side of the faces, pixels
SHOWN = 36  # pictures on a sheet


@dataclass(frozen=True)
class Settings:
    """Steps of 64 pictures; `faces` drawn by code stand where CelebA stood."""

    data: str = "handwritten"
    seed: int = 0
    steps: int = 1500
    faces: int = 600


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """One training of each kind on digits, and a collapse on faces."""
    known = recognition.prepare(work, s.data)
    told = {}
    for name, change in CASES.items():
        run = learn(work, f"digits {name}", known.folder, s.steps, s.seed, change, digits.SIDE)
        told[name] = summary(work, name, run)
        points, kinds, _ = placed(run)
        work.array(f"points {name}", points)
        work.array(f"kinds {name}", kinds)
    make("faces", work.folder / "faces", count=s.faces, size=FACES)
    for name in ("healthy", "collapsed"):
        change = (*CASES[name], "method.channels=3")
        run = learn(work, f"faces {name}", work.folder / "faces" / "trainA", s.steps, s.seed, change, FACES)
        told[f"faces {name}"] = summary(work, f"faces {name}", run)
    return {"name": known.name, "told": told}


def summary(work: Work, name: str, run: Path) -> dict[str, Any]:
    """The monitor's verdict, its last numbers, and a sheet of pictures."""
    pictures = recognition.sample(recognition.restore(run), SHOWN)
    shown = [picture.numpy() for picture in pictures]
    work.picture(name, images.grid([shown[i : i + 6] for i in range(0, SHOWN, 6)], gap=1))
    lines = looks(run)
    last = lines[-1]["signals"]
    numbers = {key: last[key] for key in ("diversity", "coverage", "coverage_floor", "lost")}
    return verdict(lines) | numbers


def figures(found: Found) -> list[Part]:
    """Digits, maps, faces."""
    told = found["told"]
    return [
        Figure(
            [found.picture(name) for name in CASES],
            f"Digits as they come: from the healthy training ({in_words(told['healthy'])}), from a collapse "
            f"({in_words(told['collapsed'])}), and with lost modes ({in_words(told['modes lost'])}).",
            alt="Varied digits; the same shape again and again; a few shapes only",
            titles=list(CASES),
            sharp=True,
        ),
        Figure(
            [draw_map(found.array(f"points {name}"), found.array(f"kinds {name}")) for name in CASES],
            "The map of each training: real digits in grey, a shade for each of their kinds, generated ones in red, "
            "placed by t-SNE from the principal components of small copies. Nearness says something, distance little.",
            alt="Red points among the grey heaps when healthy; in heaps of their own when collapsed",
            titles=list(CASES),
        ),
        Figure(
            [found.picture(f"faces {name}") for name in ("healthy", "collapsed")],
            f"Faces drawn by code, after as many steps: {in_words(told['faces healthy'])}, and "
            f"{in_words(told['faces collapsed'])}.",
            alt="Varied blurred faces beside one that repeats",
            titles=["healthy", "collapsed"],
            sharp=True,
        ),
    ]


def write(found: Found) -> list[Part]:
    """Pictures, maps, verdicts."""
    told, steps = found["told"], found.settings.steps
    ill = ("collapsed", "modes lost")
    early = [name for name in ill if 0 < told[name]["step"] <= steps / 2]
    return [
        Text(
            "The report shows a generator that writes one digit whatever the noise, one that makes one face, and a map "
            "of the real digits with the generated ones, in red, gathered on one or two of their heaps or on none. "
            f"Here are such trainings on the {found['name']} digits, {steps} steps each, beside a healthy one. What "
            "made them ill: high rates with momentum and no norm in D, and noise of two numbers only. The "
            "verdicts are those of the monitor that watches every training."
        ),
        *figures(found),
        Table(
            ("training", "first alarm", "diversity", "coverage", "kinds lost"),
            [
                (name, in_words(t), f"{t['diversity']:.2f}", f"{t['coverage']:.2f}", f"{t['lost']:.0%}")
                for name, t in told.items()
            ],
            f"At the end. Diversity is 1 for real pictures; a perfect generator would cover "
            f"{told['healthy']['coverage_floor']:.2f} of the real digits.",
        ),
        Finding(f"Of the two sick trainings on digits {len(early)} got an alarm before half of their steps."),
        Claim(
            claimed="On the map, the generated digits of a collapsed training gather on one or two poles, or on none.",
            measured=f"The collapsed generator covers {told['collapsed']['coverage']:.0%} of the real digits, the "
            f"healthy one {told['healthy']['coverage']:.0%}.",
            holds=told["collapsed"]["coverage"] < told["healthy"]["coverage"] / 2,
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="collapse",
    chapter=3,
    title="What does mode collapse look like, and is it noticed?",
    full=FULL,
    quick=replace(FULL, steps=400, faces=200),
    measure=measure,
    write=write,
)
