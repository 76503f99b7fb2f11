"""Throughput and peak memory of the run, and links to its files."""

import os
from pathlib import Path
from urllib.parse import quote

from .data import ReportData
from .markup import Html, html, join, paragraph, section, table

FILES = (  # what a run folder holds, in the order of the links
    ("metrics.jsonl", "losses of every logged step"),
    ("metrics.json", "result of evaluate"),
    ("accuracy.jsonl", "test accuracy"),
    ("health.jsonl", "health checks"),
    ("plan.jsonl", "estimates of the number of steps"),
    ("config.yaml", "complete configuration"),
    ("env.json", "hardware and versions"),
    ("data.json", "the pictures that were used"),
    ("log.txt", "starts and ends"),
)
STATE = ("_optimizer", "rest")  # ends of files of a checkpoint that hold no network


def speed(report: ReportData) -> Html:
    """Images a second and the largest memory; nothing for a run that has not recorded them."""
    lines = report.run.read_lines(report.run.usage)
    if not lines:
        return Html()
    images, seconds = sum(line["images"] for line in lines), sum(line["seconds"] for line in lines)
    rows: list[tuple[object, object]] = []
    if seconds > 0:
        rows.append(("throughput", f"{images / seconds:,.1f} images/s, {images:,} images in all"))
    rows += [
        (name, size_of(max(known)))
        for key, name in (("rss", "peak memory (RSS)"), ("gpu", "peak GPU memory"))
        if (known := [line[key] for line in lines if line.get(key)])
    ]
    note = "Images of each domain; health checks, samples and checkpoints are in the time."
    return section("Speed and memory", table(rows), paragraph(note, "note"))


def size_of(count: float) -> str:
    """1_500_000 -> "1.5 MB"."""
    unit = "kB" if count < 1e6 else "MB" if count < 1e9 else "GB"
    number = count / {"kB": 1e3, "MB": 1e6, "GB": 1e9}[unit]
    return f"{number:,.0f} {unit}" if number >= 100 else f"{number:,.1f} {unit}"


def run_files(report: ReportData) -> Html:
    """Links to weights, numbers and records, relative to the page."""
    run = report.run.path
    kept = sorted((run / "checkpoints" / f"step-{report.step}").glob("*.safetensors"))
    rows = [link(report, path, "weights") for path in kept if not path.stem.endswith(STATE)]
    rows += [link(report, run / name, what) for name, what in FILES if (run / name).is_file()]
    rows += [link(report, path, "every test picture's scores") for path in sorted(run.glob("evaluation/each-*.csv"))]
    if not rows:
        return Html()
    body = html('<div class="scroll"><table class="facts">{rows}</table></div>', rows=join(rows))
    return section("Files", body, paragraph("The links work while this page lies in the run folder.", "note"))


def link(report: ReportData, path: Path, what: str) -> Html:
    """A row of the table of files."""
    start = report.folder or report.run.path
    target = quote(os.fsencode(os.path.relpath(path, start).replace(os.sep, "/")))
    return html(
        '<tr><th scope="row">{what}</th><td><a href="{target}">{name}</a> {size}</td></tr>',
        what=what,
        target=target,
        name=os.path.relpath(path, report.run.path),
        size=size_of(path.stat().st_size),
    )
