"""The pages of the living report around its sections: head, contents, introductions, links to the next chapter."""

from collections.abc import Mapping, Sequence

from viceversa.report.markup import Html, document, html, join

from .chapters import CHAPTERS, Chapter, paragraphs
from .experiment import Experiment
from .mathml import inline

TITLE = "From the perceptron to CycleGAN"
# `file:` for browsers that give every file on disk an origin of its own.
POLICY = "default-src 'none'; img-src 'self' file: data:; style-src 'self' file:"
HEAD = """<meta http-equiv="Content-Security-Policy" content="{policy}">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="site.css">"""
BODY = """<a class="skip" href="#text">To the text</a>
<header class="top"><a class="brand" href="index.html">viceversa</a>{chapters}</header>
<main id="text">
{body}
</main>"""


def page(title: str, body: Html, current: Chapter | None = None) -> Html:
    """A whole page."""
    links = join(
        html(
            '<a href="{to}"{now}><span>{n}</span> <i>{title}</i></a>',
            to=chapter.page,
            now=Html(' aria-current="page"') if chapter is current else Html(""),
            n=chapter.number,
            title=chapter.title,
        )
        for chapter in CHAPTERS
    )
    nav = html('<nav aria-label="Chapters">{links}</nav>', links=links)
    return document(
        title=title,
        head=html(HEAD, policy=Html(POLICY)),
        body=html(BODY, chapters=nav, body=body),
        kind="chapter" if current else "index",
    )


def chapter(about: Chapter, experiments: Sequence[Experiment], sections: Mapping[str, Html]) -> Html:
    """A chapter: introductions side by side, contents, sections, links to the chapters before and after."""
    body = html(
        '<header class="head"><p class="number">Chapter {n}</p><h1>{title}</h1>'
        '<p class="titre" lang="fr">{titre}</p></header>'
        '<div class="intro"><div>{english}</div><div lang="fr">{french}</div></div>'
        '<nav class="contents" aria-label="Questions of this chapter"><h2>Questions</h2>{contents}</nav>{sections}{on}',
        n=about.number,
        title=about.title,
        titre=about.french_title,
        english=_paragraphs(about.introduction("en")),
        french=_paragraphs(about.introduction("fr")),
        contents=contents(about, experiments, sections),
        sections=join(sections[e.name] for e in experiments if e.name in sections),
        on=neighbours(about),
    )
    return page(f"{about.number} {about.title} · viceversa", body, about)


def contents(about: Chapter, experiments: Sequence[Experiment], sections: Mapping[str, Html]) -> Html:
    """The questions of a chapter; one that has no results yet shows its command."""
    rows = []
    for experiment in experiments:
        if experiment.name in sections:
            row = html(
                '<li><a href="{page}#{name}">{title}</a></li>',
                page=about.page,
                name=experiment.name,
                title=experiment.title,
            )
        else:
            row = html(
                '<li class="missing">{title} <code>viceversa lab {name}</code></li>',
                name=experiment.name,
                title=experiment.title,
            )
        rows.append(row)
    return html("<ol>{rows}</ol>", rows=join(rows))


def neighbours(about: Chapter) -> Html:
    """Links to the chapters before and after."""
    links = []
    for word, kind, number in (("Previous", "prev", about.number - 1), ("Next", "next", about.number + 1)):
        for other in (c for c in CHAPTERS if c.number == number):
            links.append(
                html(
                    '<a class="{kind}" rel="{kind}" href="{to}"><small>{word}</small>{n} {title}</a>',
                    kind=kind,
                    to=other.page,
                    word=word,
                    n=number,
                    title=other.title,
                )
            )
    return html('<nav class="on" aria-label="Previous and next">{links}</nav>', links=join(links))


def index(experiments: Mapping[str, Experiment], sections: Mapping[str, Html]) -> Html:
    """The first page: what this is, and the questions of all chapters."""
    chapters = []
    for about in CHAPTERS:
        in_chapter = [e for e in experiments.values() if e.chapter == about.number]
        chapters.append(
            html(
                '<section class="card"><p class="number">Chapter {n}</p><h2><a href="{to}">{title}</a></h2>'
                '<p class="titre" lang="fr">{titre}</p>{contents}</section>',
                n=about.number,
                to=about.page,
                title=about.title,
                titre=about.french_title,
                contents=contents(about, in_chapter, sections),
            )
        )
    body = html(
        '<header class="head"><h1>{title}</h1></header>'
        '<div class="intro"><div>{english}</div><div lang="fr">{french}</div></div><div class="cards">{chapters}</div>',
        title=TITLE,
        english=_paragraphs(paragraphs("index.en.txt")),
        french=_paragraphs(paragraphs("index.fr.txt")),
        chapters=join(chapters),
    )
    return page(f"{TITLE} · viceversa", body)


def _paragraphs(texts: Sequence[str]) -> Html:
    return join(html("<p>{text}</p>", text=inline(text)) for text in texts)
