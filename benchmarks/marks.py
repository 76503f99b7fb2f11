"""Tables between the marks of a page."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path


def put(page: Path, parts: Mapping[str, Sequence[str]], origin: str) -> None:
    """Write lines between `<!-- name -->` and `<!-- /name -->` of a page, and below them where they come from."""
    page.write_text(filled(page.read_text(), parts, origin, page))


def filled(text: str, parts: Mapping[str, Sequence[str]], origin: str, page: Path) -> str:
    """The text of a page with its parts written anew; KeyError where a mark is missing."""
    for name, lines in parts.items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
        if not mark.search(text):
            raise KeyError(f"{page} has no mark {name}")
        inside = "\n".join([*lines, "", f"*{origin}.*"])
        text = mark.sub(lambda m, inside=inside: f"{m[1]}{inside}\n{m[2]}", text)
    return text
