"""Formulas written as LaTeX become MathML when the site is built, and short texts become HTML."""

import re
from functools import cache
from html import escape

from viceversa.errors import UsageError
from viceversa.report.markup import Html, html, join

# latex2mathml leaves these as letters or as attributes that browsers no longer read.
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
    try:
        from latex2mathml.converter import convert
    except ImportError:
        raise UsageError("the site of lab needs an extra: pip install 'viceversa[lab]'") from None
    math = convert(latex, display="block" if block else "inline")
    for found, wanted in REPAIRS:
        math = math.replace(found, wanted)
    if "\\" in math:
        raise ValueError(f"latex2mathml does not know a command of {latex!r}")
    return Html(math.replace(' display="inline"', ""))


def inline(text: str, links: dict[str, str] | None = None, figures: dict[str, str] | None = None) -> Html:
    """A text with its marks (see parts.py) as HTML; `links` finds experiments, `figures` the numbers behind @1, @2.

    ValueError for a link to an experiment or a figure that does not exist.
    """
    parts, at = [], 0
    for mark in MARKS.finditer(text):
        parts.append(Html(escape(text[at : mark.start()], quote=False)))
        parts.append(_marked(mark, links or {}, figures or {}))
        at = mark.end()
    return join([*parts, Html(escape(text[at:], quote=False))], "")


def _marked(mark: re.Match[str], links: dict[str, str], figures: dict[str, str]) -> Html:
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
    if not links[name]:  # not on the site: never measured, or failed
        return Html(escape(mark["link"], quote=False))
    return html('<a href="{to}">{text}</a>', to=links[name], text=mark["link"])
