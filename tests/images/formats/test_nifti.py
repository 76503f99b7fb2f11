"""NIfTI: volumes that nibabel writes are read in their unit and written back with geometry, scale and extensions."""

import gzip
from io import BytesIO

import nibabel
import numpy as np
import pytest

from viceversa.images.decoded import Decoded, Request
from viceversa.images.formats.nifti import NIFTI, NUMBERS

ANY = Request()
AFFINE = np.array([[-0.9, 0.1, 0, 90], [0, 0.8, 0.2, -126], [0.1, 0, 2.5, -72], [0, 0, 0, 1]])


def numbers(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    rng = np.random.default_rng(3)
    if dtype[0] == "f":
        return rng.normal(0, 1000, shape).astype(dtype)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def make(array: np.ndarray, version: int = 1, order: str = "<", **fields) -> nibabel.Nifti1Image:
    """An image of nibabel with a geometry that no program has by default."""
    image_class = {1: nibabel.Nifti1Image, 2: nibabel.Nifti2Image}[version]
    header = image_class.header_class(endianness=order)
    header.set_data_dtype(array.dtype)
    image = image_class(array, AFFINE, header)
    image.set_sform(AFFINE, 4)
    image.set_qform(AFFINE, 1)
    image.header.set_xyzt_units("mm", "sec")
    image.header["descrip"] = b"made for a test"
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"kept byte for byte"))
    for name, value in fields.items():
        image.header[name] = value
    return image


def opened(data: bytes) -> BytesIO:
    return BytesIO(data)


def pages_of(data: bytes) -> list[Decoded]:
    return [NIFTI.decode(opened(data), page, ANY) for page in range(NIFTI.count(opened(data)))]


def volume_of(pages: list[Decoded]) -> np.ndarray:
    """(i, j, k) from rows j and columns i of pages k."""
    return np.stack([page.samples[..., 0].T for page in pages], axis=-1)


@pytest.mark.parametrize("packed", [False, True], ids=["nii", "nii.gz"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("dtype", sorted(NUMBERS))
def test_what_nibabel_writes_is_read_and_written_byte_for_byte(dtype, version, order, packed):
    array = numbers((7, 6, 5), dtype)
    data = make(array, version, order).to_bytes()
    pages = pages_of(gzip.compress(data) if packed else data)
    assert all(page.samples.dtype == np.dtype(dtype) and page.samples.shape == (6, 7, 1) for page in pages)
    assert np.array_equal(volume_of(pages), array)
    assert NIFTI.describe(opened(data)) == (dtype, 1)
    written = NIFTI.encode(pages)
    assert (gzip.decompress(written) if packed else written) == data


@pytest.mark.parametrize(
    ("shape", "count"), [((7, 6), 1), ((7, 6, 1), 1), ((7, 6, 5), 5), ((7, 6, 5, 1), 5), ((7, 6, 5, 4), 20)], ids=str
)
def test_pages_are_slices_of_one_volume_after_another(shape, count):
    array = numbers(shape, "int16")
    data = make(array).to_bytes()
    pages = pages_of(data)
    assert len(pages) == count
    assert np.array_equal(volume_of(pages), array.reshape(7, 6, -1, order="F"))
    back = nibabel.Nifti1Image.from_bytes(NIFTI.encode(pages))
    assert np.array_equal(np.asanyarray(back.dataobj), array) and back.shape == shape


@pytest.mark.parametrize(
    ("stored", "slope", "intercept", "values"),
    [
        ("int16", 1.0, -1024.0, "int32"),  # whole numbers stay whole
        ("uint8", 1.0, -100.0, "int16"),
        ("uint8", 2.0, 0.0, "uint16"),
        ("int16", 0.25, 10.0, "float32"),
        ("int32", 0.1, 0.0, "float64"),
        ("float32", 3.0, 1.0, "float32"),
        ("int16", 0.0, 5.0, "int16"),  # a slope of 0 means none
        ("int16", np.nan, 5.0, "int16"),
    ],
)
def test_scale_and_intercept_give_values_in_their_unit(stored, slope, intercept, values):
    array = numbers((7, 6, 5), stored)
    data = make(array).to_bytes()
    header = nibabel.Nifti1Header(data[:348])
    header["scl_slope"], header["scl_inter"] = slope, intercept
    data = header.binaryblock + data[348:]
    pages = pages_of(data)
    oracle = nibabel.Nifti1Image.from_bytes(data).get_fdata()
    assert pages[0].samples.dtype == values and NIFTI.describe(opened(data)) == (values, 1)
    np.testing.assert_allclose(volume_of(pages), oracle, rtol=1e-6)
    if stored != "float32":  # which rounds
        assert NIFTI.encode(pages) == data  # stored numbers and scale are kept where they hold the values exactly


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_values_of_another_domain_are_stored_in_their_own_type(dtype):
    """An MR volume of int16 with a slope becomes a CT volume."""
    image = make(numbers((7, 6, 5), "int16"))
    image.header.set_slope_inter(0.001, 7)
    like = pages_of(image.to_bytes())
    values = numbers((7, 6, 5), dtype)
    pages = [Decoded(samples=values[..., k].T[..., None], origin=page.origin) for k, page in enumerate(like)]
    back = nibabel.Nifti1Image.from_bytes(NIFTI.encode(pages))
    assert back.get_data_dtype() == dtype and back.dataobj.slope == 1 and back.dataobj.inter == 0
    assert np.array_equal(np.asanyarray(back.dataobj), values)
    assert np.array_equal(back.affine, nibabel.Nifti1Image.from_bytes(image.to_bytes()).affine)


def test_geometry_and_extensions_come_back():
    image = make(numbers((7, 6, 5, 2), "int16"), pixdim=[1, 0.9, 0.8, 2.5, 3, 0, 0, 0])
    before = nibabel.Nifti1Image.from_bytes(image.to_bytes())
    other = [Decoded(samples=p.samples.astype(np.float32) / 3, origin=p.origin) for p in pages_of(image.to_bytes())]
    after = nibabel.Nifti1Image.from_bytes(NIFTI.encode(other))
    for name in ("qform_code", "sform_code", "pixdim", "srow_x", "quatern_b", "qoffset_x", "xyzt_units", "descrip"):
        assert np.array_equal(after.header[name], before.header[name]), name
    assert after.header.extensions == before.header.extensions
    assert after.shape == before.shape


def test_the_display_range_of_other_values_is_unset():
    image = make(numbers((7, 6, 5), "int16"), cal_min=-5, cal_max=5)
    header = nibabel.Nifti1Image.from_bytes(NIFTI.encode(pages_of(image.to_bytes()))).header
    assert header["cal_min"] == header["cal_max"] == 0


@pytest.mark.parametrize("codes", [(1, 4), (1, 0), (0, 2)], ids=["both", "qform", "sform"])
def test_a_part_of_a_volume_lies_where_it_was(codes):
    affine = np.array([[0, -0.9, 0, 90], [0.8, 0, 0, -126], [0, 0, 2.5, -72], [0, 0, 0, 1]])
    image = make(numbers((7, 6, 5), "int16"))
    image.set_qform(affine, codes[0])
    image.set_sform(affine, codes[1])
    data = image.to_bytes()
    part = nibabel.Nifti1Image.from_bytes(NIFTI.encode(pages_of(data)[2:4]))
    assert part.shape == (7, 6, 2)
    np.testing.assert_allclose(part.affine @ [1, 2, 0, 1], nibabel.Nifti1Image.from_bytes(data).affine @ [1, 2, 2, 1])


@pytest.mark.parametrize("names", ["RGB", "RGBA"])
def test_colours(names):
    kind = np.dtype([(name, "u1") for name in names])
    array = np.frombuffer(np.random.default_rng(1).bytes(7 * 6 * 5 * len(names)), kind).reshape(7, 6, 5)
    data = make(array).to_bytes()
    pages = pages_of(data)
    assert pages[2].samples.shape == (6, 7, 3) and (pages[2].alpha is None) == (names == "RGB")
    assert np.array_equal(pages[2].samples[..., 1], array["G"][:, :, 2].T)
    assert NIFTI.encode(pages) == data


def test_pages_from_another_format_make_a_plain_volume():
    values = numbers((5, 6, 7, 1), "float32")
    image = nibabel.Nifti1Image.from_bytes(NIFTI.encode([Decoded(samples=page) for page in values]))
    assert np.array_equal(np.asanyarray(image.dataobj), values[..., 0].transpose(2, 1, 0))


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((7, 6, 5), np.complex64), "complex64 numbers"),
        (np.zeros((7, 6, 5, 2, 3), np.int16), "its shape"),
        (np.zeros((7,), np.int16), "its shape"),
    ],
    ids=["complex", "vectors", "a row"],
)
def test_what_is_no_image_is_refused(array, reason):
    with pytest.raises(ValueError, match=reason):
        NIFTI.count(opened(nibabel.Nifti1Image(array, AFFINE).to_bytes()))


@pytest.mark.parametrize("packed", [False, True], ids=["nii", "nii.gz"])
def test_truncated_files_are_refused(packed):
    whole = make(numbers((70, 60, 5), "int16")).to_bytes()
    whole = gzip.compress(whole) if packed else whole
    for cut in (100, 347, 400, len(whole) - 20):
        with pytest.raises(Exception, match=r"truncated|not a NIfTI"):
            NIFTI.decode(opened(whole[:cut]), 4, ANY)


@pytest.mark.parametrize("packed", [False, True], ids=["nii", "nii.gz"])
def test_a_header_that_states_more_than_the_file_can_hold_is_refused(packed):
    """Otherwise a file of 400 bytes would have 10^13 pages."""
    header = nibabel.Nifti1Header()
    header["dim"] = [4, 300, 300, 30_000, 30_000, 1, 1, 1]
    header.set_data_offset(352)
    data = header.binaryblock + bytes(100)
    with pytest.raises(ValueError, match="truncated"):
        NIFTI.count(opened(gzip.compress(data) if packed else data))


def test_pages_of_a_packed_file_are_inflated_once(tmp_path, monkeypatch):
    """Pages in turn; and any other page after a sixteenth of the content."""
    from viceversa.images.formats import deflated

    array = np.random.default_rng(5).integers(0, 50, (256, 256, 200), np.uint8).astype(np.int16)
    path = tmp_path / "volume.nii.gz"
    path.write_bytes(gzip.compress(make(array).to_bytes(), 1))
    inflated = []
    real = deflated.zlib.decompressobj

    class Counting:
        def __init__(self, state=None):
            self.state = state or real(31)

        def decompress(self, data, *limit):
            out = self.state.decompress(data, *limit)
            inflated.append(len(out))
            return out

        def copy(self):
            return Counting(self.state.copy())

        def __getattr__(self, name):
            return getattr(self.state, name)

    monkeypatch.setattr(deflated.zlib, "decompressobj", lambda wbits: Counting())

    def read(page):
        with open(path, "rb") as file:
            return NIFTI.decode(file, page, ANY).samples[..., 0]

    size = array.nbytes
    assert all(np.array_equal(read(page), array[:, :, page].T) for page in range(200))
    in_turn = sum(inflated)
    inflated.clear()
    order = np.random.default_rng(1).permutation(200)
    assert all(np.array_equal(read(page), array[:, :, page].T) for page in order)
    assert in_turn < 2 * size  # 100 times without positions
    assert sum(inflated) / 200 < size / 16 + 2 * 256 * 256 * 2
