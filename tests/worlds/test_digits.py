"""Digits: the format of MNIST, splits, enlargement, and loading by name or from a folder."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from support.digit_images import centre_of_mass, nearest_class
from support.idx_files import write_mnist
from viceversa.errors import DataError, UsageError
from viceversa.worlds import digits


@pytest.fixture(scope="module")
def handwritten():
    return digits.handwritten()


def test_handwritten_digits_have_the_format_of_mnist(handwritten):
    for x, y in ((handwritten.train_x, handwritten.train_y), (handwritten.test_x, handwritten.test_y)):
        assert x.dtype == np.uint8 and y.dtype == np.int64 and x.shape == (len(y), 28, 28)
        assert set(np.unique(y)) == set(range(10))
        assert (x.max((1, 2)) > 200).all()  # a white stroke
        assert np.median(x) == 0  # on black
        assert np.abs(centre_of_mass(x) - 13.5).max() < 0.8  # sharpening moves the mass a little


def test_the_embedded_digits_are_those_of_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets")
    published = datasets.load_digits()
    embedded = load_file(digits.HANDWRITTEN)
    np.testing.assert_array_equal(embedded["images"], published.images)
    np.testing.assert_array_equal(embedded["classes"], published.target)


def test_the_split_is_reproducible_stratified_and_complete(handwritten):
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
    np.testing.assert_array_equal(large[0], large[1])  # the position does not matter
    np.testing.assert_array_equal(large[0], large[0, ::-1, ::-1])
    rows, columns = np.nonzero(large[0] > 127)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (pytest.approx(15, abs=1), pytest.approx(5, abs=1))


def test_the_cubic_kernel_interpolates():
    x = np.linspace(3, 4, 11)
    weights = digits.cubic_kernel(x[:, None] - np.arange(8))
    np.testing.assert_allclose(weights.sum(1), 1)
    np.testing.assert_allclose(weights @ np.arange(8) ** 2, x**2)  # exact to the second degree
    np.testing.assert_array_equal(digits.cubic_kernel(np.array([0.0, 1.0, 2.0, 2.5])), [1, 0, 0, 0])


def test_the_nearest_neighbour_recognises_handwritten_digits(handwritten):
    predicted = nearest_class(handwritten.train_x, handwritten.train_y, handwritten.test_x)
    assert (predicted == handwritten.test_y).mean() > 0.97


def test_mnist_with_the_test_files_only(tmp_path, glyphs_2000):
    x, y = glyphs_2000.train_x, glyphs_2000.train_y
    write_mnist(tmp_path, "t10k", x[:100], y[:100])
    half = digits.load(tmp_path)
    assert (len(half.train_y), len(half.test_y), half.name) == (80, 20, "mnist")
    np.testing.assert_array_equal(half.test_x, x[80:100])
    few = digits.mnist(tmp_path, train=30, test=10)
    np.testing.assert_array_equal(few.train_y, y[:30])
    np.testing.assert_array_equal(few.test_y, y[90:100])
    with pytest.raises(UsageError, match="95 digits to train and 20 to test are more than the 100"):
        digits.mnist(tmp_path, train=95)


def test_mnist_with_all_files(tmp_path, glyphs_2000):
    x, y = glyphs_2000.train_x, glyphs_2000.train_y
    write_mnist(tmp_path, "t10k", x[:100], y[:100])
    write_mnist(tmp_path, "train", x[100:400], y[100:400], suffix="")
    whole = digits.load(tmp_path, count=250)
    np.testing.assert_array_equal(whole.train_x, x[100:350])
    np.testing.assert_array_equal(whole.test_y, y[:100])
    with pytest.raises(UsageError, match="has 300 digits to train and 100 to test, not 301"):
        digits.mnist(tmp_path, train=301)


def test_digits_by_name(monkeypatch, tmp_path, handwritten, glyphs_2000):
    monkeypatch.chdir(tmp_path)
    np.testing.assert_array_equal(digits.load("handwritten", count=7).train_x, handwritten.train_x[:7])
    np.testing.assert_array_equal(digits.load("glyphs", count=2_000, seed=5).test_x, glyphs_2000.test_x)
    with pytest.raises(DataError, match="'viceversa data get mnist data/mnist'"):
        digits.load("mnist")
    (tmp_path / "data").mkdir()
    write_mnist(tmp_path / "data" / "mnist", "t10k", glyphs_2000.train_x, glyphs_2000.train_y)
    assert len(digits.load("mnist").train_y) == 1_600
    with pytest.raises(UsageError, match="Did you mean 'handwritten'"):
        digits.load("handwriten")
    with pytest.raises(UsageError, match="count 0"):
        digits.load("glyphs", count=0)
    with pytest.raises(UsageError, match="seed -1"):
        digits.load("glyphs", seed=-1)
