"""What the run has learned: its distance to the truth, and the translations themselves."""

from pathlib import Path
from typing import Any

from ..evaluation.results import PairedScore
from ..evaluation.translations import TranslatedImage
from ..images import file_of
from ..tasks import task_of
from .data import ReportData, described_values
from .film import last_sheet
from .gallery import DirectionGallery
from .markup import Html, fold, html, join, paragraph, picture, section, zoomable
from .pairs import draw_pairs

LARGEST = 256  # pixels of an image in the page
SHARP = 32  # side of training images up to which every pixel is shown as a square


def truth(report: ReportData) -> Html:
    """PSNR of the input, the best colour change and the translation, where the truth is known."""
    scores = [gallery.score for gallery in report.galleries or () if gallery.score]
    if not scores:
        return Html()

    heads = ("", "input as it is", "best colour change", "translation", "gain over the input", "gain over colour")
    rows = [html("<tr>{cells}</tr>", cells=join(html('<th scope="col">{h}</th>', h=h) for h in heads))]
    rows += [_score_row(score) for score in scores]
    unpaired = not task_of(report.config.method).paired
    return section(
        "PSNR against the truth",
        html('<table class="truth">{rows}</table>', rows=join(rows)),
        *(paragraph(verdict(score)) for score in scores),
        *(paragraph(text) for score in scores if (text := error_in_unit(score, report.data))),
        paragraph(
            "The table is in dB: PSNR against the true translation, averaged over the test pictures whose truth is "
            "known. Higher is better; 3 dB more is half the squared error. The best colour change is the affine map "
            "of channels with the least squared error, fitted on the true pairs. Training saw no test picture"
            + (" and no pair." if unpaired else "."),
            "note",
        ),
    )


def _score_row(s: PairedScore) -> Html:
    values = (f"{s.input:.2f}", f"{s.colour:.2f}", html("<b>{t}</b>", t=f"{s.translation:.2f}"))
    gains = (_gain(s.over_input), _gain(s.over_colour))
    return html(
        '<tr><th scope="row">{a} → {b} <small>{n} pictures</small></th>{cells}</tr>',
        a=s.source,
        b=s.target,
        n=f"{s.count:,}",
        cells=join(html("<td>{v}</td>", v=v) for v in (*values, *gains)),
    )


def _gain(decibels: float) -> Html:
    text = f"{decibels:+.2f}".replace("-", "−")
    return html('<b class="{kind}">{text}</b>', kind="good" if decibels > 0 else "bad", text=text)


def verdict(s: PairedScore) -> str:
    """The meaning of the numbers in one sentence."""
    start = f"{s.source} → {s.target}: the translation is"
    if s.over_input <= 0:
        return (
            f"{start} farther from the truth than the input itself, by {-s.over_input:.1f} dB: it has not learned yet."
        )

    nearer = f"{start} nearer to the truth than the input by {s.over_input:.1f} dB"
    if s.over_colour <= 0:
        return f"{nearer}, but a plain colour change would be nearer still, by {-s.over_colour:.1f} dB."
    factor = 10 ** (s.over_colour / 10)
    return (
        f"{nearer} and than the best colour change by {s.over_colour:.1f} dB: "
        f"colour alone would leave {factor:.1f} times the squared error."
    )


def error_in_unit(s: PairedScore, data: dict[str, Any]) -> str:
    """The mean absolute error in the numbers of the target's files; nothing for photographs."""
    if s.mae is None or s.colour_mae is None:
        return ""
    values = described_values(data).get(s.target, "")
    return (
        f"In the numbers of {s.target} ({values}) the translation is wrong by {s.mae:.4g} on average, the best colour "
        f"change by {s.colour_mae:.4g}."
    )


def pictures(report: ReportData, limit: int) -> Html:
    """Each direction: large pictures with a slider, in `limit` bytes with all of their rows; then more of them."""
    if report.galleries is None:
        return Html() if report.translates else generated(report)
    rows = [_rows(gallery) for gallery in report.galleries]
    pairs = [(gallery.source, gallery.target, gallery.pairs) for gallery in report.galleries]
    grids = draw_pairs(pairs, limit - sum(map(len, rows)))
    sections = []
    for gallery, grid, more, kind in zip(report.galleries, grids, rows, "ab", strict=False):
        if gallery.images:
            sharp = "sharp" if report.config.data.size <= SHARP else "large" if report.config.data.size > 128 else ""
            parts = (paragraph(_note(gallery), "note"), grid, more)
            sections.append(section(f"{gallery.source} → {gallery.target}", *parts, kind=f"direction {kind} {sharp}"))
        else:
            sections.append(_missing(gallery, kind))
    return join(sections)


def generated(report: ReportData) -> Html:
    """The newest sheet of a generator; nothing for a run that generates nothing, or is still training."""
    newest = last_sheet(report.run.samples)
    if newest is None or report.in_progress or not task_of(report.config.method).evaluated:
        return Html()
    step, image = newest
    note = paragraph(f"From noise, at step {step:,}; the same noise as in the samples below.", "note")
    return section("Generated pictures", note, html('<div class="sheet newest">{z}</div>', z=zoomable(image)))


def _missing(gallery: DirectionGallery, kind: str) -> Html:
    """What to say where no image of a direction is left."""
    split = "training" if gallery.training else "test"
    why = f" First: {gallery.unreadable[0]}." if gallery.unreadable else ""
    text = f"None of the {gallery.listed:,} {split} pictures is there, so none is shown; samples are below.{why}"
    title = f"{gallery.source} → {gallery.target}"
    return section(title, paragraph(text, "note missing"), kind=f"direction {kind}")


def _rows(gallery: DirectionGallery) -> Html:
    """Every image as the networks see it: input, translation, cycle and truth."""
    if not gallery.images:
        return Html()
    heads = ["input", gallery.target]
    if any(image.cycle is not None for image in gallery.images):
        heads.append("cycle")
    if any(image.truth is not None for image in gallery.images):
        heads.append("truth")
    grid = html(
        "<div class='gallery' style='--columns:{n}'>{rows}</div>",
        n=len(heads),
        rows=join(_figure(image, gallery.target) for image in gallery.images),
    )
    return fold(f"{len(gallery.images)} pictures as the networks see them: {', '.join(heads)}", grid)


def _note(gallery: DirectionGallery) -> str:
    """Which images are shown at their own size."""
    count = len(gallery.pairs)
    shown = f"The first {count} of {gallery.listed:,}" if count < gallery.listed else f"All {gallery.listed}"
    origin = "test pictures in file order, not picked; training never saw them."
    if gallery.training:
        origin = "training pictures in file order, not picked. There is no test set; new pictures may come out worse."
    broken = f" {len(gallery.unreadable)} could not be read: {gallery.unreadable[0]}" if gallery.unreadable else ""
    return f"{shown} {origin}{broken}"


def _figure(image: TranslatedImage, target: str) -> Html:
    """One row: input, translation, cycle and truth."""
    shown = [(image.input, "input"), (image.output, f"as {target}")]
    if image.cycle is not None:
        shown.append((image.cycle, "cycle"))
    if image.truth is not None:
        shown.append((image.truth, f"true {target}"))

    name = Path(file_of(image.path)[0]).name
    pictures = join(zoomable(picture(pixels, f"{name}: {what}", LARGEST)) for pixels, what in shown)
    return html("<figure class='row'><div>{p}</div><figcaption>{name}</figcaption></figure>", p=pictures, name=name)
