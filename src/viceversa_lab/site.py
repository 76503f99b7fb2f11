"""The living report as a folder of pages that opens from disk: no network, no script, no inline style."""

from collections.abc import Mapping
from importlib.resources import files as resources
from pathlib import Path

from viceversa import files
from viceversa.report.markup import Html

from . import page
from .chapters import CHAPTERS
from .experiment import Experiment
from .figures import style
from .parts import Part
from .render import Section
from .results import Result


def address(experiment: Experiment) -> str:
    """Where an experiment stands in the site."""
    return f"chapter-{experiment.chapter}.html#{experiment.name}"


def write(site: Path, listed: Mapping[str, Experiment], results: Mapping[str, Result]) -> dict[str, Exception]:
    """Write all pages from finished results; an experiment that cannot be written is left out and returned."""
    failures: dict[str, Exception] = {}
    parts: dict[str, list[Part]] = {}
    sections: dict[str, Html] = {}
    for name, experiment in listed.items():
        if name in results:
            try:
                with style():
                    parts[name] = experiment.write(results[name].found(experiment))
            except Exception as error:
                failures[name] = error
    links = {name: address(e) if name in parts else "" for name, e in listed.items()}
    for chapter in CHAPTERS:
        figures = 0
        own = [e for e in listed.values() if e.chapter == chapter.number]
        for experiment in (e for e in own if e.name in parts):
            name, section = experiment.name, Section(experiment, results[experiment.name], site, links, figures + 1)
            try:
                sections[name], count = section.render(parts[name])
                figures += count
                files.write_json(site / "data" / f"{name}.json", results[name].as_json())
            except Exception as error:
                failures[name] = error
        files.write_text(site / chapter.page, page.chapter(chapter, own, sections))
    files.write_text(site / "site.css", resources(__package__).joinpath("static/site.css").read_text(encoding="utf-8"))
    files.write_text(site / "index.html", page.index(listed, sections))
    return failures
