"""The living report as a folder of pages that opens from disk: no network, no script, no inline style."""

from collections.abc import Mapping
from importlib.resources import files as resources
from pathlib import Path

from viceversa import files
from viceversa.report.markup import Html

from . import page
from .blocks import Block
from .cache import Record
from .chapters import CHAPTERS
from .experiment import Experiment
from .figures import style
from .render import Section


def address(experiment: Experiment) -> str:
    """Page and anchor of an experiment."""
    return f"chapter-{experiment.chapter}.html#{experiment.name}"


def write(site: Path, contents: Mapping[str, Experiment], records: Mapping[str, Record]) -> dict[str, Exception]:
    """Write all pages; returns the errors of the experiments that could not be written, which are left out."""
    failures: dict[str, Exception] = {}
    blocks: dict[str, list[Block]] = {}
    for name, record in records.items():
        experiment = contents[name]
        try:
            with style():
                blocks[name] = experiment.write(record.results(experiment))
        except Exception as error:
            failures[name] = error

    links = {name: address(e) if name in blocks else "" for name, e in contents.items()}
    sections: dict[str, Html] = {}
    for chapter in CHAPTERS:
        figures = 0
        experiments = [e for e in contents.values() if e.chapter == chapter.number]
        for experiment in experiments:
            name = experiment.name
            if name not in blocks:
                continue
            try:
                section = Section(experiment, records[name], site, links, figures + 1)
                sections[name], count = section.render(blocks[name])
                figures += count
                files.write_json(site / "data" / f"{name}.json", records[name].as_json())
            except Exception as error:
                failures[name] = error
        files.write_text(site / chapter.page, page.chapter(chapter, experiments, sections))

    files.write_text(site / "site.css", resources(__package__).joinpath("static/site.css").read_text(encoding="utf-8"))
    files.write_text(site / "index.html", page.index(contents, sections))
    return failures
