"""The section of one experiment as HTML, with its figures as files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from viceversa import files, images
from viceversa.console import duration
from viceversa.report.markup import Html, code, html, join, table

from . import svg
from .experiment import Experiment
from .figures import enlarge
from .interval import Interval
from .mathml import formula, inline
from .parts import Claim, Figure, Film, Finding, Formula, Part, Pixels, Table, Text
from .results import Result

SMALL = 128  # pixels; a sharp picture below this is enlarged to about twice of it
KINDS = {True: ("holds", "The claim holds"), False: ("fails", "The claim does not hold")}


@dataclass
class Section:
    """Writes one experiment: numbers its figures from `first` on, puts their files below `site`."""

    experiment: Experiment
    result: Result
    site: Path
    links: dict[str, str]
    first: int = 1
    written: list[str] = field(default_factory=list)  # addresses of figure files

    def render(self, parts: Sequence[Part]) -> tuple[Html, int]:
        """The section and the number of its figures; ValueError when it says or shows nothing."""
        if not any(isinstance(part, Figure) for part in parts) or not any(isinstance(p, Text) for p in parts):
            raise ValueError(f"experiment {self.experiment.name} writes no figure or no text")
        self.figures = [part for part in parts if isinstance(part, Figure)]
        self.numbers = {str(i + 1): f"{self.experiment.chapter}.{self.first + i}" for i in range(len(self.figures))}
        body = join(self._part(part) for part in parts)
        section = html(
            '<section class="experiment" id="{name}"><h2><a href="#{name}">{title}</a></h2>{quick}{body}</section>',
            name=self.experiment.name,
            title=self.experiment.title,
            quick=QUICK if self.result.quick else Html(""),
            body=body,
        )
        return section, len(self.figures)

    def _text(self, text: str) -> Html:
        return inline(text, self.links, self.numbers)

    def _part(self, part: Part) -> Html:
        match part:
            case Text(text):
                return html("<p>{text}</p>", text=self._text(text))
            case Formula(latex):
                return html('<div class="formula scroll" tabindex="0">{math}</div>', math=formula(latex, block=True))
            case Finding(text):
                return html('<p class="finding"><b>Measured.</b> {text}</p>', text=self._text(text))
            case Claim():
                return self._claim(part)
            case Table():
                return self._table(part)
        return self._figure(part)

    def _claim(self, claim: Claim) -> Html:
        kind, title = KINDS[claim.holds]
        return html(
            '<aside class="claim {kind}"><h3>{title}</h3><dl><div><dt>Claimed</dt><dd>{claimed}</dd></div>'
            "<div><dt>Measured</dt><dd>{measured}</dd></div></dl></aside>",
            kind=kind,
            title=title,
            claimed=self._text(claim.claimed),
            measured=self._text(claim.measured),
        )

    def _table(self, part: Table) -> Html:
        heads = join((html('<th scope="col">{t}</th>', t=self._text(head)) for head in part.heads), "")
        rows = join(html("<tr>{cells}</tr>", cells=join(self._cells(row), "")) for row in part.rows)
        caption = html("<caption>{t}</caption>", t=self._text(part.caption)) if part.caption else Html("")
        return html(
            '<div class="scroll" tabindex="0"><table class="numbers">{caption}<thead><tr>{heads}</tr></thead>'
            "<tbody>{rows}</tbody></table></div>",
            caption=caption,
            heads=heads,
            rows=rows,
        )

    def _cells(self, row: Sequence[Any]) -> Iterator[Html]:
        for i, cell in enumerate(row):
            told = self._text(cell) if isinstance(cell, str) else _number(cell)
            yield html('<th scope="row">{t}</th>' if i == 0 else "<td>{t}</td>", t=told)

    def _figure(self, part: Figure) -> Html:
        place = next(i for i, figure in enumerate(self.figures) if figure is part)
        number = self.numbers[str(place + 1)]
        drawings = list(part.drawings) if isinstance(part.drawings, list | tuple) else [part.drawings]
        shown = []
        for i, drawing in enumerate(drawings):
            name = f"{self.experiment.name}-{place + 1}{'' if len(drawings) == 1 else 'abcdefghijklmnop'[i]}"
            title = html("<h4>{t}</h4>", t=self._text(part.titles[i])) if i < len(part.titles) else Html("")
            about = part.alt if len(drawings) == 1 else f"{part.alt} ({i + 1} of {len(drawings)})"
            shown.append(
                html('<div class="drawing">{t}{d}</div>', t=title, d=self._drawing(drawing, name, part, about))
            )
        kind = "figure" + " wide" * part.wide + " several" * (len(shown) > 1) + " many" * (len(shown) > 3)
        return html(
            '<figure class="{kind}" id="figure-{anchor}"><div class="drawings scroll"{focus}>{drawings}</div>'
            "<figcaption><b>Figure {number}.</b> {caption}</figcaption>{behind}</figure>",
            kind=kind,
            focus=Html(' tabindex="0"') if part.wide else Html(""),
            anchor=number.replace(".", "-"),
            number=number,
            drawings=join(shown),
            caption=self._text(part.caption),
            behind=self._behind(),
        )

    def _drawing(self, drawing: Any, name: str, part: Figure, alt: str) -> Html:
        if isinstance(drawing, Film):
            return self._film(drawing, name, alt, part.sharp)
        if isinstance(drawing, np.ndarray):
            return self._image(drawing, name, alt, part.sharp)
        drawn = svg.draw(drawing, name)
        self._save(f"{name}.svg", drawn.encode())
        return svg.inline(drawn, alt)

    def _image(self, pixels: Pixels, name: str, alt: str, sharp: bool) -> Html:
        pixels = _large_enough(pixels) if sharp else pixels
        buffer = BytesIO()
        images.to_pil(pixels).save(buffer, "PNG", optimize=True)
        return _img(self._save(f"{name}.png", buffer.getvalue()), pixels, alt, sharp)

    def _film(self, film: Film, name: str, alt: str, sharp: bool) -> Html:
        """An animated WebP, and its last frame for readers who asked for less motion and for paper."""
        still = self._image(film.frames[-1], f"{name}-still", alt, sharp)
        frames = [images.to_pil(_large_enough(f) if sharp else f).convert("RGB") for f in film.frames]
        times = [film.milliseconds] * (len(frames) - 1) + [max(1500, film.milliseconds)]
        buffer = BytesIO()
        frames[0].save(
            buffer, "WEBP", save_all=True, append_images=frames[1:], duration=times, loop=0, lossless=sharp, quality=88
        )
        moving = html(
            '<source srcset="{to}" media="screen and (prefers-reduced-motion: no-preference)" type="image/webp">',
            to=self._save(f"{name}.webp", buffer.getvalue()),
        )
        return html("<picture>{moving}{still}</picture>", moving=moving, still=still)

    def _save(self, name: str, data: bytes) -> str:
        files.write_bytes(self.site / "figures" / name, data)
        self.written.append(f"figures/{name}")
        return self.written[-1]

    def _behind(self) -> Html:
        """Command, seeds, time, machine, date and numbers of a figure, folded."""
        result, machine = self.result, self.result.machine
        threads = machine.get("threads", 1)
        where = f"{machine.get('processor')}, {threads} thread{'s' * (threads != 1)}"
        rows = [
            *((key.replace("_", " "), _setting(value)) for key, value in result.settings.items()),
            ("time", f"{duration(result.seconds)} ({result.seconds:g} s)"),
            ("machine", where if machine.get("device") == "cpu" else machine.get("device")),
            ("date", result.date),
            (
                "version",
                f"viceversa {machine.get('versions', {}).get('viceversa')}, {machine.get('commit') or 'no commit'}",
            ),
        ]
        return html(
            '<details class="behind"><summary>Command, seeds, time and numbers</summary>{command}{rows}'
            '<p><a href="data/{name}.json">All numbers as JSON</a></p></details>',
            command=code(result.command),
            rows=table(rows),
            name=self.experiment.name,
        )


QUICK = Html(
    '<p class="quick">Quick run: fewer seeds and shorter training than the full measurement, so wider intervals.</p>'
)


def _img(address: str, pixels: Pixels, alt: str, sharp: bool) -> Html:
    return html(
        '<img src="{to}" alt="{alt}" width="{w}" height="{h}" class="{kind}" decoding="async">',
        to=address,
        alt=alt,
        w=pixels.shape[2],
        h=pixels.shape[1],
        kind="sharp" if sharp else "",
    )


def _large_enough(pixels: Pixels) -> Pixels:
    """Small pictures by whole factors, so that a printer and a PDF keep their edges too."""
    return enlarge(pixels, max(1, 2 * SMALL // max(pixels.shape[1:]))) if max(pixels.shape[1:]) < SMALL else pixels


def _number(value: float | int | Interval) -> str:
    return str(value) if isinstance(value, Interval) else f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _setting(value: Any) -> str:
    return ", ".join(map(_setting, value)) if isinstance(value, list) else str(value)
