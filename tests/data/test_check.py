"""The data check finds what was hidden in a made-up data set, and nothing else."""

import json

import numpy as np
import pytest
import tifffile

from support.slides import smooth, write_pyramid
from viceversa import images
from viceversa.data import large
from viceversa.data.check import check
from viceversa.data.folders import find_domains
from viceversa.data.tissue import describe_tissue
from viceversa.errors import DataError


def picture(seed, h=24, w=32):
    """Soft blobs, so that another size or compression looks the same."""
    coarse = np.random.default_rng(seed).uniform(-0.9, 0.9, (3, 6, 8)).astype(np.float32)
    return images.resize(coarse, (h, w))


@pytest.fixture
def data(tmp_path):
    for folder, start, count in (("trainA", 0, 6), ("trainB", 20, 5), ("testA", 40, 2), ("testB", 60, 2)):
        for i in range(count):
            images.save_png(tmp_path / folder / f"{i}.png", picture(start + i))
    return tmp_path


def tails(paths):
    return sorted("/".join(path.split("/")[-2:]) for path in paths)


def test_clean_data(data):
    steps = []
    report = check(data, names=("x", "y"), on_progress=lambda done, total: steps.append((done, total)))
    assert report.ok and steps == [(i, 15) for i in range(1, 16)]
    assert not (report.broken or report.leaks or report.near_leaks or report.duplicates or report.near_constant)
    x = report.domains[0]
    assert (x.name, x.train, x.test, x.readable, x.kinds) == ("x", 6, 2, 8, {"RGB uint8 PNG": 8})
    assert (x.width, x.height, x.aspect) == ((32, 32, 32), (24, 24, 24), (1.333, 1.333, 1.333))
    assert json.loads(json.dumps(report.as_dict()))["ok"] is True
    assert report.lines()[-1] == "fit for training" and all("\n" not in line for line in report.lines())


def test_sizes_and_kinds(data):
    images.save_png(data / "trainA" / "wide.png", picture(99, 10, 100))
    grey = images.Picture(pixels=picture(98)[:1], depth="uint16", high=65535, alpha=np.ones((24, 32), np.float32))
    images.write(data / "trainA" / "deep.png", grey)
    a = check(data).domains[0]
    assert a.width == (32, 32, 100) and a.height == (10, 24, 24) and a.aspect[2] == 10
    assert a.kinds == {"RGB uint8 PNG": 9, "grey with alpha uint16 PNG": 1}


def test_broken_files_are_named_with_a_reason(data):
    (data / "trainA" / "bad.jpg").write_bytes(b"<html>")
    (data / "testB" / "none.png").touch()
    report = check(data)
    assert tails(path for path, _ in report.broken) == ["testB/none.png", "trainA/bad.jpg"]
    assert dict((p[-8:], r) for p, r in report.broken)["none.png"] == "the file is empty"
    assert not report.ok and report.lines()[0] == "broken: 2"


def test_one_broken_of_many_is_accepted(tmp_path):
    for folder, start in (("a", 0), ("b", 500)):
        for i in range(60):
            images.save_png(tmp_path / folder / f"{i}.png", picture(start + i, 6, 8))
    (tmp_path / "a" / "bad.png").touch()
    assert check(tmp_path).ok
    (tmp_path / "b" / "bad.png").touch()
    assert not check(tmp_path).ok


def test_leaks_and_duplicates(data):
    copy = (data / "trainA" / "0.png").read_bytes()
    (data / "trainB" / "copy.png").write_bytes(copy)
    images.write(data / "trainA" / "twin.bmp", images.Picture(pixels=picture(3), format="BMP"))
    images.save_png(data / "testB" / "seen.png", picture(21))
    report = check(data)
    assert [tails(group) for group in report.leaks] == [
        ["trainA/0.png", "trainB/copy.png"],
        ["testB/seen.png", "trainB/1.png"],
    ]
    assert [tails(group) for group in report.duplicates] == [["trainA/3.png", "trainA/twin.bmp"]]
    assert not report.ok and report.near_leaks == ()


def test_near_leaks_are_listed_but_accepted(data):
    images.write(data / "trainB" / "small.jpg", images.Picture(pixels=picture(0, 48, 64), format="JPEG"))
    report = check(data)
    assert [tails(pair) for pair in report.near_leaks] == [["trainA/0.png", "trainB/small.jpg"]]
    assert report.leaks == () and report.ok


def test_pictures_without_contrast(data):
    flat = np.full((3, 24, 32), 0.3, np.float32)
    images.save_png(data / "trainA" / "flat.png", flat)
    flat[0] = -0.5  # differs between channels, but each is constant
    images.save_png(data / "trainB" / "red.png", flat)
    images.save_png(data / "trainB" / "dim.png", 0.3 + 0.1 * picture(7))
    report = check(data)
    assert tails(report.near_constant) == ["trainA/flat.png", "trainB/red.png"]
    assert report.near_leaks == () and report.ok
    assert "trainB/dim.png" in tails(check(data, near_constant=0.2).near_constant)


def test_domain_with_nothing_readable(tmp_path):
    images.save_png(tmp_path / "a" / "0.png", picture(0))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "0.png").touch()
    report = check(tmp_path)
    assert not report.ok and report.lines()[0].startswith(
        "b: none of the 1 pictures can be read; the first: cannot read "
    )
    with pytest.raises(DataError):
        check(tmp_path / "a")


def test_takes_two_folders_or_domains(data):
    assert check(data / "trainA", data / "trainB").domains[1].name == "trainB"
    assert check(find_domains(data)).domains[0].train == 6


def test_many_findings_are_cut_short(data):
    for i in range(9):
        (data / "trainA" / f"bad{i}.png").touch()
    lines = check(data).lines(most=3)
    assert lines[0] == "broken: 9" and lines[4] == "  … and 6 more"


def test_large_jpegs_are_compared_in_full(tmp_path):
    """They are read at a reduced scale, where images that differ in a few pixels may look the same."""
    h, w = 960, 1280
    large = images.Picture(pixels=picture(5, h, w), format="JPEG")
    images.write(tmp_path / "a" / "0.jpg", large)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "same.jpg").write_bytes((tmp_path / "a" / "0.jpg").read_bytes())
    decoded = images.read(tmp_path / "a" / "0.jpg").pixels
    images.save_png(tmp_path / "b" / "lossless.png", decoded)
    changed = decoded.copy()
    changed[:, :8, :8] = -changed[:, :8, :8]
    images.save_png(tmp_path / "b" / "changed.png", changed)
    report = check(tmp_path)
    assert [tails(group) for group in report.leaks] == [["a/0.jpg", "b/lossless.png", "b/same.jpg"]]
    assert report.domains[0].width == (w, w, w) and report.domains[0].height == (h, h, h)


def test_large_files_are_checked_in_part(tmp_path, monkeypatch):
    monkeypatch.setattr("viceversa.images.LARGE", 50_000)
    monkeypatch.setattr("viceversa.data.large.SIDE", 40)
    monkeypatch.setattr("viceversa.data.large.CHECKS", tuple(c for c in large.CHECKS if c is not describe_tissue))
    folders = {"a": (smooth(300, 400), (2, 4, 8)), "b": (smooth(280, 300), ())}
    for name, (array, factors) in folders.items():
        (tmp_path / name).mkdir()
        for i in range(2):
            options = {"resolution": (20_000, 20_000), "resolutionunit": "CENTIMETER", "compression": "zlib"}
            write_pyramid(tmp_path / name / f"{i}.tif", array + np.uint8(i), factors, **options)
    whole = tmp_path / "b" / "1.tif"
    with tifffile.TiffFile(whole) as file:
        page = file.pages[0]
        last, middle = page.dataoffsets[-1], page.dataoffsets[12]  # 5 x 5 tiles
    damage(whole, last)

    report = check(tmp_path / "a", tmp_path / "b")
    levels = {"a": "400 x 300 pixels (0 megapixels); 4 levels: 1, 1/2, 1/4, 1/8; "}
    levels["b"] = "300 x 280 pixels (0 megapixels); 1 level; "
    expected = {str(tmp_path / n / f"{i}.tif"): f"{levels[n]}0.5 µm per pixel" for n in "ab" for i in range(2)}
    assert dict(report.large) == expected
    assert not report.broken  # the damaged tile was not read
    assert report.domains[1].width == (300, 300, 300)
    assert any(line.startswith("slides and large files") for line in report.lines())
    damage(whole, middle)
    assert [path for path, _ in check(tmp_path / "a", tmp_path / "b").broken] == [str(whole)]


def damage(path, offset):
    data = bytearray(path.read_bytes())
    data[offset : offset + 8] = b"\xff" * 8
    path.write_bytes(data)
