"""What happens when the discriminator wins? The report's figure 3.4, with the alarm of the monitor."""

from dataclasses import dataclass, replace
from typing import Any

from viceversa.runs.folder import RunFolder
from viceversa.worlds import digits

from ..blocks import Block, Claim, Figure, Finding, Text
from ..experiment import Experiment, Results
from ..figures import INK, axes, legend, line
from ..workspace import Workspace
from . import digit_runs
from .monitored import FAST_DISCRIMINATOR, describe, first_alarm, health_checks, learn

CASES = {"healthy": (), "imbalance": FAST_DISCRIMINATOR}


@dataclass(frozen=True)
class Settings:
    """Steps of 64 digits."""

    data: str = "handwritten"
    seed: int = 0
    steps: int = 1500


def measure(s: Settings, work: Workspace) -> dict[str, Any]:
    """Losses and discriminator AUC of both trainings."""
    real = digit_runs.prepare(work, s.data)
    runs = {}
    for name, change in CASES.items():
        run = learn(work, name, real.folder, s.steps, s.seed, change, digits.SIDE)
        metrics = RunFolder(run).read_metrics()
        curves = {key: [m[key] for m in metrics] for key in ("step", "D", "G", "auc")}
        runs[name] = {"curves": curves, "alarm": first_alarm(health_checks(run))}
    return {"name": real.name, "runs": runs}


def plot_losses(results: Results, name: str) -> Any:
    """Both losses, and the step of the alarm."""
    figure, ax = axes("step", "loss", size="panel")
    curves, alarm = results["runs"][name]["curves"], results["runs"][name]["alarm"]
    line(ax, curves["step"], curves["G"], "generator", 1)
    line(ax, curves["step"], curves["D"], "discriminator", 0)
    ax.set_ylim(0, 1.1 * max(results["runs"]["imbalance"]["curves"]["G"]))
    if alarm["step"]:
        ax.axvline(alarm["step"], color=INK, linewidth=0.8)
    legend(ax)
    return figure


def plot_auc(results: Results) -> Any:
    """How often D scores a real digit higher than a generated one."""
    figure, ax = axes("step", "AUC of D", height=220)
    for series, (name, run) in enumerate(results["runs"].items()):
        line(ax, run["curves"]["step"], run["curves"]["auc"], name, series)
    ax.axhline(0.5, color=INK, linewidth=0.8)
    ax.set_ylim(0.45, 1.02)
    legend(ax, "center right")
    return figure


def write(results: Results) -> list[Block]:
    alarms = {name: run["alarm"] for name, run in results["runs"].items()}
    end = {name: {k: run["curves"][k][-1] for k in ("D", "G")} for name, run in results["runs"].items()}
    healthy, imbalance = end["healthy"], end["imbalance"]
    return [
        Text(
            "The two networks must stay about equally strong. Here the discriminator learns 250 times as fast as the "
            f"generator, on the {results['name']} digits. @1 is the figure that the report draws of it: the loss of "
            "the discriminator falls to zero, that of the generator grows and grows."
        ),
        Figure(
            [plot_losses(results, name) for name in CASES],
            f"Left: a healthy training ({describe(alarms['healthy'])}). Right: the imbalance; the vertical line is the "
            f"step of the monitor’s alarm ({describe(alarms['imbalance'])}).",
            alt="Two losses near each other; one at zero and the other far above",
            titles=list(CASES),
        ),
        Text(
            "A loss alone says little: for some losses zero is the healthy end, for others the end of all learning. "
            "How often the discriminator scores a real image higher than a generated one has the same meaning for "
            "every loss."
        ),
        Figure(
            plot_auc(results),
            "AUC of the discriminator. 0.5 is chance, 1 is never wrong.",
            alt="The healthy discriminator is wrong now and then, the other never",
        ),
        Finding(f"The monitor at step {alarms['imbalance']['step']}: “{alarms['imbalance']['sentence']}”"),
        Claim(
            claimed="When balance is lost, D's loss tends to zero and G's diverges.",
            measured=f"They end at {imbalance['D']:.4f} and {imbalance['G']:.1f}; in the healthy training at "
            f"{healthy['D']:.2f} and {healthy['G']:.2f}.",
            holds=imbalance["D"] < 0.05 < 3 < imbalance["G"],
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
