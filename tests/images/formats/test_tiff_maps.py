"""GeoTIFF files of rasterio (GDAL): numbers, position and missing pixels come back as GDAL reads them."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest

from viceversa.images.decoded import Request
from viceversa.images.formats.tiff import TIFF

rasterio = pytest.importorskip("rasterio")
from rasterio.io import MemoryFile  # noqa: E402
from rasterio.transform import Affine  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
TRANSFORM = Affine(10.0, 0.0, 600_000.0, 0.0, -10.0, 5_400_000.0)
rng = np.random.default_rng(0)


def raster(bands, **options):
    """The bytes of a file that GDAL writes, in UTM zone 32."""
    with MemoryFile() as memory:
        profile = {"driver": "GTiff", "count": len(bands), "height": bands.shape[1], "width": bands.shape[2],
                   "dtype": bands.dtype, "crs": "EPSG:32632", "transform": TRANSFORM}  # fmt: skip
        with memory.open(**profile | options) as file:
            file.write(bands)
            file.update_tags(SENSOR="made here")
            file.set_band_description(1, "blue")
        return bytes(memory.getbuffer())


def read(data):
    return TIFF.decode(BytesIO(data), 0, Request())


def opened(data):
    with MemoryFile(data) as memory, memory.open() as file:
        return file.read(), file.crs, file.transform, file.nodata, file.tags(), file.descriptions, file.colorinterp


@pytest.mark.parametrize(
    "dtype", ["uint8", "uint16", "int16", "uint32", "int32", "float32", "float64", "int8", "uint64"]
)
@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 13])
@pytest.mark.parametrize("interleave", ["pixel", "band"])
@pytest.mark.parametrize("compress", [None, "lzw", "deflate", "zstd", "packbits", "lerc"])
def test_rasters_come_back(dtype, count, interleave, compress):
    dtype = np.dtype(dtype)
    if compress == "lerc" and dtype.itemsize == 8 and dtype.kind != "f":
        pytest.skip("LERC has no 64-bit integers")
    bands = (rng.random((count, 40, 33)) * 100).astype(dtype)
    nodata = -9999.0 if dtype.kind == "f" else 255.0 if dtype.itemsize > 1 else 99.0
    bands[:, :5, :5] = nodata
    predictor = {"predictor": 3 if dtype.kind == "f" else 2} if compress in ("lzw", "deflate", "zstd") else {}
    tiling = {"tiled": True, "blockxsize": 16, "blockysize": 16} if count % 2 else {}
    data = raster(bands, nodata=nodata, interleave=interleave, compress=compress, photometric="minisblack",
                  ALPHA="NO", **predictor, **tiling)  # fmt: skip
    page = read(data)
    np.testing.assert_array_equal(page.samples, bands.transpose(1, 2, 0))
    assert (page.samples.dtype, page.alpha, page.nodata) == (dtype, None, nodata)

    found, was = opened(TIFF.encode([page])), opened(data)
    np.testing.assert_array_equal(found[0], bands)
    assert found[1:4] == (was[1], TRANSFORM, nodata)
    assert found[4]["SENSOR"] == "made here" and found[5] == was[5]


def tags_of(data):
    import tifffile

    with tifffile.TiffFile(BytesIO(data)) as file:
        tags = file.pages.first.tags
        codes = (33550, 33922, 34264, 34735, 34736, 34737, 42112, 42113)
        return {code: (int(tags[code].dtype), tags[code].count, tags[code].value) for code in codes if code in tags}


@pytest.mark.parametrize(
    "options", [{}, {"BIGTIFF": "YES"}, {"ENDIANNESS": "BIG"}, {"transform": Affine(3, 1, 5, 1, -3, 7)}]
)
def test_tags_are_kept_whatever_the_file(options):
    data = raster((rng.random((6, 20, 20)) * 9).astype(np.float32), nodata=float("nan"), **options)
    page = read(data)
    assert np.isnan(page.nodata)
    assert tags_of(TIFF.encode([page])) == tags_of(data) and len(tags_of(data)) >= 5


def test_the_value_of_missing_pixels_is_what_is_written():
    page = read(raster((rng.random((1, 20, 20)) * 9).astype(np.int16), nodata=-9999))
    for nodata in (-9999.0, 0.0, None, -1.5, float("nan")):
        again = TIFF.encode([replace(page, nodata=nodata, samples=page.samples.astype(np.float32))])
        found = opened(again)[3]
        assert found == nodata or (found is not None and np.isnan([found, nodata]).all())


def test_rgb_with_near_infrared_and_with_alpha():
    bands = rng.integers(0, 256, (4, 20, 20), np.uint8)
    infrared = read(raster(bands, photometric="rgb", ALPHA="NO"))
    assert infrared.samples.shape == (20, 20, 4) and infrared.alpha is None
    assert [c.name for c in opened(TIFF.encode([infrared]))[6]] == ["red", "green", "blue", "undefined"]
    alpha = read(raster(bands, photometric="rgb", ALPHA="YES"))
    assert alpha.samples.shape == (20, 20, 3) and alpha.alpha is not None
    assert [c.name for c in opened(TIFF.encode([alpha]))[6]] == ["red", "green", "blue", "alpha"]
    np.testing.assert_array_equal(opened(TIFF.encode([alpha]))[0], bands)


@pytest.mark.parametrize("nodata", [7, None])
def test_tiles_that_gdal_leaves_out(nodata):
    profile = {"driver": "GTiff", "count": 1, "height": 64, "width": 64, "dtype": "int16", "tiled": True,
               "blockxsize": 32, "blockysize": 32, "SPARSE_OK": True, "crs": "EPSG:32632"}  # fmt: skip
    with MemoryFile() as memory:
        with memory.open(**profile, nodata=nodata, transform=TRANSFORM) as file:
            file.write(np.full((1, 32, 32), 3, np.int16), window=((0, 32), (0, 32)))
        data = bytes(memory.getbuffer())
    expected = np.full((64, 64), nodata or 0, np.int16)
    expected[:32, :32] = 3
    np.testing.assert_array_equal(read(data).samples[..., 0], expected)


def test_overviews_and_masks_are_no_pages(tmp_path):
    path = tmp_path / "x.tif"
    path.write_bytes(raster(rng.integers(0, 256, (3, 128, 128), np.uint8), photometric="rgb"))
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4])
        file.write_mask(True)
    data = path.read_bytes()
    assert TIFF.count(BytesIO(data)) == 1 and read(data).samples.shape == (128, 128, 3)


def test_jpeg_with_subsampled_colours_and_one_bit():
    y, x = np.mgrid[0:64, 0:64]
    bands = np.stack([x * 4, y * 4, 255 - x * 2]).astype(np.uint8)
    data = raster(bands, photometric="ycbcr", compress="jpeg", tiled=True, blockxsize=32, blockysize=32)
    assert np.abs(read(data).samples.astype(int) - opened(data)[0].transpose(1, 2, 0)).max() <= 6
    bits = raster((bands[:1] > 99).astype(np.uint8), NBITS=1)
    np.testing.assert_array_equal(read(bits).samples[..., 0], np.where(bands[0] > 99, 255, 0))
    deep = raster(bands[:1].astype(np.uint16) * 16, NBITS=12)
    np.testing.assert_array_equal(read(deep).samples[..., 0], bands[0].astype(np.uint16) * 16)
