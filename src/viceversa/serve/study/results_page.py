"""The results of a study as a page: the same numbers as `study results`, for the owner alone."""

from typing import Any

from ...report.markup import Html, document, html, join, paragraph
from ...study import words

HEAD = Html("""<meta name="robots" content="noindex">
<link rel="icon" href="icon.svg">
<link rel="stylesheet" href="study.css">""")
BODY = """<main>
<p class="brand">viceversa</p>
<h1>{question}</h1>
<p class="lead">{kind}, {trials} pairs each that count. {people} people so far.</p>
<div class="cards">{cards}</div>
{differences}
<p class="fine">{fine}</p>
</main>"""
CARD = """<section class="card">
<h2>{name}</h2>
<p class="figure"><b>{share}</b> <span>{counted}</span></p>
{scale}
<dl>{facts}</dl>
{remarks}
</section>"""
# Drawn in hundredths: the interval, the mean, and a half, where nobody could tell.
SCALE = """<svg class="scale" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{label}">
<rect class="all" x="0" y="3" width="100" height="2"/><rect class="half" x="49.85" y="0" width="0.3" height="8"/>
<rect class="range" x="{low:.2f}" y="3" width="{width:.2f}" height="2"/>
<rect class="mean" x="{mean:.2f}" y="1" width="0.8" height="6"/></svg>
<p class="ends" aria-hidden="true"><span>0</span><span>50 %</span><span>100</span></p>"""


def results_page(results: dict[str, Any], max_missed: float) -> str:
    """The page as HTML, in which every text is escaped."""
    sentences = [words.difference(d) for d in results["differences"]]
    if results["power"]:
        sentences.append(words.power(results))
    fine = (
        f"Left out are complete sessions that missed more than {words.percent(max_missed)} of the sentinels. "
        "Intervals: bootstrap over people, then their trials, 10,000 draws. Deviation: of people's shares."
    )
    body = html(
        BODY,
        question=results["question"],
        kind={"real-or-fake": "Real or made", "preference": "Preference"}[results["kind"]],
        trials=results["trials_each"],
        people=sum(arm["people"] + arm["excluded"] for arm in results["arms"]),
        cards=join(_card(arm, results["counted"]) for arm in results["arms"]),
        differences=join(paragraph(sentence) for sentence in sentences),
        fine=" ".join([fine, *(f"Note: {note}." for note in results["notes"])]),
    )
    return document(title="Results", head=HEAD, body=body, kind="results")


def _card(arm: dict[str, Any], counted: str) -> Html:
    share, *rest = words.cells(arm)
    facts = zip(words.HEADINGS, rest, strict=True)
    return html(
        CARD,
        name=words.title(arm),
        share=share,
        counted=counted,
        scale=_scale(arm["share"]) if arm["share"] else Html(""),
        facts=join(html("<div><dt>{k}</dt><dd>{v}</dd></div>", k=key, v=value) for key, value in facts),
        remarks=join(paragraph(remark, "fine") for remark in words.remarks(arm)),
    )


def _scale(share: dict[str, float]) -> Html:
    low, mean, high = (share[key] * 100 for key in ("low", "mean", "high"))
    return Html(
        SCALE.format(
            label=f"from {low:.1f} to {high:.1f} per cent", low=low, width=max(high - low, 0.3), mean=mean - 0.4
        )
    )
