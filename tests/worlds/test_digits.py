"""Digits: what they look like, that they can be told apart, and that files of them are read with suspicion."""

import os
import struct

import numpy as np
import pytest
from PIL import Image

from support.idx_files import write_idx, write_mnist
from viceversa import cli
from viceversa.errors import DataError, UsageError
from viceversa.worlds import digits, glyphs, idx


@pytest.fixture(scope="module")
def handwritten():
    return digits.handwritten()


@pytest.fixture(scope="module")
def drawn():
    return digits.glyphs(2_000, seed=5)


def nearest(train_x, train_y, test_x):
    """The class of the nearest training picture."""
    a, b = (x.reshape(len(x), -1).astype(np.float32) / 255 for x in (train_x, test_x))
    return train_y[((a**2).sum(1) - 2 * b @ a.T).argmin(1)]


def centre(pictures):
    """Row and column of the centre of mass of each picture."""
    mass = pictures.sum((1, 2), dtype=float)
    place = np.arange(28)
    return np.stack([pictures.sum(2) @ place / mass, pictures.sum(1) @ place / mass])


def test_handwritten_digits_have_the_format_of_mnist(handwritten):
    for x, y in ((handwritten.train_x, handwritten.train_y), (handwritten.test_x, handwritten.test_y)):
        assert x.dtype == np.uint8 and y.dtype == np.int64 and x.shape == (len(y), 28, 28)
        assert set(np.unique(y)) == set(range(10))
        assert (x.max((1, 2)) > 200).all()  # a white stroke
        assert np.median(x) == 0  # on black
        assert np.abs(centre(x) - 13.5).max() < 0.8  # the edge made steeper moves the mass a little


def test_the_split_is_fixed_stratified_and_whole(handwritten):
    again, other = digits.handwritten(), digits.handwritten(seed=1)
    assert len(handwritten.train_y) + len(handwritten.test_y) == 1797
    assert len(handwritten.test_y) == pytest.approx(360, abs=3)
    np.testing.assert_array_equal(handwritten.test_x, again.test_x)
    assert not np.array_equal(handwritten.test_y, other.test_y)
    counts = np.bincount(handwritten.train_y) + np.bincount(handwritten.test_y)
    np.testing.assert_allclose(np.bincount(handwritten.test_y), counts / 5, atol=0.5)
    everything = {x.tobytes() for x in (*handwritten.train_x, *handwritten.test_x)}
    assert everything == {x.tobytes() for x in (*other.train_x, *other.test_x)}


def test_enlarging_keeps_the_digit():
    small = np.zeros((2, 8, 8))
    small[0, 1:7, 3:5] = 16  # a bar two pixels wide, six tall, its middle at (3.5, 3.5)
    small[1, 0:6, 2:4] = 16  # the same, elsewhere
    large = digits.enlarge(small)
    np.testing.assert_array_equal(large[0], large[1])  # the place does not matter
    np.testing.assert_array_equal(large[0], large[0, ::-1, ::-1])
    rows, columns = np.nonzero(large[0] > 127)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (pytest.approx(15, abs=1), pytest.approx(5, abs=1))


def test_the_cubic_kernel_interpolates():
    x = np.linspace(3, 4, 11)
    weights = digits.keys(x[:, None] - np.arange(8))
    np.testing.assert_allclose(weights.sum(1), 1)
    np.testing.assert_allclose(weights @ np.arange(8) ** 2, x**2)  # exact to the second degree
    np.testing.assert_array_equal(digits.keys(np.array([0.0, 1.0, 2.0, 2.5])), [1, 0, 0, 0])


def test_handwritten_digits_can_be_told_apart(handwritten):
    found = nearest(handwritten.train_x, handwritten.train_y, handwritten.test_x)
    assert (found == handwritten.test_y).mean() > 0.97


# glyphs


def test_every_ten_glyphs_are_all_classes_and_a_longer_set_begins_with_the_shorter(drawn):
    assert (np.sort(drawn.train_y.reshape(-1, 10), 1) == np.arange(10)).all()
    x, y = glyphs.draw(1_230, 5, glyphs.TRAIN_FONTS)
    np.testing.assert_array_equal(x, drawn.train_x[:1_230])
    np.testing.assert_array_equal(y, drawn.train_y[:1_230])
    assert not np.array_equal(x[:100], glyphs.draw(100, 6, glyphs.TRAIN_FONTS)[0])


def test_glyphs_vary_yet_can_be_told_apart_in_fonts_never_seen(drawn):
    assert not set(glyphs.TRAIN_FONTS) & set(glyphs.TEST_FONTS)
    assert (len(drawn.train_y), len(drawn.test_y)) == (2_000, 200)
    assert len({x.tobytes() for x in drawn.train_x}) == 2_000
    assert (nearest(drawn.train_x, drawn.train_y, drawn.test_x) == drawn.test_y).mean() > 0.9
    assert (nearest(drawn.train_x[:10], drawn.train_y[:10], drawn.test_x) == drawn.test_y).mean() < 0.8


def test_glyphs_look_like_mnist_in_numbers(drawn):
    x = drawn.train_x
    border = np.concatenate([x[:, [0, -1]].reshape(2_000, -1), x[:, :, [0, -1]].reshape(2_000, -1)], 1)
    assert (border.max(1) > 127).mean() < 0.005  # hardly a stroke leaves the picture
    assert 20 < x.mean() < 60  # MNIST has 33
    assert np.abs(centre(x).mean(1) - 13.5).max() < 0.3
    assert (x.max((1, 2)) > 150).all()


def test_every_font_has_ten_digits_of_its_own():
    for font in (*glyphs.TRAIN_FONTS, *glyphs.TEST_FONTS):
        shapes = glyphs._distances(font) > 0
        assert len({shape.tobytes() for shape in shapes}) == 10, font
        assert np.abs(shapes.any(2).sum(1) - glyphs.TALL).max() <= 3, font


def test_the_distance_is_exact():
    inside = np.random.default_rng(0).random((12, 12)) < 0.3
    y, x = np.indices(inside.shape)
    for i, j in np.ndindex(inside.shape):
        other = inside != inside[i, j]
        expected = np.sqrt(((y - i) ** 2 + (x - j) ** 2)[other].min()) - 0.5
        assert glyphs._distance(inside)[i, j] == pytest.approx(expected if inside[i, j] else -expected, rel=1e-6)


# mnist and its files


def test_mnist_whole_and_with_the_test_digits_only(tmp_path, drawn):
    x, y = drawn.train_x, drawn.train_y
    write_mnist(tmp_path, "t10k", x[:100], y[:100])
    half = digits.load(tmp_path)
    assert (len(half.train_y), len(half.test_y), half.name) == (80, 20, "mnist")
    np.testing.assert_array_equal(half.test_x, x[80:100])
    few = digits.mnist(tmp_path, train=30, test=10)
    np.testing.assert_array_equal(few.train_y, y[:30])
    np.testing.assert_array_equal(few.test_y, y[90:100])
    with pytest.raises(UsageError, match="95 digits to train and 20 to test are more than the 100"):
        digits.mnist(tmp_path, train=95)
    write_mnist(tmp_path, "train", x[100:400], y[100:400], suffix="")
    whole = digits.load(tmp_path, count=250)
    np.testing.assert_array_equal(whole.train_x, x[100:350])
    np.testing.assert_array_equal(whole.test_y, y[:100])
    with pytest.raises(UsageError, match="has 300 digits to train and 100 to test, not 301"):
        digits.mnist(tmp_path, train=301)


def damaged(data):
    """(what is told, damaged file) for every way an idx file can be wrong."""
    return [
        ("is not an idx file", b""),
        ("is not an idx file", b"<html>404</html>"),
        ("is not an idx file", data[:9]),
        ("is not an idx file", b"\0\0\x0d\x03" + data[4:]),  # floats
        ("is not an idx file", b"\0\0\x08\x01" + data[4:]),  # one dimension
        ("shorter than the 7840 bytes", data[:-1]),
        ("longer than the 7840 bytes", data + b"\0"),
        ("more than any such set", b"\0\0\x08\x03" + struct.pack(">3I", 2**31, 28, 28)),
        ("more than any such set", b"\0\0\x08\x03" + struct.pack(">3I", 2**31, 2**31, 2**31)),
    ]


def test_a_damaged_idx_file_is_told_in_one_line(tmp_path, drawn):
    path = tmp_path / "t10k-images-idx3-ubyte"
    write_idx(path, drawn.train_x[:10])
    for told, content in damaged(path.read_bytes()):
        path.write_bytes(content)
        with pytest.raises(DataError, match=told) as caught:
            idx.read(path, 3)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    packed = path.with_suffix(".gz")
    write_idx(packed, drawn.train_x[:10])
    whole = packed.read_bytes()
    for content in (whole[:200], whole[:200] + b"\0" + whole[201:], b"no gzip", whole[:-4] + b"\0\0\0\0"):
        packed.write_bytes(content)
        with pytest.raises(DataError, match=r"cut short or damaged|shorter"):
            idx.read(packed, 3)


def test_pictures_and_labels_must_belong_together(tmp_path, drawn):
    x, y = drawn.train_x[:20], drawn.train_y[:20]
    write_mnist(tmp_path, "t10k", x, y[:19])
    with pytest.raises(DataError, match="20 pictures and 19 labels"):
        digits.mnist(tmp_path)
    write_mnist(tmp_path, "t10k", x[:, :20], y)
    with pytest.raises(DataError, match="28x20 pixels; 28x28 are needed"):
        digits.mnist(tmp_path)
    write_mnist(tmp_path, "t10k", x, y + 9)
    with pytest.raises(DataError, match="a label 18"):
        digits.mnist(tmp_path)
    os.remove(tmp_path / "t10k-labels-idx1-ubyte.gz")
    with pytest.raises(DataError, match="has no t10k-labels-idx1-ubyte"):
        digits.mnist(tmp_path)


# stacked, by name, as files


def test_stacked_digits_spell_their_mode(drawn):
    stacks, modes = digits.stacked(drawn, 5_000, seed=3)
    assert stacks.shape == (5_000, 3, 28, 28) and stacks.dtype == np.uint8
    known = {x.tobytes(): y for x, y in zip(drawn.train_x, drawn.train_y, strict=True)}
    for stack, mode in zip(stacks[:200], modes[:200], strict=True):
        assert [known[channel.tobytes()] for channel in stack] == [int(digit) for digit in f"{mode:03d}"]
    assert len(np.unique(modes)) > 980  # of 1,000; about 993 are expected
    held_out = {x.tobytes() for x in drawn.test_x}
    assert all(c.tobytes() in held_out for c in digits.stacked(drawn, 50, part="test")[0].reshape(-1, 28, 28))


def test_digits_by_name(monkeypatch, tmp_path, handwritten, drawn):
    monkeypatch.chdir(tmp_path)
    np.testing.assert_array_equal(digits.load("handwritten", count=7).train_x, handwritten.train_x[:7])
    np.testing.assert_array_equal(digits.load("glyphs", count=2_000, seed=5).test_x, drawn.test_x)
    with pytest.raises(DataError, match="'viceversa data get mnist data/mnist'"):
        digits.load("mnist")
    (tmp_path / "data").mkdir()
    write_mnist(tmp_path / "data" / "mnist", "t10k", drawn.train_x, drawn.train_y)
    assert len(digits.load("mnist").train_y) == 1_600
    with pytest.raises(UsageError, match="Did you mean 'handwritten'"):
        digits.load("handwriten")
    with pytest.raises(UsageError, match="count 0"):
        digits.load("glyphs", count=0)
    with pytest.raises(UsageError, match="seed -1"):
        digits.load("glyphs", seed=-1)


def test_written_digits_are_read_back_and_left_as_they_are(tmp_path):
    few = digits.glyphs(40, seed=1)
    folder = tmp_path / "new" / "glyphs"
    leftover = tmp_path / "new" / "glyphs.draft.tmp"
    leftover.mkdir(parents=True)
    (leftover / "torn.png").write_bytes(b"half")  # of a call that was killed
    digits.write(few, folder)
    assert not leftover.exists()
    digit = few.train_y[12]
    np.testing.assert_array_equal(np.asarray(Image.open(folder / f"train/{digit}/00012.png")), few.train_x[12])
    assert sum(1 for _ in folder.rglob("*.png")) == 140
    back = digits.load(folder)
    for name in ("name", "train_x", "train_y", "test_x", "test_y"):
        np.testing.assert_array_equal(getattr(back, name), getattr(few, name))
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    digits.write(few, folder)
    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with pytest.raises(DataError, match="holds other digits"):
        digits.write(digits.glyphs(40, seed=2), folder)
    with pytest.raises(DataError, match="is not empty and holds no digits"):
        digits.write(few, tmp_path)
    (folder / "train" / str(digit) / "00012.png").unlink()
    with pytest.raises(DataError, match="is damaged"):
        digits.load(folder)


def test_the_command_makes_digits_as_it_makes_worlds(tmp_path, capsys):
    assert cli.run(["data", "make", "glyphs", str(tmp_path / "g"), "--count", "30", "--seed", "2"]) == 0
    np.testing.assert_array_equal(digits.load(tmp_path / "g").train_x, digits.glyphs(30, 2).train_x)
    assert cli.run(["data", "make", "digits", str(tmp_path / "d"), "--count", "30"]) == 0
    assert len(digits.load(tmp_path / "d").train_y) == 30
    capsys.readouterr()
    assert cli.run(["data", "make", "glphs", str(tmp_path / "x")]) == 2
    assert "Did you mean 'glyphs'?" in capsys.readouterr().err
    assert cli.run(["data", "make", "glyphs", str(tmp_path / "x"), "--size", "64"]) == 2
    assert "leave out --size" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()
