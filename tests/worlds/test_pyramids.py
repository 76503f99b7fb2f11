"""Files of large drawn worlds: tiles, levels, label page, where they lie; killed and completed gives the same bytes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import openslide
import pytest
import rasterio
import tifffile

from viceversa import cli
from viceversa.errors import DataError, UsageError
from viceversa.worlds import slides, terrain
from viceversa.worlds.drawing import Drawing, reduced
from viceversa.worlds.large import LARGE_WORLDS
from viceversa.worlds.make import STRIDE, make
from viceversa.worlds.pyramids import Storage, level_sides, write_pyramid

SIDE = 2100  # no multiple of tiles or levels
FOLDERS = ("trainA", "trainB", "testA", "testB", "truthA", "truthB", "labelsA", "labelsB")


@pytest.fixture(scope="module")
def made_slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large") / "slides"
    make("slides", folder, count=1, test=1, size=SIDE, seed=4)
    return folder


@pytest.fixture(scope="module")
def made_terrain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large") / "terrain"
    make("terrain", folder, count=1, test=1, size=1030, seed=4)
    return folder


@pytest.mark.long
def test_folders_and_scenes(made_slides: Path) -> None:
    """Four different slides; truth and labels of a test slide are the drawing of its seed."""
    for name in FOLDERS:
        suffix = ".tif" if name.startswith("labels") else ".svs"
        assert [path.name for path in (made_slides / name).iterdir()] == [f"0000{suffix}"]
    slide = slides.describe(4 * STRIDE + 2, SIDE)
    truth = tifffile.imread(made_slides / "truthA" / "0000.svs")
    labels = tifffile.imread(made_slides / "labelsA" / "0000.tif")
    np.testing.assert_array_equal(truth, slides.draw(slide, "pas", True).window(0, 0, SIDE, SIDE))
    np.testing.assert_array_equal(labels, slides.draw_labels(slide).window(0, 0, SIDE, SIDE)[..., 0])
    image = tifffile.imread(made_slides / "testA" / "0000.svs").astype(int)
    error = image - slides.draw(slide, "he").window(0, 0, SIDE, SIDE)
    assert np.sqrt((error**2).mean()) < 6  # JPEG with subsampled colour


@pytest.mark.long
def test_slides_have_the_structure_of_a_scanner(made_slides: Path) -> None:
    for name in ("trainA/0000.svs", "trainB/0000.svs", "truthA/0000.svs"):
        with tifffile.TiffFile(made_slides / name) as file:
            assert file.is_svs and [series.name for series in file.series] == ["Baseline", "Thumbnail", "Label"]
            baseline = file.series[0]
            assert [level.shape for level in baseline.levels] == [(SIDE, SIDE, 3), (SIDE // 4, SIDE // 4, 3)]
            page = file.pages[0]
            assert (page.tilewidth, page.tilelength) == (256, 256)
            assert page.compression.name == ("ADOBE_DEFLATE" if "truth" in name else "JPEG")
            assert page.tags["XResolution"].value == (20000, 1) and page.tags["ResolutionUnit"].value == 3
        with openslide.OpenSlide(made_slides / name) as slide:
            assert slide.properties["openslide.vendor"] == "aperio"
            assert float(slide.properties["openslide.mpp-x"]) == 0.5
            assert slide.level_dimensions == ((SIDE, SIDE), (SIDE // 4, SIDE // 4))
            assert set(slide.associated_images) == {"label", "thumbnail"}
            region = np.asarray(slide.read_region((500, 700), 0, (300, 200)).convert("RGB")).astype(int)
        whole = tifffile.imread(made_slides / name)[700:900, 500:800].astype(int)
        assert np.abs(region - whole).max() <= (0 if "truth" in name else 8)  # two decoders of JPEG


@pytest.mark.long
def test_levels_are_means(made_slides: Path, made_terrain: Path) -> None:
    with tifffile.TiffFile(made_slides / "truthA" / "0000.svs") as file:
        full, coarse = (level.asarray() for level in file.series[0].levels)
    np.testing.assert_array_equal(coarse, reduced(full, 4))
    np.testing.assert_array_equal(
        coarse[100:150, 200:260],
        slides.draw(slides.describe(4 * STRIDE + 2, SIDE), "pas", True).window(100, 200, 50, 60, reduction=4),
    )
    with tifffile.TiffFile(made_terrain / "truthB" / "0000.tif") as file:
        full, half = (page.asarray() for page in file.pages)
    np.testing.assert_array_equal(half, reduced(full, 2))


@pytest.mark.long
def test_terrain_lies_on_the_map(made_terrain: Path) -> None:
    scene = terrain.describe(4 * STRIDE, 1030)
    with rasterio.open(made_terrain / "trainA" / "0000.tif") as file:
        assert (file.crs.to_epsg(), file.count, file.dtypes[0]) == (32633, 6, "uint16")
        assert (file.width, file.height, file.overviews(1), file.block_shapes[0]) == (1030, 1030, [2], (256, 256))
        assert file.res == (1.0, 1.0) and 300_000 < file.bounds.left < 700_000
        pixels = file.read().transpose(1, 2, 0)
    np.testing.assert_array_equal(pixels, terrain.draw(scene, "summer").window(0, 0, 1030, 1030))


@pytest.mark.long
def test_killed_and_completed_has_the_same_bytes(tmp_path: Path) -> None:
    """A process is killed while it writes the second file; the same call completes the folder."""
    folder = tmp_path / "terrain"
    arguments = ["data", "make", "terrain", str(folder), "--count", "1", "--test", "1", "--size", "520", "--quiet"]
    process = subprocess.Popen([sys.executable, "-m", "viceversa", *arguments], env=dict(os.environ))
    while process.poll() is None and not list(folder.glob("trainB/.*.tmp")):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (folder / "testB").exists() and list(folder.glob("trainB/.*.tmp"))

    assert cli.run(arguments) == 0
    make("terrain", tmp_path / "again", count=1, test=1, size=520)
    assert not list(folder.rglob("*.tmp"))
    for name in FOLDERS:
        assert (folder / name / "0000.tif").read_bytes() == (tmp_path / "again" / name / "0000.tif").read_bytes()


@pytest.mark.long
def test_a_missing_file_is_written_again_and_no_other(made_slides: Path) -> None:
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in made_slides.rglob("0000.*")}
    lost = made_slides / "trainB" / "0000.svs"
    lost.unlink()
    make("slides", made_slides, count=1, test=1, size=SIDE, seed=4)
    for path, (modified, content) in before.items():
        assert path.read_bytes() == content and (path == lost or path.stat().st_mtime_ns == modified)
    with pytest.raises(DataError, match="another world"):
        make("slides", made_slides, count=1, test=1, size=SIDE, seed=5)


def test_a_failed_file_leaves_nothing(tmp_path: Path) -> None:
    def fail(block: object) -> None:
        raise OSError("disk full")

    drawing = Drawing(side=1200, blank=(0,), dtype="uint8", draw=fail)
    with pytest.raises(OSError, match="disk full"):
        write_pyramid(tmp_path / "x.tif", drawing, Storage(compression={"photometric": "minisblack"}, factor=2))
    assert not list(tmp_path.iterdir())


def test_sides_of_levels() -> None:
    assert level_sides(4096, 4) == [4096, 1024] and level_sides(4096, 2) == [4096, 2048, 1024, 512]
    assert level_sides(4096, None) == [4096] and level_sides(300, 2) == [300]


def test_reduction_rounds_to_the_nearest() -> None:
    pixels = np.array([[0, 1, 9], [0, 1, 9], [7, 7, 7]], np.uint8)[..., None]
    assert reduced(pixels, 2).tolist() == [[[1]]]  # 0.5 upwards; the third row and column are left over
    high = np.full((4, 4, 1), 65535, np.uint16)
    assert reduced(high, 4).tolist() == [[[65535]]]


def test_labels_as_a_domain_and_small_sizes(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="256 pixels or more"):
        make("slides", tmp_path / "x", size=255)
    with pytest.raises(UsageError, match="has no domain 'ihc'"):
        make("slides", tmp_path / "x", domains=("he", "ihc"))
    world = LARGE_WORLDS["slides"]
    slide = world.describe(1, 300)
    picture = world.drawing(slide, "labels").window(0, 0, 300, 300)
    labels = world.draw_labels(slide).window(0, 0, 300, 300)[..., 0]
    assert picture.shape == (300, 300, 3) and len(np.unique(picture.reshape(-1, 3), axis=0)) == len(np.unique(labels))
