"""MNIST's idx files: every way in which one can be damaged is an error in one line."""

import os
import struct

import pytest

from support.idx_files import write_idx, write_mnist
from viceversa.errors import DataError
from viceversa.worlds import digits, idx


def damaged(data):
    """(message, content) for every way an idx file can be wrong."""
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


def test_a_damaged_file_is_an_error_in_one_line(tmp_path, glyphs_2000):
    path = tmp_path / "t10k-images-idx3-ubyte"
    write_idx(path, glyphs_2000.train_x[:10])
    for message, content in damaged(path.read_bytes()):
        path.write_bytes(content)
        with pytest.raises(DataError, match=message) as caught:
            idx.read_array(path, 3)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_damaged_gzip_file_is_an_error(tmp_path, glyphs_2000):
    packed = tmp_path / "t10k-images-idx3-ubyte.gz"
    write_idx(packed, glyphs_2000.train_x[:10])
    whole = packed.read_bytes()
    for content in (whole[:200], whole[:200] + b"\0" + whole[201:], b"no gzip", whole[:-4] + b"\0\0\0\0"):
        packed.write_bytes(content)
        with pytest.raises(DataError, match=r"cut short or damaged|shorter"):
            idx.read_array(packed, 3)


def test_images_and_labels_must_match(tmp_path, glyphs_2000):
    x, y = glyphs_2000.train_x[:20], glyphs_2000.train_y[:20]
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
