"""What the run can do: how near to the truth, and the pictures themselves."""

from ..tasks import task_of
from .facts import Facts
from .gallery import Direction, Row, Score
from .markup import Html, html, join, paragraph, picture, section

LARGEST = 256  # pixels of a picture in the page


def truth(facts: Facts) -> Html:
    """PSNR of the input, the best colour change and the translation, where the truth is known."""
    scored = [d for d in facts.gallery.directions if d.score] if facts.gallery else []
    if not scored:
        return Html()
    heads = ("", "input as it is", "best colour change", "viceversa", "over the input", "over colour")
    rows = [html("<tr>{cells}</tr>", cells=join(html('<th scope="col">{h}</th>', h=h) for h in heads))]
    rows += [_scored(d, d.score) for d in scored if d.score]
    return section(
        "How near to the truth",
        html('<table class="truth">{rows}</table>', rows=join(rows)),
        *(paragraph(verdict(d, d.score)) for d in scored if d.score),
        paragraph(
            "All in dB: PSNR against the true translation, averaged over the test pictures whose truth is known. "
            "Higher is nearer; 3 dB more is half the squared error. The best colour change is the affine map of RGB "
            "with the least squared error, fitted on the true pairs. Training saw no test picture"
            + (" and no pair." if not task_of(facts.config.method).paired else "."),
            "note",
        ),
    )


def _scored(d: Direction, s: Score) -> Html:
    values = (f"{s.input:.2f}", f"{s.colour:.2f}", html("<b>{t}</b>", t=f"{s.translation:.2f}"))
    margins = (_margin(s.over_input), _margin(s.over_colour))
    return html(
        '<tr><th scope="row">{a} → {b} <small>{n} pictures</small></th>{cells}</tr>',
        a=d.source,
        b=d.target,
        n=f"{s.count:,}",
        cells=join(html("<td>{v}</td>", v=v) for v in (*values, *margins)),
    )


def _margin(decibels: float) -> Html:
    text = f"{decibels:+.2f}".replace("-", "−")
    return html('<b class="{kind}">{text}</b>', kind="good" if decibels > 0 else "bad", text=text)


def verdict(d: Direction, s: Score) -> str:
    """What the numbers mean, in one sentence."""
    way = f"{d.source} → {d.target}: the translation is"
    if s.over_input <= 0:
        return f"{way} farther from the truth than the input itself, by {-s.over_input:.1f} dB: it has not learned yet."
    nearer = f"{way} nearer the truth than the input by {s.over_input:.1f} dB"
    if s.over_colour <= 0:
        return f"{nearer}, but a plain colour change would be nearer still, by {-s.over_colour:.1f} dB."
    factor = 10 ** (s.over_colour / 10)
    return (
        f"{nearer} and than the best colour change by {s.over_colour:.1f} dB: "
        f"colour alone would leave {factor:.1f} times the squared error."
    )


def galleries(facts: Facts) -> Html:
    """Both ways, face to face; one above the other when the pictures are large."""
    if facts.gallery is None:
        return Html()
    return html(
        '<div class="facing {kind}">{ways}</div>',
        kind="sharp" if facts.config.data.size <= 128 else "large",
        ways=join(_way(d, kind) for d, kind in zip(facts.gallery.directions, "ab", strict=False)),
    )


def _way(d: Direction, kind: str) -> Html:
    title = f"{d.source} → {d.target}"
    if not d.rows:
        kept = "training" if d.training else "test"
        why = f" First: {d.unread[0]}." if d.unread else ""
        text = f"None of the {d.listed:,} {kept} pictures is there, so none is shown; samples are below.{why}"
        return section(title, paragraph(text, "note missing"), kind=kind)
    heads = ["input", d.target]
    heads += ["back again"] * any(row.cycle is not None for row in d.rows)
    heads += ["truth"] * any(row.truth is not None for row in d.rows)
    return section(
        title,
        paragraph(_told(d), "note"),
        html(
            "<div class='gallery' style='--columns:{n}'><div class='heads'>{heads}</div>{rows}</div>",
            n=len(heads),
            heads=join(html("<span>{h}</span>", h=h) for h in heads),
            rows=join(_figure(row, d) for row in d.rows),
        ),
        kind=kind,
    )


def _told(d: Direction) -> str:
    shown = f"The first {len(d.rows)} of {d.listed:,}" if len(d.rows) < d.listed else f"All {d.listed}"
    origin = "test pictures in file order, not picked; training never saw them."
    if d.training:
        origin = "training pictures in file order, not picked. There is no test set; new pictures may come out worse."
    broken = f" {len(d.unread)} could not be read: {d.unread[0]}" if d.unread else ""
    return f"{shown} {origin}{broken}"


def _figure(row: Row, d: Direction) -> Html:
    shown = [(row.input, "input"), (row.output, f"as {d.target}")]
    if row.cycle is not None:
        shown.append((row.cycle, "back again"))
    if row.truth is not None:
        shown.append((row.truth, f"true {d.target}"))
    pictures = join(picture(pixels, f"{row.name}: {what}", LARGEST) for pixels, what in shown)
    return html("<figure class='row'><div>{p}</div><figcaption>{name}</figcaption></figure>", p=pictures, name=row.name)
