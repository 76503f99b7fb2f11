"""Seam energy and differences in levels, in closed form."""

import math

import numpy as np
import pytest

from viceversa.metrics.seams import SeamSums, level_difference, seam_energy, seam_sums


def ramp(height: int = 100, width: int = 120, slope: float = 1e-3) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([slope * (x + y)] * 3).astype(np.float32)


def test_a_ramp_has_no_seams() -> None:
    assert seam_energy(ramp(), [30, 60], [40, 80]) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("step", [2e-3, 5e-2])
def test_a_step_at_a_line_counts_against_the_slope(step: float) -> None:
    """(slope + step) / slope, for lines that all have the step; a line between others has none."""
    image = ramp()
    image[:, 30:] += step
    assert seam_energy(image, [30], []) == pytest.approx(1 + step / 1e-3, rel=1e-3)
    assert seam_energy(image, [30, 60], []) == pytest.approx(1 + step / 2e-3, rel=1e-3)
    assert seam_energy(image.swapaxes(1, 2), [], [30]) == pytest.approx(1 + step / 1e-3, rel=1e-3)
    assert seam_energy(image, [60], [40, 80]) == pytest.approx(1, rel=1e-3)


def test_noise_without_seams_has_energy_one() -> None:
    image = np.random.default_rng(0).uniform(-1, 1, (3, 400, 400)).astype(np.float32)
    assert seam_energy(image, range(50, 400, 50), range(50, 400, 50)) == pytest.approx(1, abs=0.02)


def test_offsets_of_tiles_in_noise() -> None:
    """Of x and y uniform in [-1, 1], E|x - y| = 2/3, and with an offset d <= 2: E|x - y + d| = 2/3 + d^2/2 - d^3/12."""
    image = np.random.default_rng(0).uniform(-1, 1, (3, 600, 600))
    image[:, 300:] += 0.5
    expected = (2 / 3 + 0.5**2 / 2 - 0.5**3 / 12) / (2 / 3)
    assert seam_energy(image, [300], []) == pytest.approx(expected, abs=0.06)


def test_sums_of_windows_are_those_of_the_image() -> None:
    image = np.random.default_rng(0).uniform(-1, 1, (1, 90, 80)).astype(np.float32)
    left, right = seam_sums(image[:, :, :40], [40], []), seam_sums(image[:, 20:70, 40:], [20], [])
    together, whole = left + right, seam_sums(image, [40], [])
    assert together.energy == pytest.approx(whole.energy)
    assert together.across_count == whole.across_count == 80


def test_lines_at_the_edge_are_left_out_and_no_line_is_no_number() -> None:
    assert math.isnan(seam_energy(ramp(), [0, 5, 96], [120]))
    assert seam_sums(ramp(), [8], []) == SeamSums() != seam_sums(ramp(), [9], [])


def test_flat_images_have_seams_only_where_there_is_a_step() -> None:
    image = np.zeros((1, 40, 40), np.float32)
    assert seam_energy(image, [20], []) == 1
    image[:, 20:] = 0.1
    assert seam_energy(image, [20], []) == math.inf


def test_levels_that_differ_are_counted_after_rounding() -> None:
    levels = np.arange(256, dtype=np.float64).reshape(1, 16, 16)
    image = (levels / 127.5 - 1).astype(np.float32)
    assert level_difference(image, image + 0.4 / 127.5) == (0, 0)  # rounds to the same level
    other = image.copy()
    other[0, 3, :4] += 3 / 127.5
    assert level_difference(image, other) == (4 / 256, 3)
    assert level_difference(image, image + 1 / 127.5) == (255 / 256, 1)  # white stays white
