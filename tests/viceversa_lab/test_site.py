"""The pages of the lab: complete, safe, offline, and readable in light and dark, wide and narrow."""

import json
import re
import shutil
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from viceversa_lab import run
from viceversa_lab.blocks import Animation, Claim, Figure, Finding, Formula, Table, Text
from viceversa_lab.chapters import CHAPTERS
from viceversa_lab.experiment import Experiment
from viceversa_lab.figures import PALETTE, SERIES, axes, band, legend, line, points, style, ticks
from viceversa_lab.interval import interval
from viceversa_lab.mathml import formula, inline
from viceversa_lab.svg import draw

HOSTILE = "<script>alert(1)</script> & \"quotes\" 'too'"
PAGES = ("index.html", *(chapter.page for chapter in CHAPTERS))
ROWS = [[0.1, 0.2, 0.4], [0.5, 0.6, None]]
FORMULA = r"\mathcal{L}_{\text{cyc}}(G, F) = \mathbb{E}_{a \sim p_A}\left[ \| F(G(a)) - a \|_1 \right] + \frac{1}{2}"


@dataclass(frozen=True)
class Settings:
    seeds: tuple[int, ...] = (0, 1, 2)
    data: str = HOSTILE


def everything(results):
    """Every kind of block."""
    figure, ax = axes("width", "accuracy", log="x")
    points(ax, (1, 10), ROWS, "one")
    points(ax, (1, 10), ROWS, "two", series=1, shift=0.1)
    ticks(ax, (1, 10))
    legend(ax)
    left, ax = axes("step", HOSTILE, size="panel")
    band(ax, (0, 1), ROWS)
    right, ax = axes("share", size="panel")
    points(ax, ("first", "second"), ROWS)
    rng = np.random.default_rng(0)
    small = [rng.uniform(-1, 1, (1, 8, 8)).astype(np.float32) for _ in range(6)]
    sheet = rng.uniform(-1, 1, (3, 40, 700)).astype(np.float32)
    return [
        Text(
            f"Text with $\\lambda = 10$, *emphasis*, `code`, a [paper](https://arxiv.org/abs/1703.10593), @1. {HOSTILE}"
        ),
        Formula(FORMULA + " = " + FORMULA),
        Figure(figure, f"Two series. {HOSTILE}", alt=HOSTILE),
        Figure([left, right], "Panels.", alt="panels", titles=("left", HOSTILE)),
        Figure(small, "Small pictures.", alt="noise", sharp=True),
        Figure(Animation(small, 50), "An animation.", alt="noise that moves", sharp=True),
        Figure(sheet, "A sheet.", alt="wide noise", wide=True),
        Table(["width", "accuracy", "n"], [[HOSTILE, interval([0.5, 0.6]), 3], ["64", 0.25, 1000]], "A table."),
        Finding("It is 97.3 ± 0.4 % (see [the other](#second), and [one never measured](#third))."),
        Claim(claimed="Larger is better.", measured=HOSTILE, holds=False),
    ]


def short(results):
    figure, ax = axes()
    line(ax, (0, 1), (0, 1))
    return [Text("See [everything](#first)."), Figure(figure, "A line.", alt="a line"), Claim("a", "b", True)]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    contents = {}
    for name, chapter, write in (
        ("first", 1, everything),
        ("second", 1, short),
        ("third", 2, short),
        ("fourth", 3, short),
    ):
        contents[name] = Experiment(
            name=name,
            chapter=chapter,
            title=f"{name} {HOSTILE}?",
            full=Settings(),
            quick=Settings((0,)),
            measure=lambda s, work: {"a": 1},
            write=write,
        )
    outcome = run("first", "second", contents=contents, out=folder / "site", cache=folder / "cache", quiet=True)
    assert outcome.failures == {}
    assert (
        run("fourth", quick=True, contents=contents, out=folder / "site", cache=folder / "cache", quiet=True).failures
        == {}
    )
    return folder / "site"


class Page(HTMLParser):
    """Every element with its attributes, and the text of the page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def values(self, name):
        return [attrs[name] for _, attrs in self.tags if name in attrs]


def test_links_and_files_exist_and_ids_are_unique(site):
    ids = {name: Page(site / name).values("id") for name in PAGES}
    for name in PAGES:
        assert len(ids[name]) == len(set(ids[name]))
        page = Page(site / name)
        for target in [*page.values("href"), *page.values("src"), *page.values("srcset"), *page.values("xlink:href")]:
            if target.startswith(("https://", "data:")):
                continue
            file, _, anchor = target.partition("#")
            assert (site / (file or name)).is_file(), target
            assert not anchor or anchor in ids[file or name], target


def test_texts_are_escaped_and_pages_have_no_scripts(site):
    for name in PAGES:
        page = Page(site / name)
        assert not {tag for tag, _ in page.tags} & {"script", "style", "iframe", "object"}
        assert page.values("style") == [] and not any(key.startswith("on") for _, a in page.tags for key in a)
    assert Page(site / "chapter-1.html").text.count(HOSTILE) >= 8
    assert Page(site / "chapter-1.html").text.count("[") == 2  # the formula's; no mark was left over


def test_figures_are_numbered_by_chapter_with_command_and_settings(site):
    text = (site / "chapter-1.html").read_text()
    assert re.findall(r"<b>Figure ([\d.]+)\.</b>", text) == ["1.1", "1.2", "1.3", "1.4", "1.5", "1.6"]
    assert '<span class="ref">Figure 1.1</span>' in text and "Figure 3.1." in Page(site / "chapter-3.html").text
    assert text.count("viceversa lab first") == 5 and text.count('<a href="data/first.json">') == 5
    assert json.loads((site / "data" / "first.json").read_text())["settings"]["data"] == HOSTILE
    assert "Quick run" not in text and "Quick run" in (site / "chapter-3.html").read_text()
    assert "viceversa lab third" in Page(site / "chapter-2.html").text  # not measured: says how
    assert "claim fails" in text and "claim holds" in text and "one never measured" in text


def test_introductions_exist_in_both_languages(site):
    for chapter in CHAPTERS:
        for language in ("en", "fr"):
            words = " ".join(chapter.introduction(language)).split()
            assert 120 <= len(words) <= 185, (chapter.number, language)
        assert re.search(r'<div lang="fr"><p>.{100,}', (site / chapter.page).read_text(), re.DOTALL)


def test_drawings_use_colours_of_the_page_and_files_fixed_colours(site):
    text = (site / "chapter-1.html").read_text()
    inside = "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    assert not re.search("|".join(PALETTE.values()), inside, re.IGNORECASE)
    for name in ("ink", "soft", "line", "blue", "red"):
        assert f"var(--{name})" in inside
    css = (site / "site.css").read_text()
    assert all(css.count(f"--{name}:") == 3 for name in PALETTE)  # light, dark, print
    alone = (site / "figures" / "first-1.svg").read_text()
    assert "var(" not in alone and PALETTE["ink"] in alone


def test_svg_is_deterministic_and_ids_differ_by_name():
    def draw_points(name):
        with style():
            figure, ax = axes("a", "b")
            points(ax, ("x", "y"), ROWS)
        return draw(figure, name)

    assert draw_points("one") == draw_points("one")
    ids = [set(re.findall(r' id="([^"]+)"', draw_points(name))) for name in ("one", "two")]
    assert ids[0] and not ids[0] & ids[1]
    for target in re.findall(r'(?:href="#|url\(#)([^")]+)', draw_points("one")):
        assert target in ids[0]


def test_animation_has_all_frames_and_a_still_image(site):
    animation = Image.open(site / "figures" / "first-4.webp")
    assert animation.n_frames == 6 and animation.size == (256, 256)
    still = Image.open(site / "figures" / "first-4-still.png")
    animation.seek(5)
    assert np.array_equal(np.asarray(animation.convert("L")), np.asarray(still.convert("L")))
    assert "prefers-reduced-motion: no-preference" in (site / "chapter-1.html").read_text()


def test_formulas_become_mathml():
    math = formula(FORMULA, block=True)
    assert math.startswith("<math") and 'display="block"' in math and "&#x0223C;" in math and "<mfrac>" in math
    assert "\\" not in math and "style" not in math
    with pytest.raises(ValueError, match="nosuch"):
        formula(r"\nosuchcommand{x}")


def test_marks_become_html():
    assert inline("a *b* `c*d*` 2 * 3 * 4") == "a <em>b</em> <code>c*d*</code> 2 * 3 * 4"
    assert inline("[x](#a) [y](#b)", {"a": "p#a", "b": ""}) == '<a href="p#a">x</a> y'
    assert inline("@2 <", figures={"2": "1.4"}) == '<span class="ref">Figure 1.4</span> &lt;'
    for wrong in ("[x](#a)", "[x](javascript:alert(1))", "@1"):
        with pytest.raises(ValueError, match="there is no"):
            inline(wrong)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def test_colours_have_contrast_in_light_and_dark(site):
    """WCAG 2.1: 4.5 for text, 3 for lines of a figure."""
    schemes = re.findall(r":root \{(.*?)\}", (site / "site.css").read_text(), re.DOTALL)
    assert len(schemes) == 3
    for scheme in schemes:
        colours = dict(re.findall(r"--(\w+): (#\w+)", scheme))
        colours = {k: v if len(v) == 7 else "#" + "".join(2 * c for c in v[1:]) for k, v in colours.items()}
        for ground in ("paper", "panel"):
            for name in ("ink", "soft", "blue", "red", "green", "gold", "purple"):
                light, dark = sorted((luminance(colours[name]), luminance(colours[ground])), reverse=True)
                least = 3 if name in ("gold", "purple") else 4.5
                assert (light + 0.05) / (dark + 0.05) >= least, (name, ground, scheme)
    assert len(set(SERIES)) == len(SERIES)


@pytest.mark.long
def test_opens_in_a_browser_wide_and_narrow_light_and_dark(site):
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium")
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    quiet += ["--no-sandbox", "--disable-component-update", "--disable-sync"]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=quiet)
        for width, scheme in ((375, "light"), (375, "dark"), (1280, "light"), (1280, "dark")):
            page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
            messages, requests = [], []
            page.on("console", lambda message, to=messages: to.append(message.text))
            page.on("pageerror", lambda error, to=messages: to.append(str(error)))
            page.on("request", lambda request, to=requests: to.append(request.url))
            for name in PAGES:
                page.goto((site / name).as_uri())
                page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
                page.wait_for_function("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
                assert page.evaluate("document.documentElement.scrollWidth") <= width, name
                assert page.evaluate(NARROW) == [], name
                dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 22, 20)"
                assert dark == (scheme == "dark")
            page.goto((site / "chapter-1.html").as_uri())
            axis = page.evaluate("getComputedStyle(document.querySelector('.drawing svg text')).fill")
            assert axis == ("rgb(155, 151, 142)" if scheme == "dark" else "rgb(107, 104, 98)")
            assert page.evaluate("document.querySelector('picture img').currentSrc").endswith(".webp")
            assert messages == [] and all(url.startswith(("file://", "data:")) for url in requests)
            page.close()
        page = browser.new_page(reduced_motion="reduce")
        page.goto((site / "chapter-1.html").as_uri())
        assert page.evaluate("document.querySelector('picture img').currentSrc").endswith("-still.png")
        browser.close()


NARROW = """[...document.querySelectorAll('.drawing, .formula, p, h2, figcaption, .claim')]
    .filter(e => e.clientWidth < 100 || (!e.children.length && !e.textContent.trim()))
    .map(e => e.outerHTML.slice(0, 80))"""
