"""What `viceversa evaluate` found: the tables, the worst pictures, and how each number was made."""

import json
from typing import Any

from .. import images
from ..errors import DataError
from ..evaluation.words import ROWS, sentences
from .facts import Facts
from .markup import Html, fold, html, join, paragraph, picture, section, table

LARGEST = 640  # pixels of a sheet's shorter side
COLUMNS = {
    "frechet": ("Fréchet", ".2f"),
    "kid": ("KID × 1000", ".1f"),
    "precision": ("precision", ".2f"),
    "recall": ("recall", ".2f"),
    "density": ("density", ".2f"),
    "coverage": ("coverage", ".2f"),
}


def evaluation(facts: Facts) -> Html:
    """The section; nothing for a run that has not been evaluated."""
    try:
        found = json.loads(facts.run.evaluation.read_bytes())
        return section("Evaluation", *parts(facts, found), kind="evaluation")
    except (OSError, ValueError, LookupError, TypeError):  # not evaluated, or by a version that wrote other things
        return Html()


def parts(facts: Facts, found: dict[str, Any]) -> list[Html]:
    """Every direction of the last checkpoint, then the best one, then the protocol."""
    shown = [paragraph(f"The checkpoint of step {found['step']:,}, the last one then.", "note")]
    shown += [direction(facts, way) for way in found["directions"]]
    if best := found.get("best"):
        same = best["step"] == found["step"]
        told = "which is the last one" if same else "beside the last one above"
        shown.append(html("<h3>Best checkpoint: step {step}, {told}</h3>", step=f"{best['step']:,}", told=told))
        shown.append(paragraph(f"Rule: {best['rule']}.", "note"))
        shown += [] if same else [direction(facts, way) for way in best["directions"]]
    return [*shown, fold("How these numbers were made", table(flat(found["protocol"])))]


def flat(protocol: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and values of the protocol."""
    words = {"extractor_sha256": "weights, SHA-256"}
    return [
        (
            words.get(key, key),
            "  ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value),
        )
        for key, value in protocol.items()
    ]


def direction(facts: Facts, way: dict[str, Any]) -> Html:
    """One table with what was found beside it."""
    heads = ["", "pictures", *(head for head, _ in COLUMNS.values())]
    rows = [html("<tr>{cells}</tr>", cells=join(html('<th scope="col">{h}</th>', h=h) for h in heads))]
    rows += [row(ROWS[name], values) for name, values in way["rows"].items()]
    told = [paragraph(text) for text in sentences(way)]
    told += [paragraph(f"Note: {note}.", "note") for note in way["notes"]]
    return join(
        [
            html("<h3>{a} → {b}</h3>", a=way["source"], b=way["target"]),
            html('<div class="scroll"><table class="scores">{rows}</table></div>', rows=join(rows)),
            *told,
            sheet(facts, way.get("worst")),
        ]
    )


def row(name: str, values: dict[str, Any]) -> Html:
    """One set against the reference."""
    cells = [html("<td>{n} / {of}</td>", n=f"{values['count']:,}", of=f"{values['reference']:,}")]
    for key, (_, spec) in COLUMNS.items():
        text = "–" if values[key] is None else f"{values[key]:{spec}}".replace("-", "−")
        span = f"{values['kid_low']:.1f} to {values['kid_high']:.1f}".replace("-", "−") if key == "kid" else ""
        cells.append(html("<td>{text}{span}</td>", text=text, span=html("<small>{s}</small>", s=span) if span else ""))
    return html('<tr><th scope="row">{name}</th>{cells}</tr>', name=name, cells=join(cells))


def sheet(facts: Facts, worst: dict[str, Any] | None) -> Html:
    """The worst pictures."""
    if not worst:
        return Html()
    try:
        pixels = images.read(facts.run.evaluations / worst["sheet"]).pixels
    except DataError:
        return Html()
    alt = "These worst ones, from left to right: input, translation below it and, where it is known, the truth"
    return html('<div class="sheet">{p}</div>{n}', p=picture(pixels, alt, LARGEST), n=paragraph(f"{alt}.", "note"))
