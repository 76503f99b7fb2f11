"""Crops at native scale: a pure function of (seed, epoch, index), from all over the content of images of any size."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support.pyramids import natural
from support.slides import write_svs
from viceversa.data.content import Crops, content_of
from viceversa.data.native import NativePairs, NativeSource, NativeStore
from viceversa.data.preparation import Preparation
from viceversa.data.transforms import Augment
from viceversa.errors import DataError
from viceversa.images import Values

SIZE = 16
CROPS = Crops(SIZE)


def coordinates(height: int, width: int) -> np.ndarray:
    """An image whose pixels say where they are: row, column, and a constant."""
    y, x = np.mgrid[:height, :width]
    return np.stack([y, x, np.full_like(y, 77)], -1).astype(np.uint8)


def save(path: Path, samples: np.ndarray) -> Path:
    Image.fromarray(samples).save(path)
    return path


def store(paths, crops: Crops = CROPS, **caches: int) -> NativeStore:
    prepare = Preparation(size=SIZE, load=SIZE, fit="native", values=Values(), crops=crops)
    return NativeStore(paths, prepare, crops, **caches)


def source(paths, seed: int = 3, **options) -> NativeSource:
    return NativeSource([store(paths, **options)], Augment(SIZE, flip=False), batch=2, seed=seed)


def levels(crop: np.ndarray) -> np.ndarray:
    """(C, H, W) in [-1, 1] as the stored numbers."""
    return np.rint((crop + 1) * 127.5).astype(int)


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    return [save(tmp_path / f"{i}.png", coordinates(100 + 20 * i, 130)) for i in range(3)]


def test_a_crop_depends_on_seed_epoch_and_index_only(paths):
    first, second = source(paths), source(paths)
    for n in (0, 5, first.epoch_nimg, 3 * first.epoch_nimg + 1):
        assert np.array_equal(first.sample(n)[0], second.sample(n)[0])  # the second one starts there
    assert not np.array_equal(first.sample(0)[0], source(paths, seed=4).sample(0)[0])


def test_a_crop_is_a_part_of_its_image(paths):
    crops = source(paths)
    for n in range(40):
        rows, columns, constant = levels(crops.sample(n)[0])
        assert (np.diff(rows, axis=0) == 1).all() and (np.diff(columns, axis=1) == 1).all() and (constant == 77).all()


def test_every_place_is_reached_equally_often(tmp_path: Path):
    paths = [save(tmp_path / "0.png", coordinates(96, 128))]
    crops = source(paths)
    counts = np.zeros((96, 128))
    for n in range(40 * crops.epoch_nimg):
        rows, columns, _ = levels(crops.sample(n)[0])
        counts[rows[0, 0] : rows[0, 0] + SIZE, columns[0, 0] : columns[0, 0] + SIZE] += 1
    inside = counts[SIZE:-SIZE, SIZE:-SIZE]
    assert counts.min() > 0  # corners, too
    assert inside.std() / inside.mean() < 0.15 and crops.epoch_nimg == 6 * 8


def test_an_epoch_covers_the_content_of_all_images(paths):
    assert source(paths).epoch_nimg == sum(
        (100 + 20 * i) // SIZE * 0 + round((100 + 20 * i) / SIZE) * 8 for i in range(3)
    )


@pytest.mark.parametrize("caches", [{"memory_bytes": 1, "disk_bytes": 10**8}, {"memory_bytes": 1}])
def test_caches_change_nothing(paths, caches):
    kept, dropped = source(paths), source(paths, **caches)
    assert all(np.array_equal(kept.sample(n)[0], dropped.sample(n)[0]) for n in range(30))


def test_broken_files_are_named_and_replaced(paths, tmp_path: Path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(paths[0].read_bytes()[:200])
    crops = source([*paths, broken])
    for n in range(20):
        crops.sample(n)
    assert list(crops.crop_stores[0].broken) == [broken]
    with pytest.raises(DataError, match="none of the 1 pictures"):
        store([broken])


def test_slides_are_read_by_windows_at_their_scale(tmp_path: Path):
    slide = write_svs(tmp_path / "slide.svs", natural(800, 1000), factors=(2, 4))
    full, half = (content_of(slide, Crops(SIZE, mpp, "off")) for mpp in (None, 2 * content_of(slide, CROPS).mpp))
    assert full.size == (800, 1000) and half.size == (400, 500) and full.has_windows
    crops = source([slide], crops=Crops(SIZE, half.mpp * 2, "off"))
    assert crops.sample(0)[0].shape == (3, SIZE, SIZE) and crops.epoch_nimg == 25 * 31


def test_open_files_are_limited(tmp_path: Path):
    slides = [write_svs(tmp_path / f"{i}.svs", natural(64, 64), factors=()) for i in range(6)]
    crops = source(slides, crops=Crops(SIZE, None, "off"), memory_bytes=2 * 64 * 2**20)
    for n in range(20):
        crops.sample(n)
    assert len(crops.crop_stores[0].open_images.images) <= 2


def test_pairs_are_the_same_crop_of_both_images(paths, tmp_path: Path):
    others = [save(tmp_path / f"b{i}.png", coordinates(100 + 20 * i, 130)) for i in range(3)]
    pairs = NativePairs([store(paths), store(others)], Augment(SIZE, zoom=1.5), batch=1, seed=0)
    for n in range(20):
        a, b = pairs.sample(n)
        assert np.array_equal(a, b)


def test_pairs_of_different_sizes_are_refused(paths, tmp_path: Path):
    others = [save(tmp_path / f"b{i}.png", coordinates(110, 130)) for i in range(3)]
    with pytest.raises(DataError, match="different sizes"):
        NativePairs([store(paths), store(others)], Augment(SIZE), batch=1, seed=0)
