"""Test accuracy of a classifier or a segmenter."""

from typing import Any

from ..data.labels import Palette
from .data import ReportData
from .markup import Html, html, join, paragraph, section


def accuracy(report: ReportData) -> Html:
    """The section; nothing for a run that classifies neither images nor pixels."""
    lines = report.run.read_lines(report.run.accuracy)
    if not lines:
        return Html()

    last = lines[-1]
    note = paragraph(f"At step {last['step']:,}. Training never saw these pictures.", "note")
    if "iou" in last:
        text = (
            f"{last['accuracy']:.1%} of the test pixels are classified correctly, {last['class_accuracy']:.1%} on "
            f"average over the classes; mean IoU {last['iou']:.1%}. {last['of']:,} pictures."
        )
        palette = Palette.from_dict(report.data["palette"])
        return section("Test accuracy", paragraph(text), note, classes(last["iou_of"], palette))

    text = f"{last['accuracy']:.1%} of the test pictures are classified correctly: {last['right']:,} of {last['of']:,}."
    return section("Test accuracy", paragraph(text), note)


def classes(iou_of: dict[str, Any], palette: Palette) -> Html:
    """Each class with its colour and its IoU: intersection over union of true and predicted pixels."""
    rows = []
    for name, colour in zip(palette.names, palette.colours, strict=True):
        iou = iou_of.get(name)
        chip = html('<span class="chip" style="background:#{c}"></span>', c=colour)
        value = "does not occur" if iou is None else f"{iou:.1%}"
        rows.append(html('<tr><th scope="row">{chip} {name}</th><td>{v}</td></tr>', chip=chip, name=name, v=value))
    head = html('<tr><th scope="col">class</th><th scope="col">IoU</th></tr>')
    return html('<div class="scroll"><table class="facts">{head}{rows}</table></div>', head=head, rows=join(rows))
