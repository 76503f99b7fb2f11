"""The segmenter: its network, which side shows the labels, and a run from pairs to class numbers."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from viceversa import images
from viceversa.cli import run as run_command
from viceversa.data import labels
from viceversa.data.labels import CITYSCAPES, IGNORE, Palette, classes_of
from viceversa.errors import DataError, ModelFileError, UsageError
from viceversa.methods import segmenter
from viceversa.methods.segmenter import Segmenter, SegmenterConfig
from viceversa.metrics.segmentation import confusion, scores
from viceversa.networks.fcn import FCN
from viceversa.networks.layers import evaluating
from viceversa.runs.folder import RunFolder
from viceversa.runs.presets import preset
from viceversa.settings import changed
from viceversa.tasks import TASKS, DatasetListing
from viceversa.training.train import train
from viceversa.translation.label_predictor import load_segmenter
from viceversa.translation.translator import load
from viceversa.worlds.make import make

TINY = ("method.width=4", "train.threads=1", "train.log_every=5", "train.samples=2")
OPTIONS = dict(preset="fcn", size=16, seed=3, device="cpu", precision="fp32", set=TINY, quiet=True)


@pytest.mark.parametrize("sides", [(16, 16), (32, 48), (20, 24), (1, 5), (33, 17)])
def test_scores_have_the_size_of_the_image(sides: tuple[int, int]) -> None:
    net = FCN(3, 5, width=4)
    assert net(torch.randn(2, 3, *sides)).shape == (2, 5, *sides)


def test_gradient_reaches_every_scale() -> None:
    torch.manual_seed(0)
    net = FCN(1, 3, width=4)
    net(torch.randn(2, 1, 32, 32)).square().sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in net.parameters())


def test_segmenter_is_fully_convolutional() -> None:
    """Moved by the coarsest stride, a picture's scores move with it, far from the edges."""
    torch.manual_seed(0)
    net = FCN(3, 4, width=2, depth=1)
    with evaluating(net):
        x = torch.randn(1, 3, 288, 288)
        whole, moved = net(x), net(x[..., 16:, 16:])
    torch.testing.assert_close(whole[..., 144:160, 144:160], moved[..., 128:144, 128:144], atol=1e-5, rtol=1e-4)


def test_loss_is_cross_entropy_without_void() -> None:
    method = Segmenter(SegmenterConfig(width=2, lr=1e-2), classes=3)
    for head in method.nets["S"].heads:
        torch.nn.init.zeros_(head[-1].weight), torch.nn.init.zeros_(head[-1].bias)
    y = torch.full((2, 16, 16), IGNORE)
    y[:, :, :8] = 2
    told = method.step(torch.randn(2, 3, 16, 16), y)
    assert told["loss"].item() == pytest.approx(np.log(3) / 2)  # every class 1/3, half of the pixels count
    assert told["accuracy"].item() == 0  # the first class wins a tie
    bias = method.nets["S"].heads[0][-1].bias.tolist()  # moved by one step of Adam, by the whole rate
    assert bias == pytest.approx([-1e-2, -1e-2, 1e-2], rel=1e-3)
    before = [p.clone() for p in method.nets.parameters()]
    fresh = Segmenter(SegmenterConfig(width=2), classes=3)
    fresh.nets.load_state_dict(method.nets.state_dict())
    told = fresh.step(torch.randn(2, 3, 16, 16), torch.full((2, 16, 16), IGNORE))
    assert told["loss"] == told["accuracy"] == 0 and not fresh.segmenter.nonfinite
    assert all(map(torch.equal, before, fresh.nets.parameters()))


def test_void_has_one_number() -> None:
    assert segmenter.IGNORE == labels.IGNORE == IGNORE


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A paired world, A labels and B day."""
    folder = tmp_path_factory.mktemp("pairs") / "facades"
    make("facades", folder, count=6, test=3, size=16, domains=("labels", "day"), paired=True)
    return folder


@pytest.fixture(scope="module")
def trained(pairs: Path) -> RunFolder:
    """A finished run of ten steps; read it, never write to it."""
    result = train(pairs, out=pairs.parent / "run", steps=10, **OPTIONS)
    return RunFolder(result.run)


def found(data: Path, other: Path | None = None, **pairs: object) -> DatasetListing:
    words = {"data.source": str(data), "data.other": other and str(other), "data.size": 16, **pairs}
    return TASKS["segmentation"].find(changed(preset("fcn"), words))


def photo(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def map_of_two(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    chosen = np.random.default_rng(seed).integers(0, 2, (16, 16))
    Image.fromarray(np.array([[200, 0, 0], [0, 0, 200]], np.uint8)[chosen]).save(path)


def test_domain_named_labels_holds_the_labels(pairs: Path, tmp_path: Path) -> None:
    one = found(pairs)
    assert one.files["train"][0].parent.name == "trainB" and one.files["test_labels"][0].parent.name == "truthB"
    assert TASKS["segmentation"].counts(one) == "pictures (6), 11 classes"
    make("seasons", tmp_path, count=1, test=1, size=16, domains=("winter", "labels"), paired=True)
    other = found(tmp_path)
    assert other.files["train"][0].parent.name == "trainA" and other.names == other.palette.names


def test_domain_of_few_colours_holds_the_labels(tmp_path: Path) -> None:
    for i in range(3):
        map_of_two(tmp_path / "left" / f"{i}.png", i), photo(tmp_path / "right" / f"{i}.png", i)
    assert found(tmp_path).files["train"][0].parent.name == "right"
    assert found(tmp_path / "right", tmp_path / "left").files["train"][0].parent.name == "right"
    assert found(tmp_path).names == ("#0000c8", "#c80000")
    for i in range(3):
        map_of_two(tmp_path / "right" / f"{i}.png", i + 9)
    with pytest.raises(DataError, match=r"both of left and right look like label pictures.*--names labels,pictures"):
        found(tmp_path)
    assert found(tmp_path, **{"data.names": "picture,labels"}).files["train"][0].parent.name == "left"
    assert found(tmp_path, **{"data.names": "labels,picture"}).files["train"][0].parent.name == "right"
    assert found(tmp_path, **{"data.swap": True}).files["train"][0].parent.name == "right"
    for i in range(3):
        photo(tmp_path / "left" / f"{i}.png", i), photo(tmp_path / "right" / f"{i}.png", i)
    with pytest.raises(DataError, match="neither of left and right looks like"):
        found(tmp_path)
    with pytest.raises(DataError, match="more than 64 colours"):
        found(tmp_path, **{"data.names": "picture,labels"})
    for i in range(3):
        Image.new("RGB", (16, 16), "red").save(tmp_path / "left" / f"{i}.png")
    with pytest.raises(DataError, match="left hold one colour"):
        found(tmp_path)


def test_cityscapes_layout_is_read(tmp_path: Path) -> None:
    """The layout and the blurred colours of the set that pix2pix's authors hand out."""
    rng = np.random.default_rng(0)
    colours = np.array([list(bytes.fromhex(code)) for code in CITYSCAPES.colours], np.uint8)
    (tmp_path / "train").mkdir()
    for i in range(3):
        photo = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        map_ = colours[rng.integers(0, 19, (4, 4))].repeat(16, 0).repeat(16, 1)
        Image.fromarray(np.concatenate([photo, map_], 1)).save(tmp_path / "train" / f"{i}.jpg", quality=90)
    one = found(tmp_path)
    assert one.palette is CITYSCAPES and str(one.files["train"][0]).endswith("0.jpg#left")
    x, y = (
        TASKS["segmentation"]
        .source(changed(preset("fcn", 16), {"data.source": str(tmp_path), "train.batch": 2}), one)
        .batch(0)
    )
    assert x.shape == (2, 3, 16, 16) and y.shape == (2, 16, 16) and set(y.unique().tolist()) <= {*range(19), IGNORE}
    result = train(tmp_path, out=tmp_path / "run", steps=2, **OPTIONS | {"set": (*TINY, "train.batch=2")})
    assert result.accuracy is None and list((result.run / "samples").glob("*.png"))  # no test pair: sheets alone


def test_run_keeps_palette_and_scores(trained: RunFolder, pairs: Path) -> None:
    data, lines = trained.data(), trained.read_lines(trained.accuracy)
    assert Palette.from_dict(data["palette"]) == labels.palette_for(pairs) and data["names"] == data["palette"]["names"]
    assert [line["step"] for line in lines] == [0, 5, 10] and lines[-1]["of"] == 3
    assert not trained.health.exists()
    named = load_segmenter(trained.path)
    assert (named.step, named.size, named.names) == (10, 16, tuple(data["names"]))
    matrix = np.zeros((11, 11), np.int64)
    for number in range(3):  # the figure of the run from the files themselves, read by Pillow
        x = np.array(Image.open(pairs / "testB" / f"{number:04}.png")).transpose(2, 0, 1)
        truth = np.array(Image.open(pairs / "labelsB" / f"{number:04}.png"))
        matrix += confusion(truth, named.predict(torch.from_numpy(x[None] / np.float32(127.5) - 1))[0], 11)
    s = scores(matrix)
    assert (s.pixel, s.class_, s.iou) == tuple(lines[-1][key] for key in ("accuracy", "class_accuracy", "iou"))


def test_sheet_shows_image_prediction_truth(trained: RunFolder, pairs: Path) -> None:
    sheet = images.read(trained.samples / "step-000010.png").pixels
    assert sheet.shape == (3, 3 * 18 + 2, 3 * 18 + 2)
    cells = [sheet[:, 2:18, 2 + 18 * i : 18 + 18 * i] for i in range(3)]
    np.testing.assert_array_equal(cells[0], images.read(pairs / "testB" / "0000.png").pixels)
    np.testing.assert_array_equal(cells[2], images.read(pairs / "testA" / "0000.png").pixels)
    named = load_segmenter(trained.path)
    numbers = named.predict(torch.from_numpy(cells[0])[None])[0]
    np.testing.assert_array_equal(classes_of(cells[1], named.palette), numbers)


def test_predictions_do_not_depend_on_the_batch(trained: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    named = load_segmenter(trained.path)
    x = torch.rand(5, 3, 20, 28) * 2 - 1
    together = named.predict(x)
    assert together.shape == (5, 20, 28) and together.dtype == np.uint8 and together.max() < 11
    monkeypatch.setattr("viceversa.translation.label_predictor.BATCH_PIXELS", 2 * 20 * 28)
    assert (named.predict(x) == together).mean() > 0.999  # rounding may turn a tie
    with pytest.raises(DataError, match=r"expected \(N, 3, H, W\)"):
        named.predict(x[:, :1])


def test_other_runs_are_refused_as_segmenters(trained: RunFolder, tiny_run: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="preset quickstart, which labels no pixels"):
        load_segmenter(tiny_run)
    with pytest.raises(ModelFileError, match="preset fcn, which does not translate"):
        load(trained.path)
    with pytest.raises(ModelFileError, match="is not a run"):
        load_segmenter(tmp_path)
    for name, change in (
        ("config.yaml", None),
        ("data.json", lambda d: {k: v for k, v in d.items() if k != "palette"}),
    ):
        text = (trained.path / name).read_text()
        (tmp_path / name).write_text(text if change is None else json.dumps(change(json.loads(text))))
    with pytest.raises(ModelFileError, match="lacks palette or domain"):
        load_segmenter(tmp_path)


def test_command_and_report_show_the_scores(pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", str(pairs), "--out", str(tmp_path / "run"), "--steps", "4", "--device", "cpu", "--seed", "3"]
    words += ["--preset", "fcn", "--size", "16", "--precision", "fp32"]
    assert run_command([*words, *(word for pair in TINY for word in ("--set", pair))]) == 0
    said = capsys.readouterr().out
    last = RunFolder(tmp_path / "run").read_lines(tmp_path / "run" / "accuracy.jsonl")[-1]
    assert (
        f"test pixels classified correctly: {last['accuracy']:.1%}; class accuracy {last['class_accuracy']:.1%}" in said
    )
    assert f"mean IoU {last['iou']:.1%}" in said and "health" not in said
    page = (tmp_path / "run" / "report.html").read_text()
    assert f"{last['accuracy']:.1%} of the test pixels are classified correctly" in page
    assert re.findall(r'class="chip" style="background:#(\w+)"', page) == list(labels.palette_for(pairs).colours)
    assert page.count("classes, true") == 3 and "Trained on 6 pictures of 11 classes" in page
    assert "does not occur" in page or None not in last["iou_of"].values()


def test_resume_with_other_labels_is_refused(pairs: Path, tmp_path: Path) -> None:
    for i in range(4):
        photo(tmp_path / "data" / "pictures" / f"{i}.png", i), map_of_two(tmp_path / "data" / "labels" / f"{i}.png", i)
    options = dict(out=tmp_path / "run", steps=2, **OPTIONS | {"set": (*TINY, "train.batch=2")})
    assert train(tmp_path / "data", **options).finished
    assert train(tmp_path / "data", **options).finished
    card = tmp_path / "data" / "world.json"
    card.write_text('{"world": "faces", "paired": true}')
    with pytest.raises(DataError, match="now mean other classes"):
        train(tmp_path / "data", **options)
    card.unlink()
    (tmp_path / "data" / "labels" / "3.png").unlink()
    with pytest.raises(DataError, match="1 gone in train_labels"):
        train(tmp_path / "data", **options)


def test_batch_of_one_at_16_px_is_refused(pairs: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"train\.batch is 1.*2 or more, or a larger --size"):
        train(pairs, out=tmp_path / "run", steps=1, **OPTIONS | {"set": (*TINY, "train.batch=1")})
    assert not (tmp_path / "run").exists()
