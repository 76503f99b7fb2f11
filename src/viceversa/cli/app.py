"""The commands and their options."""

import json
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter, UnusedCliTokensError

from ..errors import did_you_mean
from .bench import bench
from .convert import convert
from .data import data_app
from .evaluation import compare, evaluate
from .lab import lab
from .options import Device, Precision, Whole
from .output import print_diagnosis, print_json, print_values
from .study import study_app

app = App(
    name="viceversa",
    help="Translate images between two worlds, both ways, without a single paired example.",
    version_flags=["--version"],
    help_flags=["--help", "-h"],
    suppress_keyboard_interrupt=False,  # `run` says that the same command goes on
)
runs_app = App(name="runs", help="List runs, or show one.")
app.command(bench)
app.command(convert)
app.command(data_app)
app.command(evaluate)
app.command(compare)
app.command(lab)
app.command(runs_app)
app.command(study_app)


@app.command
def demo(out: Path = Path("runs/demo"), *, max_time: str | None = None) -> None:
    """Draw apples and oranges, train on them for under four minutes, write a report.

    Args:
        out: Run folder.
        max_time: Time for training, for example 90s or 3m.
    """
    from .. import api as verbs

    report = verbs.demo(out, max_time=max_time)
    for way in json.loads((report.parent / "truth.json").read_text()).values():
        if isinstance(way, dict):
            print(
                f"{way['source']} -> {way['target']}: {way['translation']:.1f} dB PSNR to the truth, {way['count']} "
                f"pictures; the input itself has {way['input']:.1f}, the best colour change {way['colour']:.1f}"
            )
    print(f"report: {report}")


@app.command
def train(
    data: Path,
    other: Path | None = None,
    /,
    *,
    preset: str | None = None,
    out: Path | None = None,
    size: Whole | None = None,
    steps: Whole | None = None,
    max_time: str | None = None,
    save_every: Whole | None = None,
    seed: Whole | None = None,
    device: Device | None = None,
    precision: Precision | None = None,
    compile: bool | None = None,
    auto_batch: Annotated[bool, Parameter(negative=())] = False,
    names: str | None = None,
    set: Annotated[list[str] | None, Parameter(negative=())] = None,
    config: Path | None = None,
    on_symptom: Literal["watch", "stop", "treat"] | None = None,
    tensorboard: bool = False,
    dry_run: bool = False,
) -> None:
    """Train a translator between two folders of pictures. The same command resumes it, to the bit.

    Args:
        data: Folder with trainA trainB [testA testB], folder with two sub-folders, or the folder of domain A. For
            pix2pix and fcn pairs of equal names, or train [test] of pictures side by side, for fcn one of them labels;
            for a classifier a folder per class; for a GAN any pictures.
        other: Folder of domain B, when A and B are given apart.
        preset: quickstart (default; minutes on a laptop, 64-128 px), best (the same time; learns small things too) or
            cyclegan (the paper's recipe, 256 px); from pairs pix2pix-quick or pix2pix; pictures from noise dcgan, wgan,
            wgan-gp; classifiers perceptron, mlp, cnn; fcn names every pixel.
        out: Run folder; default runs/NAMES-PRESET.
        size: Side of the training pictures in pixels, a multiple of 4.
        steps: Number of steps; default: the preset's length.
        max_time: Stop with a checkpoint after this time, for example 300s, 4m or 2h; quickstart plans its steps for it.
        save_every: Steps between checkpoints; default: every two minutes.
        seed: Everything random follows from it.
        device: Where to compute; chosen by itself.
        precision: Number format of the convolutions; chosen by itself.
        compile: Compile the networks with torch.compile; slower to start, then faster. Of itself for long runs on a
            graphics card.
        auto_batch: Take as many pictures per step as memory holds: the preset's number or a doubling of it.
        names: Names of the domains, for example apples,oranges; default: from the folders.
        set: Change any value of the configuration, for example method.lambda_cyc=5; may be repeated.
        config: Start from a configuration file, such as the config.yaml of a run.
        on_symptom: What an alarm of the monitor does: watch (default) says so and goes on; stop ends the run with exit
            code 6; treat goes back to the last healthy state, changes one thing and goes on.
        tensorboard: Also write TensorBoard events.
        dry_run: Print the resolved configuration and stop.
    """
    from .. import api as verbs
    from .. import distributed
    from ..training.session import Result

    result = verbs.train(
        data, other, preset=preset, out=out, size=size, steps=steps, max_time=max_time, save_every=save_every,
        seed=seed, device=device, precision=precision, compile=compile, auto_batch=auto_batch, names=names,
        set=set or (), config=config, on_symptom=on_symptom, tensorboard=tensorboard, dry_run=dry_run,
    )  # fmt: skip
    if distributed.rank():
        return  # another process speaks for all
    if isinstance(result, Result):
        state = "finished" if result.finished else "time is up: checkpoint saved, the same command goes on"
        print(f"{state} at step {result.step}")
        if result.iou is not None:
            print(
                f"test pixels named rightly: {result.accuracy:.1%}; class accuracy {result.class_accuracy:.1%}, "
                f"mean IoU {result.iou:.1%}"
            )
        elif result.accuracy is not None:
            print(f"test pictures named rightly: {result.accuracy:.1%}")
        if result.health not in (None, "ok"):
            print(f"health: {result.health}; viceversa diagnose {shlex.quote(str(result.run))} says what to try")
        print(f"report: {result.run / 'report.html'}")
    else:
        import yaml

        print(yaml.safe_dump(asdict(result), sort_keys=False, allow_unicode=True), end="")


@app.command
def translate(
    run: Path,
    inputs: Annotated[list[Path], Parameter(negative=())],
    /,
    *,
    to: str,
    out: Path,
    device: Device = "auto",
    precision: Precision = "auto",
    compile: bool = False,
    scale: Literal["auto", "native", "trained"] = "auto",
) -> None:
    """Translate pictures and folders of pictures; name, size, format, alpha, bit depth and colour profile stay.

    Args:
        run: Run folder that train wrote.
        inputs: Picture files and folders.
        to: Domain to translate into: its name, or A or B.
        out: Folder for the results; inputs are never overwritten.
        device: Where to compute; chosen by itself.
        precision: Number format of the convolutions; chosen by itself.
        compile: Compile the network with torch.compile; worth it for many pictures of one size.
        scale: Size at which the network sees a picture. native: as it is; trained: as in training, with the change
            carried over to the full picture; auto: trained for pictures more than twice the training size.
    """
    from .. import api as verbs

    summary = verbs.translate(
        run, *inputs, to=to, out=out, device=device, precision=precision, compile=compile, scale=scale
    )
    for line in [*summary.notes, *(f"skipped: {reason}" for reason in summary.skipped.values())]:
        print(line)
    skipped = f", {len(summary.skipped)} skipped" if summary.skipped else ""
    print(f"{len(summary.written)} translated{skipped}: {out}")


@app.command
def diagnose(run: Path, /, *, as_json: Annotated[bool, Parameter("--json", negative=())] = False) -> None:
    """How healthy a training is: what is wrong, since when, and what to try. Also while it runs.

    Args:
        run: Run folder.
        as_json: Print one JSON document.
    """
    from ..api import diagnose

    found = diagnose(run)
    print_json(found) if as_json else print_diagnosis(found)


@runs_app.command(name="list")
def runs_list(
    root: Path = Path("runs"), /, *, as_json: Annotated[bool, Parameter("--json", negative=())] = False
) -> None:
    """Every run below a folder, newest first.

    Args:
        root: Folder to look through.
        as_json: Print one JSON document.
    """
    from ..api import runs

    rows = runs(root)
    if as_json:
        return print_json([asdict(row) for row in rows])
    for row in rows:
        print(f"{row.changed}  {row.step:>7}/{row.steps:<7} {row.preset:<18} {row.domains}  {row.path}")
    if not rows:
        print(f"no runs below {root}")


@runs_app.command(name="show")
def runs_show(run: Path, /, *, as_json: Annotated[bool, Parameter("--json", negative=())] = False) -> None:
    """What a run is, how far it came, and the commands that go on from it.

    Args:
        run: Run folder.
        as_json: Print one JSON document.
    """
    from ..api import show_run

    print_values(show_run(run), as_json)


@app.command
def doctor(*, as_json: Annotated[bool, Parameter("--json", negative=())] = False) -> None:
    """What viceversa finds on this machine and what it would choose.

    Args:
        as_json: Print one JSON document.
    """
    from ..api import doctor

    print_values(doctor(), as_json)


def one_line(error: CycloptsError, words: list[str]) -> str:
    """A usage error in one line, with the nearest command or option and where to read more."""
    text = " ".join(str(error).split())
    if isinstance(error, UnusedCliTokensError):
        text = f"Unexpected {' '.join(map(repr, error.unused_tokens or ()))}."
    chain = [*(error.command_chain or ())]
    known = [*commands(chain), *options(chain), "--help", "--version"]
    for word in words:
        name = word.partition("=")[0]
        if name in text and name not in known and "Did you mean" not in text:
            text = text.rstrip(".") + "." + did_you_mean(name, known)
    command = " ".join(["viceversa", *chain])
    return f"{text} See {command} --help"


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
