"""The run's health: what the monitor said and when, what showed it, what to try, and what was done."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import images
from ..errors import DataError, ViceversaError
from ..health.diagnosis import diagnose
from . import curves
from .facts import Facts
from .map import maps
from .markup import Html, code, fold, html, join, paragraph, picture, section

LARGEST = 640  # pixels of a sheet's shorter side
WORDS = {"ok": "Healthy", "watch": "Something to watch", "alarm": "Ill"}
SHOWN = {  # signals of the probe that are drawn: title, meaning, the value to look for
    "diversity": ("Diversity", "How varied the pictures are; 1 as real ones.", 1.0),
    "coverage": ("Coverage", "Share of real pictures with a made one nearby; dashed: a perfect generator.", None),
    "lost": ("Lost kinds", "Share of the real pictures whose kind is not made. Should fall to 0.", 0.0),
    "distance": ("Distance", "How far made pictures are from real ones. Dashed: real ones from each other.", None),
    "gap": ("Learned by heart", "Where new real pictures stand for D: 0 as its own, 1 as made ones.", 0.0),
    "retrieval": ("Traceable", "Share of translations whose edges lead back to their input.", 1.0),
    "change": ("Change", "How much a translation differs from its input; 1 as two pictures of both domains.", None),
    "checkerboard": ("Checkerboard", "Energy of the finest pattern; 1 as in real pictures.", 1.0),
    "gain": ("Noise on the way back", "How much louder faint noise comes back. Far above 1: hidden signals.", 1.0),
}  # fmt: skip


def health(facts: Facts) -> Html:
    """The section; nothing for a run that was not watched."""
    lines = facts.run.read_lines(facts.run.health)
    try:
        found = diagnose(facts.run)
    except ViceversaError:
        return Html()
    told = [s["symptom"] for s in found["symptoms"]]
    parts = [lamp(found), strip(lines, found)]
    parts += [symptom(facts, s, told.index(s["symptom"]) == i) for i, s in enumerate(found["symptoms"])]
    parts += [treated(line) for line in found["treatments"]]
    parts += [maps(facts.run.health_folder, facts.names)]
    drawn = signals(facts, lines)
    parts += [fold("Signals of every look", curves.draw_all(drawn))] if drawn else []
    return section("Health", *parts, kind="health")


def lamp(found: dict[str, Any]) -> Html:
    """The verdict in words."""
    names = ", ".join(dict.fromkeys(s["symptom"] for s in found["symptoms"]))
    told = f"{WORDS[found['verdict']]}{f': {names}' if names else ''}, at the look of step {found['step']:,}."
    return html('<p class="lamp {kind}"><b>●</b> {told}</p>', kind=found["verdict"], told=told)


def strip(lines: Sequence[dict[str, Any]], found: dict[str, Any]) -> Html:
    """The verdicts along the steps, treatments marked."""
    last = max(found["steps"], lines[-1]["step"], 1)
    before, bars = 0, []
    bar = '<rect class="{kind}" x="{x}" width="{w}" y="0" height="14"><title>step {step}: {names}</title></rect>'
    for line in lines:
        at, width = 1000 * before / last, 1000 * (line["step"] - before) / last
        names = ", ".join(s["symptom"] for s in line["symptoms"]) or "healthy"
        place = {"x": f"{at:.1f}", "w": f"{max(width - 1, 1):.1f}"}
        bars.append(html(bar, kind=line["verdict"], step=line["step"], names=names, **place))
        before = line["step"]
    backs = [1000 * t["back_to"] / last for t in found["treatments"]]
    marks = [html('<path class="treated" d="M{x} 0V22"/>', x=f"{x:.1f}") for x in backs]
    return html(
        '<svg class="strip" viewBox="0 0 1000 24" preserveAspectRatio="none" role="img" '
        'aria-label="Verdicts along the steps">{bars}</svg>',
        bars=join([*bars, *marks]),
    )


def symptom(facts: Facts, s: dict[str, Any], first: bool) -> Html:
    """One symptom: sentence, numbers; where it is told `first`, picture and what to try."""
    where = f" ({s['where']})" if s["where"] else ""
    numbers = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in s["numbers"].items())
    told = [paragraph(s["sentence"]), paragraph(numbers, "note")]
    told += [sheet(facts.run.health_folder, s["since"]), *advice(s["try"])] if first else []
    title = html(
        "<h3>{level}: {name}{where}, since step {since}</h3>",
        level=s["level"],
        name=s["symptom"],
        where=where,
        since=f"{s['since']:,}",
    )
    return join([title, *told])


def advice(remedies: Sequence[dict[str, Any]]) -> list[Html]:
    """What to try, in order."""
    if not remedies:
        return []
    row = "<li><code>{words}</code><br>{title}; cost: {cost}; {paper}{effect}</li>"
    rows = [html(row, **(r | {"effect": effect(r["measured"])})) for r in remedies]
    return [paragraph("To try, in this order:", "note"), html("<ol class='try'>{rows}</ol>", rows=join(rows))]


def effect(measured: list[dict[str, Any]]) -> str:
    """What benchmarks/remedies.py found."""
    told = []
    for m in measured:
        span = f"{m['low']:+.2f} to {m['high']:+.2f}, {m['world']}, n = {m['n']}"
        told.append(f"{m['verdict']}: {m['effect']:+.2f} {m['unit']} ({span})")
    return f". Measured: {'; '.join(told)}" if told else ""


def sheet(folder: Path, since: int) -> Html:
    """The first look that was kept from step `since` on."""
    kept = sorted(p for p in folder.glob("step-*.png") if int(p.stem[5:]) >= since)
    try:
        pixels = images.read(kept[0]).pixels
    except (IndexError, DataError):
        return Html()
    alt = f"What the monitor saw at step {int(kept[0].stem[5:])}: real pictures or inputs, then what is made of them"
    return html('<div class="sheet">{p}</div>{n}', p=picture(pixels, alt, LARGEST), n=paragraph(f"{alt}.", "note"))


def treated(line: dict[str, Any]) -> Html:
    """One treatment."""
    told = f"Treated at step {line['step']:,} for {line['symptom']}: back to step {line['back_to']:,}, {line['title']}."
    words = " ".join(f"--set {key}={value}" for key, value in line["changes"].items())
    return join([html("<h3>Treatment</h3>"), paragraph(told), code(words)])


def signals(facts: Facts, lines: Sequence[dict[str, Any]]) -> list[curves.Chart]:
    """A chart for each signal worth looking at, of each direction."""
    found = []
    ways = {f"_{d.key}": f" {d.title(facts.names)}" for d in facts.config.method.directions} or {"": ""}
    for name, (title, meaning, healthy) in SHOWN.items():
        for suffix, where in ways.items():
            points = [
                (line["step"], line["signals"][name + suffix]) for line in lines if name + suffix in line["signals"]
            ]
            if len(points) < 2:
                continue
            floor = lines[-1]["signals"].get(f"{name}_floor{suffix}")
            steps, values = np.array(points, float).T
            look_for = floor if healthy is None else healthy
            name_of = {"title": f"{title}{where}", "meaning": meaning}
            found.append(curves.Chart(**name_of, steps=steps, values=values, healthy=look_for, noisy=False))
    return found
