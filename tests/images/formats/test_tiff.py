"""TIFF files of tifffile, over the whole matrix of what it writes: read right or refused with the reason."""

from io import BytesIO

import numpy as np
import pytest
import tifffile

from support.tiff_matrix import HEIGHT, WIDTH, cases, written
from viceversa.images.decoded import Decoded, Request
from viceversa.images.formats.tiff import TIFF


def decoded(file, page=0, **request) -> Decoded:
    return TIFF.decode(file, page, Request(**request))


def check(case, seed=0) -> bool:
    """Whether tifffile writes such a file; AssertionError where it is read wrong or comes back changed."""
    file = written(case, seed)
    if file is None:
        return False
    file, colours, alphas = file
    assert TIFF.count(file) == case["pages"]
    assert TIFF.describe(file) == (colours.dtype.name, colours.shape[3])
    pages = [decoded(file, page) for page in range(case["pages"])]
    for page, result in enumerate(pages):
        assert result.samples.dtype == colours.dtype
        np.testing.assert_array_equal(result.samples, colours[page])
        if alphas is None:
            assert result.alpha is None
        else:
            np.testing.assert_array_equal(result.alpha, alphas[page])

    again = BytesIO(TIFF.encode(pages))
    for page, first in enumerate(pages):
        second = decoded(again, page)
        np.testing.assert_array_equal(second.samples, first.samples)
        assert (second.alpha is None) == (first.alpha is None)
        if first.alpha is not None:
            rounding = np.finfo(colours.dtype).eps if colours.dtype.kind == "f" else 0
            np.testing.assert_allclose(second.alpha, first.alpha, atol=rounding)
        assert (second.exif, second.dpi, second.icc, second.nodata) == (first.exif, first.dpi, first.icc, first.nodata)
    again.seek(0)
    shown = tifffile.imread(again, key=0).reshape(HEIGHT, WIDTH, -1)
    np.testing.assert_array_equal(shown[..., : colours.shape[3]], colours[0])
    return True


def test_every_kind_of_file_is_read_right_and_comes_back():
    assert sum(check(case, i) for i, case in enumerate(cases(1650))) >= 1000


@pytest.mark.long
@pytest.mark.parametrize("seed", [1])
def test_many_more_kinds_of_files(seed):
    assert sum(check(case, i) for i, case in enumerate(cases(1500, seed))) >= 800
