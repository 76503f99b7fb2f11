"""Errors in the numbers of the target: closed forms, and truths that lack pixels."""

import numpy as np
import pytest

from support.user_files import write_tiff
from viceversa.data.preparation import Preparation
from viceversa.evaluation.translations import DirectionInputs, score_direction
from viceversa.images import Values
from viceversa.methods.protocol import Direction
from viceversa.metrics.paired import mean_of_each, psnr_of_each

CT = Values(number_type="int16", channels=1, low=-1000, high=3000, relative=False, nodata=-2000)
MR = Values(number_type="uint16", channels=1, low=0, high=1000, relative=False)
DIRECTION = Direction(source="A", target="B", network="G", discriminator="D_B", back="F")


def inputs_of(folder, truths, target=CT):
    """MR images of 16 px with the given CT images as their truths."""
    rng = np.random.default_rng(0)
    paths, true_paths = [], []
    for i, truth in enumerate(truths):
        paths.append(folder / f"mr{i}.tif")
        true_paths.append(folder / f"ct{i}.tif")
        write_tiff(paths[i], rng.integers(0, 1001, (16, 16)).astype(np.uint16))
        write_tiff(true_paths[i], truth)
    prepared = [Preparation(size=16, channels=1, values=values) for values in (MR, target)]
    return DirectionInputs(
        direction=DIRECTION, source="mr", target="ct", paths=tuple(paths), truths=tuple(true_paths),
        prepare_source=prepared[0], prepare_target=prepared[1],
    )  # fmt: skip


def constant(number):
    """A translation that is `number` Hounsfield units everywhere."""
    return lambda x, to: np.full_like(x, (number + 1000) / 2000 - 1)


def test_the_error_is_in_the_unit_of_the_target(tmp_path):
    inputs = inputs_of(tmp_path, [np.full((16, 16), 100, np.int16), np.full((16, 16), -300, np.int16)])
    results = score_direction(inputs, constant(40))
    np.testing.assert_allclose(results.each("mae"), [60, 340], rtol=1e-4)
    assert results.mean("colour_mae") < 205 and results.each("input_mae") is None


def test_photographs_have_no_unit(tmp_path):
    photographs = Values(channels=1)
    inputs = inputs_of(tmp_path, [np.full((16, 16), 100, np.uint8)] * 2, photographs)
    results = score_direction(inputs, constant(40))
    assert results.each("mae") is None and results.each("psnr") is not None


def test_pixels_that_the_truth_lacks_do_not_count(tmp_path):
    whole, holed = np.full((16, 16), 100, np.int16), np.full((16, 16), 100, np.int16)
    holed[:, 8:] = -2000
    inputs = inputs_of(tmp_path, [whole, holed])

    def translate(x, to):
        y = constant(140)(x, to)
        y[1, :, :, 8:] = 1  # where nothing is known
        return y

    results = score_direction(inputs, translate)
    np.testing.assert_allclose(results.each("mae"), [40, 40], rtol=1e-4)
    psnr = results.each("psnr")
    assert psnr[0] == pytest.approx(psnr[1]) == pytest.approx(20 * np.log10(4000 / 40), abs=1e-3)


def test_a_truth_without_any_value_is_listed(tmp_path):
    inputs = inputs_of(tmp_path, [np.full((16, 16), 100, np.int16), np.full((16, 16), -2000, np.int16)])
    results = score_direction(inputs, constant(100))
    assert len(results.paths) == 1 and "ct1.tif: every pixel is missing" in results.unreadable[0]


def test_the_colour_change_is_fitted_at_full_depth(tmp_path):
    rng = np.random.default_rng(0)
    sources = [rng.integers(0, 1001, (16, 16)) for _ in range(2)]
    truths = [np.rint(-500 + 0.5 * source).astype(np.int16) for source in sources]
    results = score_direction(inputs_of(tmp_path, truths), constant(0))
    assert results.mean("colour_mae") < 0.4  # 8 bits would leave 4


def test_means_of_known_pixels():
    errors = np.arange(16.0).reshape(2, 2, 2, 2)
    known = np.ones((2, 1, 2, 2), bool)
    known[1, 0, 0] = False
    np.testing.assert_allclose(mean_of_each(errors, known), [3.5, (10 + 11 + 14 + 15) / 4])
    np.testing.assert_array_equal(mean_of_each(errors), errors.mean((1, 2, 3)))
    x, y = errors.astype(np.float32) / 16, np.zeros((2, 2, 2, 2), np.float32)
    np.testing.assert_allclose(psnr_of_each(x, y, np.ones((2, 1, 2, 2), bool)), psnr_of_each(x, y))
