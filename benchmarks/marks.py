"""Tables between the marks of a page."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path


def put(page: Path, parts: Mapping[str, Sequence[str]], origin: str) -> None:
    """Lines between `<!-- name -->` and `<!-- /name -->`, where they come from below; KeyError for no such mark."""
    text = page.read_text()
    for name, lines in parts.items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
        if not mark.search(text):
            raise KeyError(f"{page} has no mark {name}")
        inside = "\n".join([*lines, "", f"*{origin}.*"])
        text = mark.sub(lambda m, inside=inside: f"{m[1]}{inside}\n{m[2]}", text)
    page.write_text(text)
