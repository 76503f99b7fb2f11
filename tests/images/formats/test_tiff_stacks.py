"""Pages of TIFF stacks: ImageJ, OME-TIFF, plain pages, pyramids; what is written opens in tifffile with its axes."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import tifffile

from viceversa.images.decoded import Request
from viceversa.images.formats.tiff import TIFF

rng = np.random.default_rng(0)


def noise(*shape, dtype=np.uint16):
    return rng.integers(0, 256, shape).astype(dtype)


def file_of(array, **options):
    file = BytesIO()
    tifffile.imwrite(file, array, **options)
    return file


def pages_of(file):
    return [TIFF.decode(file, page, Request()) for page in range(TIFF.count(file))]


def opened(data):
    return tifffile.TiffFile(BytesIO(data))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("shape", [(4, 3, 2), (4, 1, 2), (1, 3, 2), (1, 1, 2), (4, 3, 1), (1, 5, 1), (1, 1, 1)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_imagej_hyperstacks(shape, order, dtype):
    array = noise(*shape, 7, 9, dtype=dtype)
    metadata = {"axes": "TZCYX", "unit": "um", "spacing": 0.5, "finterval": 2.0, "fps": 0.5, "Info": "made here"}
    metadata |= {"Labels": [f"plane {i}" for i in range(int(np.prod(shape)))]}
    file = file_of(array, imagej=True, byteorder=order, resolution=(1 / 0.25, 1 / 0.25), metadata=metadata)
    pages = pages_of(file)
    assert len(pages) == shape[0] * shape[1]
    for page, planes in zip(pages, array.reshape(-1, shape[2], 7, 9), strict=True):
        np.testing.assert_array_equal(page.samples, planes.transpose(1, 2, 0))
        assert page.samples.dtype == dtype and page.alpha is None

    data = TIFF.encode(pages)
    with opened(data) as again:
        assert again.is_imagej
        series = again.series[0]
        np.testing.assert_array_equal(series.asarray(squeeze=False)[..., 0].reshape(array.shape), array)
        assert series.get_axes(squeeze=False)[-6:] == "TZCYXS"
        found, was = again.imagej_metadata, opened(file.getvalue()).imagej_metadata
        for name in ("unit", "spacing", "finterval", "fps", "Info", "Labels"):
            assert found[name] == was[name]
        assert again.pages.first.tags["XResolution"].value == (4, 1)
    np.testing.assert_array_equal(pages_of(BytesIO(data))[-1].samples, pages[-1].samples)


def test_an_imagej_stack_with_one_directory_is_read_page_by_page():
    array = noise(3, 4, 2, 7, 9)
    file = file_of(array, imagej=True, metadata={"axes": "TZCYX"})
    with opened(file.getvalue()) as opened_file:
        directory = opened_file.pages.first.offset
        count = len(opened_file.pages.first.tags)
    data = bytearray(file.getvalue())
    at = directory + 2 + 12 * count
    data[at : at + 4] = bytes(4)  # no further directory
    pages = pages_of(BytesIO(bytes(data)))
    assert len(pages) == 12
    for page, planes in zip(pages, array.reshape(12, 2, 7, 9), strict=True):
        np.testing.assert_array_equal(page.samples, planes.transpose(1, 2, 0))


def test_imagej_metadata_stays_as_far_as_it_is_true():
    array = noise(3, 2, 7, 9)
    luts = [np.arange(768, dtype=np.uint8).reshape(3, 256)] * 2
    metadata = {
        "axes": "ZCYX",
        "Ranges": (0.0, 9.0, 0.0, 9.0),
        "LUTs": luts,
        "Info": "sample 7",
        "min": 0.0,
        "max": 9.0,
    }
    pages = pages_of(file_of(array, imagej=True, byteorder=">", metadata=metadata))
    one = [replace(page, samples=page.samples[..., :1].astype(np.float32)) for page in pages]
    with opened(TIFF.encode(one)) as again:
        found = again.imagej_metadata
        assert found["Info"] == "sample 7" and found["slices"] == 3
        assert not {"Ranges", "LUTs", "channels", "min", "max"} & set(found)
        assert again.series[0].shape == (3, 7, 9) and again.series[0].dtype == np.float32
    with opened(TIFF.encode(pages[1:2])) as again:
        assert again.series[0].axes == "CYX" and "slices" not in again.imagej_metadata
        assert len(again.imagej_metadata["LUTs"]) == 2


@pytest.mark.parametrize("axes", ["TZCYX", "ZCTYX", "CTZYX", "TCZYX"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64, np.int16])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_ome_tiff(axes, dtype, compression):
    sizes = {"T": 2, "Z": 3, "C": 2, "Y": 7, "X": 9}
    array = noise(*(sizes[axis] for axis in axes), dtype=dtype)
    metadata = {
        "axes": axes, "PhysicalSizeX": 0.25, "PhysicalSizeXUnit": "µm", "PhysicalSizeZ": 1.5,
        "Channel": {"Name": ["DAPI", "GFP"]},
    }  # fmt: skip
    file = file_of(array, ome=True, metadata=metadata, compression=compression)
    pages = pages_of(file)
    outer = axes[:3].replace("C", "")
    expected = array.transpose([axes.index(axis) for axis in outer + "YXC"]).reshape(6, 7, 9, 2)
    for page, samples in zip(pages, expected, strict=True):
        np.testing.assert_array_equal(page.samples, samples)

    with opened(TIFF.encode(pages)) as again:
        assert again.is_ome and len(again.series) == 1
        series = again.series[0]
        found = series.asarray()
        order = [series.axes.index(axis) for axis in outer + "YXC"]
        np.testing.assert_array_equal(found.transpose(order).reshape(expected.shape), expected)
        assert found.dtype == dtype
        for text in ('Name="DAPI"', 'Name="GFP"', 'PhysicalSizeX="0.25"', 'PhysicalSizeZ="1.5"', "µm"):
            assert text in again.ome_metadata


def test_ome_xml_states_what_is_written():
    metadata = {"axes": "ZCYX", "Channel": {"Name": ["DAPI", "GFP"]}, "PhysicalSizeX": 0.25}
    pages = pages_of(file_of(noise(3, 2, 7, 9), ome=True, metadata=metadata))
    three = replace(pages[0], samples=noise(7, 9, 3, dtype=np.float32))
    with opened(TIFF.encode([three])) as again:
        assert again.series[0].axes == "CYX" and again.series[0].shape == (3, 7, 9)
        np.testing.assert_array_equal(again.series[0].asarray(), three.samples.transpose(2, 0, 1))
        pixels = next(e for e in ET.fromstring(again.ome_metadata).iter() if e.tag.endswith("Pixels"))
        found = {name: pixels.get(name) for name in ("Type", "SizeC", "SizeZ", "SizeT", "PhysicalSizeX")}
        assert found == {"Type": "float", "SizeC": "3", "SizeZ": "1", "SizeT": "1", "PhysicalSizeX": "0.25"}
        assert "DAPI" not in again.ome_metadata
    assert pages_of(BytesIO(TIFF.encode([three])))[0].samples.shape == (7, 9, 3)
    big = replace(pages[0], samples=noise(7, 9, 2, dtype=np.uint64))  # OME has no such type
    with opened(TIFF.encode([big])) as again:
        assert not again.is_ome


def test_ome_rgb_and_several_images():
    file = BytesIO()
    first, second = noise(2, 7, 9, 3, dtype=np.uint8), noise(3, 5, 6)
    with tifffile.TiffWriter(file, ome=True) as writer:
        writer.write(first, photometric="rgb", metadata={"axes": "ZYXS", "Name": "one"})
        writer.write(second, photometric="minisblack", metadata={"axes": "TYX", "Name": "two"})
    pages = pages_of(file)
    assert [page.samples.shape for page in pages] == [(7, 9, 3)] * 2 + [(5, 6, 1)] * 3
    np.testing.assert_array_equal(pages[1].samples, first[1])
    np.testing.assert_array_equal(pages[4].samples[..., 0], second[2])
    with opened(TIFF.encode(pages[2:])) as again:
        assert len(again.series) == 1 and 'Name="two"' in again.ome_metadata
        np.testing.assert_array_equal(again.series[0].asarray(), second)
    with opened(TIFF.encode(pages[:2])) as again:
        np.testing.assert_array_equal(again.series[0].asarray(), first)


def test_planes_of_other_files_are_not_fetched():
    data = file_of(noise(2, 7, 9), ome=True, photometric="minisblack", metadata={"axes": "ZYX"}).getvalue()
    xml = opened(data).ome_metadata
    other = '<TiffData IFD="{}" FirstZ="{}" PlaneCount="1"><UUID FileName="{}.tif">urn:uuid:{}</UUID></TiffData>'
    start, end = xml.index("<TiffData"), xml.index("</Pixels>")
    xml = xml[:start] + other.format(0, 0, "a", "a") + other.format(0, 1, "b", "b") + xml[end:]
    pages = pages_of(file_of(noise(2, 7, 9), description=xml, metadata=None, photometric="minisblack"))
    assert len(pages) == 2 and "other files" in pages[0].notes[0]


def test_plain_pages_of_any_kind_in_the_order_of_the_file():
    file = BytesIO()
    arrays = [noise(7, 9), noise(5, 6, 3, dtype=np.uint8), noise(7, 9), noise(4, 4, dtype=np.float32)]
    with tifffile.TiffWriter(file) as writer:
        for array in arrays:
            writer.write(array, photometric="rgb" if array.ndim == 3 else "minisblack")
    for page, array in zip(pages_of(file), arrays, strict=True):
        np.testing.assert_array_equal(page.samples, array.reshape(page.samples.shape))
        assert page.samples.dtype == array.dtype
    with pytest.raises(ValueError, match="4 pages"):
        TIFF.decode(file, 4, Request())


@pytest.mark.parametrize(("axes", "count", "shape"), [(None, 6, (7, 9, 1)), ("TZYX", 6, (7, 9, 1)),
                                                      ("TCYX", 2, (7, 9, 3)), ("CTYX", 3, (7, 9, 2))])  # fmt: skip
@pytest.mark.parametrize("truncate", [False, True])
def test_axes_of_tifffile(axes, count, shape, truncate):
    array = noise(2, 3, 7, 9)
    metadata = {"axes": axes} if axes else {}
    file = file_of(array, photometric="minisblack", metadata=metadata, truncate=truncate)
    pages = pages_of(file)
    assert len(pages) == count and pages[0].samples.shape == shape
    if axes == "TCYX":
        np.testing.assert_array_equal(pages[1].samples, array[1].transpose(1, 2, 0))
    elif axes == "CTYX":
        np.testing.assert_array_equal(pages[1].samples, array[:, 1].transpose(1, 2, 0))
    else:
        np.testing.assert_array_equal(pages[4].samples[..., 0], array.reshape(6, 7, 9)[4])


@pytest.mark.parametrize("subifds", [False, True])
def test_smaller_copies_and_masks_are_no_pages(subifds):
    file, base = BytesIO(), noise(64, 64, 3, dtype=np.uint8)
    with tifffile.TiffWriter(file) as writer:
        options = {"photometric": "rgb", "tile": (16, 16), "metadata": None}
        for _ in range(2):
            writer.write(base, **options, subifds=2 if subifds else None)
            writer.write(base[::2, ::2], **options, subfiletype=1)
            writer.write(base[::4, ::4], **options, subfiletype=1)
        if not subifds:
            writer.write(base[..., 0] > 9, photometric="minisblack", subfiletype=4, metadata=None)
    pages = pages_of(file)
    assert [page.samples.shape for page in pages] == [(64, 64, 3)] * 2
    np.testing.assert_array_equal(pages[1].samples, base)


def test_a_slide_has_one_page():
    file, base = BytesIO(), noise(64, 64, 3, dtype=np.uint8)
    with tifffile.TiffWriter(file) as writer:
        writer.write(base, photometric="rgb", tile=(16, 16), description="Aperio Image|MPP = 0.5", metadata=None)
        writer.write(base[::4, ::4], photometric="rgb", metadata=None)
    assert TIFF.count(file) == 1 and "slide" in TIFF.decode(file, 0, Request()).notes[0]


def test_one_page_is_read_without_the_pixels_of_others():
    class Counting(BytesIO):
        count = 0

        def read(self, size=-1):
            data = super().read(size)
            self.count += len(data)
            return data

    file = Counting(file_of(noise(50, 64, 64), photometric="minisblack").getvalue())
    TIFF.decode(file, 30, Request())
    assert file.count < 64 * 64 * 2 + 50_000


def test_pages_of_different_kinds_are_not_written_as_one_file():
    pages = pages_of(file_of(noise(2, 7, 9), photometric="minisblack"))
    with pytest.raises(ValueError, match="one size"):
        TIFF.encode([pages[0], replace(pages[1], samples=pages[1].samples[:3])])
