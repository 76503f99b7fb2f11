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
from support.reported import HOSTILE, SIZE, TESTS, build
from viceversa.cli import run as command
from viceversa.evaluation.results import last_evaluation, saved_evaluation
from viceversa.networks.translation import TranslationModule
from viceversa.report.gallery import collect
from viceversa.report.page import make
from viceversa.report.pairs import PAIRS
from viceversa.runs import checkpoint
from viceversa.translation.translator import load

VOID = {"meta", "link", "img", "line", "polyline", "br", "input"}


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
        G = TranslationModule(net.nets["G" if side == "a" else "F"])
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
                y = TranslationModule(net.nets[forth])(x)
                z = TranslationModule(net.nets[back])(torch.tensor(image.output[None]))
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


def test_verdict_stands_on_top_and_outlasts_the_images(tmp_path):
    run, _ = build(tmp_path)
    page = make(run.path).read_text()
    saved = json.loads(run.evaluation.read_text())
    assert [v["target"] for v in saved["verdict"]["numbers"]] == ["oranges", "apples"]
    for v in saved["verdict"]["numbers"]:
        assert v["measure"] == "PSNR" and v["pictures"] == TESTS
        assert v["detail"].replace(" %", "\N{NO-BREAK SPACE}%") in page
    assert page.index('class="verdict"') < page.index("<nav") < page.index("<section")
    shutil.rmtree(tmp_path / "data")
    assert make(run.path).read_text().count("95\N{NO-BREAK SPACE}% interval of the difference") == 2


def test_verdict_without_truth_is_by_kid_against_a_colour_change(tmp_path):
    run, _ = build(tmp_path, with_truth=False)
    page = Page(make(run.path))
    (v, _) = json.loads(run.evaluation.read_text())["verdict"]["numbers"]
    assert (v["measure"], v["baseline"], v["better"], v["needed"]) == ("KID", "colour", None, 10)
    assert f"{TESTS} pictures are too few to tell" in " ".join(page.text.split())
    assert run.evaluation.exists() and saved_evaluation(run.path) is None


def test_page_has_at_most_the_size_that_was_asked_for(tmp_path):
    run, _ = build(tmp_path)
    rng = np.random.default_rng(0)
    for path in [*run.data()["files"]["test_a"], *run.data()["files"]["test_b"]]:  # noise: the worst for a codec
        Image.fromarray(rng.integers(0, 256, (300, 400, 3), np.uint8)).save(path)
    sizes, sides = [], []
    for megabytes in (3.0, 0.4):
        path = viceversa.write_report(run.path, tmp_path / "page.html", max_mb=megabytes)
        sizes.append(path.stat().st_size / 1e6)
        sides.append(int(Page(path).pictures()[0]["width"]))
    assert sizes[0] <= 3.0 and 0.3 < sizes[1] <= 0.4
    assert sides[0] == 400 > sides[1] > 40 and not run.report.exists()


def test_large_photographs_are_shown_at_their_own_size(tmp_path):
    run, _ = build(tmp_path)
    paint = Image.fromarray(np.full((900, 2400, 3), 120, np.uint8))
    paint.save(run.data()["files"]["test_a"][0])
    first, second, *_ = Page(make(run.path)).pictures()
    assert (first["width"], first["height"]) == (second["width"], second["height"]) == ("1600", "600")


def test_report_command_and_its_errors(tmp_path, capsys):
    run, _ = build(tmp_path)
    assert command(["report", str(run.path), "--out", str(tmp_path / "other" / "page.html")]) == 0
    assert "page.html" in capsys.readouterr().out
    links = [a["href"] for tag, a in Page(tmp_path / "other" / "page.html").tags if tag == "a"]
    assert "../run/metrics.jsonl" in links
    shutil.rmtree(run.checkpoints)
    wrong = [
        (f"report {run.path}", 4, "no usable checkpoint"),
        ("report nowhere", 4, "nowhere is not a run"),
        (f"report {run.path} --out {tmp_path}", 2, "is a folder"),
        (f"report {run.path} --max-mb 0", 2, "must be above 0"),
    ]
    for words, code, message in wrong:
        assert command(words.split()) == code
        error = capsys.readouterr().err
        assert message in error and len(error.splitlines()) == 1


def test_note_counts_the_large_pictures_below_it(tmp_path):
    run, _ = build(tmp_path)
    page = Page(make(run.path))
    assert f"The first {PAIRS} of {TESTS} test pictures in file order" in page.text
    assert len(page.classed("pair")) == 2 * PAIRS and f"{TESTS} pictures as the networks see them" in page.text
