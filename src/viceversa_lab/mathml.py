"""Converts formulas from LaTeX to MathML, and texts with marks (see blocks.py) to HTML."""

import re
from functools import cache
from html import escape

from viceversa.extras import require_extra
from viceversa.report.markup import Html, html, join

# What latex2mathml writes as letters, or as attributes that browsers no longer support.
REPAIRS = (
    ("<mi>&#x0007E;</mi>", "<mo>&#x0223C;</mo>"),
    ('<mn mathvariant="double-struck">1</mn>', "<mi>&#x1D7D9;</mi>"),
    ("<mrow></mrow>", ""),
)
MARKS = re.compile(
    r"`(?P<code>[^`]+)`|\$(?P<math>[^$]+)\$|\*(?P<strong>(?! )[^*]+)\*|"
    r"\[(?P<link>[^\]]+)\]\((?P<to>[^)\s]+)\)|@(?P<figure>\d)"
)


@cache
def formula(latex: str, block: bool = False) -> Html:
    """LaTeX as <math>; ValueError for a command that the converter does not know."""
    require_extra("lab", "the site of the lab")
    from latex2mathml.converter import convert

    math = convert(latex, display="block" if block else "inline")
    for wrong, right in REPAIRS:
        math = math.replace(wrong, right)
    if "\\" in math:
        raise ValueError(f"latex2mathml does not know a command of {latex!r}")
    return Html(math.replace(' display="inline"', ""))


def inline(text: str, links: dict[str, str] | None = None, figures: dict[str, str] | None = None) -> Html:
    """A text with marks as HTML.

    `links` maps experiments to addresses ("" for one that is not on the site), `figures` maps "1" in @1 to a number.
    ValueError for a link to an experiment or a figure that does not exist.
    """
    pieces, end = [], 0
    for mark in MARKS.finditer(text):
        pieces.append(Html(escape(text[end : mark.start()], quote=False)))
        pieces.append(_mark(mark, links or {}, figures or {}))
        end = mark.end()
    return join([*pieces, Html(escape(text[end:], quote=False))], "")


def _mark(mark: re.Match[str], links: dict[str, str], figures: dict[str, str]) -> Html:
    match mark.lastgroup:
        case "code":
            return html("<code>{text}</code>", text=mark["code"])
        case "math":
            return formula(mark["math"])
        case "strong":
            return html("<em>{text}</em>", text=mark["strong"])
        case "figure":
            if mark["figure"] not in figures:
                raise ValueError(f"there is no figure @{mark['figure']}")
            return html('<span class="ref">Figure {n}</span>', n=figures[mark["figure"]])
    name = mark["to"].removeprefix("#")
    if mark["to"].startswith("https://"):
        return html('<a href="{to}" rel="noreferrer">{text}</a>', to=mark["to"], text=mark["link"])
    if name not in links:
        raise ValueError(f"there is no experiment '{name}' to link to")
    if not links[name]:  # never measured, or failed
        return Html(escape(mark["link"], quote=False))
    return html('<a href="{to}">{text}</a>', to=links[name], text=mark["link"])
