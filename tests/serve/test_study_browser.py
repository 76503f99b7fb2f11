"""Whole sessions in a real Chromium, by keyboard and touch: pairs for one second to the frame, no foreign request."""

import shutil
from contextlib import contextmanager

import pytest

from support.studies import OTHER, serving, small_study, visit
from viceversa import study
from viceversa.study.answers import Answers, read
from viceversa.study.protocol import session_trials

pytestmark = pytest.mark.long
QUIET = [
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--no-sandbox",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
# Records for every frame which pictures are visible, independently of the page's own clock and state.
WATCH = """
(() => {
  window.recordedFrames = [];
  const visible = (id) => [...document.querySelectorAll(`#${id} img`)].some(
    (img) => img.complete && img.naturalWidth > 0 && getComputedStyle(img).opacity === "1" && img.checkVisibility());
  const painted = new MessageChannel(); // its message comes after everything that the page does in the frame
  painted.port1.onmessage = (message) => {
    if (document.getElementById("left")) {
      window.recordedFrames.push([message.data, visible("left"), visible("right"), visible("above")]);
    }
    requestAnimationFrame(look);
  };
  const look = (now) => painted.port2.postMessage(now);
  requestAnimationFrame(look);
  window.recordedFeedback = []; // which lasts too short to be waited for from outside
  addEventListener("DOMContentLoaded", () => document.getElementById("prompt") && new MutationObserver(() => {
    const tag = (id) => document.querySelector(`#${id} .tag`).textContent;
    const kind = document.getElementById("prompt").className;
    if (["good", "bad"].includes(kind)) window.recordedFeedback.push([kind, tag("left"), tag("right")]);
  }).observe(document.getElementById("prompt"), { attributes: true }));
})();
"""
HASTE = """
new MutationObserver(() => {
  if (!document.getElementById("stage").classList.contains("on")) return;
  dispatchEvent(new KeyboardEvent("keydown", { code: "ArrowLeft" }));
  document.getElementById("left").click();
  window.hasty = (window.hasty || 0) + 1;
}).observe(document.getElementById("stage"), { attributes: true });
"""


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium")
    with sync_api.sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=QUIET)


@contextmanager
def visitor(browser, running, width, height, scheme="light", touch=False):
    """A page of a new visitor; at the end: no message on its console, no request to another server."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, has_touch=touch, is_mobile=touch
    )
    context.add_init_script(WATCH)
    page = context.new_page()
    page.messages, page.urls = [], []
    page.on("console", lambda message: page.messages.append(message.text))
    page.on("pageerror", lambda error: page.messages.append(str(error)))
    page.on("request", lambda request: page.urls.append(request.url))
    page.goto(running.url)
    yield page
    assert page.messages == []
    assert page.urls and all(url.startswith(running.url + "/") for url in page.urls)
    context.close()


def fits(page):
    """Assert that nothing is cut off at the side, and on a trial nothing below either."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if page.is_visible("#trial"):
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        boxes = [page.locator(place).bounding_box() for place in ("#left", "#right", "#prompt")]
        size = page.viewport_size
        for box in boxes:
            assert box["x"] >= 0 and box["y"] >= 0
            assert box["x"] + box["width"] <= size["width"] and box["y"] + box["height"] <= size["height"]
        assert min(boxes[0]["width"], boxes[0]["height"]) >= 120
        assert boxes[0]["width"] == boxes[1]["width"]


def go_on(page, number, content, start):
    """From trial `number` on, through the pages between, until the question is put."""
    if number in (0, content.practice):
        page.wait_for_selector("#ready #start", state="visible")
        fits(page)
        start()
    page.wait_for_selector("#stage.asking", timeout=20_000)


def trials_of(folder, session=0):
    stored = read(folder.answers)
    content = folder.study()
    return session_trials(content, stored[session][0].number, stored[session][0].arm)


def spans_of(frames):
    """[(begin, end)] of each pair by the times of frames; both pictures always in the same ones."""
    assert all(left == right for _, left, right, _ in frames)
    spans, begin = [], None
    for now, visible, _, _ in frames:
        if visible and begin is None:
            begin = now
        elif not visible and begin is not None:
            spans.append((begin, now))
            begin = None
    return spans


def check_times(answers, frames):
    """One second ± one frame, as logged by the page and as recorded from outside.

    Where the browser itself skipped frames (a machine with other work to do) the pair leaves in the first frame that
    there is, and the page logs the longer time.
    """
    spans, times = spans_of(frames)[: len(answers)], [now for now, *_ in frames]
    assert len(spans) == len(answers)
    smooth = 0
    for a, (begin, end) in zip(answers, spans, strict=True):
        assert 4 < a.frame_ms < 40
        assert a.shown_ms == pytest.approx(end - begin, abs=0.5)
        last = max(now for now in times if now < end)
        assert last - begin < 1000 - a.frame_ms / 2 + 1  # a frame earlier would have been too early
        if end - last < 1.5 * a.frame_ms:
            smooth += 1
            assert abs(a.shown_ms - 1000) <= a.frame_ms
    assert smooth >= len(answers) / 2


def test_a_whole_session_by_keyboard(browser, tmp_path):
    folder = small_study(tmp_path, algorithms=1, trials=6, practice=2, sentinels=2)
    content = folder.study()
    keys = {"left": ["ArrowLeft", "f", "F"], "right": ["ArrowRight", "j", "J"]}
    with serving(folder) as running, visitor(browser, running, 1280, 800) as page:
        page.wait_for_selector("#begin")
        assert page.inner_text("h1.question") == "Which picture is real?" and "voluntary" in page.inner_text(".consent")
        fits(page)
        assert not [url for url in page.urls if "/pictures/" in url or "/sessions" in url]  # nothing before consent
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        for number in range(content.length):
            go_on(page, number, content, lambda: page.keyboard.press("Enter"))
            if number == 0:
                trials = trials_of(folder)
                fetched = [url for url in page.urls if "/pictures/" in url]
                assert sorted(url.rpartition("/")[2] for url in fetched) == sorted(
                    t for trial in trials for t in trial.tokens
                )
            fits(page)
            side = trials[number].key if number % 3 else OTHER[trials[number].key]
            page.keyboard.press("x")  # no key of ours
            page.keyboard.press(keys[side][number % 3])
        page.wait_for_selector("#end", state="visible")
        for number, (kind, *tags) in enumerate(page.evaluate("recordedFeedback")):
            assert kind == ("good" if number % 3 else "bad")
            assert tags == (["real", "made"] if trials[number].key == "left" else ["made", "real"])
        assert number == content.practice - 1
        assert len([url for url in page.urls if "/pictures/" in url]) == len(fetched)  # none later, none again
        frames = page.evaluate("recordedFrames")
        page.reload()
        page.wait_for_selector("#end", state="visible")  # the same person is not asked twice
    ((session, answers),) = read(folder.answers)
    assert session.answered == content.length
    assert [a.side == t.key for a, t in zip(answers, trials, strict=True)] == [
        n % 3 != 0 for n in range(content.length)
    ]
    assert {(a.width, a.height) for a in answers} == {(1280, 800)} and all(5 < a.answer_ms < 60_000 for a in answers)
    check_times(answers, frames)
    (arm,) = study.results(folder.path)["arms"]
    scored = [n for n, t in enumerate(trials) if t.part == "scored"]
    assert arm["everyone"]["mean"] == pytest.approx(sum(n % 3 == 0 for n in scored) / len(scored))


def test_a_whole_session_by_touch_on_a_phone_goes_on_after_a_reload(browser, tmp_path):
    folder = small_study(tmp_path, algorithms=1, trials=4, practice=2, sentinels=0)
    content = folder.study()
    with serving(folder) as running, visitor(browser, running, 375, 667, "dark", touch=True) as page:
        assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(22, 22, 20)"
        page.wait_for_selector("#begin")
        fits(page)
        page.tap("#begin")
        for number in range(content.length):
            if number == 4:
                page.wait_for_selector("#stage.fixing, #stage.on, #stage.asking")
                before = page.evaluate("recordedFrames")
                page.reload()
                page.wait_for_selector("#ready", state="visible")
                assert page.inner_text("#ready-title") == "Welcome back" and "2 pairs" in page.inner_text("#ready-text")
                page.tap("#start")
            go_on(page, number, content, lambda: page.tap("#start"))
            fits(page)
            trials = trials_of(folder)
            page.tap(f"#{trials[number].key}")
        page.wait_for_selector("#end", state="visible")
        after = page.evaluate("recordedFrames")
    ((session, answers),) = read(folder.answers)
    assert session.answered == content.length and [a.side for a in answers] == [t.key for t in trials]
    assert {(a.width, a.height) for a in answers} == {(375, 667)}
    check_times(answers[:4], before)
    check_times(answers[4:], after)


def test_a_preference_shows_the_original_first_and_then_the_pair(browser, tmp_path):
    folder = small_study(tmp_path, kind="preference", trials=2, practice=0, sentinels=2, question="<b>Which</b> & why?")
    content = folder.study()
    with serving(folder) as running, visitor(browser, running, 740, 360) as page:
        page.wait_for_selector("#begin")
        assert page.inner_text("h1.question") == "<b>Which</b> & why?" and page.title() == "<b>Which</b> & why?"
        page.click("#begin")
        for number in range(content.length):
            if number == 0:
                page.wait_for_selector("#start", state="visible")
                page.keyboard.press("Enter")
            page.wait_for_selector("#stage.asking")
            fits(page)
            page.click("#right")
        page.wait_for_selector("#end", state="visible")
        frames = page.evaluate("recordedFrames")
    check_times(read(folder.answers)[0][1], frames)
    for begin, end in spans_of(frames):  # the original a second before the pair, then with it, then gone
        alone = [now for now, pair, _, above in frames if above and not pair and begin - 1500 < now < begin]
        assert begin - alone[0] > 900
        assert all(above for now, _, _, above in frames if begin <= now < end)
        assert not any(above for now, _, _, above in frames if end <= now < end + 50)


def test_an_answer_waits_for_the_server(browser, tmp_path):
    """The server dies before an answer arrives; the page says so, keeps it, and sends it to the next server."""
    folder = small_study(tmp_path, algorithms=1, trials=2, practice=0, sentinels=0)
    with serving(folder) as running:
        port = int(running.url.rpartition(":")[2])
        context = browser.new_context(viewport={"width": 700, "height": 500})
        page = context.new_page()
        page.goto(running.url)
        page.click("#begin")
        page.click("#start")
        page.wait_for_selector("#stage.asking")
        running.process.kill()
        running.process.wait()
        page.keyboard.press("ArrowLeft")
        page.wait_for_selector("#trouble", state="visible")
        assert "kept here" in page.inner_text("#trouble")
    with serving(folder, port=port):
        page.wait_for_selector("#stage.asking", timeout=30_000)
        assert page.is_hidden("#trouble")
        page.keyboard.press("ArrowRight")
        page.wait_for_selector("#end", state="visible")
    context.close()
    ((_, answers),) = read(folder.answers)
    assert [a.side for a in answers] == ["left", "right"]


def test_a_key_while_the_pair_is_seen_is_no_answer(browser, tmp_path):
    folder = small_study(tmp_path, algorithms=1, trials=2, practice=0, sentinels=0)
    with serving(folder) as running, visitor(browser, running, 844, 390, touch=True) as page:
        page.tap("#begin")
        page.wait_for_selector("#start", state="visible")
        page.evaluate(HASTE)
        page.tap("#start")
        for _ in range(2):
            page.wait_for_selector("#stage.asking")
            fits(page)
            page.tap("#right")
        page.wait_for_selector("#end", state="visible")
        assert page.evaluate("hasty") >= 2
    assert [a.side for a in read(folder.answers)[0][1]] == ["right", "right"]


@pytest.mark.parametrize("kind", ["real-or-fake", "preference"])
def test_the_results_page_wide_and_narrow(browser, tmp_path, kind):
    folder = small_study(tmp_path, kind=kind, names=["<i>a</i>", "b" * 60], question="Q" * 60)
    store = Answers(folder.answers, folder.digest())
    content = folder.study()
    for i in range(8):
        visit(store, folder, lambda t, i=i: t.key if t.part == "sentinel" or i % 3 else OTHER[t.key])
    store.close()
    with serving(folder) as running:
        for width, scheme in ((375, "light"), (1280, "dark")):
            with visitor(browser, running, width, 800, scheme) as page:
                page.goto(running.results)
                fits(page)
                assert "<i>a</i>" in page.inner_text("main") and page.locator(".card").count() == len(content.arms)
                found = study.results(folder.path)["arms"][0]
                assert f"{found['share']['mean'] * 100:.1f} %" in page.inner_text("main")
