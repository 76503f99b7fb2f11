"""Pictures as data: addresses that fit into a given size."""

import base64
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from viceversa.report.encode import data_address, fit_into

RNG = np.random.default_rng(0)


def opened(address: str) -> Image.Image:
    return Image.open(BytesIO(base64.b64decode(address.partition(",")[2])))


def test_small_pictures_are_exact_and_large_ones_compressed():
    small, large = (RNG.uniform(-1, 1, (3, side, side)).astype(np.float32) for side in (64, 65))
    address, w, h = data_address(small)
    expected = np.rint((small.transpose(1, 2, 0) + 1) * 127.5).astype(np.uint8)
    assert (w, h) == (64, 64) and np.array_equal(np.asarray(opened(address)), expected)
    assert opened(data_address(large)[0]).format == "WEBP"
    grey = opened(data_address(large[:1], largest=32)[0])
    assert grey.size == (32, 32) and grey.mode == "L"


@pytest.mark.parametrize("limit", [400_000, 60_000, 20_000])
def test_pictures_are_reduced_alike_until_they_fit(limit):
    pictures = [RNG.uniform(-1, 1, (3, side, 2 * side)).astype(np.float32) for side in (200, 100)]
    encoded = fit_into(pictures, limit)
    assert sum(len(address) for address, _, _ in encoded) <= limit
    (_, w, h), (_, v, _) = encoded
    assert w / h == pytest.approx(2, rel=0.05) and w / v == pytest.approx(2, rel=0.05)
    assert opened(encoded[0][0]).size == (w, h)


def test_no_pictures_and_no_room():
    assert fit_into([], 100) == []
    assert len(fit_into([RNG.uniform(-1, 1, (3, 300, 300)).astype(np.float32)], 0)) == 1
