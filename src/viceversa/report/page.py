"""`make`: the whole report of a run in one HTML file."""

import re
from importlib.resources import files as resources
from pathlib import Path

from .. import files
from ..runs.folder import RunFolder
from ..tasks import task_of
from ..translation.translator import Translator, load
from . import curves
from .accuracy import accuracy
from .data import ReportData, status
from .evaluation import evaluation
from .film import film
from .gallery import collect
from .health import health
from .markup import Html, code, document, html, join, paragraph, section
from .record import background, next_steps
from .results import galleries, truth

ROWS = 12  # images of each direction
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
HEAD = """<meta http-equiv="Content-Security-Policy" content="{policy}">
<link rel="icon" href="data:,">
<style>
{style}
</style>"""


def make(run_path: Path | str, translator: Translator | None = None) -> Path:
    """Write RUN/report.html, which opens from disk and fetches nothing; returns its path.

    The newest checkpoint translates unless a `translator` is given. ModelFileError when the folder is no run.
    """
    run = RunFolder(run_path).require()
    config, step = run.config(), run.last_step()
    if translator is None and step and config.method.translates:
        translator = load(run.path, precision="fp32")  # the precision of `evaluate`
    report = ReportData(
        run=run,
        config=config,
        data=run.data(),
        env=run.env(),
        metrics=run.read_metrics(),
        step=translator.step if translator else step,
        galleries=collect(run, translator, ROWS) if translator else None,
    )
    files.write_text(run.report, render(report))
    return run.report


def render(report: ReportData) -> Html:
    """The page."""
    sections = (head, truth, galleries, evaluation, accuracy, health, samples, losses, background, next_steps)
    style = Html(resources(__package__).joinpath("style.css").read_text(encoding="utf-8"))
    return document(
        title=Html(f"{plain_title(report)} · viceversa"),
        head=html(HEAD, policy=Html(POLICY), style=style),
        body=html("<main>\n{sections}\n</main>", sections=join(write(report) for write in sections)),
    )


def head(report: ReportData) -> Html:
    """Title and status; an unfinished run gets its command."""
    resume = Html()
    if report.unfinished:
        resume = join([paragraph("The same command goes on from there:", "note"), code(report.env["command"])])
    return html(
        '<header><p class="brand">viceversa</p><h1>{title}</h1><p class="lead">{status}</p>{resume}</header>',
        title=title(report),
        status=status(report),
        resume=resume,
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
    kind = "sharp" if size <= 128 else ""
    return section("Samples during training", paragraph(task.sample_note, "note"), strips, kind=kind)


def losses(report: ReportData) -> Html:
    """Every number of metrics.jsonl."""
    charts = curves.charts(report.metrics, report.config.method, report.names)
    if not charts:
        return section("Losses", paragraph("This run has logged no numbers yet.", "note"))
    note = "Faint: as logged. Line: moving average, its last value beside the name. Dashed: the value to look for."
    return section("Losses", paragraph(note, "note"), curves.draw_all(charts))
