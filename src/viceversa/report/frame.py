"""What every page of this package has around its sections: style, script, policy, contents, full-size pictures."""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files as resources

from .markup import Html, document, html, join

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
HEAD = """<meta http-equiv="Content-Security-Policy" content="{policy}">
<link rel="icon" href="data:,">
<style>
{style}
</style>"""
BODY = """<main>
{head}
{contents}
{sections}
</main>
<dialog id="zoom" aria-label="Picture at full size">
<form method="dialog"><button aria-label="Close">×</button></form>
<div class="views" tabindex="0"></div>
<p></p>
</dialog>
<script>
{script}</script>"""


def framed(
    title: str,
    head: Html,
    sections: Mapping[str, Html],  # by anchor
    names: Mapping[str, str],  # in the contents, by anchor
    *,
    refresh: int = 0,
    until: float = 0,
) -> Html:
    """A whole page that opens from disk and fetches nothing; `refresh` and `until` as of `document`."""
    style, script = resource("style.css"), resource("script.js")
    digest = b64encode(sha256(f"\n{script}".encode()).digest()).decode()
    parts = [html('<div id="{a}">{s}</div>', a=anchor, s=content) for anchor, content in sections.items()]
    links = [html('<a href="#{a}">{t}</a>', a=anchor, t=names[anchor]) for anchor in names if anchor in sections]
    contents = html('<nav aria-label="Contents">{links}</nav>', links=join(links))
    return document(
        title=title,
        head=html(HEAD, policy=Html(POLICY.format(digest=digest)), style=style),
        body=html(BODY, head=head, contents=contents, sections=join(parts), script=script),
        refresh=refresh,
        until=until,
    )


def frame_bytes() -> int:
    """Bytes of style and script."""
    return sum(len(resource(name).encode()) for name in ("style.css", "script.js"))


def resource(name: str) -> Html:
    """A file of this package."""
    return Html(resources(__package__).joinpath(name).read_text(encoding="utf-8"))
