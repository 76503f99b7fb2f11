"""A real Chromium, without anything that reaches for the network."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

QUIET = [
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--no-sandbox",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser of Playwright; skips the test where Playwright or Chromium is not installed."""
    sync_api = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Any, address: str, width: int, scheme: str = "light", **context: Any) -> Iterator[Any]:
    """A page of its own; at the end: no message on its console, no error, no system dialog, no foreign request."""
    own = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, **context)
    page = own.new_page()
    messages: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("dialog", lambda dialog: (messages.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(address)
    yield page
    assert messages == []
    assert [url for url in requests if not url.startswith(("file://", "data:"))] == []
    own.close()


def until(page: Any, condition: str, seconds: float = 20.0) -> None:
    """Wait until a JavaScript expression is true, also across reloads; works under a policy that forbids eval."""
    end = time.monotonic() + seconds
    while True:
        try:
            if page.evaluate(condition):
                return
        except Exception as e:  # the page is being replaced
            if "context was destroyed" not in str(e):
                raise
        assert time.monotonic() < end, condition
        page.wait_for_timeout(50)
