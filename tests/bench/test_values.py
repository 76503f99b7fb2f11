"""The benchmark of measurements: 8 bits and back, the affine baseline, and errors of files."""

import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import tifffile

from viceversa import images


@pytest.fixture
def values(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    import values

    return values


def write(folder: Path, pixels: np.ndarray, nodata: str | None = None) -> None:
    folder.mkdir(exist_ok=True)
    tags = [] if nodata is None else [(42113, "s", 0, nodata, True)]
    tifffile.imwrite(folder / "0000.tif", pixels, photometric="minisblack", metadata=None, extratags=tags)


def test_eight_bits_and_back_are_within_half_a_level(values: ModuleType) -> None:
    numbers = np.random.default_rng(0).uniform(-1000, 3000, (9, 9, 1))
    missing = np.zeros((9, 9), bool)
    missing[0, 0] = True
    for nodata, levels in ((None, 255), (-9999.0, 254)):
        domain = values.Range(-1000.0, 3000.0, nodata)
        stored = domain.to_levels(numbers, missing)
        back = domain.from_levels(stored.astype(float))
        assert stored.dtype == np.uint8 and stored[0, 0, 0] == 0
        assert stored[~missing].min() >= domain.first
        assert np.abs(back - numbers)[~missing].max() <= 4000 / levels / 2 + 1e-9


def test_the_affine_map_is_found_beside_outliers(values: ModuleType, tmp_path: Path) -> None:
    source = np.random.default_rng(1).uniform(0, 1, (20, 20)).astype(np.float32)
    truth = 3 * source + 280
    truth[:2] += 50  # a tenth of the pixels: least squares would follow them
    source[5, 5] = -9999
    write(tmp_path / "testA", source, "-9999")
    write(tmp_path / "truthA", truth)
    assert values.affine_error(tmp_path, "A_to_B") == pytest.approx(40 * 50 / 399, rel=0.01)


def test_errors_count_pixels_that_the_input_has(values: ModuleType, tmp_path: Path) -> None:
    source = np.full((4, 4), 0.5, np.float32)
    source[0] = -9999
    truth = np.full((4, 4), 300, np.float32)
    output = truth + 2
    output[0] = 0
    for folder, pixels, nodata in (("testA", source, "-9999"), ("truthA", truth, "0"), ("out", output, "0")):
        write(tmp_path / folder, pixels, nodata)
    scores = values.score(tmp_path, tmp_path / "out", "A_to_B", None)
    assert scores == {"error": 2.0, "number_type": "float32", "lowest": 302.0, "highest": 302.0}


def test_ranges_are_those_of_the_run(values: ModuleType, tmp_path: Path) -> None:
    measured = images.Values(number_type="int16", channels=1, low=-1024, high=3071, relative=False)
    counts = images.Values(number_type="uint16", channels=2)
    saved = {"values": {"A": counts.to_dict(), "B": measured.to_dict()}}
    (tmp_path / "data.json").write_text(json.dumps(saved))
    assert values.ranges_of(tmp_path) == {"A": values.Range(0, 65535, None), "B": values.Range(-1024, 3071, None)}
