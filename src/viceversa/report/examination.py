"""What a classifier or a segmenter can do: its test pictures."""

from typing import Any

from ..data.labels import Palette
from .facts import Facts
from .markup import Html, html, join, paragraph, section


def examination(facts: Facts) -> Html:
    """How many test pictures a classifier names rightly, or how many of their pixels a segmenter does."""
    lines = facts.run.read_lines(facts.run.accuracy)
    if not lines:
        return Html()
    last = lines[-1]
    when = paragraph(f"At step {last['step']:,}. Training never saw these pictures.", "note")
    if "iou" in last:
        told = (
            f"{last['accuracy']:.1%} of the test pixels are named rightly, {last['class_accuracy']:.1%} on average "
            f"over the classes; mean IoU {last['iou']:.1%}. {last['of']:,} pictures."
        )
        return section("Test", paragraph(told), when, classes(last["iou_of"], Palette.of(facts.data["palette"])))
    told = f"{last['accuracy']:.1%} of the test pictures are named rightly: {last['right']:,} of {last['of']:,}."
    return section("Test", paragraph(told), when)


def classes(iou_of: dict[str, Any], palette: Palette) -> Html:
    """Each class with its colour and its IoU: right pixels / (true or found ones)."""
    cells = []
    for name, colour in zip(palette.names, palette.colours, strict=True):
        share = iou_of.get(name)
        chip = html('<span class="chip" style="background:#{c}"></span>', c=colour)
        value = "does not occur" if share is None else f"{share:.1%}"
        cells.append(html('<tr><th scope="row">{chip} {name}</th><td>{v}</td></tr>', chip=chip, name=name, v=value))
    head = html('<tr><th scope="col">class</th><th scope="col">IoU</th></tr>')
    return html('<div class="scroll"><table class="facts">{head}{rows}</table></div>', head=head, rows=join(cells))
