"""The commands."""

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cyclopts import App, CycloptsError, UnusedCliTokensError

from .. import api
from ..errors import did_you_mean
from .bench import bench
from .command import command
from .completion import completion
from .data import data_app
from .evaluation import print_comparison, print_evaluation
from .groups import LEARN, LOOK, MEASURE, SET_UP, START
from .hints import find_hint
from .lab import lab
from .output import print_diagnosis, print_values
from .study import study_app

app = App(
    name="viceversa",
    help="Translate images between two domains, in both directions, without paired examples.",
    version_flags=["--version", "-V"],
    help_flags=["--help", "-h"],
    suppress_keyboard_interrupt=False,  # `run` reports that the same command goes on
)
runs_app = App(name="runs", help="List runs, or show one.", group=LOOK, sort_key=3)


def show_demo(report: Path, **_: Any) -> None:
    """PSNR of the translations against the truth, and where the report lies."""
    from ..evaluation.results import saved_paired_scores
    from ..runs.folder import RunFolder

    for score in saved_paired_scores(RunFolder(report.parent)):
        print(
            f"{score.source} -> {score.target}: {score.translation:.1f} dB PSNR to the truth, {score.count} pictures; "
            f"the input itself has {score.input:.1f}, the best colour change {score.colour:.1f}"
        )
    print(f"report: {report}")


def show_training(result: Any, **_: Any) -> None:
    """How training ended, or the configuration of a dry run."""
    from .. import distributed
    from ..training.session import Result

    if distributed.rank():
        return  # rank 0 prints for all
    if not isinstance(result, Result):
        import yaml

        print(yaml.safe_dump(asdict(result), sort_keys=False, allow_unicode=True), end="")
        return

    state = "finished" if result.finished else "time is up: checkpoint saved, the same command goes on"
    print(f"{state} at step {result.step}")
    if result.iou is not None:
        print(
            f"test pixels classified correctly: {result.accuracy:.1%}; class accuracy {result.class_accuracy:.1%}, "
            f"mean IoU {result.iou:.1%}"
        )
    elif result.accuracy is not None:
        print(f"test pictures classified correctly: {result.accuracy:.1%}")
    if result.health not in (None, "ok"):
        print(f"health: {result.health}; viceversa diagnose {shlex.quote(str(result.run))} says what to try")
    print(f"report: {result.run / 'report.html'}")


def show_translation(summary: Any, out: str | Path, **_: Any) -> None:
    """What was written, and what was skipped and why."""
    for line in [*summary.notes, *(f"skipped: {reason}" for reason in summary.skipped.values())]:
        print(line)
    skipped = f", {len(summary.skipped)} skipped" if summary.skipped else ""
    print(f"{len(summary.written)} translated{skipped}: {out}")


def show_evaluation(result: dict[str, Any], run: str | Path, other: str | Path | None = None, **_: Any) -> None:
    """The tables, and where the report lies."""
    print_evaluation(result)
    if other is None:
        print(f"\nreport: {Path(run) / 'report.html'}")


def show_comparison(result: dict[str, Any], **_: Any) -> None:
    """The tables."""
    print_comparison(result)


def show_diagnosis(result: dict[str, Any], **_: Any) -> None:
    """Verdict, symptoms and remedies."""
    print_diagnosis(result)


def show_values(result: dict[str, Any], **_: Any) -> None:
    """A dict as aligned lines."""
    print_values(result)


def show_conversion(done: Any, file: str | Path, **_: Any) -> None:
    """Where the converted weights lie, and whether they are the published ones."""
    print(f"{done.path}  sha256 {done.sha256}")
    if not done.published:
        print(
            f"note: {file} (sha256 {done.source_sha256[:8]}...) is not the published file (6726825d...): "
            "its numbers compare with no paper"
        )


def show_runs(rows: list[Any], root: str | Path = "runs", **_: Any) -> None:
    """A line for each run."""
    for row in rows:
        print(f"{row.changed}  {row.step:>7}/{row.steps:<7} {row.preset:<18} {row.domains}  {row.path}")
    if not rows:
        print(f"no runs below {root}")


def same(result: Any) -> Any:
    """Results that are JSON already."""
    return result


def rows_as_dicts(rows: list[Any]) -> list[dict[str, Any]]:
    """A list of dataclasses for JSON."""
    return [asdict(row) for row in rows]


app.command(command(api.demo, show_demo), name="demo", group=START, sort_key=1)
app.command(data_app)
app.command(command(api.train, show_training), name="train", group=START, sort_key=3)
app.command(command(api.translate, show_translation), name="translate", group=START, sort_key=4)

app.command(
    command(api.diagnose, show_diagnosis, json=same),
    name="diagnose",
    group=LOOK,
    sort_key=1,
)
app.command(
    command(api.write_report, lambda path, **_: print(f"report: {path}")),
    name="report",
    group=LOOK,
    sort_key=2,
)
app.command(runs_app)

app.command(command(api.evaluate, show_evaluation, json=same), name="evaluate", group=MEASURE, sort_key=1)
app.command(
    command(api.compare, show_comparison, json=same),
    name="compare",
    group=MEASURE,
    sort_key=2,
)
app.command(study_app)
app.command(bench, group=MEASURE, sort_key=4)

app.command(lab, group=LEARN)

app.command(command(api.doctor, show_values, json=same), name="doctor", group=SET_UP, sort_key=1)
app.command(completion, group=SET_UP, sort_key=2)
app.command(command(api.convert, show_conversion), name="convert", group=SET_UP, sort_key=3)

runs_app.command(command(api.list_runs, show_runs, json=rows_as_dicts), name="list")
runs_app.command(command(api.show_run, show_values, json=same), name="show")


def one_line(error: CycloptsError, words: list[str]) -> str:
    """A usage error in one line, with the nearest command or option and where to read more."""
    text = " ".join(str(error).split())
    if isinstance(error, UnusedCliTokensError):
        text = f"Unexpected {' '.join(map(repr, error.unused_tokens or ()))}."
    chain = [*(error.command_chain or ())]
    program = " ".join(["viceversa", *chain])
    known = [*commands(chain), *options(chain), "--help", "--version"]
    if hint := find_hint(chain, words, known):
        return f"{hint} See {program} --help"

    for word in words:
        name = word.partition("=")[0]
        if name not in text or name in known or "Did you mean" in text:
            continue
        suggestion = did_you_mean(name, known)
        text = f"{text.rstrip('.')}.{suggestion}" if suggestion else text
    return f"{text} See {program} --help"


def commands(chain: list[str]) -> list[str]:
    """Names of the sub-commands at `chain`."""
    here = app
    for name in chain:
        here = here[name]
    return [name for name in here if not name.startswith("-")]


def options(chain: list[str]) -> list[str]:
    """Names of the options of the command at `chain`."""
    here = app
    for name in chain:
        here = here[name]
    if here.default_command is None:
        return []
    return [name for argument in here.assemble_argument_collection() for name in argument.names if name[:2] == "--"]
