"""What happens when the discriminator wins? The report's figure 3.4, with the verdict of the monitor."""

from dataclasses import dataclass, replace
from typing import Any

from viceversa.runs.folder import RunFolder
from viceversa.worlds import digits

from ..experiment import Experiment, Found
from ..figures import INK, axes, legend, line
from ..parts import Claim, Figure, Finding, Part, Text
from ..work import Work
from . import recognition
from .illness import IMBALANCE, in_words, learn, looks, verdict

CASES = {"healthy": (), "imbalance": IMBALANCE}


@dataclass(frozen=True)
class Settings:
    """Steps of 64 digits."""

    data: str = "handwritten"
    seed: int = 0
    steps: int = 1500


def measure(s: Settings, work: Work) -> dict[str, Any]:
    """Losses and lead of D through both trainings."""
    known = recognition.prepare(work, s.data)
    found = {}
    for name, change in CASES.items():
        run = learn(work, name, known.folder, s.steps, s.seed, change, digits.SIDE)
        metrics = RunFolder(run).read_metrics()
        curves = {key: [m[key] for m in metrics] for key in ("step", "D", "G", "auc")}
        found[name] = {"curves": curves, "verdict": verdict(looks(run))}
    return {"name": known.name, "runs": found}


def losses(found: Found, name: str) -> Any:
    """Both losses, and the step of the verdict."""
    figure, ax = axes("step", "loss", size="panel")
    told = found["runs"][name]
    line(ax, told["curves"]["step"], told["curves"]["G"], "generator", 1)
    line(ax, told["curves"]["step"], told["curves"]["D"], "discriminator", 0)
    ax.set_ylim(0, 1.1 * max(found["runs"]["imbalance"]["curves"]["G"]))
    if told["verdict"]["step"]:
        ax.axvline(told["verdict"]["step"], color=INK, linewidth=0.8)
    legend(ax)
    return figure


def leads(found: Found) -> Any:
    """How often D marks a real digit above a generated one."""
    figure, ax = axes("step", "AUC of D", height=220)
    for series, (name, told) in enumerate(found["runs"].items()):
        line(ax, told["curves"]["step"], told["curves"]["auc"], name, series)
    ax.axhline(0.5, color=INK, linewidth=0.8)
    ax.set_ylim(0.45, 1.02)
    legend(ax, "center right")
    return figure


def write(found: Found) -> list[Part]:
    """Curves and verdicts."""
    sick, well = found["runs"]["imbalance"], found["runs"]["healthy"]
    end = {name: told["curves"] for name, told in found["runs"].items()}
    return [
        Text(
            "The two must stay near each other in strength. Here the discriminator learns 250 times as fast as the "
            f"generator, on the {found['name']} digits. @1 is the picture of it that the report draws: the loss of the "
            "one falls to zero, that of the other grows and grows."
        ),
        Figure(
            [losses(found, name) for name in CASES],
            f"Left: a healthy training ({in_words(well['verdict'])}). Right: the imbalance; the upright line is the "
            f"step of the monitor's verdict ({in_words(sick['verdict'])}).",
            alt="Two losses near each other; one at zero and the other far above",
            titles=list(CASES),
        ),
        Text(
            "A loss alone says little: of some losses zero is the healthy end, of others the end of all learning. How "
            "often the discriminator marks a real picture above a generated one has the same meaning for every loss."
        ),
        Figure(
            leads(found),
            "The lead of the discriminator. 0.5 is blind, 1 is never wrong.",
            alt="The healthy discriminator is wrong now and then, the other never",
        ),
        Finding(f"What the monitor said at step {sick['verdict']['step']}: “{sick['verdict']['sentence']}”"),
        Claim(
            claimed="When balance is lost, D's loss tends to zero and G's diverges.",
            measured=f"They end at {end['imbalance']['D'][-1]:.4f} and {end['imbalance']['G'][-1]:.1f}; in the healthy "
            f"training at {end['healthy']['D'][-1]:.2f} and {end['healthy']['G'][-1]:.2f}.",
            holds=end["imbalance"]["D"][-1] < 0.05 < 3 < end["imbalance"]["G"][-1],
        ),
    ]


FULL = Settings()
EXPERIMENT = Experiment(
    name="balance",
    chapter=3,
    title="What happens when the discriminator wins?",
    full=FULL,
    quick=replace(FULL, steps=300),
    measure=measure,
    write=write,
)
