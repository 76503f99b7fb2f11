"""The verbs as Python functions; the command line calls the same ones."""

import os
import shlex
import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from . import distributed
from .console import LiveLine
from .errors import ModelFileError, UsageError
from .evaluation.compare import compare as compare_runs
from .evaluation.evaluate import evaluate as run_evaluation
from .evaluation.extractors import EMBEDDED
from .hardware.device import choose_device
from .hardware.precision import choose_precision
from .health.diagnosis import diagnosed
from .report.page import make as make_report
from .runs import checkpoint
from .runs.arguments import parse_time
from .runs.config import RunConfig
from .runs.environment import processor_name
from .runs.folder import RunFolder
from .tasks import task_of
from .training.session import Result
from .training.train import train as run_training
from .translation.pipeline import Summary, translate_files
from .translation.translator import load
from .weights.convert import Converted
from .weights.convert import convert as convert_weights
from .worlds.make import make

DEMO_SECONDS = 225.0  # of training; with the pictures and the report the demo stays under five minutes


def train(data: str | Path, other: str | Path | None = None, **options: Any) -> Result | RunConfig:
    """Train and write the report; the same call resumes. Options as in `viceversa train --help`."""
    result = run_training(data, other, **options)
    if isinstance(result, Result) and distributed.rank() == 0:
        make_report(result.run)
    distributed.barrier()
    return result


def translate(
    run: str | Path,
    *inputs: str | Path,
    to: str,
    out: str | Path,
    device: str = "auto",
    precision: str = "auto",
    compile: bool = False,
    scale: str = "auto",
    quiet: bool = False,
) -> Summary:
    """Translate files and folders into `out`, keeping names, sizes, formats, alpha, depth and profiles.

    In bfloat16 where the processor or card is faster in it, pictures of more than 8 bits always in float32.
    """
    if not inputs:
        raise UsageError("translate: name at least one picture or folder after the run")
    if Path(out).is_file():
        raise UsageError(f"--out {out} is a file; name a folder")
    device = choose_device(device)
    precision = choose_precision(precision, device)
    translator = load(run, device=device, precision=precision, compile=compile, scale=scale)
    how = f"{translator.device} {translator.precision} {torch.get_num_threads()} threads"
    told = f"{' <-> '.join(translator.names)}  step {translator.step}  {how}"
    with LiveLine(quiet=quiet) as show:

        def progress(done: int, total: int, path: Path) -> None:
            if done == 0:  # once it is clear that there is work
                show.say(told)
            show(f"{done}/{total}  {path.name}")

        return translate_files(translator, inputs, to, out, progress)


def evaluate(
    run: str | Path,
    other: str | Path | None = None,
    *,
    data: str | Path | None = None,
    data_b: str | Path | None = None,
    best: bool = False,
    extractor: str = EMBEDDED,
    resize: str = "clean",
    segmenters: Sequence[str | Path] = (),
    seed: int = 0,
    quiet: bool = False,
) -> dict[str, Any]:
    """Judge a run by its test pictures (or those of `data`), or a folder of made pictures by one of real ones.

    What is written to RUN/metrics.json and shown in its report: distances both ways with their real-against-real floor,
    and the protocol of every number. See docs/evaluation.md.
    """
    with LiveLine(quiet=quiet) as show:
        found = run_evaluation(
            run, other, data=data, data_b=data_b, find_best=best, extractor=extractor, resize=resize,
            segmenters=segmenters, seed=seed, show=show,
        )  # fmt: skip
    if other is None:
        make_report(run)
    return found


def compare(*runs: str | Path, quiet: bool = False) -> dict[str, Any]:
    """What `evaluate` finds of several runs, side by side; those that differ by their seed only share a row."""
    with LiveLine(quiet=quiet) as show:
        return compare_runs(runs, show)


def demo(out: str | Path = "runs/demo", *, max_time: float | str | None = None, quiet: bool = False) -> Path:
    """Draw the orchard world, train `quickstart` on it for under four minutes, write the report; returns its path."""
    world = Path(out) / "world"
    parse_time(max_time)  # refused before anything is drawn
    with LiveLine(quiet=quiet) as show:
        show.say("drawing apples and oranges ...")
        make("orchard", world, count=400, size=64, seed=1, on_progress=lambda n, of: show(f"picture {n} of {of}"))
    train(world, out=out, preset="quickstart", max_time=max_time or DEMO_SECONDS, quiet=quiet)
    return RunFolder(out).report


@dataclass(frozen=True)
class RunRow:
    """One run in a list."""

    path: str
    domains: str
    preset: str
    step: int
    steps: int
    megabytes: float
    changed: str


def runs(root: str | Path = "runs") -> list[RunRow]:
    """Every run below `root`, the most recently changed first; `root` may be a run itself.

    A folder whose config.yaml is not a run's, or is damaged, is passed over.
    """
    found = sorted({p.parent for p in Path(root).glob("**/config.yaml")}, key=lambda p: -p.stat().st_mtime)
    rows = []
    for path in found:
        with suppress(ModelFileError):
            rows.append(describe_run(path))
    return rows


def describe_run(path: str | Path) -> RunRow:
    """One run from its files alone, so that a folder copied from elsewhere opens too."""
    run = RunFolder(path).require()
    config, data = run.config(), run.data()
    kept = checkpoint.list_checkpoints(run.checkpoints)
    size = sum(f.stat().st_size for f in run.path.rglob("*") if f.is_file())
    return RunRow(
        path=str(run.path),
        domains=task_of(config.method).title(config, data["names"]),
        preset=f"{config.preset} {config.data.size} px",
        step=kept[0].step if kept else 0,
        steps=config.steps,
        megabytes=round(size / 1e6, 1),
        changed=time.strftime("%F %H:%M", time.localtime(run.path.stat().st_mtime)),
    )


def doctor() -> dict[str, Any]:
    """What viceversa finds on this machine and what it would choose."""
    device = choose_device("auto")
    extras = {
        "eval": "sklearn",
        "lab": "latex2mathml",
        "serve": "fastapi",
        "tensorboard": "tensorboard",
        "dev": "pytest",
    }
    return {
        "viceversa": _version("viceversa"),
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "processor": processor_name(),
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
        "precision": choose_precision("auto", device),
        "free_disk_gb": round(shutil.disk_usage(os.getcwd()).free / 1e9, 1),
        "writable_here": os.access(os.getcwd(), os.W_OK),
        "extras": {extra: find_spec(module) is not None for extra, module in extras.items()},
    }


def _version(name: str) -> str:
    from importlib.metadata import version

    return version(name)


def convert(file: str | Path, out: str | Path) -> Converted:
    """Turn the published Inception weights (a pickled .pth) into safetensors; refused unless they are just that."""
    return convert_weights(file, out)


def diagnose(run: str | Path) -> dict[str, Any]:
    """How healthy a run is and was, by its health.jsonl alone: while it trains, after it, or on a copy of its folder.

    {"verdict": "ok" | "watch" | "alarm", "symptoms": [...], "step", "steps", "treatments": [...], "timeline": [...]}.
    """
    return diagnosed(RunFolder(run).require())


def show_run(path: str | Path) -> dict[str, Any]:
    """A run's row, its last losses and the commands that go on from it."""
    run = RunFolder(path).require()
    row = asdict(describe_run(path))
    lines = run.read_metrics()
    names = tuple(run.data()["names"])
    targets = sorted(d.domains(names)[1] for d in run.config().method.directions)
    return row | {
        "last": lines[-1] if lines else {},
        "report": str(run.report) if run.report.exists() else None,
        "resume": run.env()["command"],
        "translate": [
            shlex.join(["viceversa", "translate", str(path), "FOLDER", "--to", name, "--out", "OUT"])
            for name in targets
        ],
    }
