"""The experiments of chapter 2 on tiny settings: what they measure is so, and what they write can be drawn."""

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import correlate2d

from support.experiments import claims, means, told
from viceversa_lab.chapter1.trials import pictures
from viceversa_lab.chapter2 import channels, dropout, kernel_size, pooling, rungs, stride, sweep
from viceversa_lab.parts import Film


def test_sweeps_are_those_of_scipy_and_the_film_ends_with_all_of_it(tmp_path: Path) -> None:
    found, _ = told(sweep.EXPERIMENT, sweep.Settings(sides=(7, 10)), tmp_path)
    whole = correlate2d(sweep.SEVEN, sweep.KERNEL, "valid")
    np.testing.assert_array_equal(found["valid padding"], whole)
    np.testing.assert_array_equal(found["same padding"], correlate2d(sweep.SEVEN, sweep.KERNEL, "same"))
    np.testing.assert_array_equal(found["stride 2"], whole[::2, ::2])
    assert [row[2:] for row in found["sizes"]] == [[5, 5], [8, 8], [7, 7], [10, 10], [3, 3], [4, 4]]
    frames = list(sweep.frames(whole))
    dark = [int((frame[:, :, 8 * sweep.CELL :].mean(0) < 0.9).sum()) for frame in frames]
    assert isinstance(Film(frames), Film) and len(frames) == 25 and dark[0] < dark[12] < dark[-1]


def test_a_kernel_of_colour_sums_its_channels(tmp_path: Path) -> None:
    found, _ = told(channels.EXPERIMENT, channels.Settings(size=64), tmp_path)
    np.testing.assert_allclose(np.sum(found["parts"], axis=0), found["total"])
    assert found["library"] < 1e-12 and found["grey"] < 1e-6 < 0.1 < found["colour"]


@pytest.mark.long
def test_pooling_is_measured_and_drawn(tmp_path: Path) -> None:
    settings = pooling.Settings(seeds=(0, 1), shrink=2, conv_widths="4,8", width=16, epochs=3)
    found, _ = told(pooling.EXPERIMENT, settings, tmp_path)
    large, most, mean = (found.picture(name) for name in ("digit", "max", "average"))
    assert most.shape == mean.shape == (1, 14, 14) and (most >= mean - 0.01).all() and (most > mean + 0.1).any()
    np.testing.assert_allclose(large.reshape(14, 2, 14, 2).mean((1, 3)), mean[0], atol=0.01)
    assert max(means(found["trials"])) > 0.5


@pytest.mark.long
def test_a_kernel_of_one_pixel_sees_no_shape(tmp_path: Path) -> None:
    settings = kernel_size.Settings(seeds=(0, 1), kernels=(1, 3, 5), shrink=2, conv_widths="4,8", width=16, epochs=4)
    found, _ = told(kernel_size.EXPERIMENT, settings, tmp_path)
    one, three, _ = means(found["trials"])
    assert three > one + 0.1 and found["side"] == 14


@pytest.mark.long
def test_a_stride_loses_and_cropped_digits_touch_the_border(tmp_path: Path) -> None:
    settings = stride.Settings(seeds=(0, 1), strides=(1, 6), conv_widths="4,4", width=16, epochs=3)
    found, _ = told(stride.EXPERIMENT, settings, tmp_path)
    for padding in stride.PADDINGS:
        near, far = means(found[padding])
        assert near > far + 0.1
    assert found["border"]["whole"] < 0.01 < found["border"]["cropped"]
    assert found.picture("cropped").shape == (1, 20, 20)


def test_the_border_is_counted_from_black_to_white() -> None:
    x = np.full((3, 1, 6, 6), -1.0, np.float32)
    assert stride.border(x) == 0
    x[..., 0, :] = 1  # the first row, and with it the ends of two columns
    assert stride.border(x) == pytest.approx((6 + 1 + 1) / 24)


@pytest.mark.long
def test_almost_all_neurons_silenced_learn_less(tmp_path: Path) -> None:
    settings = dropout.Settings(
        seeds=(0, 1), shares=(0.0, 0.95), few=80, shrink=2, conv_widths="4,8", width=16, epochs=3, steps=60
    )
    found, parts = told(dropout.EXPERIMENT, settings, tmp_path)
    none, most = means(found["digits"])
    assert none > most + 0.2
    assert means(found["moons"])[0] > 0.75
    assert claims(parts) == [True, True]  # 95 % is no usual share


@pytest.mark.long
def test_each_rung_does_better(tmp_path: Path) -> None:
    found, parts = told(rungs.EXPERIMENT, rungs.Settings(seeds=(0, 1), epochs=(1, 8, 4), shifts=(0, 3)), tmp_path)
    first = {rung: [one["accuracy"] for one in rows] for rung, rows in found["rungs"].items()}
    assert np.mean(first["cnn"], 0)[0] > 0.95 and np.mean(first["cnn"], 0)[1] > np.mean(first["mlp"], 0)[1] + 0.3
    assert all(truth != said[0] or truth != said[1] for truth, *said in found["told"])
    assert claims(parts)[0] == (np.mean(first["perceptron"], 0)[0] < np.mean(first["mlp"], 0)[0])


def test_digits_are_moved_without_coming_back_on_the_other_side() -> None:
    x = pictures("handwritten", 0).test_x[:8]
    moved = rungs.shifted(x, 3)
    np.testing.assert_array_equal(rungs.shifted(x, 0), x)
    np.testing.assert_array_equal(moved[0, 0, :, 3:], x[0, 0, :, :-3])
    np.testing.assert_array_equal(moved[1, 0, :, :-3], x[1, 0, :, 3:])
    np.testing.assert_array_equal(moved[6, 0, 3:], x[6, 0, :-3])
    assert (moved[0, 0, :, :3] == -1).all() and (moved[5, 0, :, -3:] == -1).all() and (moved[7, 0, -3:] == -1).all()


def test_the_digits_that_are_shown_were_misread() -> None:
    data = pictures("handwritten", 0)
    right = data.test_y.copy()
    first, second, last = right.copy(), right.copy(), right.copy()
    first[[4, 9]] += 1
    second[9] += 1
    last[[4, 7]] += 1
    assert rungs.misread(data, [first, second, last], 8) == [9, 4]
