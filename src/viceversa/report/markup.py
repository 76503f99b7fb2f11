"""HTML that is escaped by default: what is not `Html` is text."""

import base64
from collections.abc import Iterable
from html import escape
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from .. import images

DOCUMENT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{head}
<title>{title}</title>
</head>
<body{kind}>
{body}
</body>
</html>
"""


class Html(str):
    """Markup that is safe to insert as it is."""


def html(template: str, **values: object) -> Html:
    """`template.format(**values)`, every value escaped unless it is Html."""
    return Html(template.format(**{k: v if isinstance(v, Html) else _text(v) for k, v in values.items()}))


def _text(value: object) -> str:
    """The value escaped, and valid UTF-8 whatever bytes a file name had."""
    return escape(str(value).encode("utf-8", "replace").decode())


def join(parts: Iterable[Html], between: str = "\n") -> Html:
    """Concatenate several pieces."""
    return Html(between.join(parts))


def picture(pixels: NDArray[np.float32], alt: str, largest: int) -> Html:
    """(1 | 3, H, W) in [-1, 1] as an <img> that carries its PNG; a shorter side over `largest` is reduced."""
    _, h, w = pixels.shape
    if min(h, w) > largest:
        scale = largest / min(h, w)
        pixels = images.resize(pixels, (round(h * scale), round(w * scale)))
    buffer = BytesIO()
    images.to_pil(pixels).save(buffer, "PNG", optimize=True)
    data = base64.b64encode(buffer.getvalue()).decode()
    return html(
        '<img src="data:image/png;base64,{data}" alt="{alt}" width="{w}" height="{h}">',
        data=data,
        alt=alt,
        w=pixels.shape[2],
        h=pixels.shape[1],
    )


def document(*, title: str, head: Html, body: Html, kind: str = "") -> Html:
    """A whole page in English; `head` is what it adds to <head>: its policy, icon and style."""
    return html(DOCUMENT, title=title, head=head, body=body, kind=html(' class="{kind}"', kind=kind) if kind else "")


def section(title: str, *parts: Html, kind: str = "") -> Html:
    """A section of the page with its heading."""
    return html('<section class="{kind}"><h2>{title}</h2>{parts}</section>', kind=kind, title=title, parts=join(parts))


def paragraph(text: str, kind: str = "") -> Html:
    """A paragraph of plain text."""
    return html('<p class="{kind}">{text}</p>', kind=kind, text=text)


def table(rows: Iterable[tuple[object, object]]) -> Html:
    """Names and values."""
    cells = (html('<tr><th scope="row">{key}</th><td>{value}</td></tr>', key=k, value=v) for k, v in rows)
    return html('<div class="scroll"><table class="facts">{rows}</table></div>', rows=join(cells))


def code(*lines: str) -> Html:
    """Lines to copy; one click selects them all."""
    return html("<pre><code>{text}</code></pre>", text="\n".join(lines))


def fold(title: str, inside: Html) -> Html:
    """Content that opens on a click."""
    return html("<details><summary>{title}</summary>{inside}</details>", title=title, inside=inside)
