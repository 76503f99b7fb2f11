"""Slices of the body: Hounsfield units of each tissue, and MR images whose scale differs."""

import numpy as np
import pytest

from viceversa.worlds.measured import MEASURED_WORLDS, scanner, tissue

WORLD = MEASURED_WORLDS["scanner"]


@pytest.mark.long
def test_hounsfield_units_of_tissues() -> None:
    """The middle of the values of each label is that of the textbook."""
    values: dict[int, list[float]] = {label: [] for label in range(len(tissue.LABELS))}
    for seed in range(60):
        hounsfield, labels = WORLD.draw(seed, 96, "B", exact=True)
        for label, collected in values.items():
            collected.extend(hounsfield[labels == label].tolist())
    middle = {tissue.LABELS[label]: np.median(collected) for label, collected in values.items()}
    expected = {"air": -1000, "fat": -100, "soft tissue": 52, "brain": 30, "fluid": 12, "lung": -820}
    for name, hounsfield in expected.items():
        assert abs(middle[name] - hounsfield) < 15, name
    assert 800 < middle["bone"] < 1900 and 200 < middle["marrow"] < 700 and middle["metal"] > 2800


@pytest.mark.long
def test_a_few_slices_hold_metal() -> None:
    highest = np.array([WORLD.draw(seed, 64, "B")[0].max() for seed in range(80)])
    assert 0.02 < np.mean(highest > 2800) < 0.2
    assert highest[highest > 2800].max() > 3000


def test_the_scale_of_mr_differs_from_image_to_image() -> None:
    gains = np.array([scanner.describe(seed).gain for seed in range(40)])
    brightest = np.array([np.percentile(WORLD.draw(seed, 48, "A")[0], 99) for seed in range(40)])
    assert gains.max() > 2 * gains.min()
    assert np.corrcoef(gains, brightest)[0, 1] > 0.8


def test_bone_and_air_are_dark_in_mr_and_far_apart_in_ct() -> None:
    for seed in (1, 5, 8):
        signal, labels = WORLD.draw(seed, 128, "A", exact=True)
        hounsfield, _ = WORLD.draw(seed, 128, "B", exact=True)
        bone, air, fat = (labels == label for label in (tissue.BONE, tissue.AIR, tissue.FAT))
        assert np.median(signal[air]) == 0 and np.median(signal[bone]) < 0.4 * np.median(signal[fat])
        assert np.median(hounsfield[bone]) - np.median(hounsfield[air]) > 1500
