"""Windows of TIFF files: the bits of the whole image for every storage; levels, pixel size, large and damaged files."""

import struct
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from support.mutated_tiffs import corpus
from support.slides import pattern, smooth, write_large, write_pyramid, write_svs
from support.tiff_matrix import HEIGHT, WIDTH, cases, written
from viceversa import images
from viceversa.images import ImageError, Window, WindowedImage, read, read_decoded
from viceversa.images.formats import tiff_windows
from viceversa.images.formats.array_cache import CACHE_BYTES, ArrayCache
from viceversa.images.formats.tiff_pages import read_pages
from viceversa.images.formats.tiff_planes import decode_page
from viceversa.images.formats.tiff_windows import open_page

rng = np.random.default_rng(0)
opened = ExitStack()


def open_windows(path: str | Path) -> WindowedImage:
    """An image that is closed after the test."""
    return opened.enter_context(images.open_windows(path))


@pytest.fixture(autouse=True)
def _closed():
    yield
    opened.close()


def some_window(height: int, width: int) -> Window:
    h, w = int(rng.integers(1, height + 1)), int(rng.integers(1, width + 1))
    return Window(int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1)), h, w)


def require_equal_windows(file: BytesIO, page: int = 0, count: int = 3) -> None:
    """The whole image and `count` windows of it are those of the image decoded at once, and so is all beside them."""
    pages = read_pages(file)
    whole, image = decode_page(file, pages, page, strip=False), open_page(file, "x", pages, page)
    height, width, channels = whole.samples.shape
    about = image.about
    assert about.size == (height, width) and about.number_type == whole.samples.dtype.name
    assert (about.channels, about.has_alpha, about.nodata) == (channels, whole.alpha is not None, whole.nodata)
    assert about.notes == whole.notes and about.origin == whole.origin
    for window in (Window(0, 0, height, width), *(some_window(height, width) for _ in range(count))):
        part = image.read(window)
        assert part.samples.dtype == whole.samples.dtype and part.samples.flags.c_contiguous
        np.testing.assert_array_equal(part.samples, whole.samples[window.slices])
        if whole.alpha is not None:
            np.testing.assert_array_equal(part.alpha, whole.alpha[window.slices])
        assert (part.icc, part.exif, part.dpi, part.notes) == (whole.icc, whole.exif, whole.dpi, whole.notes)


def check_matrix(count: int, seed: int) -> int:
    done = 0
    for case in cases(count, seed):
        made = written(case, seed)
        if made is not None:
            require_equal_windows(made[0], page=case["pages"] - 1)
            done += 1
    return done


def test_windows_are_the_whole_image_for_all_kinds_of_storage():
    assert check_matrix(300, seed=5) > 150


@pytest.mark.long
def test_windows_are_the_whole_image_for_many_more_kinds():
    assert check_matrix(1500, seed=6) > 900


@pytest.mark.parametrize("index", range(len(corpus())))
def test_windows_of_every_codec_palette_and_colour_model(index):
    file = BytesIO(corpus()[index])
    for page in range(read_pages(file).count):
        require_equal_windows(file, page)


@pytest.mark.parametrize("mode", ["1", "P", "CMYK", "YCbCr", "LAB", "RGBA", "LA", "I;16", "F"])
@pytest.mark.parametrize("compression", [None, "tiff_lzw", "jpeg"])
def test_windows_of_what_pillow_writes(mode, compression):
    if compression == "jpeg" and mode not in ("CMYK", "YCbCr"):
        pytest.skip("not a JPEG")
    y, x = np.mgrid[:90, :130]
    if mode == "LAB":
        image = Image.frombytes("LAB", (130, 90), pattern(90, 130).tobytes())
    elif mode in ("I;16", "F"):
        image = Image.fromarray((x * 300 + y).astype({"I;16": np.uint16, "F": np.float32}[mode]))
    else:
        image = Image.fromarray(pattern(90, 130)).convert(mode)
    file = BytesIO()
    image.save(file, "TIFF", compression=compression, tiffinfo={278: 16})
    require_equal_windows(file)


@pytest.mark.parametrize("codec", ["jpeg", "webp", "jpeg2000", "lerc", "zlib", "lzw", None])
@pytest.mark.parametrize("grey", [False, True])
def test_tiles_that_reach_outside_of_the_image(codec, grey):
    array = smooth(200, 331)[..., 0] if grey else smooth(200, 331)
    if codec == "webp" and grey:
        pytest.skip("colour only")
    file = BytesIO()
    tifffile.imwrite(
        file, array, tile=(64, 48), compression=codec, metadata=None, photometric="minisblack" if grey else "rgb"
    )
    require_equal_windows(file, count=10)


def test_a_mosaic_of_windows_is_the_image(tmp_path):
    array = pattern(300, 410)
    tifffile.imwrite(tmp_path / "x.tif", array, tile=(64, 64), compression="zlib", photometric="rgb")
    image, result = open_windows(tmp_path / "x.tif"), np.zeros_like(array)
    for top in range(0, 300, 77):
        for left in range(0, 410, 93):
            window = Window(top, left, min(77, 300 - top), min(93, 410 - left))
            result[window.slices] = image.read(window).samples
    np.testing.assert_array_equal(result, array)


def test_several_threads_read_at_once(tmp_path):
    array = pattern(1000, 1200)
    tifffile.imwrite(tmp_path / "x.tif", array, tile=(128, 128), compression="zlib", photometric="rgb")
    with open_windows(tmp_path / "x.tif") as image, ThreadPoolExecutor(8) as pool:
        windows = [some_window(1000, 1200) for _ in range(100)]
        for window, part in zip(windows, pool.map(image.read, windows), strict=True):
            np.testing.assert_array_equal(part.samples, array[window.slices])


@pytest.mark.parametrize("options", [{"imagej": True}, {"ome": True}, {"metadata": None}])
@pytest.mark.parametrize("order", "<>")
def test_channels_in_directories_of_their_own(tmp_path, options, order):
    stack = rng.integers(0, 2**16, (2, 3, 40, 50)).astype(np.uint16)
    axes = {} if "metadata" in options else {"metadata": {"axes": "ZCYX"}}
    file = BytesIO()
    tifffile.imwrite(file, stack, photometric="minisblack", byteorder=order, **options, **axes)
    require_equal_windows(file, page=1)
    channels = open_page(file, "x", read_pages(file), 1).about.channels
    assert channels == (1 if "metadata" in options else 3)


def test_planes_without_directories():
    stack = rng.integers(0, 2**16, (4, 2, 30, 20)).astype(np.uint16)
    file = BytesIO()
    tifffile.imwrite(file, stack, imagej=True, metadata={"axes": "ZCYX"})  # one directory, all planes behind it
    for page in range(4):
        require_equal_windows(file, page)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_turned_images_are_decoded_as_a_whole(tmp_path, orientation):
    array = pattern(40, 60)
    tifffile.imwrite(tmp_path / "x.tif", array, photometric="rgb", tile=(16, 16), extratags=[(274, 3, 1, orientation)])
    image, whole = open_windows(tmp_path / "x.tif"), read_decoded(tmp_path / "x.tif")
    assert image.about.is_whole and image.about.size == whole.samples.shape[:2]
    np.testing.assert_array_equal(image.read(Window(3, 5, 20, 30)).samples, whole.samples[3:23, 5:35])


def test_sparse_tiles_are_missing_pixels(tmp_path):
    rasterio = pytest.importorskip("rasterio")
    path = tmp_path / "x.tif"
    profile = {"driver": "GTiff", "height": 512, "width": 768, "count": 2, "dtype": "int16", "nodata": -7}
    profile["transform"] = rasterio.Affine(1, 0, 5, 0, -1, 7)
    with rasterio.open(path, "w", tiled=True, blockxsize=256, blockysize=256, sparse_ok=True, **profile) as file:
        file.write(np.full((1, 100, 100), 5, np.int16), [1], window=rasterio.windows.Window(300, 300, 100, 100))
    require_equal_windows(BytesIO(path.read_bytes()), count=10)
    assert (open_windows(path).read(Window(0, 0, 20, 20)).samples == -7).all()


def test_only_what_a_window_touches_is_read(tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "x.tif", pattern(640, 640), tile=(64, 64), compression="zlib", photometric="rgb")
    image = open_windows(tmp_path / "x.tif")
    image.read(Window(0, 0, 1, 1))
    reads = []
    source = image.image._levels[0][0].reader.source
    monkeypatch.setattr(source, "_read", lambda at, size, read=source._read: reads.append(size) or read(at, size))
    image.read(Window(100, 200, 30, 30))  # rows 1 and 2, columns 3
    assert len(reads) == 3 - 1
    image.read(Window(110, 210, 20, 20))
    assert len(reads) == 2  # they are remembered


def test_remembered_tiles_have_a_limit():
    cache = ArrayCache(limit=1000)
    for i in range(100):
        cache.put((i,), np.zeros(100, np.uint8))
        cache.get((0,))  # used all the time
    assert cache.nbytes == 1000 and cache.get((0,)) is not None and cache.get((1,)) is None
    cache.put((1000,), np.zeros(5000, np.uint8))
    assert cache.nbytes == 5000 and cache.get((1000,)) is not None  # a single one may be larger
    cache.clear()
    assert cache.nbytes == 0


# ---- levels


@pytest.mark.parametrize("below", [False, True])
def test_smaller_copies_are_levels(tmp_path, below):
    array = pattern(300, 400)
    image = open_windows(write_pyramid(tmp_path / "x.tif", array, (2, 4, 8), below=below))
    assert [level[:2] for level in image.about.levels] == [(300, 400), (150, 200), (75, 100), (38, 50)]
    assert [level.downsample for level in image.about.levels] == [1, 2, 4, 8]
    for number, factor in enumerate((1, 2, 4, 8)):
        copy = array[::factor, ::factor]
        for window in (some_window(*copy.shape[:2]) for _ in range(3)):
            np.testing.assert_array_equal(image.read(window, number).samples, copy[window.slices])


def test_overviews_of_gdal_with_nodata(tmp_path):
    rasterio = pytest.importorskip("rasterio")
    path, profile = tmp_path / "x.tif", {"driver": "GTiff", "height": 600, "width": 500, "dtype": "uint16"}
    profile["transform"] = rasterio.Affine(1, 0, 5, 0, -1, 7)
    array = rng.integers(0, 4000, (4, 600, 500)).astype(np.uint16)
    with rasterio.open(path, "w", count=4, nodata=0, tiled=True, blockxsize=128, blockysize=128, **profile) as file:
        file.write(array)
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4], rasterio.enums.Resampling.nearest)
    image = open_windows(path)
    assert [level[:2] for level in image.about.levels] == [(600, 500), (300, 250), (150, 125)]
    assert image.about.channels == 4 and image.about.nodata == 0 and image.about.mpp is None
    with rasterio.open(path, overview_level=1) as file:
        np.testing.assert_array_equal(image.read(Window(0, 0, 150, 125), 2).samples, file.read().transpose(1, 2, 0))


def test_levels_of_ome_tiff_with_channels_in_directories(tmp_path):
    stack = rng.integers(0, 2**12, (3, 200, 240)).astype(np.uint16)
    metadata = {"axes": "CYX", "PhysicalSizeX": 250.0, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.3}
    with tifffile.TiffWriter(tmp_path / "x.ome.tif", ome=True) as file:
        file.write(stack, subifds=1, tile=(64, 64), photometric="minisblack", metadata=metadata)
        file.write(np.ascontiguousarray(stack[:, ::2, ::2]), subfiletype=1, tile=(64, 64), photometric="minisblack")
    image = open_windows(tmp_path / "x.ome.tif")
    assert [level[:2] for level in image.about.levels] == [(200, 240), (100, 120)]
    assert image.about.mpp == pytest.approx((0.25, 0.3)) and image.about.channels == 3
    whole = image.read(Window(0, 0, 100, 120), 1).samples
    np.testing.assert_array_equal(whole, stack[:, ::2, ::2].transpose(1, 2, 0))


def test_a_slide_of_aperio_without_its_label_and_macro(tmp_path):
    array = pattern(600, 900)
    path = write_svs(tmp_path / "x.tif", array, compression="zlib", compressionargs=None)
    image = open_windows(path)
    assert image.about.format == "TIFF" and image.about.is_slide and image.about.mpp == (0.499, 0.499)
    assert image.about.properties == (("vendor", "aperio"), ("objective", "20"))
    assert [level[:2] for level in image.about.levels] == [(600, 900), (300, 450), (150, 225)]
    np.testing.assert_array_equal(image.read(Window(7, 9, 100, 90), 1).samples, array[::2, ::2][7:107, 9:99])


@pytest.mark.parametrize(
    "copy",
    [pattern(100, 150), pattern(150, 200)[..., 0], pattern(150, 200).astype(np.uint16), pattern(300, 400)],
    ids=["aspect", "channels", "number type", "size"],
)
def test_what_is_no_smaller_copy_is_no_level(tmp_path, copy):
    with tifffile.TiffWriter(tmp_path / "x.tif") as file:
        file.write(pattern(300, 400), tile=(64, 64), photometric="rgb", metadata=None)
        file.write(copy, subfiletype=1, photometric="rgb" if copy.ndim == 3 else "minisblack", metadata=None)
    assert len(open_windows(tmp_path / "x.tif").about.levels) == 1


def test_the_copies_of_a_page_are_not_those_of_another(tmp_path):
    with tifffile.TiffWriter(tmp_path / "x.tif") as file:
        for value in (1, 2):
            file.write(np.full((64, 64), value, np.uint8), photometric="minisblack", metadata=None)
            file.write(np.full((32, 32), value, np.uint8), subfiletype=1, photometric="minisblack", metadata=None)
    for page in (1, 2):
        image = open_windows(f"{tmp_path}/x.tif#{page}")
        assert [(image.read(Window(0, 0, 9, 9), level).samples == page).all() for level in (0, 1)] == [True, True]


def test_a_chain_of_directories_that_turns_in_a_circle_below_a_page(tmp_path):
    path = write_pyramid(tmp_path / "x.tif", pattern(64, 80), (2,), below=True)
    data = bytearray(path.read_bytes())
    (pointer,) = struct.unpack_from("<I", data, 4)
    count = struct.unpack_from("<H", data, pointer)[0]
    entries = {struct.unpack_from("<H", data, pointer + 2 + 12 * i)[0]: pointer + 2 + 12 * i for i in range(count)}
    struct.pack_into("<I", data, entries[330] + 8, pointer)  # the page is its own copy
    path.write_bytes(data)
    assert len(open_windows(path).about.levels) == 1


# ---- pixel size


@pytest.mark.parametrize(
    "options, mpp",
    [
        ({"resolution": (1e4 / 0.5, 1e4 / 0.25), "resolutionunit": "CENTIMETER"}, (0.5, 0.25)),
        ({"resolution": (25400 / 2, 25400 / 2), "resolutionunit": "INCH"}, (2, 2)),
        ({"resolution": (300, 300), "resolutionunit": "INCH"}, None),  # a flatbed scanner
        ({"resolution": (72, 72), "resolutionunit": "INCH"}, None),
        ({"resolution": (4, 4), "resolutionunit": "NONE"}, None),
        ({"imagej": True, "resolution": (4, 2), "metadata": {"unit": "micron"}}, (0.25, 0.5)),
        ({"imagej": True, "resolution": (4, 2), "metadata": {"unit": "um"}}, (0.25, 0.5)),
        ({"imagej": True, "resolution": (4, 2), "metadata": {"unit": "\\u00B5m"}}, (0.25, 0.5)),
        ({"imagej": True, "resolution": (4, 2), "metadata": {"unit": "pixel"}}, None),
        ({"imagej": True, "resolution": (4, 2)}, None),
        ({"ome": True, "metadata": {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}}, (0.5, 0.5)),
        ({"ome": True, "metadata": {"PhysicalSizeX": 0.5}}, None),
        ({"ome": True}, None),
        ({"description": "Aperio x|MPP = 0.25|AppMag = 40", "metadata": None}, (0.25, 0.25)),
        ({"description": "Aperio x|MPP = ..|AppMag = 40", "metadata": None}, None),
        ({"description": "Aperio x", "metadata": None}, None),
    ],
)
def test_micrometres_per_pixel(tmp_path, options, mpp):
    tifffile.imwrite(tmp_path / "x.tif", np.zeros((30, 40), np.uint8), photometric="minisblack", **options)
    found = open_windows(tmp_path / "x.tif").about.mpp
    assert found == (None if mpp is None else pytest.approx(mpp, rel=1e-4))


# ---- large files


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Path:
    return write_large(tmp_path_factory.mktemp("large") / "x.tif", 15_000, 16_100)


def number_at(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    return (16 * (y // 1024) + x // 1024) % 251


def test_a_file_above_the_limit_is_read_by_windows(large):
    image = open_windows(large)
    assert image.about.size == (15_000, 16_100) and not image.about.is_whole
    y, x = np.mgrid[14_000:14_999, 15_000:16_099]
    np.testing.assert_array_equal(image.read(Window(14_000, 15_000, 999, 1099)).samples[..., 0], number_at(y, x))
    with pytest.raises(ImageError, match=r"more than 178 million; train with --set data.fit=native, or name a window"):
        read(large)
    assert read(f"{large}#15000,14000,1099,999").size == (999, 1099)


@pytest.mark.long
def test_a_file_above_the_limit_is_reduced_in_bounded_memory(large):
    tracemalloc.start()
    picture = read(large, side=64)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    factor = 15_000 // 192
    assert picture.reduction == factor and picture.full_size == (15_000, 16_100)
    assert picture.box == pytest.approx((0, 0, 16_100 / factor, 15_000 / factor))
    assert peak < 400e6  # of 241 MB decoded, which would be 966 MB as float32
    y, x = np.mgrid[0:192, 0:206] * factor
    same = (y // 1024 == (y + factor - 1) // 1024) & (x // 1024 == (x + factor - 1) // 1024)
    stored = np.rint((picture.pixels[0, :192, :206] + 1) * 127.5)
    np.testing.assert_array_equal(stored[same], number_at(y, x)[same])


def test_plain_rows_of_one_huge_strip(tmp_path):
    path = tmp_path / "x.tif"
    array = tifffile.memmap(path, shape=(14_000, 13_000), dtype=np.uint8, photometric="minisblack")  # 182 megapixels
    array[9_000:9_010, 7_000:7_020] = np.arange(200).reshape(10, 20)
    array.flush()
    part = open_windows(path).read(Window(8_999, 6_999, 12, 22)).samples[..., 0]
    np.testing.assert_array_equal(part[1:-1, 1:-1], np.arange(200).reshape(10, 20))
    assert part[0].max() == part[:, 0].max() == 0


def one_strip(width: int, length: int, strip: bytes, compression: int = 8) -> bytes:
    """A file with a single strip that claims to be as large."""
    tags = [(256, width), (257, length), (258, 8), (259, compression), (262, 1), (273, 8), (277, 1), (278, length)]
    tags += [(279, len(strip))]
    table = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<I", 8 + len(strip)) + strip + table + bytes(4)


def test_a_strip_that_is_too_large_is_named(tmp_path):
    path = tmp_path / "x.tif"
    path.write_bytes(one_strip(20_000, 16_000, bytes(400_000)))
    with pytest.raises(ImageError, match=r"in parts: its strips .* have 20000 x 16000 pixels each; save it"):
        open_windows(path)


def test_a_large_strip_of_an_image_that_fits_is_decoded_once(tmp_path):
    length, width = 9_000, 9_000  # 81 MB
    path = tmp_path / "x.tif"
    path.write_bytes(one_strip(width, length, zlib.compress(bytes(width * length), 1)))
    assert width * length > CACHE_BYTES
    image = open_windows(path)
    assert image.about.is_whole and image.read(Window(8_000, 8_000, 50, 50)).samples.max() == 0


def test_a_turned_image_above_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tiff_windows, "MAX_PIXELS", 1000)
    tifffile.imwrite(tmp_path / "x.tif", pattern(40, 60), photometric="rgb", extratags=[(274, 3, 1, 6)])
    with pytest.raises(ImageError, match="60 x 40 pixels cannot be read in parts: it is stored turned"):
        open_windows(tmp_path / "x.tif")


# ---- damage


def test_a_damaged_tile_is_an_error_of_the_windows_that_touch_it(tmp_path):
    array, path = pattern(256, 256), tmp_path / "x.tif"
    tifffile.imwrite(path, array, tile=(64, 64), compression="zlib", photometric="rgb")
    with tifffile.TiffFile(path) as file:
        offset = file.pages[0].dataoffsets[5]
    data = bytearray(path.read_bytes())
    data[offset : offset + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    with open_windows(path) as image:
        with pytest.raises(ImageError, match=f"cannot read {path}: .+"):
            image.read(Window(70, 70, 10, 10))
        np.testing.assert_array_equal(image.read(Window(0, 0, 64, 256)).samples, array[:64])
        with pytest.raises(ImageError):
            image.read(Window(0, 0, 256, 256))


def test_of_a_truncated_file_what_is_there_is_read(tmp_path):
    array, path = pattern(256, 256), tmp_path / "x.tif"
    file = BytesIO()
    tifffile.imwrite(file, array, tile=(64, 64), photometric="rgb", metadata=None)
    data = file.getvalue()
    assert struct.unpack_from("<I", data, 4)[0] < 4096  # tags, then tiles
    path.write_bytes(data[:-3000])
    with open_windows(path) as image:
        np.testing.assert_array_equal(image.read(Window(0, 0, 192, 256)).samples, array[:192])
        with pytest.raises(ImageError, match="the file is truncated"):
            image.read(Window(250, 250, 2, 2))
    with pytest.raises(ImageError, match="truncated"):
        read(path)


def test_windows_outside_of_the_image_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", pattern(30, 40), photometric="rgb")
    with open_windows(tmp_path / "x.tif") as image:
        for window in (Window(0, 0, 31, 40), Window(0, 1, 30, 40), Window(-1, 0, 5, 5), Window(0, 0, 0, 5)):
            with pytest.raises(ImageError):
                image.read(window)


def test_matrix_images_are_larger_than_a_tile():
    assert HEIGHT > 16 and WIDTH > 16  # so that the property above sees several tiles
