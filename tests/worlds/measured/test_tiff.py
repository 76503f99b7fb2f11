"""TIFF files of measurements: read back by tifffile and by GDAL, and the same bytes every time."""

import io
from pathlib import Path

import numpy as np
import pytest
import tifffile

from viceversa.worlds.measured import MEASURED_WORLDS
from viceversa.worlds.measured.tiff import encode_tiff


@pytest.mark.parametrize("dtype", ["uint16", "int16", "float32"])
@pytest.mark.parametrize("shape", [(7, 5), (7, 5, 2), (7, 5, 6)])
def test_what_is_written_is_read(shape: tuple[int, ...], dtype: str) -> None:
    pixels = (np.random.default_rng(0).random(shape) * 900 - 90).astype(dtype)
    data = encode_tiff(pixels, None, {})
    assert data == encode_tiff(pixels, None, {})
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        np.testing.assert_array_equal(page.asarray(), pixels)
        assert page.dtype == dtype and page.photometric == tifffile.PHOTOMETRIC.MINISBLACK
        assert 42113 not in page.tags and "Software" not in page.tags and "DateTime" not in page.tags


def test_missing_pixels_and_place_are_stated(tmp_path: Path) -> None:
    rasterio = pytest.importorskip("rasterio")
    world = MEASURED_WORLDS["satellite"]
    for domain, nodata, bands in (("bands", -9999, 6), ("temperature", 0, 1)):
        pixels, _ = world.show(3, 32, domain, "labels")
        path = tmp_path / f"{domain}.tif"
        path.write_bytes(world.encode(pixels, domain))
        with rasterio.open(path) as file:
            assert (file.nodata, file.count, file.dtypes[0]) == (nodata, bands, "float32")
            assert file.crs.to_epsg() == 32633 and file.transform.a == 240.0 and file.transform.e == -240.0
            np.testing.assert_array_equal(file.read().transpose(1, 2, 0).squeeze(), pixels)


def test_a_microscope_image_states_the_size_of_its_pixels() -> None:
    world = MEASURED_WORLDS["microscope"]
    pixels, _ = world.show(3, 40, "antibody", "stains")
    with tifffile.TiffFile(io.BytesIO(world.encode(pixels, "antibody"))) as file:
        tags = file.pages[0].tags
        numerator, denominator = tags["XResolution"].value
        assert numerator / denominator == pytest.approx(1e4 / 4.0)  # pixels of 4 micrometres, per centimetre
        assert tags["ResolutionUnit"].value == tifffile.RESUNIT.CENTIMETER
