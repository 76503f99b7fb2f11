"""The figures of a slide's quality in tables, each with what it means and what is normal."""

from collections.abc import Iterable

from ..evaluation import slide_words as words
from ..evaluation.slides import SlideFigures
from .markup import Html, html, join, paragraph, section

Rows = Iterable[tuple[str, ...]]
ABSENT = "Not measured: "


def figures_section(figures: SlideFigures) -> Html:
    """All figures, those that are not normal marked."""
    blocks = [write(figures) for write in (_seams, _clipped, _drift, _response, _nuclei, _glass)]
    unusual = words.unusual(figures)
    note = "Every measured figure is normal." if not unusual else f"Not normal: {'; '.join(unusual)}."
    return section("Figures", paragraph(note), html('<div class="facing">{b}</div>', b=join(blocks)), kind="figures")


def _seams(figures: SlideFigures) -> Html:
    meaning = (
        "Steps from pixel to pixel across the lines between blocks, over the steps beside these lines. Seams raise it "
        "above that of the source; 1.00 within three standard errors is normal."
    )
    seams = figures.seams
    if seams is None:
        return block("Seams", ABSENT + "the slide is smaller than two blocks, or shows nothing at their border.")
    rows = [
        ("translation", f"{seams.result:.3f}"),
        ("source", f"{seams.source:.3f}"),
        ("ratio", f"{seams.ratio:.3f} ± {seams.error:.3f}"),
    ]
    return block("Seams", meaning, rows, words.seams_normal(figures))


def _clipped(figures: SlideFigures) -> Html:
    meaning = (
        "Values at the lowest or highest number of the range, where differences are lost. About as many as in the "
        "source, at most 1 % more, is normal."
    )
    if figures.clipped is None:
        return block("Clipped values", ABSENT + "no tissue was found.")
    rows = [("translation", f"{figures.clipped.result:.2%}"), ("source", f"{figures.clipped.source:.2%}")]
    return block("Clipped values", meaning, rows, words.clipping_normal(figures))


def _drift(figures: SlideFigures) -> Html:
    meaning = (
        f"Colours of the tissue beside those of the training images of {figures.target}, and the distance in units of "
        "the spread from one training image to another. Up to 2 either way is normal."
    )
    if not figures.drifts:
        return block("Colours", ABSENT + "the training images are not available, or no tissue was found.")
    heads = ("", "slide", "training", "distance")
    rows = [(d.name, f"{d.value:.3g}", f"{d.expected:.3g}", f"{d.deviations:+.1f}") for d in figures.drifts]
    return block("Colours", meaning, [heads, *rows], words.drift_normal(figures))


def _response(figures: SlideFigures) -> Html:
    meaning = (
        "How much stronger faint noise on the translation comes back when it is translated back. Where it is high, the "
        "translation relies on details that nobody sees, which goes with structures that the input does not have. A "
        "hint, not a measure: at most as high as for 95 % of the training images is normal."
    )
    if figures.response is None:
        return block("Reaction to noise", ABSENT + "the run translates one way only, or no tissue was found.")
    rank = "not known: the training images are not available"
    if figures.percentile is not None:
        rank = f"higher than for {figures.percentile:.0f} % of the training images"
    rows = [("noise comes back", f"{figures.response:.2f} times"), ("rank", rank)]
    return block("Reaction to noise", meaning, rows, words.response_normal(figures))


def _nuclei(figures: SlideFigures) -> Html:
    meaning = (
        "Nuclei found by the density of haematoxylin in source and translation, matched by their middles. "
        f"An F1 of {words.NUCLEI:g} or more is normal where the target's stain colours nuclei as the source's does."
    )
    nuclei = figures.nuclei
    if nuclei is None:
        return block("Nuclei kept", ABSENT + "this needs stained tissue in RGB of 8 bits at 1 µm per pixel or finer.")
    rows = [
        ("F1", f"{nuclei.f1:.3f}"),
        ("kept of the source's", f"{nuclei.recall:.1%} of {nuclei.source:,}"),
        ("new in the translation", f"{1 - nuclei.precision:.1%} of {nuclei.result:,}"),
    ]
    return block("Nuclei kept", meaning, rows, words.nuclei_normal(figures))


def _glass(figures: SlideFigures) -> Html:
    meaning = "Change of blank glass, in 8-bit levels. A mean below 1 is normal."
    if figures.glass is None:
        return block("Blank glass", ABSENT + "no blank window was found.")
    rows = [("mean change", f"{figures.glass.mean:.2f}"), ("largest change", f"{figures.glass.largest:.0f}")]
    return block("Blank glass", meaning, rows, words.glass_normal(figures))


def block(title: str, meaning: str, rows: Rows = (), normal: bool | None = None) -> Html:
    """A heading, the numbers and their sentence."""
    mark = Html()
    if normal is not None:
        kind, word = ("good", "normal") if normal else ("bad", "not normal")
        mark = html(' <small class="{kind}">{word}</small>', kind=kind, word=word)
    lines = [row(cells) for cells in rows]
    numbers = (
        html('<div class="scroll"><table class="facts">{rows}</table></div>', rows=join(lines)) if lines else Html()
    )
    return html(
        "<div><h3>{title}{mark}</h3>{numbers}{note}</div>",
        title=title,
        mark=mark,
        numbers=numbers,
        note=paragraph(meaning, "note"),
    )


def row(cells: tuple[str, ...]) -> Html:
    """A line of a table; its first cell names it."""
    values = join(html("<td>{v}</td>", v=value) for value in cells[1:])
    return html('<tr><th scope="row">{name}</th>{values}</tr>', name=cells[0], values=values)
