"""The section of what `viceversa evaluate` has written: tables, worst images, protocol."""

from typing import Any

from .. import images
from ..errors import DataError
from ..evaluation.results import last_evaluation
from ..evaluation.words import ROWS, sentences
from .data import ReportData
from .markup import Html, fold, html, join, paragraph, picture, section, table, zoomable
from .verdict import how_decided

LARGEST = 640  # pixels of a sheet's shorter side
COLUMNS = {
    "frechet": ("Fréchet", ".2f"),
    "kid": ("KID × 1000", ".1f"),
    "precision": ("precision", ".2f"),
    "recall": ("recall", ".2f"),
    "density": ("density", ".2f"),
    "coverage": ("coverage", ".2f"),
}


def evaluation(report: ReportData) -> Html:
    """The section; nothing for a run that has not been evaluated."""
    saved = last_evaluation(report.run)
    if saved is None:
        return Html()
    try:
        return section("Evaluation", *parts(report, saved), kind="evaluation")
    except (ValueError, LookupError, TypeError, AttributeError):  # by a version that wrote other things
        return Html()


def parts(report: ReportData, saved: dict[str, Any]) -> list[Html]:
    """Every direction of the last checkpoint, then the best one, then the protocol."""
    content = [paragraph(f"The checkpoint of step {saved['step']:,}, the last one at the time.", "note")]
    content += [direction(report, d) for d in saved["directions"]]
    if best := saved.get("best"):
        same = best["step"] == saved["step"]
        which = "which is the last one" if same else "beside the last one above"
        content.append(html("<h3>Best checkpoint: step {step}, {which}</h3>", step=f"{best['step']:,}", which=which))
        content.append(paragraph(f"Rule: {best['rule']}.", "note"))
        if not same:
            content += [direction(report, d) for d in best["directions"]]
    return [*content, how_decided(report), fold("Protocol of these numbers", table(protocol_rows(saved["protocol"])))]


def protocol_rows(protocol: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and values of the protocol."""
    rows = []
    for key, value in protocol.items():
        name = "weights, SHA-256" if key == "extractor_sha256" else key
        text = "  ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
        rows.append((name, text))
    return rows


def direction(report: ReportData, d: dict[str, Any]) -> Html:
    """The table of one direction, with sentences, notes and the worst images."""
    heads = ["", "pictures", *(head for head, _ in COLUMNS.values())]
    rows = [html("<tr>{cells}</tr>", cells=join(html('<th scope="col">{h}</th>', h=h) for h in heads))]
    rows += [score_row(ROWS[name], values) for name, values in d["rows"].items()]
    return join(
        [
            html("<h3>{a} → {b}</h3>", a=d["source"], b=d["target"]),
            html('<div class="scroll"><table class="scores">{rows}</table></div>', rows=join(rows)),
            *(paragraph(sentence) for sentence in sentences(d)),
            *(paragraph(f"Note: {note}.", "note") for note in d["notes"]),
            worst_sheet(report, d.get("worst")),
        ]
    )


def score_row(name: str, values: dict[str, Any]) -> Html:
    """The scores of one set against the reference."""
    cells = [html("<td>{n} / {of}</td>", n=f"{values['count']:,}", of=f"{values['reference']:,}")]
    for key, (_, spec) in COLUMNS.items():
        text = "–" if values[key] is None else f"{values[key]:{spec}}".replace("-", "−")
        interval = Html()
        if key == "kid":
            limits = f"{values['kid_low']:.1f} to {values['kid_high']:.1f}".replace("-", "−")
            interval = html("<small>{s}</small>", s=limits)
        cells.append(html("<td>{text}{interval}</td>", text=text, interval=interval))
    return html('<tr><th scope="row">{name}</th>{cells}</tr>', name=name, cells=join(cells))


def worst_sheet(report: ReportData, worst: dict[str, Any] | None) -> Html:
    """The worst images."""
    if not worst:
        return Html()
    try:
        pixels = images.read(report.run.evaluations / worst["sheet"]).pixels
    except DataError:
        return Html()
    alt = "The worst translations, worst first. Rows from above: input, translation, truth where known"
    return html(
        '<div class="sheet">{p}</div>{n}', p=zoomable(picture(pixels, alt, LARGEST)), n=paragraph(f"{alt}.", "note")
    )
