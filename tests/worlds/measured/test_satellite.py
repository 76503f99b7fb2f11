"""Landscapes: plausible reflectance and temperature of every cover, and missing pixels."""

import numpy as np
import pytest

from viceversa.worlds.measured import MEASURED_WORLDS, covers, satellite

DRAW = MEASURED_WORLDS["satellite"].draw
BLUE, GREEN, RED, NEAR_INFRARED, SHORT_WAVE = range(5)


def test_numbers_are_physical() -> None:
    for seed in range(6):
        bands, kelvin = DRAW(seed, 64, "A", exact=True)[0], DRAW(seed, 64, "B", exact=True)[0]
        assert bands.min() >= 0 and 0.2 < bands.max() <= 1
        assert kelvin.min() > 285 and kelvin.max() < 325


def test_plants_water_and_soil_differ_as_they_do() -> None:
    bands, kelvin, labels = [], [], []
    for seed in range(12):
        pixels, label_map = DRAW(seed, 64, "A", exact=True)
        bands.append(pixels)
        kelvin.append(DRAW(seed, 64, "B", exact=True)[0])
        labels.append(label_map)
    spectra, heat, cover = np.stack(bands), np.stack(kelvin), np.stack(labels)
    mean = {label: spectra[cover == label].mean(axis=0) for label in range(len(covers.LABELS))}
    warmth = {label: heat[cover == label].mean() for label in range(len(covers.LABELS))}
    index = {label: (s[NEAR_INFRARED] - s[RED]) / (s[NEAR_INFRARED] + s[RED]) for label, s in mean.items()}

    assert index[covers.WATER] < 0.2 < 0.6 < index[covers.FOREST]
    assert index[covers.SOIL] < 0.35 < index[covers.MEADOW]
    assert mean[covers.SOIL][SHORT_WAVE] > mean[covers.SOIL][RED] > mean[covers.SOIL][BLUE]
    assert (
        warmth[covers.WATER] < warmth[covers.FOREST] < warmth[covers.CROP] < warmth[covers.SOIL] < warmth[covers.ROAD]
    )


@pytest.mark.long
def test_missing_pixels_have_the_number_of_their_side() -> None:
    gaps = {"A": 0, "B": 0}
    for seed in range(40):
        for side, nodata in (("A", satellite.NODATA_A), ("B", satellite.NODATA_B)):
            pixels, truth = DRAW(seed, 32, side)[0], DRAW(seed, 32, side, exact=True)[0]
            missing = pixels == nodata if side == "B" else (pixels == nodata).all(axis=-1)
            if side == "A":
                np.testing.assert_array_equal((pixels == nodata).any(axis=-1), missing)
            assert not np.any(truth == satellite.NODATA_A) and truth.min() >= 0
            assert np.abs(pixels[~missing] - truth[~missing]).max() < (0.02 if side == "A" else 1.5)
            assert missing.mean() < 0.6
            gaps[side] += missing.any()
    assert 8 <= gaps["A"] <= 24 and 6 <= gaps["B"] <= 20
