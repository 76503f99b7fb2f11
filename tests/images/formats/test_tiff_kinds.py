"""TIFF files of single kinds: packed bits, palettes, colour models, codecs, orientation, EXIF, and what is refused."""

import struct
from io import BytesIO

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from viceversa.images.decoded import Decoded, Request
from viceversa.images.formats.tiff import TIFF
from viceversa.images.formats.tiff_encode import encode

rng = np.random.default_rng(0)
Y, X = np.mgrid[0:48, 0:64]
SMOOTH = np.stack([X * 4, Y * 5, 255 - X * 2], -1).astype(np.uint8)


def read(file, page=0):
    return TIFF.decode(file, page, Request())


def file_of(array, **options):
    file = BytesIO()
    tifffile.imwrite(file, array, **options)
    return file


def by_hand(tags, strip, order="<"):
    """A file with one strip and these tags (tag, type, values)."""
    tags = sorted([*tags, (273, 4, [8]), (279, 4, [len(strip)])])
    at = 8 + len(strip) + len(strip) % 2
    values_at, values = at + 2 + 12 * len(tags) + 4, b""
    table = struct.pack(f"{order}H", len(tags))
    for tag, kind, numbers in tags:
        data = struct.pack(f"{order}{len(numbers)}{'xBBHIIbBhiifd'[kind]}", *numbers)
        place = data.ljust(4, b"\0") if len(data) <= 4 else struct.pack(f"{order}I", values_at + len(values))
        table += struct.pack(f"{order}HHI", tag, kind, len(numbers)) + place
        values += data if len(data) > 4 else b""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", at)
    return BytesIO(head + strip + b"\0" * (len(strip) % 2) + table + bytes(4) + values)


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 6, 8, 10, 12, 14, 16, 32])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("photometric", [0, 1])
@pytest.mark.parametrize("samples", [1, 3])
def test_packed_integers(bits, order, photometric, samples):
    if photometric == 0 and samples == 3:
        photometric = 2
    values = rng.integers(0, 2**bits, (5, 7 * samples), np.uint64)
    rows = b""
    for row in values:
        if bits in (16, 32):
            rows += row.astype(f"{order}u{bits // 8}").tobytes()
        else:  # packed from the highest bit on, each row to whole bytes
            number = "".join(f"{value:0{bits}b}" for value in row)
            number = number.ljust(-(-len(number) // 8) * 8, "0")
            data = int(number, 2).to_bytes(len(number) // 8, "big")
            rows += data
    tags = [(256, 3, [7]), (257, 3, [5]), (258, 3, [bits] * samples), (262, 3, [photometric]), (277, 3, [samples])]
    page = read(by_hand(tags, rows, order))
    top = 2**bits - 1
    expected = (top - values if photometric == 0 else values).reshape(5, 7, samples)
    if bits < 8:
        expected = np.rint(expected.astype(float) * 255 / top)
    assert page.samples.dtype == (np.uint8 if bits <= 8 else np.uint16 if bits <= 16 else np.uint32)
    np.testing.assert_array_equal(page.samples, expected)


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt", "packbits", "tiff_lzw", "raw"])
def test_faxes_of_pillow(compression):
    bits = Image.fromarray((SMOOTH[..., 0] > SMOOTH[..., 1]) & (Y % 3 > 0))
    file = BytesIO()
    bits.save(file, "TIFF", compression=compression)
    np.testing.assert_array_equal(read(file).samples[..., 0], np.where(np.asarray(bits), 255, 0))


@pytest.mark.parametrize("bits", [1, 4, 8])
@pytest.mark.parametrize("scale", [1, 257])
def test_palettes(bits, scale):
    colours = rng.integers(0, 256, (2**bits, 3)) | [128, 0, 0]
    index = rng.integers(0, 2**bits, (4, 8), np.uint8)
    packed = np.packbits(((index[..., None] >> np.arange(bits)[::-1]) & 1).reshape(4, -1), axis=1)
    tags = [(256, 3, [8]), (257, 3, [4]), (258, 3, [bits]), (262, 3, [3]), (277, 3, [1])]
    page = read(by_hand([*tags, (320, 3, (colours.T * scale).ravel().tolist())], packed.tobytes()))
    np.testing.assert_array_equal(page.samples, colours[index])
    assert "palette" in page.notes[0]
    with pytest.raises(ValueError, match="palette"):
        read(by_hand([*tags, (320, 3, [5] * 5)], packed.tobytes()))


def test_palettes_of_pillow_with_and_without_compression():
    image = Image.fromarray(SMOOTH).quantize(40)
    for compression in (None, "tiff_lzw", "tiff_adobe_deflate"):
        file = BytesIO()
        image.save(file, "TIFF", compression=compression)
        np.testing.assert_array_equal(read(file).samples, np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("mode", ["CMYK", "LAB", "YCbCr", "RGB", "RGBA", "LA", "L", "I;16", "F", "I"])
@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate"])
def test_modes_of_pillow(mode, compression):
    """What Pillow itself reads from its uncompressed files, but for the bits that it drops."""
    if mode in ("RGBA", "LA"):
        image = Image.fromarray(rng.integers(0, 256, (48, 64, len(mode)), np.uint8))
    elif mode == "LAB":
        image = Image.frombytes("LAB", (64, 48), SMOOTH.tobytes())
    elif mode in ("I;16", "F", "I"):
        image = Image.fromarray((X * 300 + Y).astype({"I;16": np.uint16, "F": np.float32, "I": np.int32}[mode]))
    else:
        image = Image.fromarray(SMOOTH).convert(mode)
    if mode == "YCbCr" and compression:
        pytest.skip("Pillow writes RGB")
    file = BytesIO()
    image.save(file, "TIFF", compression=compression)
    page = read(file)
    shown = image.convert("RGB") if mode in ("CMYK", "LAB", "YCbCr") else image
    expected = np.asarray(shown).reshape(48, 64, -1)
    if mode in ("RGBA", "LA"):
        np.testing.assert_array_equal(page.alpha, expected[..., -1].astype(np.float32) / np.float32(255))
        expected = expected[..., :-1]
    assert page.samples.dtype == expected.dtype
    np.testing.assert_allclose(page.samples, expected, atol=1 if mode == "YCbCr" else 0)
    assert bool(page.notes) == (mode in ("CMYK", "LAB"))


@pytest.mark.parametrize("subsampling", [(1, 1), (2, 1), (2, 2)])
@pytest.mark.parametrize("photometric", ["rgb", "minisblack"])
@pytest.mark.parametrize("tile", [None, (16, 16)])
def test_jpeg_compression(subsampling, photometric, tile):
    array = SMOOTH if photometric == "rgb" else SMOOTH[..., 0]
    file = file_of(array, photometric=photometric, compression="jpeg", compressionargs={"level": 95},
                   subsampling=subsampling if photometric == "rgb" else None, tile=tile, rowsperstrip=16)  # fmt: skip
    page = read(file)
    assert np.abs(page.samples.astype(int) - array.reshape(page.samples.shape)).mean() < 4
    assert page.samples.dtype == np.uint8


def test_jpeg_of_pillow_and_jpeg_of_four_channels():
    for mode in ("RGB", "YCbCr", "L", "CMYK"):
        image, file = Image.fromarray(SMOOTH).convert(mode), BytesIO()
        image.save(file, "TIFF", compression="jpeg", quality=95)
        expected = np.asarray(image.convert("L" if mode == "L" else "RGB")).reshape(48, 64, -1)
        assert np.abs(read(file).samples.astype(int) - expected).mean() < 4, mode


@pytest.mark.parametrize("codec", ["webp", "jpeg2000", "lerc", "zstd"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("tile", [None, (16, 32)])
def test_lossless_codecs(codec, dtype, channels, tile):
    if (codec == "webp" and (dtype != np.uint8 or channels == 1)) or (codec == "jpeg2000" and dtype == np.float32):
        pytest.skip("it has no such numbers")
    array = (np.concatenate([SMOOTH, SMOOTH[..., :1] | 1], -1)[..., :channels] * dtype(3)).astype(dtype)
    array = array if channels > 1 else array[..., 0]
    options = {"compressionargs": {"lossless": True}} if codec == "webp" else {}
    options |= {"compressionargs": {"level": 0}} if codec == "jpeg2000" else {}
    file = file_of(array, photometric="rgb" if channels > 1 else "minisblack", compression=codec, tile=tile,
                   extrasamples=["unspecified"] if channels == 4 else None, **options)  # fmt: skip
    page = read(file)
    np.testing.assert_array_equal(page.samples, array.reshape(page.samples.shape))
    assert page.samples.dtype == dtype and page.alpha is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_turns_pixels_alpha_and_resolution(orientation):
    stored = rng.integers(0, 256, (5, 7, 4), np.uint8)
    extra = [(274, 3, 1, orientation)]
    file = file_of(stored, photometric="rgb", extrasamples=["unassalpha"], extratags=extra, resolution=(300, 150),
                   resolutionunit="INCH")  # fmt: skip
    turn = {1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud,
            5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a, -1),
            7: lambda a: np.rot90(a, 2).swapaxes(0, 1), 8: np.rot90}[orientation]  # fmt: skip
    page = read(file)
    np.testing.assert_array_equal(page.samples, turn(stored[..., :3]))
    np.testing.assert_array_equal(page.alpha, turn(stored[..., 3]).astype(np.float32) / np.float32(255))
    assert page.dpi == ((150, 300) if orientation >= 5 else (300, 150))
    again = read(BytesIO(TIFF.encode([page])))
    np.testing.assert_array_equal(again.samples, page.samples)
    assert (again.dpi, again.exif) == (page.dpi, page.exif)


def test_centimetres_and_no_unit():
    pixels = np.zeros((4, 4), np.uint8)
    assert read(file_of(pixels, resolution=(100, 100), resolutionunit="CENTIMETER")).dpi == pytest.approx((254, 254))
    page = read(file_of(pixels, resolution=(4, 4), resolutionunit="NONE"))
    assert page.dpi is None
    with tifffile.TiffFile(BytesIO(TIFF.encode([page]))) as again:
        tags = again.pages.first.tags
        assert (tags["XResolution"].value, tags["ResolutionUnit"].value) == ((4, 1), 1)


def test_exif_of_pages_and_of_bigtiff():
    exif = Image.Exif()
    exif[271], exif[306] = "Maker", "2024:07:14 10:00:00"
    exif.get_ifd(0x8769).update({33434: 1 / 250, 37500: b"maker notes" * 9})
    exif.get_ifd(0x8825).update({1: "N", 2: (47.0, 22.0, 12.5)})
    for big in (False, True):
        file = BytesIO()
        Image.fromarray(SMOOTH).save(file, "TIFF", exif=exif.tobytes(), big_tiff=big)
        page = read(file)
        assert page.exif is not None and len(page.exif.photo) == 1 and len(page.exif.gps) == 2
        assert read(BytesIO(TIFF.encode([page]))).exif == page.exif
        assert TIFF.decode(file, 0, Request(strip=True)).exif is None
        with Image.open(BytesIO(TIFF.encode([page]))) as image:
            assert image.getexif().get_ifd(0x8825)[2] == (47, 22, 12.5)


def test_alpha_only_where_the_file_says_so():
    array = rng.integers(0, 256, (5, 7, 6), np.uint8)
    for kinds, channels, alpha in (
        (["unspecified"] * 5, 6, None),
        (["unspecified", "unassalpha", "unspecified", "unspecified", "unspecified"], 5, 2),
    ):
        page = read(file_of(array, photometric="minisblack", planarconfig="contig", extrasamples=kinds))
        assert page.samples.shape[2] == channels
        if alpha:
            np.testing.assert_array_equal(page.alpha, array[..., alpha].astype(np.float32) / np.float32(255))
            np.testing.assert_array_equal(page.samples, np.delete(array, alpha, axis=2))


@pytest.mark.parametrize(
    ("tag", "value", "reason"),
    [
        (259, 34661, "JBIG"), (259, 6, "withdrawn"), (259, 50002, "JPEG XL"), (259, 34925, "LZMA"),
        (259, 12345, "compression 12345"), (262, 32803, "mosaic of a camera"), (262, 32845, "LogLuv"),
        (262, 777, "kind 777"), (339, 6, "complex"), (339, 5, "complex"), (339, 3, "floating-point numbers of 8 bits"),
        (257, 0, "damaged page"), (32997, 5, "volumes"), (257, 40, "cannot hold"), (279, 0, "missing"),
        (279, 9999, "truncated"), (258, 48, "48 bits"), (258, 24, "24 bits"),
    ],
)  # fmt: skip
def test_what_is_refused_is_named(tag, value, reason):
    tags = {256: 7, 257: 5, 258: 8, 259: 1, 262: 1, 277: 1, 273: 8, 279: 35} | {tag: value}
    strip = bytes(35)
    data = b"II*\0" + struct.pack("<I", 44) + strip + b"\0" + struct.pack("<H", len(tags))
    for number, content in sorted(tags.items()):
        data += struct.pack("<HHII", number, 4, 1, content)
    with pytest.raises(ValueError, match=reason) as caught:
        read(BytesIO(data + bytes(4)))
    assert "\n" not in str(caught.value)


def test_bombs_are_refused_by_their_header():
    tags = [(258, 3, [8] * 3), (262, 3, [2]), (277, 3, [3])]
    for compression, side in ((8, 13_000), (5, 13_000), (1, 500), (50000, 200_000)):
        with pytest.raises(ValueError, match=r"cannot hold|million"):
            read(by_hand([*tags, (256, 4, [side]), (257, 4, [side]), (259, 3, [compression])], bytes(99)))
    with pytest.raises(ValueError, match="tiles"):
        file = by_hand([*tags, (256, 4, [9]), (257, 4, [9]), (322, 4, [2**31]), (323, 4, [2**31])], bytes(300))
        read(file)
    small, large = (imagecodecs.jpeg_encode(np.zeros((side, side, 3), np.uint8)) for side in (16, 2000))
    tags += [(256, 4, [16]), (257, 4, [16]), (259, 3, [7])]
    assert read(by_hand(tags, small)).samples.shape == (16, 16, 3)
    for name in ("jpeg", "webp", "jpeg2k"):
        codec = {"jpeg": 7, "webp": 50001, "jpeg2k": 34712}[name]
        large = getattr(imagecodecs, f"{name}_encode")(np.zeros((2000, 2000, 3), np.uint8))
        with pytest.raises(ValueError, match="states 2000 x 2000"):
            read(by_hand([*tags[:-1], (259, 3, [codec])], large))


def test_directories_that_never_end():
    data = bytearray(file_of(np.zeros((4, 4), np.uint8), metadata=None).getvalue())
    with tifffile.TiffFile(BytesIO(bytes(data))) as file:
        page = file.pages.first
        at = page.offset + 2 + 12 * len(page.tags)
    data[at : at + 4] = struct.pack("<I", page.offset)
    for function in (TIFF.count, read):
        with pytest.raises(ValueError, match="never end"):
            function(BytesIO(bytes(data)))
    data[at : at + 4] = struct.pack("<I", 2**31)
    with pytest.raises(ValueError, match="truncated"):
        TIFF.count(BytesIO(bytes(data)))


def test_what_can_be_held():
    for number_type in ("uint8", "int8", "uint64", "float16", "float64"):
        assert TIFF.holds(number_type, 64, True)
    assert not TIFF.holds("complex64", 1, False) and not TIFF.holds("bool", 1, False)
    with pytest.raises(ValueError, match="complex64"):
        TIFF.encode([Decoded(samples=np.zeros((4, 4, 1), np.complex64))])


def test_beyond_4_gb_files_are_bigtiff(monkeypatch):
    monkeypatch.setattr("viceversa.images.formats.tiff_encode.CLASSIC_LIMIT", 1000)
    exif = read(file_of(SMOOTH, photometric="rgb", extratags=[(271, 2, 0, "Maker")])).exif
    data = encode([Decoded(samples=SMOOTH, exif=exif), Decoded(samples=SMOOTH[::-1], exif=exif)])
    assert data[:4] == b"II+\0" and TIFF.recognises(data)
    assert read(BytesIO(data), 1).exif == exif
    np.testing.assert_array_equal(read(BytesIO(data), 1).samples, SMOOTH[::-1])
    np.testing.assert_array_equal(tifffile.imread(BytesIO(data), key=1), SMOOTH[::-1])


def test_files_are_no_larger_than_those_of_tifffile():
    large = SMOOTH.repeat(4, 0).repeat(4, 1)
    noisy = np.clip(large + rng.normal(0, 3, large.shape), 0, 255).astype(np.uint8)
    for array in (noisy, noisy.astype(np.uint16) * 16, noisy.astype(np.float32) / 7):
        theirs = file_of(array, photometric="rgb", compression="zlib", predictor=True)
        assert len(TIFF.encode([Decoded(samples=array)])) <= 1.02 * len(theirs.getvalue())
