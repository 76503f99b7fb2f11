"""The catalogue: what it states, and that a set arrives ready to train on, or not at all."""

import json
import os
import re
import shutil
import tarfile

import numpy as np
import pytest

from support.idx_files import write_mnist
from support.server import serve
from support.tiny import draw_world
from viceversa import cli
from viceversa.data.download import catalogue
from viceversa.data.download.catalogue import CATALOGUE, Entry, get
from viceversa.data.download.fetch import File, Missing, Unreachable
from viceversa.data.folders import find_domains
from viceversa.errors import DataError, UsageError
from viceversa.files import sha256
from viceversa.worlds import digits


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A server with a small set in each format, and entries for them."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    draw_world(tmp_path / "src" / "tiny", {"trainA": 3, "trainB": 2, "testA": 1, "testB": 1})
    draw_world(tmp_path / "src" / "pairs", {"train": 3, "val": 1})
    drawn = digits.glyphs(60, seed=1)
    write_mnist(tmp_path / "src" / "mnist", "train", drawn.train_x, drawn.train_y)
    write_mnist(tmp_path / "src" / "mnist", "t10k", drawn.test_x, drawn.test_y)
    box = tmp_path / "box"
    shutil.make_archive(str(box / "tiny"), "zip", tmp_path / "src", "tiny")
    shutil.make_archive(str(box / "flat"), "zip", tmp_path / "src" / "tiny")
    with tarfile.open(box / "pairs.tar.gz", "w:gz") as out:
        out.add(tmp_path / "src" / "pairs", "pairs")
    for path in (tmp_path / "src" / "mnist").iterdir():
        shutil.copy(path, box)
    with serve() as server:
        server.files = {f"/{path.name}": path.read_bytes() for path in box.iterdir()}
        server.box = box

        def put(name, files, **more):
            listed = tuple(File(file, (box / file).stat().st_size, sha256(box / file)) for file in files)
            entry = Entry(what="w", terms="t", files=listed, mirrors=(server.url,), **more)
            monkeypatch.setitem(CATALOGUE, name, entry)

        put("tiny", ["tiny.zip"], folders=("trainA", "trainB"))
        put("flat", ["flat.zip"], folders=("trainA", "trainB"))
        put("pairs", ["pairs.tar.gz"], folders=("train", "val"))
        put("idx", [file.name for file in CATALOGUE["mnist"].files])
        yield server


def listing(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_sets_of_the_papers_are_there():
    assert list(CATALOGUE) == [
        "mnist", "celeba", "apple2orange", "horse2zebra", "summer2winter_yosemite", "monet2photo", "cityscapes",
        "facades", "maps",
    ]  # fmt: skip
    for name, entry in CATALOGUE.items():
        assert entry.what and entry.terms
        assert bool(entry.by_hand) != bool(entry.files), name
        assert bool(entry.mirrors) == bool(entry.files) == bool(entry.source)
        assert all(address.startswith(("https://", "http://")) and address.endswith("/") for address in entry.mirrors)
        assert all(re.fullmatch(r"[0-9a-f]{64}|", file.sha256) for file in entry.files)
        assert all(re.fullmatch(r"[0-9a-f]{32}|", file.md5) for file in entry.files)
        if any(file.sha256 or file.md5 for file in entry.files):
            assert "tensorflow/datasets" in entry.source


@pytest.mark.parametrize("name", ["tiny", "flat"])
def test_a_zip_arrives_ready_for_train(shop, tmp_path, name):
    to = tmp_path / "data" / "here"
    found = get(name, to)
    assert found == {f"{name}.zip": sha256(shop.box / f"{name}.zip")}
    assert listing(to) == sorted([*listing(tmp_path / "src" / "tiny"), "catalogue.json"])
    assert os.listdir(tmp_path / "data") == ["here"]  # no archive, no draft
    domains = find_domains(to)
    assert (len(domains.train_a), len(domains.train_b), len(domains.test_a)) == (3, 2, 1)
    record = json.loads((to / "catalogue.json").read_text())
    assert (record["name"], record["terms"], record["sha256"]) == (name, "t", found)


def test_pairs_in_a_tar_arrive_with_their_parts_on_top(shop, tmp_path):
    get("pairs", tmp_path / "here")
    assert sorted(os.listdir(tmp_path / "here")) == ["catalogue.json", "train", "val"]
    assert len(os.listdir(tmp_path / "here" / "train")) == 3


def test_idx_files_arrive_as_they_are_and_are_read(shop, tmp_path):
    assert len(get("idx", tmp_path / "here")) == 4
    found, drawn = digits.load(tmp_path / "here"), digits.glyphs(60, seed=1)
    np.testing.assert_array_equal(found.train_x, drawn.train_x)
    np.testing.assert_array_equal(found.test_y, drawn.test_y)


def test_a_complete_set_is_left_as_it_is(shop, tmp_path):
    get("tiny", tmp_path / "here")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    shop.requests.clear()
    assert get("tiny", tmp_path / "here") == {}
    assert shop.requests == [] and before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    with pytest.raises(DataError, match="is not empty and does not hold pairs"):
        get("pairs", tmp_path / "here")


def test_an_interrupted_download_is_continued(shop, tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    shop.cuts = [300, 0, 0, 0]
    with pytest.raises(Unreachable, match="are kept"):
        get("tiny", tmp_path / "here")
    assert not (tmp_path / "here").exists()
    leftover = tmp_path / "here.draft.tmp"
    leftover.mkdir()
    (leftover / "half.png").write_bytes(b"half")
    get("tiny", tmp_path / "here")
    assert shop.requests[-1][1] == "bytes=300-"
    assert "half.png" not in listing(tmp_path / "here")
    assert not leftover.exists() and not (tmp_path / "here.download").exists()


def test_a_mirror_is_an_address_or_a_folder(shop, tmp_path, monkeypatch):
    monkeypatch.setitem(CATALOGUE, "tiny", Entry(**(vars(CATALOGUE["tiny"]) | {"mirrors": ("http://127.0.0.1:9/",)})))
    for i, mirror in enumerate((shop.url, shop.url.rstrip("/"), str(shop.box), shop.box.as_uri())):
        get("tiny", tmp_path / f"here{i}", mirror=mirror)
        assert (tmp_path / f"here{i}" / "trainA" / "0.png").is_file()
    with pytest.raises(Missing, match="does not exist; check --from"):
        get("tiny", tmp_path / "new", mirror=str(tmp_path))
    assert not (tmp_path / "new.download").exists()  # no download folder is left


def test_the_second_mirror_is_tried(shop, tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    mirrors = ("http://127.0.0.1:9/", f"{shop.url}moved/", shop.url)
    monkeypatch.setitem(CATALOGUE, "tiny", Entry(**(vars(CATALOGUE["tiny"]) | {"mirrors": mirrors})))
    get("tiny", tmp_path / "here")
    assert [path for path, _, _ in shop.requests] == ["/moved/tiny.zip", "/tiny.zip"]


def test_a_download_is_continued_at_the_mirror_where_it_began(shop, tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    mirrors = (f"{shop.url}moved/", shop.url)
    monkeypatch.setitem(CATALOGUE, "tiny", Entry(**(vars(CATALOGUE["tiny"]) | {"mirrors": mirrors})))
    shop.files["/moved/tiny.zip"] = shop.files["/tiny.zip"]
    shop.answers, shop.cuts = [404], [300, 0, 0, 0]
    with pytest.raises(Unreachable):
        get("tiny", tmp_path / "here")
    shop.requests.clear()
    get("tiny", tmp_path / "here")
    assert shop.requests == [("/tiny.zip", "bytes=300-", '"v1"')]


def test_a_wrong_file_leaves_nothing(shop, tmp_path):
    size = len(shop.files["/tiny.zip"])
    shop.files["/tiny.zip"] = bytes(size)
    with pytest.raises(DataError, match=r"SHA-256 .* instead of"):
        get("tiny", tmp_path / "here")
    assert not list(tmp_path.glob("here*"))


def test_another_archive_of_the_same_name_leaves_nothing(shop, tmp_path, monkeypatch):
    unknown = (File("pairs.tar.gz"),)
    entry = Entry(what="w", terms="t", files=unknown, mirrors=(shop.url,), folders=("trainA", "trainB"))
    monkeypatch.setitem(CATALOGUE, "tiny", entry)
    with pytest.raises(DataError, match=r"pairs\.tar\.gz holds no folders trainA and trainB"):
        get("tiny", tmp_path / "here")
    assert not list(tmp_path.glob("here*"))


def test_a_dataset_that_cannot_be_downloaded_says_where_it_is():
    for name, address in (("celeba", "mmlab.ie.cuhk.edu.hk"), ("cityscapes", "www.cityscapes-dataset.com")):
        with pytest.raises(DataError, match=address) as caught:
            get(name, "faces")
        assert "faces/trainA" in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(UsageError, match="Did you mean 'horse2zebra'"):
        get("horse2zebr", "x")
    assert not os.path.exists("faces.download")


def test_the_commands(shop, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    assert cli.run(["data", "get"]) == 0
    listed = capsys.readouterr().out
    assert cli.run(["data", "list"]) == 0
    assert capsys.readouterr().out == listed
    assert re.search(r"^horse2zebra +117 MB  1,067 horses", listed, re.M) and re.search(r"celeba +by hand", listed)
    assert cli.run(["data", "list", "--json"]) == 0
    assert {row["name"] for row in json.loads(capsys.readouterr().out)} == set(CATALOGUE)

    assert cli.run(["data", "get", "tiny", "here", "--from", str(shop.box)]) == 0
    out = capsys.readouterr().out
    assert f"tiny.zip: SHA-256 {sha256(shop.box / 'tiny.zip')} (as published)" in out and "tiny: here" in out
    assert cli.run(["data", "get", "tiny", "here"]) == 0
    assert capsys.readouterr().out == "tiny: here (complete already)\n"
    assert cli.run(["data", "get", "pairs"]) == 0
    assert (tmp_path / "data" / "pairs" / "train").is_dir()
    capsys.readouterr()
    assert cli.run(["data", "get", "tiny", "new", "--from", str(tmp_path)]) == 3
    assert cli.run(["data", "get", "tiny", "new", "--from", "http://127.0.0.1:9/"]) == 5
    for line in capsys.readouterr().err.splitlines():
        assert line.startswith("viceversa: ") and "--from" in line


def test_the_rows_name_the_source_of_checksums():
    row = next(row for row in catalogue.rows() if row["name"] == "mnist")
    assert (row["bytes"], row["terms"]) == (11_594_722, "CC BY-SA 3.0")
    assert "pytorch/vision" in row["stated"]
