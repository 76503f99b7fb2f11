"""`write_quality_page`: one translated slide on one page, before and after, with the figures of its quality."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import files, images
from ..evaluation.slide_reference import SlideReference, slide_reference
from ..evaluation.slide_windows import BLOCK
from ..evaluation.slide_words import unusual
from ..evaluation.slides import MeasuredWindow, SlideFigures, measure_slide
from ..images import Picture, Window, WindowedImage
from ..methods.protocol import Side
from ..translation.large import LargeImage
from ..translation.translator import Translator
from .encode import fit_into
from .frame import frame_bytes, framed
from .markup import Html, html, image_tag, join, paragraph, section, table, zoomable
from .pairs import slider
from .slide_figures import figures_section

PAGE_BYTES = 2_900_000
SLIDE_SIDE = 1280  # pixels of the longer side of the whole slide
MAP_SIDE = 720  # pixels of the longer side of the map's ground
STRONG = np.array([0.75, 0.1, 0.1], np.float32)  # colour of the strongest response, in [0, 1]
Pixels = NDArray[np.float32]

WARNING = html(
    '<div class="verdict"><p class="no">Not for diagnosis. <small>A network made this image. It can add, remove and '
    "change structures, and the figures below do not prove that it has not.</small></p></div>"
)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The pictures of a page, (C, H, W) in [-1, 1], before and after translation."""

    name: str
    thumbnails: tuple[Pixels, Pixels]
    windows: tuple[tuple[str, MeasuredWindow, Pixels, Pixels], ...]  # why it is shown, and both pictures


def write_quality_page(
    translator: Translator,
    source: LargeImage,
    result_path: Path,
    side: Side,
    page: Path,
    *,
    reference: SlideReference | None = None,
    block: int = BLOCK,
) -> SlideFigures:
    """Measure a translated slide, write its page and return the figures; see `measure_slide`.

    `side` is the domain that the result belongs to, `block` the grid in which it was translated. Takes about a minute
    at most on a CPU, and less than a twentieth of the time of translating a large slide. ImageError for a result that
    cannot be read.
    """
    thumbnail = source.thumbnail()
    with images.open_windows(result_path) as result:
        figures = measure_slide(translator, source, result, side, reference=reference, thumbnail=thumbnail, block=block)
        shown = shown_pictures(translator, source, result, side, figures, thumbnail)
    files.write_text(page, render(figures, shown))
    return figures


@dataclass(frozen=True)
class QualityPages:
    """Writes NAME.quality.html beside each translated slide, unless it is there and newer."""

    run: Path | str

    def __call__(self, translator: Translator, source: LargeImage, result: Path, side: Side) -> list[str]:
        """Write the page; returns what is not as it should be."""
        page = result.with_name(f"{result.name.removesuffix('.tif')}.quality.html")
        if page.exists() and page.stat().st_mtime >= result.stat().st_mtime:
            return []
        reference = slide_reference(self.run, translator, side)
        return unusual(write_quality_page(translator, source, result, side, page, reference=reference))


def shown_pictures(
    translator: Translator,
    source: LargeImage,
    result: WindowedImage,
    side: Side,
    figures: SlideFigures,
    thumbnail: Picture,
) -> Shown:
    """The pictures that the page shows."""
    made = LargeImage(result, translator.values.get(side), translator.channels[side])

    def both(window: Window) -> tuple[Pixels, Pixels]:
        pictures = source.picture(window), made.picture(window)
        return images.to_display(pictures[0].pixels), images.to_display(pictures[1].pixels)

    chosen = chosen_windows(figures.windows)
    return Shown(
        name=Path(images.file_of(source.about.path)[0]).name,
        thumbnails=(images.to_display(thumbnail.pixels), images.to_display(made.thumbnail().pixels)),
        windows=tuple((why, measured, *both(measured.window)) for why, measured in chosen),
    )


def chosen_windows(windows: Sequence[MeasuredWindow]) -> list[tuple[str, MeasuredWindow]]:
    """The windows with the weakest, the median and the strongest response; without responses three along the slide."""
    probed = sorted((w for w in windows if w.response is not None), key=lambda w: w.response or 0.0)
    if len(probed) >= 3:
        middle = probed[(len(probed) - 1) // 2]
        return [("Strongest reaction", probed[-1]), ("Median", middle), ("Weakest reaction", probed[0])]
    count = min(3, len(windows))
    return [("Window", windows[(2 * i + 1) * len(windows) // (2 * count)]) for i in range(count)]


def render(figures: SlideFigures, shown: Shown, size: int = PAGE_BYTES) -> Html:
    """The page in at most `size` bytes."""
    ground = fitted(shown.thumbnails[0], MAP_SIDE)
    thumbnails = [fitted(pixels, SLIDE_SIDE) for pixels in shown.thumbnails]
    pictures = [*thumbnails, ground, *(pixels for _, _, *both in shown.windows for pixels in both)]
    encoded = fit_into(pictures, size - frame_bytes() - 60_000)
    written = {
        "slide": slide_section(figures, shown, encoded[:2]),
        "windows": windows_section(figures, shown, encoded[3:]),
        "figures": figures_section(figures),
        "map": map_section(figures, encoded[2]),
        "record": record_section(figures, shown),
    }
    names = {"slide": "Slide", "windows": "Windows", "figures": "Figures", "map": "Map", "record": "Record"}
    sections = {anchor: content for anchor, content in written.items() if content}
    return framed(
        f"{shown.name}: {figures.source} → {figures.target} · viceversa", head(figures, shown), sections, names
    )


def head(figures: SlideFigures, shown: Shown) -> Html:
    """Both domains, the warning, and what the slide is."""
    return html(
        '<header><p class="brand">viceversa</p><h1><span class="a">{a}</span> <i>→</i> <span class="b">{b}</span></h1>'
        '{warning}<p class="lead">{name}: {size}, weights of step {step}.</p></header>',
        a=figures.source,
        b=figures.target,
        warning=WARNING,
        name=shown.name,
        size=described_size(figures),
        step=f"{figures.step:,}",
    )


def described_size(figures: SlideFigures) -> str:
    """ "30,000 x 20,000 pixels of 0.5 µm"."""
    height, width = figures.size
    pixels = f"{width:,} × {height:,} pixels"
    if figures.mpp is None:
        return pixels
    across, down = figures.mpp
    return f"{pixels} of {across:.4g}{'' if abs(across - down) < 0.01 * across else f' × {down:.4g}'} µm"


def slide_section(figures: SlideFigures, shown: Shown, encoded: Sequence[tuple[str, int, int]]) -> Html:
    """The whole slide, before and after."""
    before, after = (
        image_tag(one, f"{shown.name}: {what}")
        for one, what in zip(encoded, (figures.source, f"as {figures.target}"), strict=True)
    )
    note = paragraph("The whole slide, reduced. Drag the line to compare.", "note")
    return section("Slide", note, html('<div class="pairs wide">{s}</div>', s=slider(shown.name, before, after)))


def windows_section(figures: SlideFigures, shown: Shown, encoded: Sequence[tuple[str, int, int]]) -> Html:
    """Windows at full scale, before and after, and where the way back reacts to noise."""
    if not shown.windows:
        return Html()
    largest = max((w.response or 0.0 for w in figures.windows), default=0.0)
    rows = []
    for i, (why, measured, _, _) in enumerate(shown.windows):
        place = f"at {measured.window.left:,}, {measured.window.top:,}"
        parts = [zoomable(image_tag(encoded[2 * i], f"{place}: {figures.source}"))]
        parts.append(zoomable(image_tag(encoded[2 * i + 1], f"{place}: as {figures.target}")))
        caption = f"{why}, {place}"
        if measured.places is not None:
            parts.append(place_map(measured, 2 * largest))
            caption = f"{why}, {measured.response:.2f}, {place}: {figures.source}, {figures.target}, reaction to noise"
        rows.append(
            html("<figure class='row'><div>{p}</div><figcaption>{c}</figcaption></figure>", p=join(parts), c=caption)
        )
    columns = 3 if any(measured.places is not None for _, measured, _, _ in shown.windows) else 2
    grid = html("<div class='gallery' style='--columns:{n}'>{rows}</div>", n=columns, rows=join(rows))
    note = (
        "At full scale, chosen by the figure and not by eye. The third picture shows where in the middle of the window "
        "the way back reacts to noise, darker for more: look there first for structures that the input does not have."
        if columns == 3
        else "At full scale, evenly spaced over the tissue."
    )
    return section("Windows", paragraph(note, "note"), grid, kind="full")


def place_map(measured: MeasuredWindow, strongest: float) -> Html:
    """The noise response of each place in the middle of a window, the rest of the window blank."""
    assert measured.places is not None
    rows, columns = measured.places.shape
    shares = np.clip(measured.places / (strongest or 1.0), 0, 1)[None]
    colours = 1 - shares * (1 - STRONG[:, None, None])
    whole = np.full((3, 2 * rows, 2 * columns), 0.93, np.float32)
    whole[:, rows // 2 : rows // 2 + rows, columns // 2 : columns // 2 + columns] = colours
    address = fit_into([2 * whole - 1], PAGE_BYTES)[0]
    alt = f"reaction to noise, mean {measured.response:.2f}"
    return html('<div class="sharp">{image}</div>', image=zoomable(image_tag(address, alt)))


def map_section(figures: SlideFigures, ground: tuple[str, int, int]) -> Html:
    """The measured windows over the slide, by their noise response."""
    probed = [window for window in figures.windows if window.response is not None]
    if not probed:
        return Html()
    address, width, height = ground
    low, high = min(w.response or 0.0 for w in probed), max(w.response or 0.0 for w in probed)
    marks = [mark(measured, figures.size, (height, width), low, high) for measured in figures.windows]
    note = (
        f"Each square is a measured window: from {low:.2f} (faint) to {high:.2f} (strong) times the noise comes back. "
        "Windows that are outlined alone were measured for the other figures."
    )
    svg = html(
        '<svg class="places" viewBox="0 0 {w} {h}" role="img" aria-label="Noise response over the slide">'
        '<image href="{a}" width="{w}" height="{h}"/>{marks}</svg>',
        w=width,
        h=height,
        a=address,
        marks=join(marks),
    )
    return section("Where it reacts to noise", paragraph(note, "note"), svg)


def mark(measured: MeasuredWindow, size: tuple[int, int], ground: tuple[int, int], low: float, high: float) -> Html:
    """A window as a rectangle on the map."""
    scale = ground[0] / size[0], ground[1] / size[1]
    window, response = measured.window, measured.response
    share = 0.0 if response is None else 0.25 + 0.65 * (response - low) / (high - low or 1.0)
    title = f"{window.left:,}, {window.top:,}" + ("" if response is None else f": {response:.2f}")
    return html(
        '<rect x="{x}" y="{y}" width="{w}" height="{h}" style="fill-opacity:{o}"><title>{t}</title></rect>',
        x=f"{window.left * scale[1]:.1f}",
        y=f"{window.top * scale[0]:.1f}",
        w=f"{max(2, window.width * scale[1]):.1f}",
        h=f"{max(2, window.height * scale[0]):.1f}",
        o=f"{share:.2f}",
        t=title,
    )


def record_section(figures: SlideFigures, shown: Shown) -> Html:
    """What was measured."""
    probed = sum(window.response is not None for window in figures.windows)
    rows: list[tuple[object, object]] = [
        ("slide", shown.name),
        ("result", described_size(figures)),
        ("weights", f"step {figures.step:,}"),
        ("tissue", f"{figures.tissue:.0%} of the slide"),
        ("measured", f"{len(figures.windows)} windows of tissue, {probed} of them for the reaction to noise"),
        ("blank glass", f"{figures.glass.windows} windows" if figures.glass else "none measured"),
        ("written", time.strftime("%F %H:%M")),
    ]
    return section("Record", table(rows))


def fitted(pixels: Pixels, side: int) -> Pixels:
    """A picture with a longer side of at most `side` pixels."""
    _, h, w = pixels.shape
    factor = min(1.0, side / max(h, w))
    return pixels if factor == 1 else images.resize(pixels, (max(1, round(h * factor)), max(1, round(w * factor))))
