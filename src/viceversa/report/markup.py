"""HTML that is escaped by default: what is not `Html` is text."""

from collections.abc import Iterable
from html import escape

import numpy as np
from numpy.typing import NDArray

from .encode import data_address

DOCUMENT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{head}
<title>{title}</title>
</head>
<body{attributes}>
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
    """(1 | 3, H, W) in [-1, 1] as an <img> that carries its data; a shorter side over `largest` is reduced."""
    return image_tag(data_address(pixels, largest), alt)


def image_tag(encoded: tuple[str, int, int], alt: str) -> Html:
    """An <img> of a data: address with its width and height."""
    address, w, h = encoded
    return html('<img src="{src}" alt="{alt}" width="{w}" height="{h}">', src=address, alt=alt, w=w, h=h)


def zoomable(image: Html) -> Html:
    """A picture that opens at full size on a click or Enter."""
    return html('<button type="button" class="zoom" title="Full size">{image}</button>', image=image)


def document(*, title: str, head: Html, body: Html, kind: str = "", refresh: int = 0, until: float = 0) -> Html:
    """A whole page in English; `head` is what it adds to <head>: its policy, icon and style.

    With `refresh` the page's script reloads it after so many seconds, until the time `until` (as of time.time).
    """
    marked = html(' class="{kind}"', kind=kind) if kind else Html()
    if refresh:
        reload = html(' data-refresh="{seconds}" data-until="{until}"', seconds=refresh, until=round(until))
        marked = Html(marked + reload)
    return html(DOCUMENT, title=title, head=head, body=body, attributes=marked)


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


def copyable(*lines: str) -> Html:
    """`code` with a button that copies it, which the page's script shows."""
    button = '<button type="button" class="copy" aria-live="polite" hidden>Copy</button>'
    return html('<div class="code">{code}{button}</div>', code=code(*lines), button=Html(button))


def fold(title: str, inside: Html) -> Html:
    """Content that opens on a click."""
    return html("<details><summary>{title}</summary>{inside}</details>", title=title, inside=inside)
