"""The report of a run: its numbers, its pictures, and a page that nothing hostile or missing can break."""

import base64
import json
import re
import shutil
from hashlib import sha256
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import torch
from PIL import Image

import viceversa
from viceversa import images
from viceversa.evaluation.results import last_evaluation, saved_evaluation
from viceversa.methods.cyclegan import CycleGAN, CycleGANConfig
from viceversa.report.gallery import collect
from viceversa.report.page import make
from viceversa.report.pairs import PAIRS
from viceversa.runs import checkpoint
from viceversa.runs.config import DataConfig, RunConfig, TrainConfig
from viceversa.runs.folder import RunFolder
from viceversa.translation.translator import load

SIZE, TESTS = 16, 5
HOSTILE = "<script>alert(1)</script>"
VOID = {"meta", "link", "img", "line", "polyline", "br", "input"}


def paint(path: Path, seed: int, shape=(SIZE, SIZE)) -> str:
    """A PNG of random blobs, written by Pillow alone."""
    rng = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = Image.fromarray(rng.integers(0, 256, (4, 4, 3), np.uint8))
    coarse.resize(shape[::-1], Image.Resampling.BICUBIC).save(path)
    return str(path)


def build(tmp_path, names=("apples", "oranges"), with_truth=True, fit="cover", **method):
    """A run of no training at all: config, pictures, truth, metrics, samples, a checkpoint at step 7 of 20."""
    torch.manual_seed(0)
    config = RunConfig(
        preset="quickstart",
        method=CycleGANConfig(width=4, blocks=1, d_width=4, d_layers=1, **method),
        data=DataConfig(size=SIZE, fit=fit, source=str(tmp_path / "data")),
        train=TrainConfig(batch=2, total_nimg=40),
    )
    shapes = [(SIZE, SIZE), (SIZE, SIZE), (SIZE, 24), (SIZE, 24), (20, SIZE)]
    listed = {"train_a": [], "train_b": []}
    for k, side in enumerate("ab"):
        for j, kind in enumerate(("test", "truth")):
            seeds = (1000 * k + 100 * j + i for i in range(TESTS))
            folder = tmp_path / "data" / f"{kind}{side.upper()}"
            paths = [paint(folder / f"{i}.png", s, shapes[i]) for i, s in enumerate(seeds)]
            listed[f"{kind}_{side}"] = paths if kind == "test" or with_truth else []
    run = RunFolder(tmp_path / "run")
    counts = {"train_a": 30, "train_b": 40, "test_a": TESTS, "test_b": TESTS}
    data = {"names": list(names), "counts": counts, "files": listed, "skipped": {}, "notes": []}
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
        self.tags, self.text, self.script, self.open = [], "", "", []
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
        if self.open and self.open[-1] == "script":
            self.script += data
        elif not self.open or self.open[-1] != "style":
            self.text += data

    def classed(self, name):
        return [attrs for _, attrs in self.tags if name in attrs.get("class", "").split()]

    def pictures(self):
        return [attrs for tag, attrs in self.tags if tag == "img"]


def pixels(path):
    """The centre of a picture that is already at its training size."""
    x = np.asarray(Image.open(path), np.float64).transpose(2, 0, 1) / 127.5 - 1
    top, left = (x.shape[1] - SIZE) // 2, (x.shape[2] - SIZE) // 2
    return x[:, top : top + SIZE, left : left + SIZE]


def rounded(x):
    """As an 8-bit file keeps it."""
    return np.round((x + 1) * 127.5) / 127.5 - 1


def expected(run, net, side):
    """Mean PSNR of input, best affine colour change and translation, without any of the package's metrics."""
    files = run.data()["files"]
    xs = [pixels(p) for p in files[f"test_{side}"]]
    ys = [pixels(p) for p in files[f"truth_{side}"]]
    db = lambda guess, y: 10 * np.log10(4 / np.mean((guess - y) ** 2))  # noqa: E731
    flat = np.concatenate([np.vstack([x.reshape(3, -1), np.ones(x[0].size)]) for x in xs], axis=1)
    target = np.concatenate([y.reshape(3, -1) for y in ys], axis=1)
    matrix = target @ flat.T @ np.linalg.inv(flat @ flat.T)
    painted = [np.clip(np.tensordot(matrix[:, :3], x, 1) + matrix[:, 3:, None], -1, 1) for x in xs]
    net.eval()
    with torch.no_grad():
        G = net.nets["G" if side == "a" else "F"]
        made = [rounded(G(torch.tensor(x[None], dtype=torch.float32))[0].double().numpy()) for x in xs]
    return [float(np.mean([db(g, y) for g, y in zip(gs, ys, strict=True)])) for gs in (xs, painted, made)]


def test_paired_scores_equal_those_computed_by_hand(tmp_path):
    run, net = build(tmp_path)
    galleries = collect(run, load(run.path, device="cpu"), limit=3)
    saved = json.loads(run.evaluation.read_text())
    assert saved["step"] == 7 and saved["complete"] is False
    assert [d["target"] for d in saved["directions"]] == ["oranges", "apples"]
    for direction, side, gallery in zip(saved["directions"], "ab", galleries, strict=True):
        unchanged, colour, translation = expected(run, net, side)
        truth, score = direction["truth"], gallery.score
        assert truth["pictures"] == TESTS and len(gallery.images) == 3
        assert truth["input_psnr"] == pytest.approx(unchanged, abs=1e-4)
        assert truth["colour_psnr"] == pytest.approx(colour, abs=1e-4)
        assert truth["psnr"] == pytest.approx(translation, abs=1e-3)
        assert score.over_input == pytest.approx(translation - unchanged, abs=1e-3)
        assert score.over_colour == pytest.approx(translation - colour, abs=1e-3)
        assert score.translation == truth["psnr"]
    inputs = [d["truth"]["input_psnr"] for d in saved["directions"]]
    assert inputs[0] != pytest.approx(inputs[1], abs=1e-3)


@pytest.mark.parametrize("fit", ["cover", "squash"])
def test_report_and_evaluate_agree_on_pictures_that_are_not_square(tmp_path, fit):
    run, _ = build(tmp_path, fit=fit)
    make(run.path)
    reported = json.loads(run.evaluation.read_text())["directions"]
    evaluated = viceversa.evaluate(run.path, quiet=True)["directions"]
    for one, other in zip(reported, evaluated, strict=True):
        assert one["verdict"] == other["verdict"] and one["verdict"]["measure"] == "PSNR"
        assert (one["source"], one["target"]) == (other["source"], other["target"])
        assert one["truth"].pop("pictures") == other["rows"]["translation"]["count"] == TESTS
        for name, value in one["truth"].items():
            assert other["truth"][name] == value, name
    assert f"{evaluated[0]['truth']['psnr']:.2f}" in Page(run.report).text


def test_paired_scores_never_replace_an_evaluation(tmp_path):
    run, net = build(tmp_path)
    make(run.path)
    assert saved_evaluation(run.path) is None and last_evaluation(run) is None
    assert "<h2>Evaluation</h2>" not in run.report.read_text()

    evaluation = viceversa.evaluate(run.path, quiet=True)
    make(run.path)
    assert saved_evaluation(run.path) == json.loads(json.dumps(evaluation)) == last_evaluation(run)

    checkpoint.save(run.checkpoints, net, {"step": 9, "nimg": 18, "window": {}})
    make(run.path)  # a later step: not evaluated yet, and the evaluation of the earlier one is still shown
    assert saved_evaluation(run.path) is None and last_evaluation(run)["step"] == 7
    assert json.loads(run.evaluation.read_text())["step"] == 9
    assert "The checkpoint of step 7" in Page(run.report).text


def test_compare_evaluates_a_run_that_has_only_paired_scores(tmp_path):
    runs = [build(tmp_path / name)[0].path for name in ("one", "two")]
    make(runs[0])
    rows = viceversa.compare(*runs, quiet=True)["directions"][0]["rows"]
    assert rows[0]["PSNR"]["mean"] > 0 and saved_evaluation(runs[0]) is not None


def test_rows_are_input_translation_cycle_and_truth(tmp_path):
    run, net = build(tmp_path)
    galleries = collect(run, load(run.path, device="cpu"))
    net.eval()
    for gallery, (forth, back), side in zip(galleries, ("GF", "FG"), "ab", strict=True):
        assert [image.path.name for image in gallery.images] == [f"{i}.png" for i in range(TESTS)]
        for image, test, true in zip(
            gallery.images, run.data()["files"][f"test_{side}"], run.data()["files"][f"truth_{side}"], strict=True
        ):
            x = torch.tensor(pixels(test)[None], dtype=torch.float32)
            with torch.no_grad():
                y = net.nets[forth](x)
                z = net.nets[back](torch.tensor(image.output[None]))
            np.testing.assert_allclose(image.input, x[0], atol=1e-6)
            np.testing.assert_allclose(image.output, y[0], atol=1 / 255 + 1e-4)  # half a level of 8 bits
            np.testing.assert_allclose(image.cycle, z[0], atol=1 / 255 + 1e-4)
            np.testing.assert_allclose(image.truth, pixels(true), atol=1e-6)


def test_page_parses_and_fetches_nothing(tmp_path):
    run, net = build(tmp_path)
    path = make(run.path)
    assert path == run.path / "report.html"
    page = Page(path)
    assert page.open == [] and [attrs for tag, attrs in page.tags if tag == "script"] == [{}]
    (policy,) = [attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    digest = base64.b64encode(sha256(page.script.encode()).digest()).decode()
    assert policy == f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    for tag, attrs in page.tags:
        for name in ("src", "srcset", "data", "action"):
            assert attrs.get(name, "data:").startswith("data:")
        if tag == "a":  # within the page, or to a file beside it
            assert attrs["href"].startswith("#") or (path.parent / unquote(attrs["href"])).is_file()
    assert not re.search(r"url\(|@import|https?:", path.read_text())
    assert len(page.classed("row")) == 2 * TESTS and len(page.classed("pair")) == 2 * PAIRS
    # sliders, galleries, and two moments with the inputs
    assert len(page.pictures()) == 2 * PAIRS * 2 + 2 * TESTS * 4 + 2 * 2 * 3
    for side in "ab":
        for number in expected(run, net, side):
            assert f"{number:.2f}" in page.text
    for text in ("apples ⇄ oranges", "Stopped at step 7 of 20", "Z80, 1 thread", "30 apples", "not picked"):
        assert text in page.text
    assert "viceversa train data --size 16" in page.text and "viceversa.load(" in page.text


def test_inline_images_equal_their_files(tmp_path):
    run, _ = build(tmp_path)
    first = Page(make(run.path)).pictures()[0]
    assert first["alt"] == "0.png: apples"
    shown = Image.open(BytesIO(base64.b64decode(first["src"].split(",")[1])))
    source = Image.open(run.data()["files"]["test_a"][0])
    assert shown.size == source.size and shown.tobytes() == source.tobytes()


def test_hostile_names_are_escaped(tmp_path):
    run, _ = build(tmp_path, names=(HOSTILE, "\"><img src=x onerror='alert(2)'>"))
    data = run.data()
    data["notes"], data["skipped"] = [HOSTILE], {HOSTILE: HOSTILE}
    (run.path / "data.json").write_text(json.dumps(data))
    page = Page(make(run.path))
    assert page.open == [] and HOSTILE in page.text
    assert [attrs for tag, attrs in page.tags if tag == "script"] == [{}] and "alert" not in page.script
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)
    assert all(attrs["src"].startswith("data:") for attrs in page.pictures())


def test_scores_outlast_the_images(tmp_path):
    run, _ = build(tmp_path)
    make(run.path)
    before = json.loads(run.evaluation.read_text())
    shutil.rmtree(tmp_path / "data")
    page = Page(make(run.path))
    assert page.classed("row") == [] and "None of the 5 test pictures is there" in page.text
    assert f"{before['directions'][0]['truth']['psnr']:.2f}" in page.text
    assert len(page.pictures()) == 2 * 2 * 3  # the run's own samples
    run.evaluation.write_text(json.dumps({**before, "step": 6}))  # of an older checkpoint
    page = Page(make(run.path))
    assert "PSNR against the truth" not in page.text and page.classed("verdict") == []


def test_truth_json_of_version_0_1_is_still_read(tmp_path):
    run, _ = build(tmp_path)
    shutil.rmtree(tmp_path / "data")
    score = {"source": "apples", "target": "oranges", "count": 5, "input": 11.25, "colour": 13.5, "translation": 17.75}
    margins = {"over_input": 6.5, "over_colour": 4.25}
    (run.path / "truth.json").write_text(json.dumps({"step": 7, "size": SIZE, "a_to_b": {**score, **margins}}))
    page = Page(make(run.path))
    assert "17.75" in page.text and "+6.50" in page.text


def test_renders_without_truth_metrics_samples_or_checkpoint(tmp_path):
    run, _ = build(tmp_path, with_truth=False)
    run.metrics.unlink()
    shutil.rmtree(run.samples)
    page = Page(make(run.path))
    assert "PSNR against the truth" not in page.text
    assert "logged no numbers" in page.text and "drawn no samples" in page.text
    assert len(page.classed("row")) == 2 * TESTS and len(page.pictures()) == 2 * PAIRS * 2 + 2 * TESTS * 3
    shutil.rmtree(run.checkpoints)
    page = Page(make(run.path))
    assert "No checkpoint yet" in page.text and page.pictures() == []


def test_training_images_replace_a_missing_test_set(tmp_path):
    run, _ = build(tmp_path)
    data = run.data()
    files = data["files"]
    broken = tmp_path / "data" / "broken.png"
    broken.write_bytes(b"not a picture")
    files["train_a"], files["test_a"] = [str(broken), *files["test_a"]], []
    (run.path / "data.json").write_text(json.dumps(data))
    forth, back = collect(run, load(run.path, device="cpu"), limit=2)
    assert forth.training and not back.training and forth.score is None and back.score is not None
    assert [image.path.name for image in forth.images] == ["0.png", "1.png"] and len(forth.unreadable) == 1
    text = Page(make(run.path)).text
    assert "training pictures in file order, not picked" in text and "broken.png" in text


def test_grey_domain_has_scores(tmp_path):
    run, _ = build(tmp_path, channels_b=1, lambda_idt=0.0)
    forth, back = collect(run, load(run.path, device="cpu"))
    assert forth.images[0].output.shape[0] == forth.images[0].truth.shape[0] == 1
    assert back.images[0].input.shape[0] == 1 and back.images[0].cycle.shape[0] == 1
    assert np.isfinite([forth.score.colour, back.score.colour]).all()
    make(run.path)


def test_best_colour_change_is_exact_where_the_truth_is_one(tmp_path):
    run, _ = build(tmp_path)
    files = run.data()["files"]
    for test, true in zip(files["test_a"], files["truth_a"], strict=True):
        Image.fromarray(np.asarray(Image.open(test))[..., ::-1] // 2 + 60).save(true)
    forth, _ = collect(run, load(run.path, device="cpu"))
    assert forth.score.colour > 50 and forth.score.input < 30  # only the rounding of 8 bits is left


def test_an_unreadable_truth_is_left_out_and_listed(tmp_path):
    run, _ = build(tmp_path)
    Path(run.data()["files"]["truth_a"][1]).write_bytes(b"not a picture")
    forth, back = collect(run, load(run.path, device="cpu"))
    assert (forth.score.count, back.score.count) == (TESTS - 1, TESTS) and len(forth.unreadable) == 1
    assert [image.path.name for image in forth.images] == ["0.png", "2.png", "3.png", "4.png"]


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
