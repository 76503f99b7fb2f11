"""Large images written block by block: what is read back, by us and by the programs that people open them with."""

import errno
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from support.pyramids import ended, forked, levels_of, natural, write_pyramid, writer_of
from viceversa import images
from viceversa.errors import ResourceError, UsageError
from viceversa.images import PyramidWriter, Window
from viceversa.images.formats.tiff_origin import Origin

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
SIZES = [(1, 1), (1, 600), (511, 513), (513, 511), (512, 512), (700, 1300)]


def by_tifffile(path):
    """All levels."""
    with tifffile.TiffFile(path) as file:
        assert len(file.series) == 1
        return [np.atleast_3d(level.asarray()) for level in file.series[0].levels]


def by_rasterio(path):
    """The image and its overviews, each of which GDAL states once or, in OME-TIFF, twice."""
    import rasterio

    with rasterio.open(path) as file:
        levels, count = [file.read()], len(file.overviews(1))
    for i in range(count):
        with rasterio.open(path, overview_level=i) as file:
            levels.append(file.read())
    return [level.transpose(1, 2, 0) for level in levels]


def by_openslide(path):
    """All levels as RGB, and micrometres per pixel."""
    openslide = pytest.importorskip("openslide")
    with openslide.OpenSlide(path) as slide:
        levels = [slide.read_region((0, 0), i, size) for i, size in enumerate(slide.level_dimensions)]
        mpp = [slide.properties.get(f"openslide.mpp-{axis}") for axis in "xy"]
    return [np.asarray(level)[..., :3] for level in levels], mpp


def equal(levels, expected):
    assert len(levels) == len(expected)
    for level, samples in zip(levels, expected, strict=True):
        np.testing.assert_array_equal(level.reshape(samples.shape), samples)
        assert level.dtype == samples.dtype


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype, channels", [("uint8", 3), ("uint8", 1), ("uint16", 4), ("int16", 1), ("float32", 2)])
def test_samples_come_back(tmp_path, size, dtype, channels):
    samples = natural(*size, channels, dtype)
    path = tmp_path / "new" / "out.tif"
    writer = write_pyramid(path, samples, block=(512, 1024))
    assert os.listdir(path.parent) == ["out.tif"] and writer.note == "" and writer.notes == ()
    np.testing.assert_array_equal(images.read_decoded(path).samples, samples)
    if size[0] > 1:  # it takes a copy of the same height for another image
        equal(by_tifffile(path), levels_of(samples))
    equal(by_rasterio(path), levels_of(samples))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float16",
                                   "float32", "float64"])  # fmt: skip
def test_every_number_type_comes_back(tmp_path, dtype):
    path = tmp_path / "out.tif"
    samples = natural(70, 45, 2, dtype)
    write_pyramid(path, samples, tile=16, block=(32, 48))
    np.testing.assert_array_equal(images.read_decoded(path).samples, samples)
    equal(by_tifffile(path), [samples])


def test_sixty_four_channels_come_back(tmp_path):
    path = tmp_path / "out.tif"
    samples = natural(150, 600, 64, "uint16")
    write_pyramid(path, samples, tile=128, block=(128, 256))
    np.testing.assert_array_equal(images.read_decoded(path).samples, samples)
    equal(by_tifffile(path), levels_of(samples))
    equal(by_rasterio(path), levels_of(samples))


def test_windows_are_the_same_as_the_whole(tmp_path):
    path = tmp_path / "out.tif"
    samples = natural(700, 900)
    write_pyramid(path, samples)
    with images.open_windows(path) as image:
        for window in (Window(0, 0, 700, 900), Window(500, 500, 30, 40), Window(699, 899, 1, 1)):
            np.testing.assert_array_equal(image.read(window).samples, samples[window.slices])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_alpha_comes_back(tmp_path, dtype):
    path = tmp_path / "out.tif"
    samples = natural(600, 530, 3, dtype)
    alpha = np.round(np.random.default_rng(3).random((600, 530)) * 255).astype(np.float32) / 255
    write_pyramid(path, samples, alpha)
    page = images.read_decoded(path)
    np.testing.assert_array_equal(page.samples, samples)
    np.testing.assert_allclose(page.alpha, alpha, atol=1e-6)
    with tifffile.TiffFile(path) as file:
        assert [int(value) for value in file.pages[1].tags[338].value] == [2]  # alpha that is not multiplied in


def test_all_programs_see_the_same_slide(tmp_path):
    """Copies both in the chain (OpenSlide, GDAL) and below the first directory (OME)."""
    path = tmp_path / "out.ome.tif"
    samples = natural(1500, 1100)
    levels = levels_of(samples)
    write_pyramid(path, samples, mpp=(0.25, 0.2531), name="he", channel_names=("red", "green", "blue"))
    equal(by_tifffile(path), levels)
    equal(by_rasterio(path), [*levels, *levels[1:]])
    found, mpp = by_openslide(path)
    equal(found, levels)
    np.testing.assert_allclose([float(value) for value in mpp], [0.25, 0.2531], rtol=1e-6)

    with tifffile.TiffFile(path) as file:
        assert file.is_ome and file.is_bigtiff
        xml = tifffile.xml2dict(file.ome_metadata)["OME"]
    assert "UUID" not in xml and xml["Image"]["Name"] == "he"
    pixels = xml["Image"]["Pixels"]
    assert (pixels["PhysicalSizeX"], pixels["PhysicalSizeY"], pixels["PhysicalSizeXUnit"]) == (0.25, 0.2531, "µm")
    assert (pixels["SizeX"], pixels["SizeY"], pixels["SizeC"], pixels["Type"]) == (1100, 1500, 3, "uint8")
    assert (pixels["Channel"]["SamplesPerPixel"], pixels["Channel"]["Name"]) == (3, "red, green, blue")


def test_openslide_reads_files_without_a_scale(tmp_path):
    path = tmp_path / "out.tif"
    samples = natural(600, 1100)
    write_pyramid(path, samples)
    found, mpp = by_openslide(path)
    equal(found, levels_of(samples))
    assert mpp == [None, None]


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_is_near(tmp_path, channels):
    path = tmp_path / "out.tif"
    samples = natural(600, 1100, channels)
    write_pyramid(path, samples, compression="jpeg", mpp=(0.5, 0.5))
    levels = by_tifffile(path)
    np.testing.assert_array_equal(images.read_decoded(path).samples, levels[0])
    for level, other in zip(levels, by_rasterio(path), strict=False):  # its JPEG library rounds otherwise
        assert np.abs(level.astype(int) - other.reshape(level.shape)).max() <= 1
    found, _ = by_openslide(path)
    np.testing.assert_array_equal(found[1], np.broadcast_to(levels[1], (300, 550, 3)))
    error = levels[0].astype(float) - samples
    assert np.sqrt((error**2).mean()) < (4 if channels == 1 else 6) and abs(error.mean()) < 0.3  # grain in each colour
    with tifffile.TiffFile(path) as file:
        assert file.pages[0].compression == tifffile.COMPRESSION.JPEG
        assert channels == 1 or tuple(file.pages[0].tags[530].value) == (1, 1)  # no chroma subsampling


@pytest.mark.parametrize(
    "dtype, channels, options",
    [
        ("uint16", 3, {}),
        ("uint8", 4, {}),
        ("uint8", 3, {"has_alpha": True}),
        ("uint8", 3, {"origin": Origin(photometric=1, samples=3)}),
    ],
)
def test_jpeg_is_refused_for_other_numbers(tmp_path, dtype, channels, options):
    with pytest.raises(UsageError, match=r"out\.tif: JPEG compression holds grey and RGB .*; use lossless$"):
        PyramidWriter(
            tmp_path / "out.tif",
            size=(9, 9),
            channels=channels,
            number_type=dtype,
            key={},
            compression="jpeg",
            **options,
        )
    assert not os.listdir(tmp_path)


def test_missing_pixels_count_for_nothing_in_smaller_copies(tmp_path):
    path = tmp_path / "out.tif"
    samples = natural(600, 700, 2, "int16")
    samples[100:301, 50:333] = -9999
    write_pyramid(path, samples, nodata=-9999.0)
    levels = by_rasterio(path)
    equal(levels, levels_of(samples, -9999.0))
    known = levels[1][levels[1] != -9999]
    assert known.min() >= samples[samples != -9999].min() and (levels[1] == -9999).sum() == 2 * 100 * 141
    assert images.read_decoded(path).nodata == -9999


def test_profile_resolution_and_description_come_back(tmp_path):
    path = tmp_path / "out.tif"
    write_pyramid(path, natural(20, 30), icc=b"profile" * 9, dpi=(300.0, 150.0), description="a picture")
    page = images.read_decoded(path)
    assert (page.icc, page.dpi) == (b"profile" * 9, (300.0, 150.0))
    with tifffile.TiffFile(path) as file:
        assert file.pages[0].description == "a picture"


def test_bytes_do_not_depend_on_threads_and_interruptions(tmp_path):
    samples = natural(1300, 1100)
    write_pyramid(tmp_path / "a.tif", samples, threads=1)
    write_pyramid(tmp_path / "b.tif", samples, threads=4)
    for stop in (0, 1, 3, 4):
        with writer_of(tmp_path / "c.tif", samples) as writer:
            for window in writer.blocks[writer.done : stop]:
                writer.write(samples[window.slices])
        assert sorted(os.listdir(tmp_path)) == ["a.tif", "b.tif", "c.tif.journal", "c.tif.part"]
    writer = write_pyramid(tmp_path / "c.tif", samples)
    assert writer.note == ""
    assert len({(tmp_path / name).read_bytes() for name in ("a.tif", "b.tif", "c.tif")}) == 1


def test_progress_of_the_smaller_copies(tmp_path):
    samples = natural(1500, 1100)
    seen = []
    with writer_of(tmp_path / "a.tif", samples) as writer:
        for window in writer.blocks:
            writer.write(samples[window.slices])
        writer.finish(on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(4, 5), (5, 5)]


def test_another_key_starts_anew_and_says_so(tmp_path):
    path = tmp_path / "a.tif"
    samples = natural(1200, 1100)
    with writer_of(path, samples, key={"source": 1, "weights": "x"}) as writer:
        writer.write(samples[writer.blocks[0].slices])
    with writer_of(path, samples, key={"source": 1, "weights": "y"}) as writer:
        assert writer.done == 0
        assert writer.note == f"{path}.journal belongs to other work (other weights): started anew"
    with writer_of(path, samples, key={"source": 1, "weights": "y"}, compression="jpeg") as writer:
        assert writer.note.endswith("(other arguments of the writer): started anew")
    with writer_of(path, samples, key={"source": float("nan")}) as writer:
        writer.write(samples[writer.blocks[0].slices])
    with writer_of(path, samples, key={"source": float("nan")}) as writer:
        assert (writer.done, writer.note) == (1, "")


def test_an_old_file_stays_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(b"old")
    samples = natural(600, 20)
    with writer_of(path, samples) as writer:
        writer.write(samples)
        assert path.read_bytes() == b"old"
        writer.finish()
    np.testing.assert_array_equal(images.read_decoded(path).samples, samples)


def test_wrong_blocks_are_refused(tmp_path):
    samples = natural(600, 700)
    with writer_of(tmp_path / "a.tif", samples, block=(512, 512)) as writer:
        for wrong in (samples, samples[:512, :512].astype(np.uint16), samples[:512, :512, :1]):
            with pytest.raises(ValueError, match="block 0 has samples"):
                writer.write(wrong)
        with pytest.raises(ValueError, match="block 0 has samples"):
            writer.write(samples[:512, :512], np.ones((512, 512), np.float32))
        with pytest.raises(ValueError, match="only 0 of 4 blocks"):
            writer.finish()
        for window in writer.blocks:
            writer.write(samples[window.slices])
        with pytest.raises(ValueError, match="all 4 blocks"):
            writer.write(samples[:512, :512])
    closed = writer_of(tmp_path / "b.tif", samples)
    with pytest.raises(ValueError, match="not open"):
        closed.write(samples)


@pytest.mark.parametrize("options", [{"block": (100, 512)}, {"block": (0, 512)}, {"tile": 100, "block": (100, 100)},
                                     {"compression": "zip"}])  # fmt: skip
def test_wrong_arguments_are_refused(tmp_path, options):
    with pytest.raises((ValueError, UsageError)):
        writer_of(tmp_path / "a.tif", natural(4, 4), **options)


def test_one_writer_at_a_time(tmp_path):
    samples = natural(20, 20)
    with writer_of(tmp_path / "a.tif", samples), pytest.raises(ResourceError, match=r"a\.tif is being written"):
        writer_of(tmp_path / "a.tif", samples).open()
    write_pyramid(tmp_path / "a.tif", samples)


def test_places_that_cannot_be_written(tmp_path):
    samples = natural(20, 20)
    with pytest.raises(IsADirectoryError) as caught:
        writer_of(tmp_path, samples).open()
    assert caught.value.filename == str(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError) as caught:
        writer_of(tmp_path / "file" / "a.tif", samples).open()
    assert caught.value.errno in (errno.ENOTDIR, errno.EEXIST)
    with pytest.raises(OSError) as caught:
        writer_of(tmp_path / ("a" * 250), samples).open()
    assert caught.value.errno == errno.ENAMETOOLONG


@pytest.mark.skipif(os.geteuid() != 0, reason="another user is needed")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_folder_without_permission():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)

        def work():
            os.setuid(65_534)
            try:
                writer_of(Path(folder) / "a.tif", natural(20, 20)).open()
            except PermissionError as error:
                os._exit(5 if error.filename == f"{folder}/a.tif.journal" and error.strerror else 6)

        assert ended(forked(work)) == 5
        assert not os.listdir(folder)


def test_origin_of_other_formats_is_ignored(tmp_path):
    path = tmp_path / "a.tif"
    write_pyramid(path, natural(20, 20), origin=object())
    assert replace(images.read_decoded(path), origin=None).notes == ()
