"""Tags of large images: those of the source come back byte for byte, and all programs know them."""

from fractions import Fraction
from io import BytesIO

import numpy as np
import pytest
import tifffile

from support.pyramids import levels_of, natural, write_pyramid
from viceversa.images.decoded import Request
from viceversa.images.exif import Entry, Exif
from viceversa.images.formats.tiff import TIFF
from viceversa.images.formats.tiff_pyramid import PyramidFile
from viceversa.images.formats.tiff_tags import GDAL_METADATA, GDAL_NODATA, GEOREFERENCE, read_directory, read_header

MAP_TAGS = (*GEOREFERENCE, GDAL_METADATA, GDAL_NODATA)


def decoded(data: bytes):
    return TIFF.decode(BytesIO(data), 0, Request())


def map_tags(path):
    """Type and bytes of the tags of GeoTIFF and GDAL, read without any library."""
    with open(path, "rb") as file:
        directory = read_directory(file, *read_header(file))
        entries = {tag: directory.entry(tag) for tag in MAP_TAGS}
    return {tag: (entry.kind, entry.data) for tag, entry in entries.items() if entry is not None}


def write_like(path, page, **options):
    return write_pyramid(
        path, page.samples, page.alpha, nodata=page.nodata, icc=page.icc, exif=page.exif, dpi=page.dpi,
        origin=page.origin, **options,
    )  # fmt: skip


@pytest.mark.parametrize("rotated", [False, True], ids=["north up", "rotated"])
@pytest.mark.parametrize("dtype, count, nodata", [("uint16", 6, 0), ("float32", 1, -9999.0), ("uint8", 3, None)])
def test_maps_keep_their_place(tmp_path, dtype, count, nodata, rotated):
    rasterio = pytest.importorskip("rasterio")
    transform = rasterio.Affine(10, 1.5 * rotated, 600_000, 2.5 * rotated, -10, 5_400_000)
    samples = natural(700, 1100, count, dtype)
    if nodata is not None:
        samples[:90, 100:333] = nodata
    source, path = tmp_path / "source.tif", tmp_path / "out.tif"
    profile = {"driver": "GTiff", "count": count, "height": 700, "width": 1100, "dtype": dtype, "nodata": nodata,
               "crs": "EPSG:32632", "transform": transform}  # fmt: skip
    with rasterio.open(source, "w", **profile) as file:
        file.write(samples.transpose(2, 0, 1))
        file.update_tags(SENSOR="made here")
        file.set_band_description(1, "blue")
    page = decoded(source.read_bytes())
    write_like(path, page, mpp=(10e6, 10e6), name="a map")  # micrometres that a reader may have found in it

    assert map_tags(path) == map_tags(source)
    assert set(map_tags(path)) >= {34735, 34264 if rotated else 33550, GDAL_METADATA}
    levels = levels_of(samples, nodata)
    with rasterio.open(path) as file, rasterio.open(source) as was:
        assert (file.crs, file.transform, file.nodata) == (was.crs, transform, nodata)
        assert (file.tags()["SENSOR"], file.descriptions) == ("made here", was.descriptions)
        assert file.colorinterp == was.colorinterp
        assert file.overviews(1) == [2, 4] and file.block_shapes[0] == (512, 512)
        assert "TIFFTAG_IMAGEDESCRIPTION" not in file.tags()  # no OME-XML
    for i in (0, 1):
        with rasterio.open(path, overview_level=i) as file:
            np.testing.assert_array_equal(file.read().transpose(1, 2, 0), levels[i + 1])
            assert (file.crs, file.nodata) == ("EPSG:32632", nodata)
    with tifffile.TiffFile(path) as file:
        assert 330 not in file.pages[0].tags and [page.is_reduced for page in file.pages] == [False, True, True]


def ome(samples, axes, **metadata) -> bytes:
    out = BytesIO()
    tifffile.imwrite(out, samples, ome=True, metadata={"axes": axes, **metadata})
    return out.getvalue()


def test_microscopy_keeps_its_description(tmp_path):
    planes = natural(600, 700, 2, "uint16").transpose(2, 0, 1)
    names = {"Name": ["DAPI", "actin"]}
    page = decoded(ome(planes, "CYX", PhysicalSizeX=0.65, PhysicalSizeXUnit="µm", PhysicalSizeY=0.65, Channel=names))
    path = tmp_path / "out.ome.tif"
    write_like(path, page)
    with tifffile.TiffFile(path) as file:
        pixels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
        assert "UUID" not in file.ome_metadata
        assert file.series[0].levels[0].axes == "YXS"
        np.testing.assert_array_equal(file.series[0].levels[1].asarray(), levels_of(page.samples)[1])
    assert (pixels["Channel"]["Name"], pixels["Channel"]["SamplesPerPixel"]) == ("DAPI, actin", 2)
    assert (pixels["PhysicalSizeX"], pixels["SizeC"], pixels["SizeX"], pixels["SizeY"]) == (0.65, 2, 700, 600)

    write_like(path, page, mpp=(1.3, 1.3), channel_names=("nuclei", "cells"))
    with tifffile.TiffFile(path) as file:
        text = file.ome_metadata
    pixels = tifffile.xml2dict(text)["OME"]["Image"]["Pixels"]
    assert (pixels["PhysicalSizeX"], pixels["PhysicalSizeY"]) == (1.3, 1.3)
    assert ":Pixels" not in text
    assert pixels["Channel"]["Name"] == "nuclei, cells"


def test_only_numbers_of_ome_have_its_description(tmp_path):
    path = tmp_path / "out.tif"
    write_pyramid(path, natural(20, 20, 1, "int64"), mpp=(1.0, 1.0), description="plain")
    with tifffile.TiffFile(path) as file:
        assert not file.is_ome and file.pages[0].description == "plain"
    page = decoded(ome(natural(30, 30, 1, "float32")[..., 0], "YX"))
    writer = write_pyramid(path, page.samples.astype(np.float16), origin=page.origin)
    assert writer.notes == ("OME-XML dropped: it knows no float16",)


def test_imagej_is_dropped_with_a_note(tmp_path):
    out = BytesIO()
    tifffile.imwrite(out, natural(30, 30, 1, "uint16")[..., 0], imagej=True)
    writer = write_like(tmp_path / "out.tif", decoded(out.getvalue()))
    assert writer.notes == ("ImageJ's description dropped: ImageJ reads no tiles",)


def test_exif_comes_back(tmp_path):
    exif = Exif("<", (Entry(271, 2, b"maker\0"),), (Entry(36867, 2, b"2026:11:28 00:00:00\0"),), (Entry(1, 2, b"N\0"),))
    path = tmp_path / "out.tif"
    write_pyramid(path, natural(600, 40), exif=exif, mpp=(2.0, 2.0))
    assert decoded(path.read_bytes()).exif.photo == exif.photo
    with tifffile.TiffFile(path) as file:
        assert file.pages[0].tags["Make"].value == "maker" and "Make" not in file.pages[1].tags
        assert file.pages[0].tags["ExifTag"].value["DateTimeOriginal"] == "2026:11:28 00:00:00"
        assert file.series[0].levels[1].shape == (300, 20, 3)


@pytest.mark.parametrize("mpp", [0.001, 0.25, 0.2531, 1 / 3, 10.0, 1e7])
def test_resolution_is_exact_to_a_millionth(tmp_path, mpp):
    path = tmp_path / "out.tif"
    write_pyramid(path, natural(4, 4), mpp=(mpp, 2 * mpp))
    with tifffile.TiffFile(path) as file:
        tags = file.pages[0].tags
        assert tags["ResolutionUnit"].value == 3
        ratios = [Fraction(*tags[name].value) for name in ("XResolution", "YResolution")]
    np.testing.assert_allclose([1e4 / float(ratio) for ratio in ratios], [mpp, 2 * mpp], rtol=1e-5 if mpp < 1 else 2e-3)


def test_hostile_text_becomes_valid_xml(tmp_path):
    path = tmp_path / "out.tif"
    write_pyramid(path, natural(4, 4), mpp=(1.0, 1.0), name='<&"é\n', description="]]> ü", channel_names=("a<b",))
    with tifffile.TiffFile(path) as file:
        image = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]
    assert image["Description"] == "]]> ü" and image["Pixels"]["Channel"]["Name"] == "a<b"


def test_levels_halve_until_the_longer_side_is_512():
    assert PyramidFile(size=(512, 512), channels=1).levels == ((512, 512),)
    assert PyramidFile(size=(513, 1025), channels=1).levels == ((513, 1025), (257, 513), (129, 257))
    assert PyramidFile(size=(1, 2000), channels=1).levels == ((1, 2000), (1, 1000), (1, 500))


@pytest.mark.parametrize(
    "options",
    [
        {"size": (0, 5)},
        {"size": (2**32, 5)},
        {"channels": 0},
        {"number_type": "complex64"},
        {"number_type": "bool"},
        {"tile": 8},
        {"tile": 100},
    ],
)
def test_impossible_files_are_refused(options):
    with pytest.raises(ValueError):
        PyramidFile(**{"size": (5, 5), "channels": 1, **options})
