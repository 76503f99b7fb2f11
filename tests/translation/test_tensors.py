"""Tensors in and out, against the known answer of a generator that swaps red and blue and halves the brightness."""

import warnings

import numpy as np
import pytest
import torch

from support.translators import swapping_translator
from viceversa.errors import DataError, UsageError


def levels(*shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))


@pytest.mark.parametrize("shape", [(3, 20, 24), (1, 3, 20, 24), (4, 3, 20, 24)])
def test_uint8_in_is_uint8_out(shape: tuple[int, ...]) -> None:
    x = levels(*shape)
    y = swapping_translator()(x, to="oranges")
    assert y.dtype == torch.uint8 and y.shape == x.shape
    assert (y.double() - x.flip(-3).double() / 2).abs().max() <= 0.501


@pytest.mark.parametrize("span", [(0, 1), (-1, 1), (0.0, 255.0), (-3, 5)])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_values_stay_in_the_stated_range(span: tuple[float, float], dtype: torch.dtype) -> None:
    low, high = span
    brightness = levels(3, 20, 24).double() / 255
    x = (low + brightness * (high - low)).to(dtype)
    y = swapping_translator().translate(x, "oranges", value_range=span)
    assert y.dtype == dtype
    expected = low + brightness.flip(0) / 2 * (high - low)
    tolerance = {torch.float16: 2e-3, torch.bfloat16: 1e-2}.get(dtype, 1e-6) * (high - low)
    torch.testing.assert_close(y.double(), expected, atol=tolerance, rtol=0)


def test_minus_one_to_one_is_the_range_without_an_argument() -> None:
    x = levels(3, 20, 24).float() / 127.5 - 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = swapping_translator().translate(x, "oranges")
    torch.testing.assert_close(y, (x.flip(0) + 1) / 2 - 1)


@pytest.mark.parametrize("value", [1.01, -1.01, 255.0, float("nan"), float("inf")])
def test_values_outside_the_range_are_refused_in_one_line(value: float) -> None:
    x = levels(3, 16, 16).float() / 127.5 - 1
    x[1, 2, 3] = value
    with pytest.raises(UsageError, match="value_range") as caught:
        swapping_translator().translate(x, "oranges")
    assert "\n" not in str(caught.value)


def test_zero_to_one_without_the_argument_is_a_warning() -> None:
    x = levels(3, 16, 16).float() / 255
    with pytest.warns(UserWarning, match="value_range") as caught:
        swapping_translator().translate(x, "oranges")
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        swapping_translator().translate(x, "oranges", value_range=(-1, 1))  # stated: no warning
        swapping_translator().translate(torch.zeros(3, 16, 16), "oranges")  # mid-grey


@pytest.mark.parametrize(
    "x, value_range",
    [
        (torch.zeros(16, 16), None),
        (torch.zeros(0, 3, 16, 16), None),
        (torch.zeros(3, 16, 16, dtype=torch.int64), None),
        (torch.zeros(3, 16, 16, dtype=torch.bool), None),
        (torch.zeros(3, 16, 16, dtype=torch.uint8), (0, 1)),
        (torch.zeros(3, 16, 16), (1, 0)),
        (torch.zeros(3, 16, 16), "ab"),
        (torch.zeros(3, 16, 16), 1),
    ],
)
def test_what_is_no_image_is_refused_in_one_line(x: torch.Tensor, value_range: tuple[float, float] | None) -> None:
    with pytest.raises(UsageError) as caught:
        swapping_translator().translate(x, "oranges", value_range=value_range)
    assert "\n" not in str(caught.value)


def test_other_channels_than_those_of_the_run_are_refused() -> None:
    with pytest.raises(DataError, match=r"expected \(N, 3, H, W\)"):
        swapping_translator().translate(levels(1, 16, 16), "oranges")
