"""The health section: verdicts over the run, symptoms with what shows them and what to try, and treatments."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import images
from ..errors import DataError, ViceversaError
from ..health.diagnosis import diagnose
from ..runs.sheets import sheets
from . import curves
from .data import ReportData
from .map import maps
from .markup import Html, copyable, fold, html, join, paragraph, picture, section, zoomable

LARGEST = 640  # pixels of a sheet's shorter side
VERDICTS = {"ok": "Healthy", "watch": "Watch", "alarm": "Alarm"}
SIGNALS = {  # signals of the health checks that have a chart: title, meaning, the value to look for
    "diversity": ("Diversity", "How varied the generated pictures are; 1 as real ones.", 1.0),
    "coverage": ("Coverage", "Share of real pictures with a generated one nearby. Dashed: perfect generator.", None),
    "lost": ("Dropped modes", "Share of the real pictures whose kind is not generated. Should fall to 0.", 0.0),
    "distance": ("Distance", "Distance of generated from real pictures. Dashed: real from other real ones.", None),
    "gap": ("Discriminator overfitting", "D's scores of new real pictures: 0 as those it knows, 1 as generated.", 0.0),
    "retrieval": ("Traceable", "Share of translations that can be traced back to their input by edges.", 1.0),
    "change": ("Change", "How much a translation differs from its input; 1 as two pictures of both domains.", None),
    "checkerboard": ("Checkerboard", "Energy of the finest pattern; 1 as in real pictures.", 1.0),
    "gain": ("Noise gain of the cycle", "Amplification of faint noise by the cycle. Far above 1: hidden signals.", 1.0),
}


def health(report: ReportData) -> Html:
    """The section; nothing for a run without health checks."""
    lines = report.run.read_lines(report.run.health)
    try:
        diagnosis = diagnose(report.run)
    except ViceversaError:
        return Html()

    parts = [status(diagnosis), strip(lines, diagnosis)]
    shown: set[str] = set()
    for s in diagnosis["symptoms"]:
        parts.append(symptom(report, s, s["symptom"] not in shown))
        shown.add(s["symptom"])
    parts += [treatment(line) for line in diagnosis["treatments"]]
    if not report.in_progress:  # the maps take seconds
        parts.append(maps(report.run.health_folder))
    if charts := signal_charts(report, lines):
        parts.append(fold("Signals of every health check", curves.draw_all(charts)))
    return section("Health", *parts, kind="health")


def status(diagnosis: dict[str, Any]) -> Html:
    """The verdict in words."""
    names = ", ".join(dict.fromkeys(s["symptom"] for s in diagnosis["symptoms"]))
    verdict = VERDICTS[diagnosis["verdict"]] + (f": {names}" if names else "")
    text = f"{verdict}, at the health check of step {diagnosis['step']:,}."
    return html('<p class="status {kind}"><b>●</b> {text}</p>', kind=diagnosis["verdict"], text=text)


def strip(lines: Sequence[dict[str, Any]], diagnosis: dict[str, Any]) -> Html:
    """The verdicts along the steps, treatments marked."""
    last = max(diagnosis["steps"], lines[-1]["step"], 1)
    before, bars = 0, []
    bar = '<rect class="{kind}" x="{x}" width="{w}" y="0" height="14"><title>step {step}: {names}</title></rect>'
    for line in lines:
        left, width = 1000 * before / last, 1000 * (line["step"] - before) / last
        names = ", ".join(s["symptom"] for s in line["symptoms"]) or "healthy"
        place = {"x": f"{left:.1f}", "w": f"{max(width - 1, 1):.1f}"}
        bars.append(html(bar, kind=line["verdict"], step=line["step"], names=names, **place))
        before = line["step"]

    treated = [1000 * t["back_to"] / last for t in diagnosis["treatments"]]
    marks = [html('<path class="treated" d="M{x} 0V22"/>', x=f"{x:.1f}") for x in treated]
    return html(
        '<svg class="strip" viewBox="0 0 1000 24" preserveAspectRatio="none" role="img" '
        'aria-label="Verdicts along the steps">{bars}</svg>',
        bars=join([*bars, *marks]),
    )


def symptom(report: ReportData, s: dict[str, Any], first: bool) -> Html:
    """One symptom: sentence and numbers; where it stands `first`, also a sheet and what to try."""
    where = f" ({s['where']})" if s["where"] else ""
    title = html(
        "<h3>{level}: {name}{where}, since step {since}</h3>",
        level=s["level"],
        name=s["symptom"],
        where=where,
        since=f"{s['since']:,}",
    )
    numbers = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in s["numbers"].items())
    parts = [title, paragraph(s["sentence"]), paragraph(numbers, "note")]
    if first:
        parts += [first_sheet(report.run.health_folder, s["since"]), *remedies(s["try"])]
    return join(parts)


def remedies(listed: Sequence[dict[str, Any]]) -> list[Html]:
    """What to try, in order."""
    if not listed:
        return []
    row = "<li><code>{words}</code><br>{title}; cost: {cost}; {paper}{effect}</li>"
    rows = [html(row, **(r | {"effect": f". When measured, {r['effect']}" if r["effect"] else ""})) for r in listed]
    return [paragraph("To try, in this order:", "note"), html("<ol class='try'>{rows}</ol>", rows=join(rows))]


def first_sheet(folder: Path, since: int) -> Html:
    """The first sheet of a health check from step `since` on."""
    kept = {step: path for step, path in sheets(folder).items() if step >= since}
    if not kept:
        return Html()

    step, path = next(iter(kept.items()))
    try:
        pixels = images.read(path).pixels
    except DataError:
        return Html()
    alt = f"The health check of step {step}: real pictures or inputs, then what is generated"
    return html(
        '<div class="sheet">{p}</div>{n}', p=zoomable(picture(pixels, alt, LARGEST)), n=paragraph(f"{alt}.", "note")
    )


def treatment(line: dict[str, Any]) -> Html:
    """One treatment: what was changed, and at which step training went on."""
    text = f"Treated at step {line['step']:,} for {line['symptom']}: back to step {line['back_to']:,}, {line['title']}."
    words = " ".join(f"--set {key}={value}" for key, value in line["changes"].items())
    return join([html("<h3>Treatment</h3>"), paragraph(text), copyable(words)])


def signal_charts(report: ReportData, lines: Sequence[dict[str, Any]]) -> list[curves.Chart]:
    """A chart for each of SIGNALS, for each direction."""
    charts = []
    suffixes = {"": ""}
    if report.translates:
        arrows = {d.key: " → ".join(d.domains(report.names)) for d in report.config.method.directions}
        suffixes = {f"_{key}": f", {arrow}" for key, arrow in arrows.items()}
    for name, (title, meaning, healthy) in SIGNALS.items():
        for suffix, direction in suffixes.items():
            key = name + suffix
            points = [(line["step"], line["signals"][key]) for line in lines if key in line["signals"]]
            if len(points) < 2:
                continue

            steps, values = np.array(points, float).T
            floor = lines[-1]["signals"].get(f"{name}_floor{suffix}")
            charts.append(
                curves.Chart(
                    title=f"{title}{direction}",
                    meaning=meaning,
                    steps=steps,
                    values=values,
                    healthy=floor if healthy is None else healthy,
                    noisy=False,
                )
            )
    return charts
