"""Slides through OpenSlide: which files are slides, their pixels by windows, levels, what is left out, and errors."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import ImageCms

from support.slides import pattern, smooth, write_dicom_slide, write_pyramid, write_svs
from viceversa import images
from viceversa.data.folders import scan
from viceversa.images import ImageError, Window, formats, opened
from viceversa.images.formats import slides

openslide = pytest.importorskip("openslide")
rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def slide(tmp_path_factory) -> Path:
    return write_svs(tmp_path_factory.mktemp("slide") / "x.svs", smooth(1001, 2047))


def some_window(height: int, width: int) -> Window:
    h, w = int(rng.integers(1, 200)), int(rng.integers(1, 200))
    return Window(int(rng.integers(height - h)), int(rng.integers(width - w)), h, w)


def test_a_slide_states_its_levels_scale_scanner_and_what_is_left_out(slide):
    with images.open_windows(slide) as image:
        about = image.about
    assert about.format == "Slide" and about.is_slide and not about.is_whole and not about.has_alpha
    assert [level[:2] for level in about.levels] == [(1001, 2047), (501, 1024), (251, 512)]
    assert [level.downsample for level in about.levels] == [1, 2, 4]
    assert about.mpp == (0.499, 0.499) and (about.number_type, about.channels) == ("uint8", 3)
    assert about.properties == (("vendor", "aperio"), ("objective", "20"))
    assert about.notes == ("left out: label, macro, thumbnail",)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_the_same_pixels_in_every_window(slide, level):
    with images.open_windows(slide) as image:
        size = image.about.levels[level]
        whole = image.read(Window(0, 0, size.height, size.width), level).samples
        for window in (some_window(size.height, size.width) for _ in range(20)):
            np.testing.assert_array_equal(image.read(window, level).samples, whole[window.slices])
    expected = smooth(1001, 2047)[:: 2**level, :: 2**level]
    assert np.abs(whole.astype(int) - expected).mean() < 1  # of JPEG


def test_levels_of_rounded_size_are_hardly_shifted(tmp_path):
    array = pattern(1001, 2047)
    path = write_svs(tmp_path / "x.svs", array, compression="zlib", compressionargs=None)
    with images.open_windows(path) as image:
        for level, factor in ((1, 2), (2, 4)):
            size = image.about.levels[level]
            got = image.read(Window(0, 0, size.height, size.width), level).samples
            assert np.abs(got.astype(int) - array[::factor, ::factor]).max() <= 1


def test_our_own_reader_and_openslide_agree_on_a_slide_of_aperio(tmp_path):
    array = smooth(700, 900)
    svs, tif = (write_svs(tmp_path / name, array) for name in ("x.svs", "x.tif"))
    with images.open_windows(svs) as a, images.open_windows(tif) as b:
        assert (a.about.format, b.about.format) == ("Slide", "TIFF")
        assert a.about.levels == b.about.levels and a.about.mpp == b.about.mpp
        window = Window(100, 200, 300, 400)
        assert np.abs(a.read(window).samples.astype(int) - b.read(window).samples).max() <= 2


def test_several_threads_read_at_once(slide):
    with images.open_windows(slide) as image, ThreadPoolExecutor(4) as pool:
        whole = image.read(Window(0, 0, 1001, 2047)).samples
        windows = [some_window(1001, 2047) for _ in range(40)]
        for window, part in zip(windows, pool.map(image.read, windows), strict=True):
            np.testing.assert_array_equal(part.samples, whole[window.slices])


def test_whole_reads_reduced_reads_thumbnails_and_windows_of_a_slide(slide):
    whole = images.read(slide)
    assert whole.size == (1001, 2047) and whole.format == "Slide"
    reduced = images.read(slide, side=80)  # 3 x 80 fits into the third level, of 251
    assert (reduced.pixels.shape[1:], reduced.reduction, reduced.size) == ((251, 512), 4, (1001, 2047))
    assert reduced.box == pytest.approx((0, 0, 2047 / 4, 1001 / 4))
    assert images.thumbnail(slide, 100).shape == (100, 204, 3)
    part = images.read(f"{slide}#100,50,300,200")
    np.testing.assert_array_equal(part.pixels, whole.pixels[:, 50:250, 100:400])
    assert images.describe(slide) == ("uint8", 3) and images.pages_of(slide) == 1


def test_a_slide_above_the_limit_is_refused_as_a_whole(slide, monkeypatch):
    monkeypatch.setattr("viceversa.images.decoded.MAX_PIXELS", 1_000_000)
    with pytest.raises(ImageError, match=r"; train with --set data.fit=native, or name a window"):
        images.read(slide)
    assert images.read(slide, side=80).pixels.shape == (3, 251, 512)


def test_a_translated_slide_becomes_tiff(slide, tmp_path):
    picture = images.read(f"{slide}#0,0,50,40")
    with pytest.raises(ValueError, match="slides cannot be written"):
        images.write(tmp_path / "x.svs", picture)
    images.write(tmp_path / "x.tif", images.with_pixels(picture, picture.pixels))
    assert images.read(tmp_path / "x.tif").size == (40, 50)


def test_which_files_are_slides(tmp_path):
    array = smooth(300, 400)
    generic = write_pyramid(tmp_path / "x.tif", array, (2,), compression="jpeg")
    with images.open_windows(generic) as image:
        assert image.about.format == "TIFF"  # also of what OpenSlide could read
    named = tmp_path / "plain.bif"
    tifffile.imwrite(named, array, photometric="rgb")  # no tiles: nothing for OpenSlide
    with images.open_windows(named) as image:
        assert image.about.format == "TIFF"
    (tmp_path / "broken.mrxs").write_bytes(b"no slide at all")
    with pytest.raises(ImageError, match="OpenSlide does not know such slides"):
        images.read(tmp_path / "broken.mrxs")


def test_tiff_files_that_our_reader_refuses_go_to_openslide(tmp_path, monkeypatch):
    path = write_svs(tmp_path / "x.tif", smooth(300, 400))

    def refuse(*arguments: object) -> None:
        raise ValueError("it is refused")

    monkeypatch.setattr("viceversa.images.formats.tiff_windows.open_page", refuse)
    with images.open_windows(path) as image:
        assert image.about.format == "Slide"
    other = write_pyramid(tmp_path / "y.tif", smooth(300, 400), (2,), compression="jpeg")
    with pytest.raises(ImageError, match="it is refused"):  # of no vendor
        images.open_windows(other)


def without_the_extra(monkeypatch) -> None:
    for module in (opened, formats, slides):
        monkeypatch.setattr(module, "is_installed", lambda extra: False)


def test_without_the_extra(tmp_path, monkeypatch):
    without_the_extra(monkeypatch)
    own = write_svs(tmp_path / "x.svs", smooth(300, 400))
    with images.open_windows(own) as image:
        assert image.about.format == "TIFF" and len(image.about.levels) == 3
    for name in ("x.mrxs", "x.ndpi", "x.bif", "x.czi"):
        (tmp_path / name).write_bytes(own.read_bytes())
        with pytest.raises(ImageError) as caught:
            images.read(tmp_path / name)
        assert str(caught.value).endswith("Slide files need an extra: pip install 'viceversa[slides]'")


def test_a_dicom_slide_is_known_by_its_content(tmp_path, monkeypatch):
    array = smooth(512, 768)
    path = write_dicom_slide(tmp_path / "x.dcm", array)
    with images.open_windows(path) as image:
        assert image.about.format == "Slide" and image.about.size == (512, 768)
        assert image.about.mpp == pytest.approx((0.5, 0.5))
        part = image.read(Window(100, 100, 300, 300)).samples
    assert np.abs(part.astype(int) - array[100:400, 100:400]).max() <= 4
    without_the_extra(monkeypatch)
    with pytest.raises(ImageError, match=r"pip install 'viceversa\[slides\]'"):  # not its tiles as pages
        images.open_windows(path)


def test_a_profile_comes_with_every_window(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = write_svs(tmp_path / "x.svs", smooth(300, 400), iccprofile=profile)
    with images.open_windows(path) as image:
        assert image.read(Window(0, 0, 10, 10)).icc == profile


def test_transparent_pixels_get_the_colour_of_the_background():
    rgba = np.zeros((1, 3, 4), np.uint8)
    rgba[0, :, 3] = 0, 255, 51
    rgba[0, 2, :3] = 100
    expected = [[[250, 240, 230], [0, 0, 0], [220, 212, 204]]]
    np.testing.assert_array_equal(slides._on((250, 240, 230), rgba), expected)


def test_a_damaged_tile_is_an_error_of_the_windows_that_touch_it(tmp_path):
    path = write_svs(tmp_path / "x.svs", smooth(1024, 1024), factors=())
    with tifffile.TiffFile(path) as file:
        offset = file.pages[0].dataoffsets[5]
    data = bytearray(path.read_bytes())
    data[offset : offset + 200] = bytes(200)
    path.write_bytes(data)
    with images.open_windows(path) as image:
        with pytest.raises(ImageError):
            image.read(Window(300, 300, 50, 50))
        assert image.read(Window(0, 0, 200, 200)).samples.shape == (200, 200, 3)  # goes on after the error


def test_the_folder_beside_a_slide_is_not_scanned(tmp_path):
    (tmp_path / "one.mrxs").write_bytes(b"x")
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "Data0000.dat").write_bytes(b"x")
    (tmp_path / "one" / "preview.jpg").write_bytes(b"x")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.png").write_bytes(b"x")
    listing = scan(tmp_path)
    assert [path.name for path in listing.files] == ["one.mrxs", "a.png"]
    assert listing.skipped == {"folder of a slide": 1}
