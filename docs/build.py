"""Build these pages as a site that opens from disk, and write the two pages that are generated from the source.

python docs/build.py            # docs/knobs.md, docs/python-api.md and site/; what `make docs` runs
python docs/build.py --check    # writes nothing; fails when a generated page is not what the source says
"""

import argparse
import os
import re
import shutil
import sys
from html import escape
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

DOCS = Path(__file__).resolve().parent
PROJECT = DOCS.parent
SITE = PROJECT / "site"
GROUPS = {  # the navigation: group -> page -> title
    "viceversa": {"docs/index.md": "Start here", "README.md": "In one minute"},
    "Use": {
        "docs/your-data.md": "Your own data",
        "docs/slides.md": "Slides and other large images",
        "docs/presets.md": "Presets",
        "docs/knobs.md": "Knobs",
        "docs/health.md": "Health",
        "docs/evaluation.md": "Evaluation",
        "docs/python-api.md": "Python API",
        "docs/study.md": "Asking people",
        "docs/lab.md": "The lab",
    },
    "Help": {
        "docs/faq.md": "Questions",
        "docs/troubleshooting.md": "Troubleshooting",
        "docs/glossary.md": "Glossary",
    },
    "Results": {
        "docs/results.md": "Results",
        "docs/translations.md": "Translations",
        "docs/performance.md": "Performance",
        "docs/stories.md": "Stories of a new user",
        "docs/extractor.md": "The extractor",
    },
    "Project": {
        "CHANGELOG.md": "Changes",
        "CONTRIBUTING.md": "Contributing",
        "docs/decisions.md": "Decisions",
        "docs/log.md": "Log",
    },
}
PAGES = {PROJECT / name: title for pages in GROUPS.values() for name, title in pages.items()}
TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · viceversa</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<a class="menu" href="#pages">All pages</a>
<main>
{body}
</main>
<nav id="pages">
{navigation}
</nav>
</body>
</html>
"""


def parse(page: Path) -> list[Token]:
    """The Markdown tokens of a page, with an id on every heading and a scrolling box around every table."""
    tokens = markdown().parse(page.read_text(encoding="utf-8"))
    seen: dict[str, int] = {}
    for token, inner in pairwise(tokens):
        if token.type == "heading_open":
            words = "".join(child.content for child in inner.children or () if child.type in ("text", "code_inline"))
            slug = anchor(words)
            count = seen[slug] = seen.get(slug, -1) + 1
            token.attrSet("id", f"{slug}-{count}" if count else slug)
    return tokens


def markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table")
    parser.add_render_rule("table_open", lambda *_: '<div class="table"><table>\n')
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return parser


def anchor(heading: str) -> str:
    """The id that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def anchors(page: Path) -> set[str]:
    """The ids of a page's headings."""
    return {str(token.attrGet("id")) for token in parse(page) if token.type == "heading_open"}


def inline_tokens(tokens: list[Token]) -> list[Token]:
    return [child for token in tokens for child in token.children or ()]


def links(page: Path) -> list[str]:
    """Targets of the links and images of a page."""
    names = {"link_open": "href", "image": "src"}
    found = [token for token in inline_tokens(parse(page)) if token.type in names]
    return [str(token.attrGet(names[token.type])) for token in found]


def resolve(page: Path, target: str) -> tuple[Path, str] | None:
    """The file and the anchor that a target in `page` leads to; none for an address on the network."""
    if re.match(r"[a-z]+:", target):
        return None
    path, _, fragment = unquote(target).partition("#")
    return Path(os.path.normpath(page.parent / path)) if path else page, fragment


def address(page: Path) -> str:
    """The file of a page in the site."""
    return f"{page.stem.lower()}.html"


def in_site(page: Path, target: str, copied: set[Path]) -> str:
    """A target of `page` as the site knows it; files that are no pages are copied into the site."""
    place = resolve(page, target)
    if place is None:
        return target
    file, fragment = place
    if file in PAGES:
        return address(file) + (f"#{fragment}" if fragment else "")
    copied.add(file)
    return f"files/{file.relative_to(PROJECT).as_posix()}"


def render(page: Path, copied: set[Path]) -> str:
    """A page as HTML."""
    tokens = parse(page)
    for token in inline_tokens(tokens):
        for name in ("href", "src"):
            if name in token.attrs:
                token.attrSet(name, in_site(page, str(token.attrs[name]), copied))
    first = next(i for i, token in enumerate(tokens) if token.type == "heading_close") + 1
    top, rest = (markdown().renderer.render(part, markdown().options, {}) for part in (tokens[:first], tokens[first:]))
    body = top + contents(tokens) + rest
    return TEMPLATE.format(title=escape(PAGES[page]), body=body, navigation=navigation(page))


def contents(tokens: list[Token]) -> str:
    """The sections of a long page, folded."""
    heads = [(token, inner.content) for token, inner in pairwise(tokens) if token.type + token.tag == "heading_openh2"]
    items = [f'<li><a href="#{token.attrGet("id")}">{escape(text.replace("`", ""))}</a></li>' for token, text in heads]
    return f"<details><summary>On this page</summary>\n<ul>{''.join(items)}</ul></details>\n" if len(items) > 5 else ""


def navigation(here: Path) -> str:
    """Every page under its group."""
    lines = []
    for group, pages in GROUPS.items():
        items = []
        for name, title in pages.items():
            current = ' aria-current="page"' if PROJECT / name == here else ""
            items.append(f'<li><a href="{address(PROJECT / name)}"{current}>{escape(title)}</a></li>')
        lines.append(f"<p>{escape(group)}</p>\n<ul>\n" + "\n".join(items) + "\n</ul>")
    return "\n".join(lines)


def build(site: Path = SITE) -> None:
    """Write every page and what it shows into `site`, a fresh folder."""
    copied: set[Path] = set()
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir(parents=True)
    shutil.copy(DOCS / "style.css", site)
    for page in PAGES:
        (site / address(page)).write_text(render(page, copied), encoding="utf-8")
    for file in sorted(copied):
        target = site / "files" / file.relative_to(PROJECT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only compare the generated pages with the source")
    args = parser.parse_args()

    from reference import GENERATED

    for name, generate in GENERATED.items():
        page, text = DOCS / name, generate()
        if args.check and page.read_text(encoding="utf-8") != text:
            sys.exit(f"docs/{name} is not what the source says; run make docs")
        page.write_text(text, encoding="utf-8")
    if not args.check:
        build()
        print(f"{len(PAGES)} pages: {SITE / 'index.html'}")


if __name__ == "__main__":
    main()
