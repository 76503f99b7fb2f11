"""The verbs as Python functions. The command line takes its options and its help from these signatures.

Nothing heavy is imported before a verb runs, so that `--help` and usage errors are quick.
"""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter, Token

if TYPE_CHECKING:
    from .console import LiveLine
    from .runs.config import RunConfig
    from .runs.listing import RunRow
    from .training.session import Result
    from .translation.pipeline import Summary
    from .weights.convert import Converted

DEMO_SECONDS = 225.0  # of training; with the pictures and the report the demo stays under five minutes


def whole_number(kind: type, tokens: Sequence[Token]) -> int:
    """A whole number of a command line; 1.5 is refused, not rounded."""
    word = tokens[0].value
    if not word.removeprefix("-").isdecimal():
        raise ValueError(f"'{word}' is not a whole number")
    return int(word)


def device_name(kind: type, tokens: Sequence[Token]) -> str:
    """A device of a command line, as PyTorch writes it."""
    word = tokens[0].value
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", word):
        raise ValueError(f"'{word}' is unknown; choose auto, cpu, cuda, cuda:1 (the second GPU) or mps")
    return word


Whole = Annotated[int, Parameter(converter=whole_number)]
Flag = Annotated[bool, Parameter(negative=())]  # --quick, without --no-quick
Quiet = Annotated[bool, Parameter(("--quiet", "-q"), negative=())]
Words = Parameter(negative=())  # of an option that may be repeated
Device = Annotated[Literal["auto", "cpu", "cuda", "mps"] | str, Parameter(converter=device_name)]  # or cuda:N
Precision = Literal["auto", "fp32", "bf16", "fp16"]


@contextmanager
def computing(quiet: bool) -> "Iterator[tuple[LiveLine, int]]":
    """For verbs that compute without training: the live line, and PyTorch's threads at the number that is fastest."""
    from .console import LiveLine
    from .hardware.threads import use_fastest_threads

    threads = use_fastest_threads()
    with LiveLine(quiet=quiet) as live:
        yield live, threads


def train(
    data: str | Path,
    other: str | Path | None = None,
    *,
    preset: str | None = None,
    out: str | Path | None = None,
    size: Whole | None = None,
    steps: Whole | None = None,
    max_time: str | float | None = None,
    save_every: Whole | None = None,
    seed: Whole | None = None,
    device: Device | None = None,
    precision: Precision | None = None,
    compile: bool | None = None,
    auto_batch: Flag = False,
    names: str | None = None,
    set: Annotated[Sequence[str], Words] = (),
    config: str | Path | None = None,
    on_symptom: Literal["watch", "stop", "treat"] | None = None,
    tensorboard: bool = False,
    dry_run: bool = False,
    quiet: Quiet = False,
) -> "Result | RunConfig":
    """Train a translator between two folders of pictures. The same command resumes it, to the bit.

    The report in the run folder is kept up to date while it trains, and finished at the end. From Python returns a
    Result, or the configuration with `dry_run`. Raises UsageError, DataError, ModelFileError, ResourceError and
    DivergedError.

    Args:
        data: Folder with trainA trainB [testA testB], folder with two sub-folders, or the folder of domain A. For
            pix2pix and fcn pairs of equal names, or train [test] of pictures side by side, for fcn one of them labels;
            for a classifier a folder per class; for a GAN any pictures.
        other: Folder of domain B, when A and B are given apart.
        preset: quickstart (default; minutes on a laptop, 64-128 px), details (the same time, for small changes such as
            a smile) or cyclegan (the paper's recipe, 256 px); from pairs pix2pix-quick or pix2pix; pictures from noise
            dcgan, wgan, wgan-gp; classifiers perceptron, mlp, cnn; fcn labels every pixel.
        out: Run folder; default runs/NAMES-PRESET.
        size: Side of the training pictures in pixels, a multiple of 4.
        steps: Number of steps; default: the preset's length.
        max_time: Time of the run, for example 300s, 4m or 2h. Presets without a length of their own, such as
            quickstart, fit their schedule to it; others, or with --steps, stop with a checkpoint after it.
        save_every: Steps between checkpoints; default: every two minutes.
        seed: Seed of all random numbers.
        device: Where to compute: auto (default, a GPU if there is one), cpu, cuda, cuda:1 (the second GPU) or mps.
        precision: Number format of the convolutions; default: measured on a CPU; on a GPU bf16 where its hardware has
            it, fp16 where it has only that.
        compile: Compile the networks with torch.compile: slower to start, then faster. Default: for long runs on a GPU.
        auto_batch: Take the largest batch that fits into memory: the preset's number or a doubling of it.
        names: Names of the domains, for example apples,oranges; default: from the folders.
        set: Change any value of the configuration, for example method.lambda_cyc=5; may be repeated.
        config: Start from a configuration file, such as the config.yaml of a run.
        on_symptom: What an alarm of the health monitor does: watch (default) reports it and goes on; stop ends the run
            with exit code 6; treat goes back to the last healthy state, changes one thing and goes on.
        tensorboard: Also write TensorBoard events.
        dry_run: Print the resolved configuration and stop.
        quiet: Print no progress, only the result.
    """
    started = time.monotonic()  # importing PyTorch takes a second or more
    from . import distributed
    from .extras import require_extra

    if tensorboard:
        require_extra("tensorboard", "--tensorboard")
    from .report.live import LiveReport
    from .report.page import make as make_report
    from .report.page import make_stopped as make_stopped_report
    from .training.resolve import TrainOptions
    from .training.session import Result
    from .training.train import train_with

    options = TrainOptions(
        preset=preset,
        out=out,
        size=size,
        steps=steps,
        max_time=max_time,
        save_every=save_every,
        seed=seed,
        device=device,
        precision=precision,
        compile=compile,
        auto_batch=auto_batch,
        names=names,
        set=set,
        config=config,
        on_symptom=on_symptom,
        tensorboard=tensorboard,
        dry_run=dry_run,
        quiet=quiet,
    )
    result = train_with(data, other, options, started, on_sample=LiveReport(), on_stop=make_stopped_report)
    if isinstance(result, Result) and distributed.rank() == 0:
        make_report(result.run)
    distributed.barrier()
    return result


def translate(
    run: str | Path,
    *inputs: str | Path,
    to: str,
    out: str | Path,
    device: Device = "auto",
    precision: Precision = "auto",
    compile: bool = False,
    scale: str | int = "auto",
    step: Whole | None = None,
    statistics: Literal["picture", "training", "tile"] = "picture",
    background: Literal["auto", "keep", "translate"] = "auto",
    compression: Literal["lossless", "jpeg"] = "lossless",
    tile: str | int = "auto",
    strip: Flag = False,
    quiet: Quiet = False,
) -> "Summary":
    """Translate pictures and folders of pictures; name, size, format, alpha, bit depth and colour profile stay.

    So do resolution (dpi) and EXIF: date, camera, exposure, GPS position; without thumbnail and maker notes.
    Pictures of more than 8 bits are always computed in float32.

    Slides and pictures that are too large for memory are read, translated and written by parts, at their own scale or
    that of the training, as tiled TIFF files with smaller copies. Parts leave no seams. Stopped or killed, the same
    command goes on where it was. NAME.quality.html says how good each is.

    Raises UsageError, DataError and ModelFileError.

    Args:
        run: Run folder that train wrote.
        inputs: Picture files and folders.
        to: Domain to translate into: its name, or A or B.
        out: Folder for the results; inputs are never overwritten.
        device: Where to compute; default: a GPU if there is one.
        precision: Number format of the convolutions; default: the faster one.
        compile: Compile the network with torch.compile; worth it for many pictures of one size.
        scale: Size at which the network sees a picture. native: as it is; trained: as in training, with the change of
            colours fitted to the full picture; auto: trained for pictures more than twice the training size; a number:
            the shorter side in pixels.
        step: Step of an earlier checkpoint; default: the newest.
        statistics: Of large pictures, what networks with instance norm (cyclegan, not quickstart) normalise by.
            picture: the whole picture, from a sample of it; training: the training pictures, so that equal parts of
            different pictures become equal; tile: each part by itself, which shows seams.
        background: Of large pictures, the blank glass around tissue. keep: as it is; translate: like the rest; auto:
            keep on slides.
        compression: Of large pictures. jpeg: quality 90, for RGB and grey of 8 bits.
        tile: Side in pixels of the parts of large pictures, a multiple of 256; the result does not depend on it.
        strip: Leave EXIF out, GPS position included.
        quiet: Print no progress, only the result.
    """
    from .report.slide_page import QualityPages
    from .translation.command import TranslateOptions, prepare, translate_inputs

    options = TranslateOptions(
        device=device,
        precision=precision,
        compile=compile,
        scale=scale,
        step=step,
        statistics=statistics,
        background=background,
        compression=compression,
        tile=tile,
        strip=strip,
    )
    prepare(inputs, out, options)  # what is wrong is an error before anything is loaded
    with computing(quiet) as (live, threads):
        return translate_inputs(run, inputs, to, out, options, live, threads, QualityPages(run))


def evaluate(
    run: str | Path,
    other: str | Path | None = None,
    *,
    data: Annotated[Sequence[str | Path] | str | Path, Words] = (),
    best: Flag = False,
    extractor: str = "worlds-1",
    resize: Literal["clean", "legacy"] = "clean",
    segmenters: Annotated[Sequence[str | Path], Parameter(name="--segmenter", negative=())] = (),
    seed: Whole = 0,
    quiet: Quiet = False,
) -> dict[str, Any]:
    """Score a run, or a folder of generated pictures, against real ones: every number with its floor and protocol.

    From Python returns what is written to RUN/metrics.json and shown in the report: distances in both directions with
    their real-against-real floor. See docs/evaluation.md. Raises UsageError, DataError and ModelFileError.

    Args:
        run: A run that makes pictures, evaluated on its test pictures; or a folder of generated pictures.
        other: A folder of real pictures, when the first one is no run.
        data: Evaluate on the test pictures of another dataset: a folder as for train, or two of domains given apart.
        best: Also find the best of the checkpoints that the run has kept, by training pictures alone.
        extractor: worlds-1 (embedded), or the file of standard Inception weights that convert wrote.
        resize: How pictures come to the extractor's size: clean (antialiased) or legacy (as older papers).
        segmenters: A run of preset fcn trained on pictures of a target domain, for the FCN score; may be repeated.
        seed: Of the bootstrap, and of the noise that a GAN starts from.
        quiet: Print no progress, only the result.
    """
    from .errors import UsageError
    from .evaluation.evaluate import evaluate as run_evaluation
    from .report.page import make as make_report

    folders = [data] if isinstance(data, str | Path) else list(data)
    if len(folders) > 2:
        raise UsageError("--data names one folder, or two for domains given apart")
    first, second = [*folders, None, None][:2]
    with computing(quiet) as (live, _):
        result = run_evaluation(
            run,
            other,
            data=first,
            data_b=second,
            find_best=best,
            extractor=extractor,
            resize=resize,
            segmenters=segmenters,
            seed=seed,
            show=live,
        )
    if other is None:
        make_report(run)
    return result


def write_report(run: str | Path, out: str | Path | None = None, *, max_mb: float = 3.0) -> Path:
    """Write the report of a run again, as train and evaluate do: one HTML file that opens from disk.

    From Python returns its path. Raises ModelFileError for what is no run or has no checkpoint yet.

    Args:
        run: Run folder.
        out: File to write; default: report.html in the run folder.
        max_mb: Size of the file in MB: before-and-after pictures are as large as their originals where it allows.
    """
    from .errors import UsageError
    from .report.page import make as make_report
    from .runs.folder import RunFolder

    if out is not None and Path(out).is_dir():
        raise UsageError(f"--out {out} is a folder; name a file, for example {Path(out) / 'report.html'}")
    if not max_mb > 0:
        raise UsageError(f"--max-mb is {max_mb:g}; it must be above 0, for example 3")
    RunFolder(run).require().checkpoint()
    return make_report(run, out=out, megabytes=max_mb)


def compare(*runs: str | Path, quiet: Quiet = False) -> dict[str, Any]:
    """Put runs side by side; those that differ by their seed only share a row, with mean and deviation.

    Args:
        runs: Two runs or more; those that have not been evaluated yet are evaluated first.
        quiet: Print no progress, only the result.
    """
    from .evaluation.compare import compare as compare_runs

    with computing(quiet) as (live, _):
        return compare_runs(runs, live)


def demo(out: str | Path = "runs/demo", *, max_time: str | float | None = None, quiet: Quiet = False) -> Path:
    """Draw apples and oranges, train on them for under four minutes, write a report.

    From Python returns the report's path.

    Args:
        out: Run folder.
        max_time: Time for training, for example 90s or 3m.
        quiet: Print no progress, only the result.
    """
    from .console import LiveLine
    from .runs.arguments import parse_time
    from .runs.folder import RunFolder
    from .worlds.make import make

    world = Path(out) / "world"
    parse_time(max_time)  # refused before anything is drawn
    with LiveLine(quiet=quiet) as live:
        live.say("drawing apples and oranges ...")
        make("orchard", world, count=400, size=64, seed=1, on_progress=lambda n, of: live(f"picture {n} of {of}"))
    train(world, out=out, preset="quickstart", max_time=max_time or DEMO_SECONDS, quiet=quiet)
    return RunFolder(out).report


def diagnose(run: str | Path) -> dict[str, Any]:
    """Report the health of a training: what is wrong, since when, and what to try. Also while it runs.

    Reads health.jsonl alone, so that a copy of the run folder is enough. From Python returns {"verdict": "ok" | "watch"
    | "alarm", "symptoms": [...], "step", "steps", "treatments": [...], "timeline": [...]}.

    Args:
        run: Run folder.
    """
    from .health import diagnosis
    from .runs.folder import RunFolder

    return diagnosis.diagnose(RunFolder(run).require())


def list_runs(root: str | Path = "runs") -> "list[RunRow]":
    """Every run below a folder, newest first.

    Args:
        root: Folder to look through; it may be a run itself.
    """
    from .runs import listing

    return listing.list_runs(root)


def show_run(run: str | Path) -> dict[str, Any]:
    """What a run is, how far it came, and the commands that go on from it.

    Args:
        run: Run folder.
    """
    from .runs import listing

    return listing.show_run(run)


def doctor() -> dict[str, Any]:
    """What viceversa finds on this machine and what it would choose."""
    from .hardware import doctor as machine

    return machine.doctor()


def convert(file: str | Path, out: str | Path) -> "Converted":
    """Turn the published Inception weights (a pickled .pth) into safetensors for `evaluate`.

    The file is read by a process without rights and checked tensor by tensor; anything else than these weights is
    refused, and nothing in it is run.

    Args:
        file: Weights as published, pt_inception-2015-12-05-6726825d.pth.
        out: File to write; its name ends in .safetensors.
    """
    from .weights.convert import convert as convert_weights
    from .weights.inception import inception_weights

    return convert_weights(file, out, inception_weights())
