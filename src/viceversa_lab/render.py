"""The section of one experiment as HTML, with its figures as files."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from viceversa import files, images
from viceversa.console import duration
from viceversa.report.markup import Html, code, html, join, table

from . import svg
from .blocks import Animation, Block, Claim, Figure, Finding, Formula, Pixels, Table, Text
from .cache import Record
from .experiment import Experiment
from .figures import enlarge
from .interval import Interval
from .mathml import formula, inline

SMALL = 128  # pixels; a smaller sharp image is enlarged to about twice this size
KINDS = {True: ("holds", "The claim holds"), False: ("fails", "The claim does not hold")}
LETTERS = "abcdefghijklmnop"  # of the drawings of one figure, in their file names


@dataclass
class Section:
    """Renders one experiment: numbers its figures from `first` on and writes their files below `site`."""

    experiment: Experiment
    record: Record
    site: Path
    links: dict[str, str]
    first: int = 1

    def render(self, blocks: Sequence[Block]) -> tuple[Html, int]:
        """The section and the number of its figures; ValueError if it has no text or no figure."""
        self.figures = [block for block in blocks if isinstance(block, Figure)]
        if not self.figures or not any(isinstance(block, Text) for block in blocks):
            raise ValueError(f"experiment {self.experiment.name} writes no figure or no text")
        self.numbers = {str(i + 1): f"{self.experiment.chapter}.{self.first + i}" for i in range(len(self.figures))}

        section = html(
            '<section class="experiment" id="{name}"><h2><a href="#{name}">{title}</a></h2>{quick}{body}</section>',
            name=self.experiment.name,
            title=self.experiment.title,
            quick=QUICK if self.record.quick else Html(""),
            body=join(self._block(block) for block in blocks),
        )
        return section, len(self.figures)

    def _text(self, text: str) -> Html:
        return inline(text, self.links, self.numbers)

    def _block(self, block: Block) -> Html:
        match block:
            case Text(text):
                return html("<p>{text}</p>", text=self._text(text))
            case Formula(latex):
                return html('<div class="formula scroll" tabindex="0">{math}</div>', math=formula(latex, block=True))
            case Finding(text):
                return html('<p class="finding"><b>Measured.</b> {text}</p>', text=self._text(text))
            case Claim():
                return self._claim(block)
            case Table():
                return self._table(block)
        return self._figure(block)

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

    def _table(self, block: Table) -> Html:
        heads = join((html('<th scope="col">{t}</th>', t=self._text(head)) for head in block.heads), "")
        rows = join(html("<tr>{cells}</tr>", cells=join(self._cells(row), "")) for row in block.rows)
        caption = html("<caption>{t}</caption>", t=self._text(block.caption)) if block.caption else Html("")
        return html(
            '<div class="scroll" tabindex="0"><table class="numbers">{caption}<thead><tr>{heads}</tr></thead>'
            "<tbody>{rows}</tbody></table></div>",
            caption=caption,
            heads=heads,
            rows=rows,
        )

    def _cells(self, row: Sequence[Any]) -> Iterator[Html]:
        for i, cell in enumerate(row):
            content = self._text(cell) if isinstance(cell, str) else _number(cell)
            yield html('<th scope="row">{t}</th>' if i == 0 else "<td>{t}</td>", t=content)

    def _figure(self, figure: Figure) -> Html:
        index = next(i for i, other in enumerate(self.figures) if other is figure)
        number = self.numbers[str(index + 1)]
        drawings = list(figure.drawings) if isinstance(figure.drawings, list | tuple) else [figure.drawings]

        rendered = []
        for i, drawing in enumerate(drawings):
            name, alt = f"{self.experiment.name}-{index + 1}", figure.alt
            if len(drawings) > 1:
                name += LETTERS[i]
                alt += f" ({i + 1} of {len(drawings)})"
            title = html("<h4>{t}</h4>", t=self._text(figure.titles[i])) if i < len(figure.titles) else Html("")
            content = self._drawing(drawing, name, figure, alt)
            rendered.append(html('<div class="drawing">{t}{d}</div>', t=title, d=content))

        classes = ["figure"]
        if figure.wide:
            classes.append("wide")
        if len(drawings) > 1:
            classes.append("several")
        if len(drawings) > 3:
            classes.append("many")
        return html(
            '<figure class="{kind}" id="figure-{anchor}"><div class="drawings scroll"{focus}>{drawings}</div>'
            "<figcaption><b>Figure {number}.</b> {caption}</figcaption>{behind}</figure>",
            kind=" ".join(classes),
            focus=Html(' tabindex="0"') if figure.wide else Html(""),
            anchor=number.replace(".", "-"),
            number=number,
            drawings=join(rendered),
            caption=self._text(figure.caption),
            behind=self._details(),
        )

    def _drawing(self, drawing: Any, name: str, figure: Figure, alt: str) -> Html:
        if isinstance(drawing, Animation):
            return self._animation(drawing, name, alt, figure.sharp)
        if isinstance(drawing, np.ndarray):
            return self._image(drawing, name, alt, figure.sharp)
        markup = svg.draw(drawing, name)
        self._save(f"{name}.svg", markup.encode())
        return svg.inline(markup, alt)

    def _image(self, pixels: Pixels, name: str, alt: str, sharp: bool) -> Html:
        pixels = _enlarged(pixels) if sharp else pixels
        buffer = BytesIO()
        images.to_pil(pixels).save(buffer, "PNG", optimize=True)
        return _img(self._save(f"{name}.png", buffer.getvalue()), pixels, alt, sharp)

    def _animation(self, animation: Animation, name: str, alt: str, sharp: bool) -> Html:
        """An animated WebP, and its last frame for print and for readers who prefer reduced motion."""
        still = self._image(animation.frames[-1], f"{name}-still", alt, sharp)
        frames = [images.to_pil(_enlarged(f) if sharp else f).convert("RGB") for f in animation.frames]
        times = [animation.milliseconds] * (len(frames) - 1) + [max(1500, animation.milliseconds)]
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
        """Write a file of a figure; returns its address."""
        files.write_bytes(self.site / "figures" / name, data)
        return f"figures/{name}"

    def _details(self) -> Html:
        """Command, settings, time, machine, date and version of a figure, collapsed."""
        record, machine = self.record, self.record.machine
        threads = machine.get("threads", 1)
        cpu = f"{machine.get('processor')}, {threads} {'thread' if threads == 1 else 'threads'}"
        release, commit = machine.get("versions", {}).get("viceversa"), machine.get("commit") or "no commit"
        rows = [
            *((k.replace("_", " "), _setting(v)) for k, v in record.settings.items() if v is not None),
            ("time", f"{duration(record.seconds)} ({record.seconds:g} s)"),
            ("machine", cpu if machine.get("device") == "cpu" else machine.get("device")),
            ("date", record.date),
            ("version", f"viceversa {release}, {commit}"),
        ]
        return html(
            '<details class="behind"><summary>Command, seeds, time and numbers</summary>{command}{rows}'
            '<p><a href="data/{name}.json">All numbers as JSON</a></p></details>',
            command=code(record.command),
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


def _enlarged(pixels: Pixels) -> Pixels:
    """A small image enlarged by a whole factor, so that its pixels keep sharp edges in print and PDF too."""
    side = max(pixels.shape[1:])
    return enlarge(pixels, 2 * SMALL // side) if side < SMALL else pixels


def _number(value: float | int | Interval) -> str:
    if isinstance(value, Interval):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _setting(value: Any) -> str:
    return ", ".join(map(_setting, value)) if isinstance(value, list) else str(value)
