"""What does mode collapse look like, and is it detected? The report's figures 3.1 to 3.3."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from viceversa import images
from viceversa.worlds import digits
from viceversa.worlds.make import make

from ..blocks import Block, Claim, Figure, Finding, Table, Text
from ..experiment import Experiment, Results
from ..workspace import Workspace
from . import digit_runs
from .monitored import HIGH_RATES, SMALL_LATENT, describe, first_alarm, health_checks, learn, plot_map, tsne_map

CASES = {"healthy": (), "collapsed": HIGH_RATES, "modes lost": SMALL_LATENT}
FACE_SIZE = 32  # pixels
SHOWN = 36  # images on a sheet


@dataclass(frozen=True)
class Settings:
    """Steps of 64 images; as many drawn `faces` stand in for CelebA."""

    data: str = "handwritten"
    seed: int = 0
    steps: int = 1500
    faces: int = 600


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """One training of each kind on digits, and two on faces."""
    real = digit_runs.prepare(work, s.data)
    trainings = {}
    for name, change in CASES.items():
        run = learn(work, f"digits {name}", real.folder, s.steps, s.seed, change, digits.SIDE)
        trainings[name] = summary(work, name, run)
        points, modes = tsne_map(run)
        work.save_array(f"points {name}", points)
        work.save_array(f"modes {name}", modes)

    make("faces", work.folder / "faces", count=s.faces, size=FACE_SIZE)
    for name in ("healthy", "collapsed"):
        change = (*CASES[name], "method.channels=3")
        run = learn(work, f"faces {name}", work.folder / "faces" / "trainA", s.steps, s.seed, change, FACE_SIZE)
        trainings[f"faces {name}"] = summary(work, f"faces {name}", run)
    return {"name": real.name, "trainings": trainings}


def summary(work: Workspace, name: str, run: Path) -> dict[str, Any]:
    """The first alarm, the signals of the last check, and a sheet of samples."""
    samples = [image.numpy() for image in digit_runs.sample(digit_runs.restore(run), SHOWN)]
    work.save_image(name, images.grid([samples[i : i + 6] for i in range(0, SHOWN, 6)], gap=1))
    checks = health_checks(run)
    signals = checks[-1]["signals"]
    return first_alarm(checks) | {key: signals[key] for key in ("diversity", "coverage", "coverage_floor", "lost")}


def figures(results: Results) -> list[Block]:
    """Digits, maps, faces."""
    alarms = {name: describe(training) for name, training in results["trainings"].items()}
    maps = [plot_map(results.array(f"points {name}"), results.array(f"modes {name}")) for name in CASES]
    return [
        Figure(
            [results.image(name) for name in CASES],
            f"Digits, not picked, from the healthy training ({alarms['healthy']}), from a collapse "
            f"({alarms['collapsed']}), and with lost modes ({alarms['modes lost']}).",
            alt="Varied digits; the same shape again and again; a few shapes only",
            titles=list(CASES),
            sharp=True,
        ),
        Figure(
            maps,
            "The map of each training: real digits in grey, a shade for each mode, generated ones in red, placed by "
            "t-SNE from the principal components of small copies. Nearness means something, distance little.",
            alt="Red points among the grey clusters when healthy; in clusters of their own when collapsed",
            titles=list(CASES),
        ),
        Figure(
            [results.image(f"faces {name}") for name in ("healthy", "collapsed")],
            f"Faces drawn by code, after as many steps: {alarms['faces healthy']}, and {alarms['faces collapsed']}.",
            alt="Varied blurred faces beside one that repeats",
            titles=["healthy", "collapsed"],
            sharp=True,
        ),
    ]


def write(results: Results) -> list[Block]:
    trainings, steps = results["trainings"], results.settings.steps
    healthy, collapsed = trainings["healthy"], trainings["collapsed"]
    early = [name for name in ("collapsed", "modes lost") if 0 < trainings[name]["step"] <= steps / 2]
    return [
        Text(
            "The report shows a generator that writes one digit whatever the noise, one that makes one face, and a map "
            "of the real digits with the generated ones, in red, gathered on one or two of their clusters or on none. "
            f"Here are such trainings on the {results['name']} digits, {steps} steps each, beside a healthy one. What "
            "made them fail: high rates with momentum and no norm in D, and noise of two numbers only. The alarms are "
            "those of the monitor that watches every training."
        ),
        *figures(results),
        Table(
            ("training", "first alarm", "diversity", "coverage", "modes lost"),
            [
                (name, describe(t), f"{t['diversity']:.2f}", f"{t['coverage']:.2f}", f"{t['lost']:.0%}")
                for name, t in trainings.items()
            ],
            f"At the end. Diversity is 1 for real images; a perfect generator would cover "
            f"{healthy['coverage_floor']:.2f} of the real digits.",
        ),
        Finding(f"Of the two failing trainings on digits {len(early)} got an alarm before half of their steps."),
        Claim(
            claimed="On the map, the generated digits of a collapsed training gather on one or two poles, or on none.",
            measured=f"The collapsed generator covers {collapsed['coverage']:.0%} of the real digits, the healthy one "
            f"{healthy['coverage']:.0%}.",
            holds=collapsed["coverage"] < healthy["coverage"] / 2,
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="collapse",
    chapter=3,
    title="What does mode collapse look like, and is it detected?",
    full=FULL,
    quick=replace(FULL, steps=400, faces=200),
    measure=measure,
    write=write,
)
