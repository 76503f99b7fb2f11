"""`make`: the whole report of a run in one HTML file."""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .. import files
from ..evaluation.run import EvaluatedRun
from ..runs.folder import RunFolder
from ..tasks import task_of
from ..translation.translator import Translator, load
from . import curves
from .accuracy import accuracy
from .data import ReportData, last_start, status
from .evaluation import evaluation
from .film import film
from .frame import frame_bytes, framed
from .gallery import collect
from .health import health
from .markup import Html, copyable, html, join, paragraph, section
from .record import background, next_steps
from .results import SHARP, pictures, truth
from .speed import run_files, speed
from .verdict import generator_verdict, head_verdict

ROWS = 12  # images of each direction
MEGABYTES = 3.0  # of the page
LEAST_FOR_PAIRS = 0.2  # share of the page that the large pictures may take in any case
REFRESH = 20  # seconds between reloads while the run is training
PATIENCE = 1800.0  # seconds without a newer page after which it stops reloading itself, at least


def make(
    run_path: Path | str,
    translator: Translator | None = None,
    *,
    out: Path | str | None = None,
    megabytes: float = MEGABYTES,
) -> Path:
    """Write RUN/report.html or `out`, which opens from disk and fetches nothing; returns its path.

    The newest checkpoint translates unless a `translator` is given. Large pictures are reduced until the page has at
    most `megabytes`. ModelFileError when the folder is no run.
    """
    run = RunFolder(run_path).require()
    config, step = run.config(), run.last_step()
    if translator is None and step and config.method.translates:
        translator = load(run.path, precision="fp32")  # the precision of `evaluate`
    galleries = collect(run, translator, ROWS) if translator else None
    verdicts = [g.verdict for g in galleries or () if g.verdict]
    if step and not galleries:
        verdicts = generator_verdict(EvaluatedRun.of(run), step)
    path = Path(out) if out else run.report
    report = ReportData(
        run=run,
        config=config,
        data=run.data(),
        env=run.env(),
        metrics=run.read_metrics(),
        step=translator.step if translator else step,
        galleries=galleries,
        verdicts=tuple(verdicts),
        folder=path.parent,
    )
    files.write_text(path, render(report, round(megabytes * 1e6)))
    return path


def make_quick(run_path: Path | str, in_progress: bool = False) -> Path:
    """Write RUN/report.html from what the run has recorded, without translating anything; returns its path.

    With `in_progress` the page reloads itself, until it has not been written again for some time.
    """
    run = RunFolder(run_path).require()
    metrics = run.read_metrics()
    report = ReportData(
        run=run,
        config=run.config(),
        data=run.data(),
        env=run.env(),
        metrics=metrics,
        step=metrics[-1]["step"] if metrics and in_progress else 0 if in_progress else run.last_step(),
        galleries=None,
        in_progress=in_progress,
    )
    files.write_text(run.report, render(report))
    return run.report


def make_stopped(run_path: Path | str) -> None:
    """The report of a run that was stopped: at once without translations, then whole, as time may be short.

    Raises nothing, so that what stopped the run decides the exit code; log.txt says what went wrong.
    """
    try:
        make_quick(run_path)
        if RunFolder(run_path).last_step():
            make(run_path)
    except Exception as e:
        with suppress(OSError):
            RunFolder(run_path).log(f"the report could not be written ({type(e).__name__}: {e})")


def render(report: ReportData, size: int = round(MEGABYTES * 1e6)) -> Html:
    """The page in at most `size` bytes where the pictures at their own size can be reduced that far."""
    written = {anchor: write(report) for anchor, _, write in SECTIONS}
    rest = frame_bytes() + sum(len(text.encode()) for text in written.values())
    written["pictures"] = pictures(report, max(size - rest, round(LEAST_FOR_PAIRS * size)))
    written = {anchor: written[anchor] for anchor, _ in ORDER if written[anchor]}
    return framed(
        Html(f"{plain_title(report)} · viceversa"),
        head(report),
        written,
        dict(ORDER),
        refresh=REFRESH if report.in_progress else 0,
        until=time.time() + patience(report) if report.in_progress else 0,
    )


def patience(report: ReportData) -> float:
    """Seconds without a newer page after which it stops reloading itself: training was killed, or is very slow.

    The page is written after samples, which are evenly spaced: twice the time since the start is enough.
    """
    since, _ = last_start(report.run.path / "log.txt")
    return max(PATIENCE, 2 * (time.time() - since) if since else 0)


def head(report: ReportData) -> Html:
    """Title, verdict and status; an unfinished run gets its command."""
    note = Html()
    if report.in_progress:
        note = in_progress_note(report)
    elif report.unfinished:
        note = join([paragraph("The same command goes on from there:", "note"), copyable(report.env["command"])])
    return html(
        '<header><p class="brand">viceversa</p><h1>{title}</h1>{verdict}<p class="lead">{status}</p>{note}</header>',
        title=title(report),
        verdict=head_verdict(report),
        status=status(report),
        note=note,
    )


def in_progress_note(report: ReportData) -> Html:
    """How long the page reloads itself; its script shows the second sentence instead of the first one after that."""
    minutes, now = round(patience(report) / 60), time.strftime("%F %H:%M")
    return html(
        '<p class="note" id="reloads">{reloads}</p><p class="note" id="stale" hidden>{stale}</p>',
        reloads=f"This page reloads itself every {REFRESH} seconds until training ends, or until it has not been "
        f"written again for {minutes} minutes.",
        stale=f"This page was last written at {now} and no longer reloads itself: training was probably killed. The "
        "command that started it goes on from the last checkpoint. If it still runs, reload this page.",
    )


def plain_title(report: ReportData) -> str:
    """The title as text."""
    return re.sub(r"<[^>]+>", "", title(report))


def title(report: ReportData) -> Html:
    """Both domains with their arrow, or the preset and its data."""
    if not report.translates:
        return html("{preset}: {data}", preset=report.config.preset, data=Path(report.config.data.source).name)
    arrow = "⇄" if len(report.config.method.directions) > 1 else "→"
    a, b = report.names
    return html('<span class="a">{a}</span> <i>{arrow}</i> <span class="b">{b}</span>', a=a, b=b, arrow=arrow)


def samples(report: ReportData) -> Html:
    """The samples during training: the same images, or the same noise, at several steps."""
    task, size = task_of(report.config.method), report.config.data.size
    if not task.sample_note:
        return Html()
    names = task.sample_names or report.names
    strips = film(report.run.samples, size, names, truth=task.sample_truth)
    kind = "sharp" if size <= SHARP else ""
    return section("Samples during training", paragraph(task.sample_note, "note"), strips, kind=kind)


def losses(report: ReportData) -> Html:
    """Every number of metrics.jsonl."""
    charts = curves.charts(report.metrics, report.config.method, report.names)
    if not charts:
        return section("Losses", paragraph("This run has logged no numbers yet.", "note"))
    note = "Faint: as logged. Line: moving average, its last value beside the name. Dashed: the value to look for."
    return section("Losses", paragraph(note, "note"), curves.draw_all(charts))


def numbers(report: ReportData) -> Html:
    """Scores on test images."""
    return join([text for text in (truth(report), evaluation(report), accuracy(report)) if text])


def record(report: ReportData) -> Html:
    """Speed and files, then configuration and environment."""
    beside = [text for text in (speed(report), run_files(report)) if text]
    row = html('<div class="facing plain">{parts}</div>', parts=join(beside)) if beside else Html()
    return join([row, background(report)])


SECTIONS: tuple[tuple[str, str, Callable[[ReportData], Html]], ...] = (
    ("samples", "During training", samples),
    ("health", "Health", health),
    ("losses", "Losses", losses),
    ("numbers", "Scores", numbers),
    ("next", "Next steps", next_steps),
    ("record", "The run", record),
)
ORDER = (("pictures", "Pictures"), *((anchor, title) for anchor, title, _ in SECTIONS))
