"""DICOM: what pydicom writes is read in its unit, and written back as a derived image with the same geometry."""

from io import BytesIO

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLosslessSV1,
    RLELossless,
)

from viceversa.images.decoded import Decoded, Request
from viceversa.images.formats.dicom import DICOM

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
ANY = Request()


def make(array: np.ndarray, bits: int | None = None, **fields) -> Dataset:
    """A CT of a patient; `array` is (H, W), (N, H, W) or (H, W, 3)."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = "1.2.3.1", "1.2.3.2", "1.2.3.3"
    dataset.PatientName, dataset.PatientID, dataset.InstitutionName = "Doe^Jane", "4711", "A hospital"
    dataset.Modality, dataset.ImageType, dataset.InstanceNumber = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"], 12
    dataset.PixelSpacing, dataset.ImagePositionPatient = [0.7, 0.8], [-100, -90, 30.5]
    dataset.ImageOrientationPatient, dataset.SliceThickness = [1, 0, 0, 0, 1, 0], 2.5
    colours = array.shape[-1] == 3
    dataset.Rows, dataset.Columns = array.shape[:2] if colours else array.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = (3, "RGB") if colours else (1, "MONOCHROME2")
    if colours:
        dataset.PlanarConfiguration = 0
    if array.ndim == 3 and not colours:
        dataset.NumberOfFrames = len(array)
    dataset.BitsAllocated = array.itemsize * 8
    dataset.BitsStored = bits or array.itemsize * 8
    dataset.HighBit, dataset.PixelRepresentation = dataset.BitsStored - 1, int(array.dtype.kind == "i")
    data = array.tobytes()
    dataset.add_new(0x7FE00010, "OW" if array.itemsize > 1 else "OB", data + bytes(len(data) % 2))
    dataset.WindowCenter, dataset.WindowWidth = 40, 400
    for name, value in fields.items():
        setattr(dataset, name, value)
    return dataset


def saved(dataset: Dataset) -> bytes:
    out = BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()


def read(data: bytes, page: int = 0, request: Request = ANY) -> Decoded:
    return DICOM.decode(BytesIO(data), page, request)


def counts(shape: tuple[int, ...], dtype: str = "uint16", top: int = 4095) -> np.ndarray:
    low = -top - 1 if dtype[0] == "i" else 0
    return np.random.default_rng(4).integers(low, top, shape, dtype, endpoint=True)


@pytest.mark.parametrize("photometric", ["MONOCHROME2", "MONOCHROME1"])
@pytest.mark.parametrize(
    ("dtype", "bits", "slope", "intercept", "values"),
    [
        ("uint8", 8, None, None, "uint8"),
        ("uint16", 12, None, None, "uint16"),
        ("uint16", 12, 1, -1024, "int16"),  # Hounsfield units
        ("int16", 16, 1, -1024, "int32"),
        ("int16", 13, 1, 0, "int16"),
        ("uint16", 16, 0.25, 3, "float32"),
        ("uint8", 8, 2, 0, "uint16"),
    ],
)
def test_values_are_in_their_unit_and_come_back(dtype, bits, slope, intercept, values, photometric):
    low, high = (0, 2**bits - 1) if dtype[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    stored = np.random.default_rng(4).integers(low, high, (30, 41), dtype, endpoint=True)
    rescale = {} if slope is None else {"RescaleSlope": slope, "RescaleIntercept": intercept}
    data = saved(make(stored, bits, PhotometricInterpretation=photometric, **rescale))
    page = read(data)
    grey = low + high - stored.astype(int) if photometric == "MONOCHROME1" else stored.astype(int)
    assert np.array_equal(page.samples[..., 0], grey * (slope or 1) + (intercept or 0))
    assert page.samples.dtype == values and DICOM.describe(BytesIO(data)) == (values, 1)
    assert page.alpha is None and page.nodata is None

    written = DICOM.encode([page])
    back = read(written)
    assert np.array_equal(back.samples, page.samples) and back.samples.dtype == page.samples.dtype
    header = pydicom.dcmread(BytesIO(written))
    assert header.PhotometricInterpretation == "MONOCHROME2" and header.BitsStored == bits


@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, RLELossless],
    ids=lambda uid: uid.name,
)
@pytest.mark.parametrize("shape", [(30, 41), (5, 30, 41), (30, 40, 3)], ids=str)
def test_transfer_syntaxes(syntax, shape):
    stored = counts(shape, "uint8", 255) if shape[-1] == 3 else counts(shape)
    dataset = make(stored)
    if syntax == RLELossless:
        dataset.compress(syntax)
    elif syntax == ExplicitVRBigEndian:
        dataset.PixelData = stored.astype(stored.dtype.newbyteorder(">")).tobytes()
        if stored.itemsize == 1:
            dataset["PixelData"].VR = "OB"
    dataset.file_meta.TransferSyntaxUID = syntax
    out = BytesIO()
    pydicom.dcmwrite(
        out,
        dataset,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
        enforce_file_format=True,
    )
    data = out.getvalue()
    frames = stored if stored.ndim == 3 and shape[-1] != 3 else stored[None]
    assert DICOM.recognises(data[:512]) and DICOM.count(BytesIO(data)) == len(frames)
    pages = [read(data, page) for page in range(len(frames))]
    assert np.array_equal(np.stack([page.samples.squeeze() for page in pages]), frames)
    back = DICOM.encode(pages)
    assert np.array_equal(pydicom.dcmread(BytesIO(back)).pixel_array, stored)


def test_other_compression_is_refused_by_its_name():
    dataset = make(counts((30, 41)))
    dataset.compress(RLELossless)
    dataset.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    with pytest.raises(ValueError, match=r"JPEG Lossless.* is not decoded; decompress it first"):
        read(saved(dataset))


def test_upper_bits_and_missing_signs_do_not_count():
    """12 bits stored, with an overlay above them; and a sign that is not extended."""
    stored = counts((30, 41))
    assert np.array_equal(read(saved(make(stored | np.uint16(0xA000), 12))).samples[..., 0], stored)
    signed = counts((30, 41), "int16", 2047)
    assert np.array_equal(read(saved(make(signed & np.int16(0x0FFF), 12))).samples[..., 0], signed)


def test_padding_is_nodata_and_comes_back():
    stored = counts((30, 41), "int16", 1000)
    stored[:3], stored[3] = -2000, -1999
    dataset = make(stored, RescaleSlope=1, RescaleIntercept=-1024)
    dataset.add_new(0x00280120, "SS", -2000)
    dataset.add_new(0x00280121, "SS", -1990)
    page = read(saved(dataset))
    assert page.nodata == -3024 and (page.samples[:4] == -3024).all() and (page.samples[4:] > -3024).all()
    header = pydicom.dcmread(BytesIO(DICOM.encode([page])))
    assert header.PixelPaddingValue == -2000 and (header.pixel_array[:4] == -2000).all()


@pytest.mark.parametrize(
    ("values", "bits"),
    [
        (counts((30, 41, 1), "uint8", 255), 8),
        (counts((30, 41, 1)), 16),
        (counts((30, 41, 1), "int16", 1023), 16),
        (counts((30, 41, 1), "int32", 1023), 16),
        (counts((30, 41, 1), "uint16", 900).astype(np.int32) + 100_000, 16),
        (counts((30, 41, 1), "int16", 1023).astype(np.float32), 16),
    ],
    ids=["uint8", "uint16", "int16", "int32", "far from 0", "whole floats"],
)
def test_whole_numbers_of_another_domain_are_exact(values, bits):
    like = read(saved(make(counts((30, 41)), 12, RescaleSlope=0.001, RescaleIntercept=0)))
    written = DICOM.encode([Decoded(samples=values, origin=like.origin)])
    header = pydicom.dcmread(BytesIO(written))
    assert np.array_equal(read(written).samples, values) and header.BitsStored == bits and header.RescaleSlope == 1
    assert header.RescaleType == "US" and "WindowCenter" not in header


@pytest.mark.parametrize("low, high", [(0, 1), (-3.5e4, 7.2e8), (1e-7, 3e-7), (5, 5)])
def test_other_numbers_have_65535_levels(low, high):
    values = np.random.default_rng(0).uniform(low, high, (30, 41, 1)).astype(np.float32)
    back = read(DICOM.encode([Decoded(samples=values)])).samples
    step = (float(values.max()) - float(values.min())) / 65535
    assert np.abs(back.astype(np.float64) - values).max() <= step * 0.51 + abs(high) * 2e-7


def test_missing_values_of_floats_are_padding():
    values = np.random.default_rng(0).uniform(-1, 1, (30, 41, 1)).astype(np.float32)
    values[:3], values[3] = np.nan, -9999
    page = read(DICOM.encode([Decoded(samples=values, nodata=-9999)]))
    assert page.nodata is not None and (page.samples[:4] == np.float32(page.nodata)).all()
    assert np.abs(page.samples[4:] - values[4:]).max() < 2e-5


def test_patient_and_geometry_stay_and_the_image_is_called_derived():
    before = make(counts((30, 41)))
    page = read(saved(before))
    after = pydicom.dcmread(BytesIO(DICOM.encode([Decoded(samples=page.samples // 2, origin=page.origin)])))
    for name in ("PatientName", "PatientID", "StudyInstanceUID", "FrameOfReferenceUID", "PixelSpacing", "Modality"):
        assert after.get(name) == before.get(name), name
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "SliceThickness", "InstanceNumber"):
        assert after.get(name) == before.get(name), name
    assert list(after.ImageType) == ["DERIVED", "SECONDARY", "AXIAL"] and "viceversa" in after.DerivationDescription
    assert after.SOPInstanceUID not in (before.SOPInstanceUID, "")
    assert after.file_meta.MediaStorageSOPInstanceUID == after.SOPInstanceUID
    assert after.SeriesInstanceUID != before.SeriesInstanceUID
    assert after.SourceImageSequence[0].ReferencedSOPInstanceUID == before.SOPInstanceUID


def test_the_same_image_becomes_the_same_file_and_a_series_stays_together():
    slices = [read(saved(make(counts((30, 41)) + n, SOPInstanceUID=f"1.2.3.4.{n}"))) for n in range(2)]
    written = [DICOM.encode([page]) for page in slices]
    assert written == [DICOM.encode([page]) for page in slices]
    one, two = (pydicom.dcmread(BytesIO(data)) for data in written)
    assert one.SeriesInstanceUID == two.SeriesInstanceUID and one.SOPInstanceUID != two.SOPInstanceUID


def test_strip_leaves_no_word_about_the_patient():
    dataset = make(counts((30, 41)), StudyDate="20200131", ReferringPhysicianName="Roe^Richard")
    dataset.add_new(0x00091001, "LO", "private words")
    before = saved(dataset)
    after = DICOM.encode([read(before, request=Request(strip=True))])
    for words in (b"Doe", b"4711", b"hospital", b"20200131", b"Roe", b"private words", b"1.2.3.1", b"1.2.3.4"):
        assert words in before and words not in after
    header = pydicom.dcmread(BytesIO(after))
    assert header.PatientName == "" and list(header.PixelSpacing) == [0.7, 0.8] and header.InstanceNumber == 12
    assert np.array_equal(header.pixel_array, counts((30, 41)))


def enhanced(stored: np.ndarray) -> Dataset:
    """Frames with a slope each, and a geometry for all."""
    dataset = make(stored, 12)
    frames = []
    for number in range(len(stored)):
        frame, rescale, position = Dataset(), Dataset(), Dataset()
        rescale.RescaleSlope, rescale.RescaleIntercept, rescale.RescaleType = 1, -1000 - number, "HU"
        position.ImagePositionPatient = [0, 0, number]
        frame.PixelValueTransformationSequence, frame.PlanePositionSequence = [rescale], [position]
        frames.append(frame)
    dataset.PerFrameFunctionalGroupsSequence = frames
    dataset.SharedFunctionalGroupsSequence = [Dataset()]
    return dataset


def test_every_frame_has_its_own_rescale():
    stored = counts((4, 30, 41))
    data = saved(enhanced(stored))
    pages = [read(data, page) for page in range(4)]
    assert all(np.array_equal(page.samples[..., 0], stored[k].astype(int) - 1000 - k) for k, page in enumerate(pages))
    written = DICOM.encode(pages)
    again = [read(written, page) for page in range(4)]
    assert all(np.array_equal(a.samples, b.samples) for a, b in zip(pages, again, strict=True))
    part = pydicom.dcmread(BytesIO(DICOM.encode(pages[2:])))
    positions = [
        item.PlanePositionSequence[0].ImagePositionPatient[2] for item in part.PerFrameFunctionalGroupsSequence
    ]
    assert positions == [2, 3] and part.NumberOfFrames == 2


def test_palettes_become_colours():
    indices = counts((30, 41), "uint8", 255)
    dataset = make(indices, PhotometricInterpretation="PALETTE COLOR")
    tables = np.random.default_rng(2).integers(0, 65535, (3, 256), np.uint16)
    for name, table in zip(("Red", "Green", "Blue"), tables, strict=True):
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(dataset, f"{name}PaletteColorLookupTableData", table.tobytes())
    page = read(saved(dataset))
    assert np.array_equal(page.samples, tables.T[indices])
    assert DICOM.describe(BytesIO(saved(dataset))) == ("uint16", 3)


def test_a_data_set_without_an_image_and_hostile_sizes_are_refused():
    dataset = make(counts((30, 41)))
    for name in ("Rows", "Columns", "PixelData"):
        delattr(dataset, name)
    with pytest.raises(ValueError, match="holds no image, but CT Image Storage"):
        DICOM.count(BytesIO(saved(dataset)))
    many = make(counts((30, 41)), NumberOfFrames=100_000_000)
    with pytest.raises(ValueError, match="truncated"):
        DICOM.count(BytesIO(saved(many)))
    with pytest.raises(ValueError, match="more than 178 million"):
        read(saved(make(counts((30, 41)), Rows=60_000, Columns=60_000)))


def test_a_deflated_bomb_is_refused(monkeypatch):
    from viceversa.images.formats import dicom

    monkeypatch.setattr(dicom, "MAX_INFLATED", 1 << 20)
    dataset = make(np.zeros((1200, 1200), np.uint16))
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data = saved(dataset)
    assert len(data) < 10_000
    with pytest.raises(ValueError, match="deflated data set is larger"):
        read(data)
