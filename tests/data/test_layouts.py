"""Pairs, classes and single sets: from folders to what the methods beside CycleGAN train on."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import viceversa
from viceversa import images
from viceversa.data.layouts import find_classes, find_pairs, find_pictures, swap_sides
from viceversa.errors import DataError, ModelFileError, UsageError
from viceversa.runs.folder import RunFolder
from viceversa.worlds.make import make

SMALL = (
    "method.generator=unet", "method.width=4", "method.d_width=4", "method.d_layers=1", "method.lr_g=3e-3",
    "train.batch=4", "train.threads=1",
)  # fmt: skip


def draw(path: Path, left: float = 0.0, right: float | None = None) -> Path:
    """A grey 8x8 picture, or one of 8x16 with two sides."""
    sides = [left] if right is None else [left, right]
    images.save_png(path, np.concatenate([np.full((3, 16, 16), v, np.float32) for v in sides], axis=2))
    return path


def ab_folder(root: Path) -> Path:
    """A folder of pictures side by side, as pix2pix's data sets are laid out: A dark, B bright."""
    for part, count in (("train", 6), ("val", 2)):
        (root / part).mkdir(parents=True)
        for i in range(count):
            draw(root / part / f"{i}.png", -0.5 + i / 20, 0.5 - i / 20)
    return root


def test_half_of_a_picture(tmp_path):
    path = draw(tmp_path / "both.png", -0.6, 0.6)
    left, right = (images.read(path.with_name(path.name + half)).pixels for half in (images.LEFT, images.RIGHT))
    assert left.shape == right.shape == (3, 16, 16)
    assert left.mean() == pytest.approx(-0.6, abs=0.01) and right.mean() == pytest.approx(0.6, abs=0.01)
    odd = tmp_path / "odd#left"  # a file that is really called so is read whole
    odd.write_bytes(path.read_bytes())
    assert images.read(odd).pixels.shape == (3, 16, 32)
    with pytest.raises(DataError, match=r"gone\.png"):
        images.read(tmp_path / "gone.png#right")


def test_side_by_side_pairs(tmp_path):
    d = find_pairs(ab_folder(tmp_path / "ab"), names=("labels", "photos"))
    assert (d.name_a, d.name_b) == ("labels", "photos")
    assert len(d.train_a) == len(d.train_b) == 6 and len(d.test_a) == 2
    for a, b in zip(d.train_a, d.train_b, strict=True):
        assert images.read(a).pixels.mean() == pytest.approx(-images.read(b).pixels.mean(), abs=0.01)
    assert d.truth_a == d.test_b and d.truth_b == d.test_a
    turned = swap_sides(d)
    assert (turned.name_a, turned.train_a, turned.truth_b) == ("photos", d.train_b, d.truth_a)


def test_pairs_by_name_leave_out_what_has_no_partner(tmp_path):
    for side, names in (("A", "abcd"), ("B", "bcde")):
        (tmp_path / f"train{side}").mkdir()
        for name in names:
            draw(tmp_path / f"train{side}" / f"{name}.png")
    d = find_pairs(tmp_path)
    assert [p.stem for p in d.train_a] == [p.stem for p in d.train_b] == ["b", "c", "d"]
    assert any("2 training pictures have no partner" in note for note in d.notes)
    for p in (tmp_path / "trainB").iterdir():
        p.rename(p.with_name("x" + p.name))
    with pytest.raises(DataError, match="pairs need equal file names"):
        find_pairs(tmp_path)


def test_pairs_keep_to_their_sub_folder_and_their_partner(tmp_path):
    """Equal names in two folders are two pictures, and a missing one does not shift the test pictures of its side."""
    for side in "AB":
        for i in range(40):
            path = tmp_path / side / "xy"[i % 2] / f"{i // 2:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            if (side, i) != ("B", 0):
                draw(path)
    d = find_pairs(tmp_path / "A", tmp_path / "B")
    assert len(d.train_a) + len(d.test_a) == 39 and len(d.test_a) == 3
    for a, b in (*zip(d.train_a, d.train_b, strict=True), *zip(d.test_a, d.truth_a, strict=True)):
        assert a.relative_to(tmp_path / "A") == b.relative_to(tmp_path / "B")
    (tmp_path / "A" / "x" / "001.jpg").write_bytes((tmp_path / "A" / "x" / "001.png").read_bytes())
    with pytest.raises(
        DataError, match=r"001\.png has two partners by equal names, .*001\.jpg and .*001\.png; remove or rename one"
    ):
        find_pairs(tmp_path / "A", tmp_path / "B")


@pytest.mark.long
def test_a_world_drawn_without_pairs_is_refused(tmp_path):
    make("orchard", tmp_path / "unpaired", count=2, size=16)
    with pytest.raises(DataError, match=r"drawn without pairs; .* viceversa data make orchard OTHER_DIR --paired"):
        find_pairs(tmp_path / "unpaired")
    make("facades", tmp_path / "pairs", count=2, size=16, domains=("labels", "day"), paired=True)
    d = find_pairs(tmp_path / "pairs")
    assert (d.name_a, d.name_b) == ("labels", "day") and len(d.truth_a) == len(d.test_a) > 0


def test_classes_are_numbered_by_value(tmp_path):
    for name in ("10", "9", "2"):
        for part, count in (("train", 3), ("test", 2)):
            (tmp_path / part / name).mkdir(parents=True)
            for i in range(count):
                draw(tmp_path / part / name / f"{i}.png")
    c = find_classes(tmp_path)
    assert c.names == ("2", "9", "10") and c.train_labels == (0, 0, 0, 1, 1, 1, 2, 2, 2) and len(c.test) == 6
    assert all(path.parent.name == c.names[label] for path, label in zip(c.test, c.test_labels, strict=True))
    with pytest.raises(DataError, match="leaves no picture to test on; each class needs five"):
        find_classes(tmp_path / "train")
    for i in range(3, 11):
        draw(tmp_path / "train" / "9" / f"{i}.png")
    whole = find_classes(tmp_path / "train")  # no test folder: every fifth picture
    assert len(whole.train) == 15 and [p.parent.name for p in whole.test] == ["9", "9"]
    with pytest.raises(DataError, match=r"needs a folder per class, two or more, in .*; there is none"):
        find_classes(tmp_path / "train" / "9")


def test_what_is_of_another_kind_is_refused(tmp_path):
    for side in "AB":
        (tmp_path / f"train{side}").mkdir()
        draw(tmp_path / f"train{side}" / "0.png")
    for find in (find_classes, find_pictures):
        with pytest.raises(DataError, match="holds two domains, which translate"):
            find(tmp_path)
    (tmp_path / "digits" / "train" / "7").mkdir(parents=True)
    draw(tmp_path / "digits" / "train" / "7" / "0.png")
    with pytest.raises(DataError, match=r"holds folders \(7\), not pictures with A on the left"):
        find_pairs(tmp_path / "digits")


def test_one_set_is_everything_below_train(tmp_path):
    for name in ("train/0/a", "train/1/b", "test/0/c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        draw(tmp_path / f"{name}.png")
    assert [p.stem for p in find_pictures(tmp_path).train] == ["a", "b"]
    assert len(find_pictures(tmp_path / "test").train) == 1


@pytest.mark.long
def test_pix2pix_on_side_by_side_pictures_from_train_to_translate(tmp_path):
    data = ab_folder(tmp_path / "labels2photos")
    options = dict(preset="pix2pix-quick", size=16, seed=1, device="cpu", precision="fp32", names="labels,photos")
    run = viceversa.train(data, out=tmp_path / "run", steps=60, quiet=True, set=SMALL, **options).run
    page = RunFolder(run).report.read_text()
    assert "→" in page and "⇄" not in page and "in pairs" in page and "<span>cycle</span>" not in page
    assert [d["target"] for d in json.loads((run / "metrics.json").read_text())["directions"]] == ["photos"]
    translator = viceversa.load(run)
    dark = torch.full((1, 3, 16, 16), -0.4)
    assert translator.translate(dark, to="photos").mean() > 0.1  # the truth is 0.4
    assert translator.translate(torch.full((3, 21, 33), -0.4), to="B").shape == (3, 21, 33)
    with pytest.raises(UsageError, match="one way only; choose --to photos"):
        translator.translate(dark, to="labels")
    back = viceversa.train(data, out=tmp_path / "back", steps=60, quiet=True, set=(*SMALL, "data.swap=true"), **options)
    assert viceversa.load(back.run).names == ("photos", "labels")
    assert viceversa.load(back.run).translate(-dark, to="labels", value_range=(-1, 1)).mean() < -0.1


@pytest.mark.long
def test_a_run_that_does_not_translate_says_so(tmp_path):
    (tmp_path / "data").mkdir()
    for i in range(4):
        draw(tmp_path / "data" / f"{i}.png", i / 8)
    small = ("method.width=4", "method.d_width=4", "train.batch=4", "train.threads=1")
    run = viceversa.train(
        tmp_path / "data", preset="dcgan", size=16, steps=3, set=small, out=tmp_path / "run", quiet=True
    )
    page = run.run.joinpath("report.html").read_text()
    assert "dcgan: data" in page and "noise, turned into pictures" in page and "viceversa translate" not in page
    with pytest.raises(ModelFileError, match="preset dcgan, which does not translate"):
        viceversa.load(run.run)
    with pytest.raises(UsageError, match="takes one folder of pictures, not two"):
        viceversa.train(tmp_path / "data", tmp_path / "data", preset="dcgan", quiet=True)
    with pytest.raises(UsageError, match="has no two domains; leave out --names"):
        viceversa.train(tmp_path / "data", preset="dcgan", names="a,b", quiet=True)
    with pytest.raises(UsageError, match=r"the critic's turns need a multiple of 5"):
        viceversa.train(tmp_path / "data", preset="wgan-gp", set=("train.batch=4", "method.critic_turns=5"), quiet=True)
    assert viceversa.list_runs(run.run)[0].domains == "data"


def test_a_network_that_does_not_fit_is_refused_before_anything_is_written(tmp_path):
    for name in "ab":
        (tmp_path / "data" / name).mkdir(parents=True)
        for i in range(5):
            draw(tmp_path / "data" / name / f"{i}.png")
    deep = ("method.conv_widths=4,4,4,4,4,4", "data.load=16")
    with pytest.raises(UsageError, match="preset cnn does not fit: a 16 px image has no pixel left"):
        viceversa.train(tmp_path / "data", preset="cnn", size=16, out=tmp_path / "run", quiet=True, set=deep)
    assert not RunFolder(tmp_path / "run").exists
