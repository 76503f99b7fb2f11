"""Tables between the marks of a page."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path


def write_tables(page: Path, tables: Mapping[str, Sequence[str]], origin: str) -> None:
    """Write each table between the marks `<!-- name -->` and `<!-- /name -->` of a page, with its origin below it."""
    page.write_text(replace_tables(page.read_text(), tables, origin, page))


def replace_tables(text: str, tables: Mapping[str, Sequence[str]], origin: str, page: Path) -> str:
    """The text of a page with its tables replaced; KeyError where a mark is missing."""
    for name, lines in tables.items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
        if not mark.search(text):
            raise KeyError(f"{page} has no mark {name}")
        table = "\n".join([*lines, "", f"*{origin}.*"])
        text = mark.sub(lambda m, table=table: f"{m[1]}{table}\n{m[2]}", text)
    return text
