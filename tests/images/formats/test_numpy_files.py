"""NumPy files: every shape, number type and order is read as NumPy wrote it, or refused with its reason."""

import pickle
import zipfile
from io import BytesIO

import numpy as np
import pytest

from viceversa.images.decoded import Decoded, Request
from viceversa.images.formats.numpy_files import NPY, NPZ, NUMBERS, layout_of

ANY = Request()
SHAPES = {  # shape: layout
    (40, 50): "HW",
    (40, 50, 1): "HWC",
    (40, 50, 3): "HWC",
    (65, 66, 64): "HWC",
    (70, 9, 10): "NHW",
    (80, 81, 70): "NHW",
    (3, 40, 50, 1): "NHWC",
    (1, 70, 80, 64): "NHWC",
    (5, 40, 50, 2): "NHWC",
}
REFUSED = {  # shape: a part of the reason
    (3, 40, 50): r"3 channels or 3 pages: save one image as \(40, 50, 3\), pages as \(3, 40, 50, 1\)",
    (2, 3, 40, 50): r"channels first: save it as \(2, 40, 50, 3\)",
    (2, 90, 80, 70): "70 channels; at most 64",
    (40,): "no image",
    (): "no image",
    (1, 2, 3, 4, 5): "no image",
    (0, 40): "holds nothing",
}


def numbers(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """All bits in use."""
    rng = np.random.default_rng(7)
    if dtype == "bool":
        return rng.random(shape) < 0.5
    if dtype[0] == "f":
        return rng.normal(0, 1000, shape).astype(dtype)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def npy(array: np.ndarray, **options) -> BytesIO:
    file = BytesIO()
    np.save(file, array, **options)
    file.seek(0)
    return file


def header_of(shape: tuple[int, ...]) -> bytes:
    """The beginning of a file of float32 numbers."""
    file = BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return file.getvalue()


def pages_of(format, file: BytesIO) -> list[Decoded]:
    def opened() -> BytesIO:
        return BytesIO(file.getvalue())

    return [format.decode(opened(), page, ANY) for page in range(format.count(opened()))]


def as_stack(array: np.ndarray) -> np.ndarray:
    """(N, H, W, C), by the table above and not by the code."""
    layout = SHAPES[array.shape]
    array = array if "N" in layout else array[None]
    return array if "C" in layout else array[..., None]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("swap", [False, True], ids=["native", "swapped"])
@pytest.mark.parametrize("dtype", sorted(NUMBERS))
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_what_numpy_writes_is_read_and_written_as_it_was(shape, dtype, swap, order):
    array = np.asarray(numbers(shape, dtype), order=order)
    array = array.astype(array.dtype.newbyteorder()) if swap else array
    file = npy(array)
    pages = pages_of(NPY, file)
    assert all(page.samples.dtype == np.dtype(dtype) and page.samples.dtype.isnative for page in pages)
    assert all(page.alpha is None for page in pages)
    assert np.array_equal(np.stack([page.samples for page in pages]), as_stack(array))
    assert NPY.describe(file) == (dtype, pages[0].samples.shape[2])
    assert NPY.encode(pages) == file.getvalue()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_true_and_false_are_full_and_zero_and_come_back(shape):
    file = npy(numbers(shape, "bool"))
    pages = pages_of(NPY, file)
    assert np.array_equal(np.stack([page.samples for page in pages]), as_stack(np.load(file)) * np.uint8(255))
    assert NPY.encode(pages) == file.getvalue()


def test_other_values_than_true_and_false_are_written_as_numbers():
    (page,) = pages_of(NPY, npy(numbers((40, 50), "bool")))
    grey = Decoded(samples=np.full((40, 50, 1), 7, np.uint8), origin=page.origin)
    assert np.array_equal(np.load(BytesIO(NPY.encode([grey]))), np.full((40, 50), 7, np.uint8))


@pytest.mark.parametrize("shape", REFUSED, ids=str)
def test_a_shape_that_could_be_several_things_is_refused_with_the_way_out(shape):
    with pytest.raises(ValueError, match=REFUSED[shape]):
        NPY.count(npy(np.zeros(shape, np.uint8)))


@pytest.mark.parametrize(("count", "channels"), [(1, 1), (1, 4), (1, 64), (3, 1), (3, 2), (70, 1), (70, 3)])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_other_channels_and_pages_than_those_of_the_input_are_read_back(shape, count, channels):
    """A translation may have other channels than its input, and a part of a stack fewer pages."""
    like = NPY.decode(npy(np.zeros(shape, np.int16)), 0, ANY).origin
    stack = np.arange(count * 66 * 67 * channels, dtype=np.float32).reshape(count, 66, 67, channels)
    written = NPY.encode([Decoded(samples=samples, origin=like) for samples in stack])
    assert np.array_equal(np.stack([page.samples for page in pages_of(NPY, BytesIO(written))]), stack)


def test_what_would_be_read_as_something_else_is_not_written():
    narrow = Decoded(samples=np.zeros((8, 50, 60), np.uint8))  # 8 rows, 60 channels
    with pytest.raises(ValueError, match="would not be read"):
        NPY.encode([narrow, narrow])


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2), (5, 6)], ids=str)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_small_images_are_read_back_or_refused(size, channels):
    samples = numbers((*size, channels), "uint16")
    try:
        written = NPY.encode([Decoded(samples=samples)])
    except ValueError as error:
        assert "would not be read" in str(error)
    else:
        (page,) = pages_of(NPY, BytesIO(written))
        assert np.array_equal(page.samples, samples)


class Harmful:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was loaded",))


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.array([[Harmful()]], object), "Python objects"),
        (np.zeros((40, 50), np.complex64), "complex64 numbers"),
        (np.zeros((40, 50), "datetime64[s]"), "datetime64"),
        (np.zeros((40, 50), "U3"), "not numbers of a pixel"),
        (np.zeros((40, 50), [("x", "f4"), ("y", "f4")]), "records"),
        (np.zeros((40, 50), np.longdouble), "not numbers of a pixel"),
    ],
    ids=["objects", "complex", "dates", "text", "records", "long double"],
)
def test_what_is_no_number_of_a_pixel_is_refused(array, reason):
    with pytest.raises(ValueError, match=reason):
        NPY.decode(npy(array, allow_pickle=True), 0, ANY)
    archive = BytesIO()
    np.savez(archive, images=array)
    with pytest.raises(ValueError, match=reason):
        NPZ.decode(archive, 0, ANY)


def test_a_pickle_is_not_an_array():
    assert not NPY.recognises(pickle.dumps(np.zeros((40, 50))))


def test_a_page_is_read_without_those_before_it(tmp_path):
    """A file with a hole of 40 GB: only the page that is asked for is read."""
    head = header_of((100_000, 320, 320))
    with open(tmp_path / "large.npy", "w+b") as file:
        file.write(head)
        file.seek(len(head) + 99_999 * 320 * 320 * 4)
        file.write(np.full((320, 320), 5, np.float32).tobytes())
        file.seek(0)
        assert NPY.count(file) == 100_000
        file.seek(0)
        assert (NPY.decode(file, 99_999, ANY).samples == 5).all()
        file.seek(0)
        with pytest.raises(ValueError, match="100000 pages"):
            NPY.decode(file, 100_000, ANY)


@pytest.mark.parametrize("cut", [1, 6, 9, 40, 127, 128, 200, -1])
def test_a_truncated_file_is_refused(cut):
    data = npy(np.zeros((40, 50), np.uint16)).getvalue()[:cut]
    with pytest.raises(ValueError, match=r"truncated|damaged|not an"):
        NPY.decode(BytesIO(data), 0, ANY)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_archives_hold_pages_under_their_names(save):
    arrays = {"first": numbers((40, 50, 3), "uint16"), "second": numbers((40, 50, 3), "uint16")}
    beside = {"label": np.int64(7), "names": np.array(["a", "b"]), "wavelengths": np.linspace(0, 1, 3)}
    file = BytesIO()
    save(file, **arrays, **beside)
    pages = pages_of(NPZ, file)
    assert [np.array_equal(page.samples, array) for page, array in zip(pages, arrays.values(), strict=True)]
    assert "label.npy is no image: its shape is ()" in pages[0].notes
    assert NPZ.describe(file) == ("uint16", 3)

    written = BytesIO(NPZ.encode(pages))
    with np.load(written) as back:
        assert {name: back[name].tolist() for name in back} == {n: a.tolist() for n, a in (arrays | beside).items()}
    kinds = [{info.compress_type for info in zipfile.ZipFile(f).infolist()} for f in (file, written)]
    assert kinds[0] == kinds[1]


def test_an_array_of_pages_in_an_archive():
    stack = numbers((70, 9, 10), "float16")
    file = BytesIO()
    np.savez_compressed(file, stack)
    pages = pages_of(NPZ, file)
    assert np.array_equal(np.stack([page.samples[..., 0] for page in pages]), stack)
    with np.load(BytesIO(NPZ.encode(pages))) as back:
        assert np.array_equal(back["arr_0"], stack)
    with np.load(BytesIO(NPZ.encode(pages[:2]))) as back:  # a part of it
        assert np.array_equal(back["images"], stack[:2, ..., None])


def test_archives_without_images_say_why():
    file = BytesIO()
    np.savez(file, label=np.arange(3))
    with pytest.raises(ValueError, match=r"no array of it is an image \(label.npy: its shape is \(3,\)\)"):
        NPZ.count(file)
    empty = BytesIO()
    zipfile.ZipFile(empty, "w").close()
    with pytest.raises(ValueError, match="holds no arrays"):
        NPZ.count(empty)


def test_bombs_are_refused_by_their_header():
    """A zip of a few kilobytes that states, or holds, more than an image may have."""
    head = header_of((200_000, 200_000))
    with pytest.raises(ValueError, match="more than 178 million"):
        NPY.decode(BytesIO(head), 0, ANY)
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images.npy", head + bytes(1 << 22))
    with pytest.raises(ValueError, match="more than 178 million"):
        NPZ.decode(file, 0, ANY)


def test_layouts_do_not_depend_on_anything_but_the_shape():
    assert {shape: layout_of(shape) for shape in SHAPES} == SHAPES


def test_an_archive_of_something_else_is_not_recognised():
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert not NPZ.recognises(file.getvalue()[:512])
    np.savez(archive := BytesIO(), np.zeros((3, 3)))
    assert NPZ.recognises(archive.getvalue()[:512])
