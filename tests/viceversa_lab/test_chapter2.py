"""Chapter 2 with small settings: values against SciPy and known effects, and sections that can be rendered."""

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import correlate2d

from support.experiments import claims, means, measure_and_write
from viceversa_lab.chapter2 import channels, dropout, kernel_size, kernel_sweep, pooling, rungs, stride
from viceversa_lab.classifiers import load_digits


def test_kernel_sweep_matches_scipy_and_its_animation_fills_the_output(tmp_path: Path) -> None:
    results, _ = measure_and_write(kernel_sweep.EXPERIMENT, tmp_path, sides=(7, 10))
    whole = correlate2d(kernel_sweep.SEVEN, kernel_sweep.KERNEL, "valid")
    np.testing.assert_array_equal(results["valid padding"], whole)
    np.testing.assert_array_equal(results["same padding"], correlate2d(kernel_sweep.SEVEN, kernel_sweep.KERNEL, "same"))
    np.testing.assert_array_equal(results["stride 2"], whole[::2, ::2])
    assert [row[2:] for row in results["sizes"]] == [[5, 5], [8, 8], [7, 7], [10, 10], [3, 3], [4, 4]]
    frames = list(kernel_sweep.frames(whole))
    dark = [int((frame[:, :, 8 * kernel_sweep.CELL :].mean(0) < 0.9).sum()) for frame in frames]
    assert len(frames) == 25 and dark[0] < dark[12] < dark[-1]


def test_colour_kernel_sums_its_channels(tmp_path: Path) -> None:
    results, _ = measure_and_write(channels.EXPERIMENT, tmp_path, size=64)
    np.testing.assert_allclose(np.sum(results["products"], axis=0), results["total"])
    assert results["library"] < 1e-12 and results["grey"] < 1e-6 < 0.1 < results["colour"]


def test_two_moons_are_those_of_scikit_learn() -> None:
    published = pytest.importorskip("sklearn.datasets").make_moons(61, noise=0.3, random_state=5)
    points, classes = dropout.two_moons(61, 0.3, 5)
    np.testing.assert_array_equal(points, published[0])
    np.testing.assert_array_equal(classes, published[1])


@pytest.mark.long
def test_pooling(tmp_path: Path) -> None:
    results, _ = measure_and_write(
        pooling.EXPERIMENT, tmp_path, seeds=(0, 1), shrink=2, conv_widths="4,8", width=16, epochs=3
    )
    digit, maximum, mean = (results.image(name) for name in ("digit", "max", "average"))
    assert maximum.shape == mean.shape == (1, 14, 14)
    assert (maximum >= mean - 0.01).all() and (maximum > mean + 0.1).any()
    np.testing.assert_allclose(digit.reshape(14, 2, 14, 2).mean((1, 3)), mean[0], atol=0.01)
    assert max(means(results["trials"])) > 0.5


@pytest.mark.long
def test_kernel_of_one_pixel_sees_no_shape(tmp_path: Path) -> None:
    settings = {"seeds": (0, 1), "values": (1, 3, 5), "shrink": 2, "conv_widths": "4,8", "width": 16, "epochs": 4}
    results, _ = measure_and_write(kernel_size.EXPERIMENT, tmp_path, **settings)
    one, three, _ = means(results["trials"])
    assert three > one + 0.1


@pytest.mark.long
def test_large_stride_hurts_and_cropped_digits_touch_the_border(tmp_path: Path) -> None:
    results, _ = measure_and_write(
        stride.EXPERIMENT, tmp_path, seeds=(0, 1), values=(1, 6), conv_widths="4,4", width=16, epochs=3
    )
    for padding in stride.PADDINGS:
        near, far = means(results[padding])
        assert near > far + 0.1
    assert results["border"]["whole"] < 0.01 < results["border"]["cropped"]
    assert results.image("cropped").shape == (1, 20, 20)


def test_border_brightness_is_zero_for_black_and_one_for_white() -> None:
    x = np.full((3, 1, 6, 6), -1.0, np.float32)
    assert stride.border(x) == 0
    x[..., 0, :] = 1  # the first row, and with it the ends of two columns
    assert stride.border(x) == pytest.approx((6 + 1 + 1) / 24)


@pytest.mark.long
def test_extreme_dropout_hurts(tmp_path: Path) -> None:
    results, blocks = measure_and_write(
        dropout.EXPERIMENT,
        tmp_path,
        seeds=(0, 1),
        values=(0.0, 0.95),
        few=80,
        shrink=2,
        conv_widths="4,8",
        width=16,
        epochs=3,
        steps=60,
    )
    none, most = means(results["digits"])
    assert none > most + 0.2
    assert means(results["moons"])[0] > 0.75
    assert claims(blocks) == [True, True]  # 95 % is no usual dropout


@pytest.mark.long
def test_each_network_does_better(tmp_path: Path) -> None:
    results, blocks = measure_and_write(rungs.EXPERIMENT, tmp_path, seeds=(0, 1), epochs=(1, 8, 4), shifts=(0, 3))
    accuracy = {name: np.mean([t["accuracy"] for t in trials], 0) for name, trials in results["networks"].items()}
    assert accuracy["cnn"][0] > 0.95 and accuracy["cnn"][1] > accuracy["mlp"][1] + 0.3
    assert all(truth != predicted[0] or truth != predicted[1] for truth, *predicted in results["mistakes"])
    assert claims(blocks)[0] == (accuracy["perceptron"][0] < accuracy["mlp"][0])


def test_shifted_digits_do_not_wrap_around() -> None:
    x = load_digits("handwritten", 0).test_x[:8]
    shifted = rungs.shifted(x, 3)
    np.testing.assert_array_equal(rungs.shifted(x, 0), x)
    np.testing.assert_array_equal(shifted[0, 0, :, 3:], x[0, 0, :, :-3])
    np.testing.assert_array_equal(shifted[1, 0, :, :-3], x[1, 0, :, 3:])
    np.testing.assert_array_equal(shifted[6, 0, 3:], x[6, 0, :-3])
    assert (shifted[0, 0, :, :3] == -1).all() and (shifted[5, 0, :, -3:] == -1).all()
    assert (shifted[7, 0, -3:] == -1).all()


def test_shown_digits_were_misclassified() -> None:
    data = load_digits("handwritten", 0)
    first, second, last = data.test_y.copy(), data.test_y.copy(), data.test_y.copy()
    first[[4, 9]] += 1
    second[9] += 1
    last[[4, 7]] += 1
    assert rungs.misclassified(data, [first, second, last], 8) == [9, 4]
