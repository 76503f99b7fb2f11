"""Cells: 12-bit counts, shot noise, and an antibody in a ring around the nuclei of some cells."""

import numpy as np

from viceversa.worlds.measured import MEASURED_WORLDS, microscope

DRAW = MEASURED_WORLDS["microscope"].draw


def test_counts_have_twelve_bits_and_a_dark_level() -> None:
    for side in ("A", "B"):
        counts = np.stack([DRAW(seed, 64, side)[0] for seed in range(6)])
        truth, labels = DRAW(0, 64, side, exact=True)
        assert counts.max() <= 4095 and counts.max() > 2000
        dark = truth[labels == microscope.BACKGROUND]
        assert dark.min() >= 100 and np.median(dark) < 160


def test_the_variance_of_shot_noise_grows_with_the_light() -> None:
    """Var(counts) = gain (counts - offset) + read noise squared, the law of a camera."""
    noise, signal = [], []
    for seed in range(8):
        truth = DRAW(seed, 64, "A", exact=True)[0].astype(float)
        noise.append(DRAW(seed, 64, "A")[0] - truth)
        signal.append(truth - microscope.OFFSET)
    difference, light = np.concatenate(noise).ravel(), np.concatenate(signal).ravel()
    usual = np.abs(difference) < 300  # without hot pixels
    assert 2e-4 < np.mean(~usual) < 6e-4
    for low, high in ((0, 60), (200, 400), (600, 900)):
        chosen = usual & (light > low) & (light < high)
        expected = np.mean(microscope.GAIN * light[chosen] + microscope.READ_NOISE**2)
        assert 0.9 < np.var(difference[chosen]) / expected < 1.15


def test_the_antibody_is_outside_the_nucleus_of_binding_cells() -> None:
    bright = {label: [] for label in range(len(microscope.LABELS))}
    for seed in range(8):
        truth, labels = DRAW(seed, 96, "B", exact=True)
        for label, values in bright.items():
            values.extend(truth[labels == label].tolist())
    mean = {label: np.mean(values) for label, values in bright.items()}
    assert mean[microscope.BINDING_CELL] > 3 * mean[microscope.CELL]
    assert mean[microscope.BINDING_CELL] > 1.3 * mean[microscope.BINDING_NUCLEUS]
    assert np.percentile(bright[microscope.BINDING_CELL], 97) > 1200
    assert max(bright[microscope.NUCLEUS]) < 0.6 * max(bright[microscope.BINDING_CELL])
