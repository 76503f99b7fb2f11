"""The report of a run: its numbers, its pictures, and a page that nothing hostile or missing can break."""

import base64
import json
import re
import shutil
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from viceversa import images
from viceversa.methods.cyclegan import CycleGAN, CycleGANConfig
from viceversa.report.curves import charts, smoothed, ticks
from viceversa.report.facts import trained_for
from viceversa.report.gallery import Direction, Score, collect
from viceversa.report.page import make
from viceversa.report.results import verdict
from viceversa.runs import checkpoint
from viceversa.runs.config import DataConfig, RunConfig, TrainConfig
from viceversa.runs.folder import RunFolder
from viceversa.translation.translator import load

SIZE, TESTS = 16, 5
HOSTILE = "<script>alert(1)</script>"
VOID = {"meta", "link", "img", "line", "polyline", "br"}


def paint(path: Path, seed: int, shape=(SIZE, SIZE)) -> str:
    """A PNG of random blobs, written by Pillow alone."""
    rng = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = Image.fromarray(rng.integers(0, 256, (4, 4, 3), np.uint8))
    coarse.resize(shape[::-1], Image.Resampling.BICUBIC).save(path)
    return str(path)


def build(tmp_path, names=("apples", "oranges"), with_truth=True, **method):
    """A run of no training at all: config, pictures, truth, metrics, samples, a checkpoint at step 7 of 20."""
    torch.manual_seed(0)
    config = RunConfig(
        preset="quickstart",
        method=CycleGANConfig(width=4, blocks=1, d_width=4, d_layers=1, **method),
        data=DataConfig(size=SIZE, source=str(tmp_path / "data")),
        train=TrainConfig(batch=2, total_nimg=40),
    )
    shapes = [(SIZE, SIZE), (SIZE, SIZE), (SIZE, 24), (SIZE, 24), (20, SIZE)]
    found = {"train_a": [], "train_b": []}
    for k, side in enumerate("ab"):
        for j, kind in enumerate(("test", "truth")):
            seeds = (1000 * k + 100 * j + i for i in range(TESTS))
            folder = tmp_path / "data" / f"{kind}{side.upper()}"
            paths = [paint(folder / f"{i}.png", s, shapes[i]) for i, s in enumerate(seeds)]
            found[f"{kind}_{side}"] = paths if kind == "test" or with_truth else []
    run = RunFolder(tmp_path / "run")
    counts = {"train_a": 30, "train_b": 40, "test_a": TESTS, "test_b": TESTS}
    data = {"names": list(names), "counts": counts, "files": found, "skipped": {}, "notes": []}
    env = {"command": "viceversa train data --size 16", "device": "cpu", "processor": "Z80", "threads": 1}
    run.start(config, {**env, "versions": {"torch": "2"}}, data)
    net = CycleGAN(config.method)
    checkpoint.save(run.checkpoints, net, {"step": 7, "nimg": 14, "window": {}})
    rng = np.random.default_rng(1)
    lines = [
        {"step": s, "nimg": 2 * s, "rate": 1.0, "gan": rng.random(), "cyc": 0.5 / s, "idt": 0.0, "D_A": 0.2, "D_B": 0.3}
        for s in range(1, 8)
    ]
    run.metrics.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for step in (0, 7):
        sheet = images.grid([[rng.uniform(-1, 1, (3, SIZE, SIZE)).astype(np.float32)] * 6] * 2)
        run.samples.mkdir(exist_ok=True)
        images.save_png(run.samples / f"step-{step:06}.png", sheet)
    return run, net


class Page(HTMLParser):
    """Elements with attributes, text, and the tags left open."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags, self.text, self.open = [], "", []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.text += data

    def classed(self, name):
        return [attrs for _, attrs in self.tags if name in attrs.get("class", "").split()]

    def pictures(self):
        return [attrs for tag, attrs in self.tags if tag == "img"]


def pixels(path):
    return np.asarray(Image.open(path), np.float64).transpose(2, 0, 1) / 127.5 - 1


def expected(run, net, side):
    """Mean PSNR of input, best affine colour change and translation, without any of the package's metrics."""
    files = run.data()["files"]
    xs = [pixels(p) for p in files[f"test_{side}"]]  # already at their training size
    ys = [pixels(p) for p in files[f"truth_{side}"]]
    db = lambda guess, y: 10 * np.log10(4 / np.mean((guess - y) ** 2))  # noqa: E731
    flat = np.concatenate([np.vstack([x.reshape(3, -1), np.ones(x[0].size)]) for x in xs], axis=1)
    target = np.concatenate([y.reshape(3, -1) for y in ys], axis=1)
    matrix = target @ flat.T @ np.linalg.inv(flat @ flat.T)
    painted = [np.clip(np.tensordot(matrix[:, :3], x, 1) + matrix[:, 3:, None], -1, 1) for x in xs]
    net.eval()
    with torch.no_grad():
        G = net.nets["G" if side == "a" else "F"]
        made = [G(torch.tensor(x[None], dtype=torch.float32))[0].double().numpy() for x in xs]
    return [float(np.mean([db(g, y) for g, y in zip(gs, ys, strict=True)])) for gs in (xs, painted, made)]


def test_numbers_are_the_ones_computed_by_hand(tmp_path):
    run, net = build(tmp_path)
    gallery = collect(run, load(run.path, device="cpu"), limit=3)
    saved = json.loads((run.path / "truth.json").read_text())
    assert saved["step"] == 7 and saved["a_to_b"]["source"] == "apples" and saved["b_to_a"]["target"] == "apples"
    for key, side, direction in zip(("a_to_b", "b_to_a"), "ab", gallery.directions, strict=True):
        unchanged, colour, translation = expected(run, net, side)
        found = saved[key]
        assert found["count"] == TESTS and len(direction.rows) == 3
        assert found["input"] == pytest.approx(unchanged, abs=1e-4)
        assert found["colour"] == pytest.approx(colour, abs=1e-4)
        assert found["translation"] == pytest.approx(translation, abs=1e-3)
        assert found["over_input"] == pytest.approx(translation - unchanged, abs=1e-3)
        assert found["over_colour"] == pytest.approx(translation - colour, abs=1e-3)
        assert direction.score.translation == found["translation"]
    assert saved["a_to_b"]["input"] != pytest.approx(saved["b_to_a"]["input"], abs=1e-3)


def test_rows_are_input_translation_cycle_and_truth(tmp_path):
    run, net = build(tmp_path)
    there, back = collect(run, load(run.path, device="cpu")).directions
    net.eval()
    for direction, (forth, home), side in ((there, "GF", "a"), (back, "FG", "b")):
        assert [row.name for row in direction.rows] == [f"{i}.png" for i in range(TESTS)]
        for row, test, true in zip(
            direction.rows, run.data()["files"][f"test_{side}"], run.data()["files"][f"truth_{side}"], strict=True
        ):
            x = torch.tensor(pixels(test)[None], dtype=torch.float32)
            with torch.no_grad():
                y = net.nets[forth](x)
                z = net.nets[home](y)
            np.testing.assert_allclose(row.input, x[0], atol=1e-6)
            np.testing.assert_allclose(row.output, y[0], atol=1e-4)
            np.testing.assert_allclose(row.cycle, z[0], atol=1e-4)
            np.testing.assert_allclose(row.truth, pixels(true), atol=1e-6)


def test_page_parses_and_carries_everything_inside(tmp_path):
    run, net = build(tmp_path)
    path = make(run.path)
    assert path == run.path / "report.html"
    page = Page(path)
    assert page.open == [] and not any(tag == "script" for tag, _ in page.tags)
    for _, attrs in page.tags:
        for name in ("src", "href", "srcset", "data", "action"):
            assert attrs.get(name, "data:").startswith("data:")
    assert not re.search(r"url\(|@import", path.read_text())
    assert len(page.classed("row")) == 2 * TESTS
    assert len(page.pictures()) == 2 * TESTS * 4 + 2 * 2 * 3  # galleries, and two moments with the inputs
    for side in "ab":
        for number in expected(run, net, side):
            assert f"{number:.2f}" in page.text
    for told in ("apples ⇄ oranges", "Stopped at step 7 of 20", "Z80, 1 thread", "30 apples", "not picked"):
        assert told in page.text
    assert "viceversa train data --size 16" in page.text and "viceversa.load(" in page.text


def test_inline_pictures_are_the_pictures(tmp_path):
    run, _ = build(tmp_path)
    first = Page(make(run.path)).pictures()[0]
    assert first["alt"] == "0.png: input"
    shown = Image.open(BytesIO(base64.b64decode(first["src"].split(",")[1])))
    source = Image.open(run.data()["files"]["test_a"][0])
    assert shown.size == source.size and shown.tobytes() == source.tobytes()


def test_hostile_names_stay_text(tmp_path):
    run, _ = build(tmp_path, names=(HOSTILE, "\"><img src=x onerror='alert(2)'>"))
    data = run.data()
    data["notes"], data["skipped"] = [HOSTILE], {HOSTILE: HOSTILE}
    (run.path / "data.json").write_text(json.dumps(data))
    page = Page(make(run.path))
    assert page.open == [] and HOSTILE in page.text
    assert not any(tag == "script" for tag, _ in page.tags)
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert all(attrs["src"].startswith("data:") for attrs in page.pictures())


def test_renders_when_the_pictures_are_gone_and_keeps_the_numbers(tmp_path):
    run, _ = build(tmp_path)
    make(run.path)
    before = json.loads((run.path / "truth.json").read_text())
    shutil.rmtree(tmp_path / "data")
    page = Page(make(run.path))
    assert page.classed("row") == [] and "None of the 5 test pictures is there" in page.text
    assert f"{before['a_to_b']['translation']:.2f}" in page.text
    assert len(page.pictures()) == 2 * 2 * 3  # the run's own samples
    (run.path / "truth.json").write_text(json.dumps({**before, "step": 6}))  # of an older checkpoint
    assert "How near to the truth" not in Page(make(run.path)).text


def test_renders_without_truth_metrics_samples_or_checkpoint(tmp_path):
    run, _ = build(tmp_path, with_truth=False)
    run.metrics.unlink()
    shutil.rmtree(run.samples)
    page = Page(make(run.path))
    assert "How near" not in page.text and not (run.path / "truth.json").exists()
    assert "logged no numbers" in page.text and "drawn no samples" in page.text
    assert len(page.classed("row")) == 2 * TESTS and len(page.pictures()) == 2 * TESTS * 3
    shutil.rmtree(run.checkpoints)
    page = Page(make(run.path))
    assert "No checkpoint yet" in page.text and page.pictures() == []


def test_training_pictures_stand_in_and_say_so(tmp_path):
    run, _ = build(tmp_path)
    data = run.data()
    files = data["files"]
    broken = tmp_path / "data" / "broken.png"
    broken.write_bytes(b"not a picture")
    files["train_a"], files["test_a"] = [str(broken), *files["test_a"]], []
    (run.path / "data.json").write_text(json.dumps(data))
    there, back = collect(run, load(run.path, device="cpu"), limit=2).directions
    assert there.training and not back.training and there.score is None and back.score is not None
    assert [row.name for row in there.rows] == ["0.png", "1.png"] and len(there.unread) == 1
    text = Page(make(run.path)).text
    assert "training pictures in file order, not picked" in text and "broken.png" in text


def test_grey_domain_has_numbers_too(tmp_path):
    run, _ = build(tmp_path, channels_b=1, lambda_idt=0.0)
    there, back = collect(run, load(run.path, device="cpu")).directions
    assert there.rows[0].output.shape[0] == there.rows[0].truth.shape[0] == 1
    assert back.rows[0].input.shape[0] == 1 and back.rows[0].cycle.shape[0] == 1
    assert np.isfinite([there.score.colour, back.score.colour]).all()
    make(run.path)


def test_best_colour_change_is_exact_where_the_truth_is_one(tmp_path):
    run, _ = build(tmp_path)
    files = run.data()["files"]
    for test, true in zip(files["test_a"], files["truth_a"], strict=True):
        Image.fromarray(np.asarray(Image.open(test))[..., ::-1] // 2 + 60).save(true)
    there, _ = collect(run, load(run.path, device="cpu")).directions
    assert there.score.colour > 50 and there.score.input < 30  # only the rounding of 8 bits is left


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ((12.0, 15.0), "than the best colour change by 3.0 dB: colour alone would leave 2.0 times the squared error"),
        ((12.0, 19.0), "than the input by 6.0 dB, but a plain colour change would be nearer still, by 1.0 dB"),
        ((20.0, 22.0), "farther from the truth than the input itself, by 2.0 dB"),
    ],
)
def test_verdict_is_honest(others, told):
    score = Score(count=1, input=others[0], colour=others[1], translation=18.0)
    way = Direction(source="a", target="b", rows=(), listed=1, training=False, unread=(), score=score)
    assert told in verdict(way, score)


def test_curves_are_all_there_and_say_what_is_healthy():
    lines = [{"step": s, "nimg": s, "gan": 1.0 / s, "odd": 2.0, "idt": 0.0, "D_A": 0.25, "rate": 1.0} for s in (1, 2)]
    lines.append({"step": 3, "nimg": 3, "gan": float("nan"), "D_A": 0.25})
    found = {chart.title: chart for chart in charts(lines, CycleGANConfig(lambda_idt=0.0), ("cats", "dogs"))}
    assert list(found) == ["Adversarial loss (gan)", "odd", "Discriminator of cats (D_A)", "Learning rate (rate)"]
    assert found["Discriminator of cats (D_A)"].healthy == 0.25 and found["Adversarial loss (gan)"].healthy == 0.5
    assert found["Adversarial loss (gan)"].values.tolist() == [1.0, 0.5]
    log = charts(lines, CycleGANConfig(loss="nonsaturating"), ("cats", "dogs"))
    assert next(c for c in log if "D_A" in c.title).healthy == pytest.approx(np.log(2))


def test_smoothing_and_ticks():
    assert smoothed(np.array([3.0])).tolist() == [3.0]
    assert smoothed(np.full(100, 2.0)) == pytest.approx(np.full(100, 2.0))
    assert smoothed(np.arange(90.0))[45] == pytest.approx(45)
    assert ticks(0, 1000, 4) == [0, 250, 500, 750, 1000]
    assert ticks(-1.4, 0.3, 4) == [-1, -0.5, 0]


def test_time_from_the_log(tmp_path):
    log = tmp_path / "log.txt"
    assert trained_for(log) is None
    start = "2026-01-01 10:00:00 started: 20 steps on cpu\n2026-01-01 10:01:00 skipped x\n"
    log.write_text(start + "2026-01-01 10:03:52 finished at step 20\n")
    assert trained_for(log) == "3:52 min"
    killed = start + "2026-01-01 12:00:00 resumed at step 9: 20 steps on cpu\n"
    log.write_text(killed + "2026-01-01 13:00:05 stopped at step 20\n")
    assert trained_for(log) == "at least 1:00:05 h"
    log.write_text(start)
    assert trained_for(log) is None


@pytest.mark.long
def test_opens_in_a_browser_without_network_or_sideways_scrolling(tmp_path):
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium")
    run, _ = build(tmp_path, names=(HOSTILE, "a-very-long-name-without-any-space-in-it-" * 3))
    path = make(run.path)
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    quiet += ["--no-sandbox", "--disable-component-update", "--disable-sync"]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=quiet)
        for width, scheme in ((390, "light"), (1280, "dark")):
            page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
            complaints, asked = [], []
            page.on("console", lambda message, to=complaints: to.append(message.text))
            page.on("pageerror", lambda error, to=complaints: to.append(str(error)))
            page.on("dialog", lambda dialog, to=complaints: (to.append(dialog.message), dialog.dismiss()))
            page.on("request", lambda request, to=asked: to.append(request.url))
            page.goto(path.as_uri())
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert complaints == []
            assert [url for url in asked if not url.startswith(("file://", "data:"))] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            shown = "[...document.images].every(i => i.complete && i.naturalWidth > 0 && i.clientWidth > 20)"
            assert page.evaluate(shown)
            dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 22, 20)"
            assert dark == (scheme == "dark")
            page.close()
        browser.close()
