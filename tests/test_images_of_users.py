"""What people of medicine, microscopy and remote sensing do with their files: from `data check` to the report."""

import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

import viceversa
from support.tiny import TINY
from support.user_files import SIDE, counts_of_camera, scanner, shapes, write_images, write_stacks, write_tiffs
from viceversa import images
from viceversa.data.check import check
from viceversa.errors import DataError, UsageError
from viceversa.evaluation.run import EvaluatedRun
from viceversa.runs.folder import RunFolder

pytestmark = pytest.mark.long  # trainings

NODATA_TAG = [(42113, 2, 0, "-9999", True)]  # of GDAL


def terrain(hole):
    """Heights of two regions in float32 whose corner holds `hole`."""

    def draw(rng, side):
        low, height = (300, 500) if side == "A" else (20, 10)
        heights = (low + height * shapes(rng)[..., 0]).astype(np.float32)
        heights[:6, :6] = hole
        return heights

    return draw


def levels(channels, number_type="uint8", top=255):
    """An artist of shapes from 0 to `top`; `channels` of A and of B."""

    def draw(rng, side):
        count = channels["AB".index(side)]
        samples = (top * shapes(rng, count)).astype(number_type)
        return samples[..., 0] if count == 1 else samples

    return draw


def bands(rng, side):
    """Reflectance in six bands, and kelvin."""
    return shapes(rng, 6).astype(np.float32) if side == "A" else (280 + 40 * shapes(rng)[..., 0]).astype(np.float32)


def grey_or_rgb(rng, side):
    """8 bits, every other image grey."""
    return levels([1 if rng.random() < 0.5 else 3] * 2)(rng, side)


def eight_or_sixteen_bits(rng, side):
    """Grey, every other image in 16 bits."""
    return levels((1, 1))(rng, side) if rng.random() < 0.5 else levels((1, 1), np.uint16, 65535)(rng, side)


def with_truths(folder):
    """The test images of the other domain as true translations."""
    for truths, other in (("truthA", "testB"), ("truthB", "testA")):
        shutil.copytree(folder / other, folder / truths)
    return folder


KINDS = {
    "ct": lambda folder: write_tiffs(folder, scanner),
    "counts": lambda folder: write_tiffs(folder, counts_of_camera),
    "marked": lambda folder: write_tiffs(folder, terrain(-9999), extratags=NODATA_TAG),
    "unmarked": lambda folder: write_tiffs(folder, terrain(-9999)),
    "nan": lambda folder: write_tiffs(folder, terrain(np.nan)),
    "float": lambda folder: write_tiffs(folder, levels((1, 1), np.float32, 1)),
    "int16": lambda folder: write_tiffs(folder, levels((1, 1), np.int16, 2000)),
    "grey": lambda folder: write_images(folder, levels((1, 1)), dpi=(300, 300)),
    "jpeg": lambda folder: write_images(folder, levels((3, 3)), ".jpg", dpi=(300, 300)),
    "infrared": lambda folder: write_tiffs(folder, levels((4, 4))),
    "eight": lambda folder: write_tiffs(folder, levels((8, 8), np.uint16, 10_000)),
    "radar": lambda folder: write_tiffs(folder, levels((2, 3), np.float32, 1)),
    "bands": lambda folder: with_truths(write_tiffs(folder, bands)),
    "mixed": lambda folder: write_images(folder, grey_or_rgb),
    "depths": lambda folder: write_images(folder, eight_or_sixteen_bits),
    "stacks": lambda folder: write_stacks(folder, {"trainA": 30, "trainB": 12, "testA": 3, "testB": 3}),
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The data of a kind and a run of two steps on it, made once."""

    @cache
    def make(kind: str, *settings: str) -> tuple[Path, Path]:
        folder = tmp_path_factory.mktemp(kind)
        data = KINDS[kind](folder / "data")
        options = {"size": 16, "steps": 2, "device": "cpu", "precision": "fp32", "quiet": True}
        viceversa.train(data, out=folder / "run", set=(*TINY, *settings), **options)
        return data, folder / "run"

    return make


def channels_of(run):
    """Channels of A and of B, and the values of both as stored."""
    values = RunFolder(run).data()["values"]
    return values["A"]["channels"], values["B"]["channels"]


def translated(run, inputs, to, out):
    """The files of a translation."""
    return viceversa.translate(run, inputs, to=to, out=out, device="cpu", quiet=True)


@pytest.mark.parametrize("kind", ["ct", "counts", "float", "int16", "marked", "nan"])
def test_grey_numbers_come_back_in_the_range_and_type_of_the_target(trained, tmp_path, kind):
    data, run = trained(kind)
    assert channels_of(run) == (1, 1)
    values = RunFolder(run).data()["values"]["B"]
    for path in translated(run, data / "testA", "B", tmp_path / "out").written:
        written = tifffile.imread(path)
        assert written.dtype.name == values["number_type"] and written.shape == (SIDE, SIDE)
        known = written[np.isfinite(written) & (written != -9999)]
        assert values["low"] <= known.min() and known.max() <= values["high"]
        assert images.read(path).pixels.shape == (1, SIDE, SIDE)
        with Image.open(path) as image:
            np.testing.assert_array_equal(np.asarray(image).astype(written.dtype), written)


def test_mr_to_ct_comes_back_in_hounsfield_units(trained, tmp_path):
    data, run = trained("ct")
    values = RunFolder(run).data()["values"]
    assert (values["A"]["number_type"], values["A"]["low"], values["A"]["high"]) == ("uint16", 0, 1023)
    assert (values["B"]["number_type"], values["B"]["low"], values["B"]["high"]) == ("int16", -1024, 2047)
    translator = viceversa.load(run, device="cpu")
    mr = tifffile.imread(data / "testA" / "0.tif")
    ct = translator.translate(mr, to="B")
    written = translated(run, data / "testA" / "0.tif", "B", tmp_path / "out").written[0]
    np.testing.assert_array_equal(ct, tifffile.imread(written))
    assert ct.dtype == np.int16 and ct.shape == mr.shape
    assert translator.translate(ct, to="A").dtype == np.uint16


def test_volumes_are_arrays_of_slices(trained):
    data, run = trained("ct")
    translator = viceversa.load(run, device="cpu")
    volume = np.stack([tifffile.imread(data / "trainA" / f"{i}.tif") for i in range(5)])
    result = translator.translate(volume, to="B")
    assert result.shape == volume.shape and result.dtype == np.int16
    np.testing.assert_array_equal(result[3], translator.translate(volume[3], to="B"))


def test_bands_are_no_pil_image(trained):
    for kind, to in (("infrared", "B"), ("radar", "A"), ("eight", "A")):
        data, run = trained(kind)
        source = data / ("testA" if to == "B" else "testB") / "0.tif"
        with pytest.raises(UsageError, match=r"PIL has no image of \d channels of \w+; translate the numbers as"):
            viceversa.load(run, device="cpu").translate(source, to=to)
    data, run = trained("ct")
    image = viceversa.load(run, device="cpu").translate(data / "testA" / "0.tif", to="B")
    assert image.mode == "I" and np.asarray(image).min() >= -1024


def test_a_georeference_comes_back_byte_for_byte(trained, tmp_path):
    rasterio = pytest.importorskip("rasterio")
    _, run = trained("marked")
    heights = np.linspace(300, 800, SIDE * SIDE, dtype=np.float32).reshape(1, SIDE, SIDE)
    heights[:, :4, :4] = -9999
    place = dict(crs="EPSG:32633", transform=rasterio.Affine(10, 0, 500_000, 0, -10, 5_300_000), nodata=-9999)
    source = tmp_path / "scene.tif"
    with rasterio.open(source, "w", driver="GTiff", height=SIDE, width=SIDE, count=1, dtype="float32", **place) as file:
        file.write(heights)
    path = translated(run, source, "B", tmp_path / "out").written[0]
    with rasterio.open(source) as before, rasterio.open(path) as after:
        assert after.crs == before.crs and after.transform == before.transform and after.nodata == -9999
        np.testing.assert_array_equal(after.read(1) == -9999, heights[0] == -9999)
    with tifffile.TiffFile(source) as before, tifffile.TiffFile(path) as after:
        for tag in (33550, 33922, 34735, 34737, 42113):
            assert after.pages[0].tags[tag].value == before.pages[0].tags[tag].value


def test_counts_are_trained_on_all_their_levels(trained):
    data, run = trained("counts")
    stored = EvaluatedRun.of(RunFolder(run)).preparation("A").stored(data / "trainA" / "0.tif")
    drawn = tifffile.imread(data / "trainA" / "0.tif")
    assert stored.dtype == np.uint16 and len(np.unique(stored)) > 0.9 * len(np.unique(drawn)) > 100
    line = check(data).domains[0].line()
    assert "1 channel of uint16, values 0 to 1023 (files reach " in line and "10 of 16 bits)" in line


def test_missing_pixels_without_a_tag_are_asked_for_in_one_line(tmp_path):
    data = KINDS["unmarked"](tmp_path / "data")
    with pytest.raises(DataError, match=r"-9999, far from all others .* --set data\.nodata=-9999, else") as error:
        viceversa.train(data, out=tmp_path / "run", size=16, steps=1, quiet=True)
    assert "\n" not in str(error.value)
    report = check(data)
    assert not report.ok and "data.nodata=-9999" in report.lines()[0]
    assert check(data, nodata=-9999).ok


@pytest.mark.parametrize(("kind", "setting"), [("marked", ()), ("nan", ()), ("unmarked", ("data.nodata=-9999",))])
def test_missing_pixels_count_for_nothing_and_come_back(trained, tmp_path, kind, setting):
    data, run = trained(kind, *setting)
    values = RunFolder(run).data()["values"]["A"]
    assert values["low"] > 250 and values["high"] < 900
    for path in translated(run, data / "testA", "B", tmp_path / "out").written:
        written = tifffile.imread(path)
        corner = written[:6, :6]
        assert np.isnan(corner).all() if kind == "nan" else (corner == -9999).all()
        written[:6, :6] = 25
        assert written.min() > 15 and written.max() < 40


def test_grey_photographs_come_back_grey_with_their_resolution(trained, tmp_path):
    data, run = trained("grey")
    assert channels_of(run) == (1, 1)
    for path in translated(run, data / "testA", "B", tmp_path / "out").written:
        with Image.open(path) as image:
            assert image.mode == "L" and image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_jpegs_keep_their_resolution(trained, tmp_path):
    data, run = trained("jpeg")
    for path in translated(run, data / "testB", "A", tmp_path / "out").written:
        with Image.open(path) as image:
            assert image.mode == "RGB" and image.info["dpi"] == pytest.approx((300, 300))


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "channels", "types"),
    [
        ("infrared", (4, 4), ("uint8", "uint8")),
        ("eight", (8, 8), ("uint16", "uint16")),
        ("radar", (2, 3), ("float32", "float32")),
        ("bands", (6, 1), ("float32", "float32")),
    ],
)
def test_any_channels_go_through_every_command(trained, tmp_path, kind, channels, types):
    data, run = trained(kind)
    assert channels_of(run) == channels
    assert check(data).ok
    for side, other, count, number_type in zip("AB", "BA", channels, types, strict=True):
        for path in translated(run, data / f"test{other}", side, tmp_path / side).written:
            written = tifffile.imread(path)
            assert written.shape == ((SIDE, SIDE) if count == 1 else (SIDE, SIDE, count))
            assert written.dtype == number_type
            picture = images.read(path)
            assert len(picture.pixels) == count and picture.alpha is None
    assert sorted(d["target"] for d in viceversa.evaluate(run, quiet=True)["directions"]) == ["A", "B"]
    assert viceversa.diagnose(run)["verdict"] in ("ok", "watch", "alarm")
    page = viceversa.write_report(run, tmp_path / "report.html").read_text()
    sentence = f"A has {channels[0]} channels of {types[0]}, values "
    assert (sentence in page) == (types[0] != "uint8")


@pytest.mark.long
def test_errors_are_stated_in_the_numbers_of_the_target(trained, tmp_path):
    _, run = trained("bands")
    to_kelvin, to_reflectance = viceversa.evaluate(run, quiet=True)["directions"]
    low, high = (RunFolder(run).data()["values"]["B"][key] for key in ("low", "high"))
    assert 1 < to_kelvin["truth"]["mae"] < high - low and to_kelvin["truth"]["colour_mae"] < high - low
    assert 0.001 < to_reflectance["truth"]["mae"] < 0.5
    assert "input_mae" not in to_kelvin["truth"]
    page = viceversa.write_report(run, tmp_path / "report.html").read_text()
    error = f"the translation is wrong by {to_kelvin['truth']['mae']:.4g} on average, the best colour change by "
    assert f"In the numbers of B (1 channel of float32, values {low:g} to {high:g}) {error}" in page
    assert "In the numbers of A (6 channels of float32, values 0 to 1) the translation is wrong by 0." in page


@pytest.mark.long
def test_pages_of_a_stack_are_images_and_come_back_as_a_stack(trained, tmp_path):
    data, run = trained("stacks")
    assert RunFolder(run).data()["counts"]["train_a"] == 30
    report = check(data)
    assert report.domains[0].train == 30 and "4 files hold 48 pages, each of them an image" in report.lines()
    whole = translated(run, data / "testA", "B", tmp_path / "out")
    assert tifffile.imread(whole.written[0]).shape == (3, SIDE, SIDE) and not whole.notes
    page = translated(run, f"{data}/testA/stack.tif#3", "B", tmp_path / "page").written[0]
    assert page.name == "stack-3.tif"
    np.testing.assert_array_equal(tifffile.imread(page), tifffile.imread(whole.written[0])[2])
    assert viceversa.evaluate(run, quiet=True)["directions"][0]["rows"]["translation"]["count"] == 3


def test_grey_among_colour_and_8_among_16_bits(trained, tmp_path):
    data, run = trained("mixed")
    assert channels_of(run) == (3, 3)
    for path in translated(run, data / "testA", "B", tmp_path / "colour").written:
        assert len(images.read(path).pixels) == 3
    data, run = trained("depths")
    values = RunFolder(run).data()["values"]["A"]
    assert values["number_type"] == "uint16" and values["relative"]
    for source in sorted((data / "testA").iterdir()):
        out = translated(run, source, "B", tmp_path / "depths").written[0]
        assert images.read(out).depth == images.read(source).depth


def test_use_has_the_scale_of_training(trained, tmp_path):
    data, run = trained("grey", "data.load=64")
    assert viceversa.load(run, device="cpu").size == 64
    read = EvaluatedRun.of(RunFolder(run)).preparation("A")
    path = data / "testA" / "0.png"
    stored = images.from_stored(read.stored(path))
    middle = stored[:, 24:40, 24:40]
    np.testing.assert_allclose(read(path), middle, atol=1e-6)


def test_squashed_runs_translate_squashed_and_back(trained, tmp_path):
    _, run = trained("grey", "data.fit=squash")
    wide = (255 * np.linspace(0, 1, 120)[None].repeat(40, 0)).astype(np.uint8)
    translator = viceversa.load(run, device="cpu")
    assert translator.squash and translator.translate(wide, to="B").shape == (40, 120)
