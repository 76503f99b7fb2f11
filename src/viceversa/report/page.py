"""`make`: the whole report of a run in one file."""

import re
from importlib.resources import files as resources
from pathlib import Path

from .. import files
from ..runs.folder import RunFolder
from ..tasks import task_of
from ..translation.translator import Translator, load
from . import curves
from .evaluation import evaluation
from .examination import examination
from .facts import Facts, state
from .film import film
from .gallery import collect
from .health import health
from .markup import Html, code, html, join, paragraph, section
from .record import background, go_on
from .results import galleries, truth

ROWS = 12  # pictures each way

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def make(run_path: Path | str, translator: Translator | None = None) -> Path:
    """Write RUN/report.html, which opens from disk and fetches nothing; returns its path.

    The newest checkpoint translates unless a `translator` is given. ModelFileError when the folder is no run.
    """
    run = RunFolder(run_path).require()
    config, step = run.config(), run.last_step()
    if translator is None and step and config.method.translates:
        translator = load(run.path)
    facts = Facts(
        run=run,
        config=config,
        data=run.data(),
        env=run.env(),
        metrics=run.read_metrics(),
        step=translator.step if translator else step,
        gallery=collect(run, translator, ROWS) if translator else None,
    )
    files.write_text(run.report, render(facts))
    return run.report


def render(facts: Facts) -> Html:
    """The page."""
    sections = (head, truth, galleries, evaluation, examination, health, learning, losses, background, go_on)
    style = resources(__package__).joinpath("style.css").read_text(encoding="utf-8")
    body = join(write(facts) for write in sections)
    return html(PAGE, title=Html(f"{plain_title(facts)} · viceversa"), style=Html(style), body=body)


def head(facts: Facts) -> Html:
    """Title and one sentence of state; an unfinished run gets its command."""
    resume = [paragraph("The same command goes on from there:", "note"), code(facts.env["command"])]
    return html(
        '<header><p class="brand">viceversa</p><h1>{title}</h1><p class="lead">{state}</p>{resume}</header>',
        title=title(facts),
        state=state(facts),
        resume=join(resume if facts.unfinished else []),
    )


def plain_title(facts: Facts) -> str:
    """The title as text."""
    return re.sub(r"<[^>]+>", "", title(facts))


def title(facts: Facts) -> Html:
    """Both domains with their arrow, or what was learned."""
    if not facts.translates:
        return html("{preset}: {data}", preset=facts.config.preset, data=Path(facts.config.data.source).name)
    arrow = "⇄" if len(facts.config.method.directions) > 1 else "→"
    a, b = facts.names
    return html('<span class="a">{a}</span> <i>{arrow}</i> <span class="b">{b}</span>', a=a, b=b, arrow=arrow)


def learning(facts: Facts) -> Html:
    """The samples of the run: the same images, or the same noise, again and again."""
    task, size = task_of(facts.config.method), facts.config.data.size
    if not task.sample_note:
        return Html()
    names = task.sample_names or facts.names
    strip = film(facts.run.samples, size, names, truth=task.sample_truth)
    return section("Learning", paragraph(task.sample_note, "note"), strip, kind="sharp" if size <= 128 else "")


def losses(facts: Facts) -> Html:
    """Every number of metrics.jsonl."""
    found = curves.charts(facts.metrics, facts.config.method, facts.names)
    if not found:
        return section("Curves", paragraph("This run has logged no numbers yet.", "note"))
    told = "Faint: as logged. Line: moving average, its last value beside the name. Dashed: the value to look for."
    return section("Curves", paragraph(told, "note"), curves.draw_all(found))
