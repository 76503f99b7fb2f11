"""The report in a real Chromium: sliders by keyboard and touch, full size, copying, reloading, printing, phones."""

import re
import time

import numpy as np
import pytest
from PIL import Image

from support.browser import chromium, opened, until
from support.reported import HOSTILE, build
from viceversa.report.page import make, make_quick

pytestmark = pytest.mark.long
LONG_NAME = "a-very-long-name-without-any-space-in-it-" * 3
CLIP = "getComputedStyle(document.querySelectorAll('.stage')[0].querySelectorAll('img')[1]).clipPath"


@pytest.fixture(scope="module")
def browser():
    with chromium() as launched:
        yield launched


@pytest.fixture
def run(tmp_path):
    made, _ = build(tmp_path, names=(HOSTILE, LONG_NAME))
    first = made.data()["files"]["test_a"][0]
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 500, 3), np.uint8)).save(first)
    return made


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_page_fits_its_window_and_every_picture_is_there(browser, run, width, scheme):
    with opened(browser, make(run.path).as_uri(), width, scheme) as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shown = "[...document.images].every(i => i.complete && i.naturalWidth > 0 && i.clientWidth > 20)"
        until(page, shown)
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 22, 20)"
        assert dark == (scheme == "dark")
        for link in page.query_selector_all("nav a"):
            assert page.query_selector(link.get_attribute("href")) is not None
        page.evaluate("document.querySelector('nav a:last-child').click()")
        assert page.evaluate("scrollY") > 500


def test_slider_moves_by_keyboard(browser, run):
    with opened(browser, make(run.path).as_uri(), 1280) as page:
        slider = page.get_by_role("slider", name="0.png: share of the input").first
        slider.focus()
        assert "50%" in page.evaluate(CLIP)
        page.keyboard.press("ArrowRight")
        assert slider.input_value() == "51" and "51%" in page.evaluate(CLIP)
        page.keyboard.press("Home")
        assert "0%" in page.evaluate(CLIP) or page.evaluate(CLIP) == "inset(0px)"
        page.keyboard.press("End")
        assert "100%" in page.evaluate(CLIP)


def test_slider_moves_by_touch(browser, run):
    with opened(browser, make(run.path).as_uri(), 390, has_touch=True, is_mobile=True) as page:
        slider = page.get_by_role("slider").first
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        page.touchscreen.tap(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2)
        assert 70 < int(slider.input_value()) < 90
        assert f"{slider.input_value()}%" in page.evaluate(CLIP)
        assert page.evaluate("getComputedStyle(document.querySelector('.stage input')).touchAction") == "pan-y"


def test_pictures_open_at_full_size_by_click_and_enter_and_escape_closes(browser, run):
    with opened(browser, make(run.path).as_uri(), 1280) as page:
        is_open = "document.getElementById('zoom').open"
        sizes = "[...document.querySelectorAll('#zoom img')].map(i => [i.clientWidth, i.clientHeight])"
        page.click(".pair .zoom")
        assert page.evaluate(is_open) and page.evaluate(sizes) == [[500, 300], [500, 300]]  # the file's own size
        page.keyboard.press("Escape")
        assert not page.evaluate(is_open)

        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        button = page.locator(".gallery .zoom").nth(4)
        button.focus()
        page.keyboard.press("Enter")
        assert page.evaluate(is_open)
        ((w, h),) = page.evaluate(sizes)
        assert w == h and w % 16 == 0 and w >= 160  # a picture of 16 px in whole multiples
        page.keyboard.press("Escape")
        assert not page.evaluate(is_open) and button.evaluate("b => b === document.activeElement")


@pytest.mark.parametrize("allowed", [True, False])
def test_copy_button_copies_the_command(browser, run, allowed):
    rights = {"permissions": ["clipboard-read", "clipboard-write"]}
    with opened(browser, make(run.path).as_uri(), 1280, **rights) as page:
        if not allowed:  # as where a page from disk has no clipboard: the older way
            page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
        page.locator(".copy").first.click()
        until(page, "document.querySelector('.copy').textContent === 'Copied'")
        command = page.locator("pre code").first.text_content()
        if allowed:
            assert page.evaluate("navigator.clipboard.readText()") == command == "viceversa train data --size 16"


def test_report_of_a_run_in_progress_reloads_in_place_until_it_is_finished(browser, run):
    path = make_quick(run.path, in_progress=True)
    path.write_text(re.sub(r'data-refresh="\d+"', 'data-refresh="3"', path.read_text()))
    with opened(browser, path.as_uri(), 390) as page:
        page.evaluate("window.first = true; scrollTo(0, 600)")
        until(page, "!window.first && scrollY === 600 && document.readyState === 'complete'")
        make(run.path)  # training has ended
        until(page, "document.querySelector('.pair') !== null")
        until(page, "document.readyState === 'complete'")
        page.evaluate("window.last = true")
        page.wait_for_timeout(4000)
        assert page.evaluate("window.last") is True


def test_report_of_a_killed_run_stops_reloading_and_says_so(browser, run):
    path = make_quick(run.path, in_progress=True)
    soon = {r'data-refresh="\d+"': 'data-refresh="1"', r'data-until="\d+"': f'data-until="{round(time.time()) + 4}"'}
    for pattern, marked in soon.items():
        path.write_text(re.sub(pattern, marked, path.read_text()))
    with opened(browser, path.as_uri(), 390) as page:
        assert page.locator("#reloads").is_visible() and not page.locator("#stale").is_visible()
        page.evaluate("window.first = true")
        until(page, "!window.first")  # as long as it is fresh
        until(page, "!document.getElementById('stale').hidden")
        assert not page.locator("#reloads").is_visible()
        assert "was last written at" in page.locator("#stale").text_content()
        page.evaluate("window.last = true")
        page.wait_for_timeout(2500)
        assert page.evaluate("window.last") is True


def test_prints_both_pictures_side_by_side(browser, run):
    with opened(browser, make(run.path).as_uri(), 1000) as page:
        page.emulate_media(media="print")
        boxes = [image.bounding_box() for image in page.locator(".stage").first.locator("img").all()]
        assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"] + 1 and boxes[0]["y"] == boxes[1]["y"]
        assert not page.locator("nav").is_visible() and not page.locator(".stage input").first.is_visible()
