"""Batches of training images: order, augmentation, caches, broken files."""

from pathlib import Path

import numpy as np
import pytest
import torch

from support.pictures import reader
from viceversa import images
from viceversa.data.loader import Arrays, Labelled, Paired, PictureStore, Unpaired
from viceversa.data.transforms import Augment
from viceversa.errors import DataError


def flat(path: Path) -> np.ndarray:
    """A picture whose grey value is its name."""
    return np.full((3, 8, 8), int(path.stem), np.uint8)


def batches(a: int, b: int, **options: int) -> Unpaired:
    names = [[Path(f"{i}.png") for i in range(n)] for n in (a, b)]
    return Unpaired(names[0], names[1], (flat, flat), Augment(8), **options)


def grey_values(x: torch.Tensor) -> list[int]:
    return ((x[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()


def test_an_epoch_shows_every_a_once_and_the_order_changes() -> None:
    data = batches(10, 4)
    assert data.epoch_nimg == 10
    epochs = [[grey_values(data.batch(e * 10 + i)[0])[0] for i in range(10)] for e in range(3)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_unequal_domains() -> None:
    data = batches(3, 50)
    shown = [grey_values(data.batch(i)[0])[0] for i in range(50)]
    assert data.epoch_nimg == 50 and min(shown.count(i) for i in range(3)) >= 16
    partners = {grey_values(data.batch(i)[1])[0] for i in range(300)}
    assert len(partners) > 45  # B is drawn at random


def test_a_batch_depends_on_seed_and_position_only() -> None:
    one, two = batches(7, 5, batch=3, seed=4), batches(7, 5, batch=3, seed=4)
    later = two.batch(11)
    for step in range(12):
        a, b = one.batch(step)
    assert torch.equal(a, later[0]) and torch.equal(b, later[1])
    assert grey_values(batches(7, 5, batch=3, seed=5).batch(0)[0]) != grey_values(one.batch(0)[0])


def test_prefetching_changes_nothing() -> None:
    data = batches(7, 5, batch=2)
    prefetched = data.prefetch(3)
    for step in range(3, 9):
        for x, y in zip(next(prefetched), data.batch(step), strict=True):
            assert torch.equal(x, y)
    prefetched.close()


def test_a_small_cache_changes_nothing() -> None:
    big, small = batches(20, 20), batches(20, 20, memory_bytes=400)
    for step in range(50):
        assert torch.equal(big.batch(step)[0], small.batch(step)[0])
    assert len(small.pictures[0].cache.memory) <= 2


def test_an_image_dropped_from_memory_is_decoded_once(tmp_path: Path) -> None:
    """Images of different shapes and dtypes come back unchanged, in any order."""
    rng, read = np.random.default_rng(0), []
    pictures = [
        rng.integers(0, 255, (3, 8 + i % 3, 9), np.uint8) if i % 2 else rng.random((1, 5, 6 + i), np.float32)
        for i in range(12)
    ]

    def decode(path: Path) -> np.ndarray:
        read.append(path)
        return pictures[int(path.name)].copy()

    store = PictureStore([Path(str(i)) for i in range(12)], decode, 500, 10**6)
    store.cache.disk.folder = tmp_path
    for i in rng.integers(0, 12, 300):
        np.testing.assert_array_equal(store[int(i)], pictures[i])
        assert store[int(i)].dtype == pictures[i].dtype
    assert len(read) == len(set(read)) == 12 and len(store.cache.memory) < 6
    assert not list(tmp_path.iterdir())  # the file has no name, so it cannot outlive the process


def test_a_disk_cache_that_is_full_or_impossible_only_decodes_again(tmp_path: Path) -> None:
    picture = np.zeros((3, 8, 8), np.uint8)
    for disk_bytes, folder in ((picture.nbytes * 2, tmp_path), (10**6, Path("/proc/nowhere"))):
        read: list[Path] = []

        def decode(path: Path, read: list[Path] = read) -> np.ndarray:
            read.append(path)
            return picture

        store = PictureStore([Path(str(i)) for i in range(6)], decode, 200, disk_bytes)
        store.cache.disk.folder = folder
        for _ in range(2):
            for i in range(6):
                np.testing.assert_array_equal(store[i], picture)
        stored = len(store.cache.disk.entries)
        assert stored == (2 if folder == tmp_path else 0) and len(read) == 12 - stored


def test_crops_and_flips_are_pixels_of_the_picture() -> None:
    picture = np.arange(3 * 12 * 10).reshape(3, 12, 10).astype(np.uint8)
    crops = [Augment(8)(picture, np.random.default_rng(i)) for i in range(200)]
    places = set()
    for crop in crops:
        u8 = images.to_uint8(crop)
        hits = [
            (top, left, flip)
            for top in range(5)
            for left in range(3)
            for flip in (False, True)
            if np.array_equal(u8, picture[:, top : top + 8, left : left + 8][:, :, :: -1 if flip else 1])
        ]
        assert len(hits) == 1
        places.add(hits[0])
    assert len(places) == 30  # every place, mirrored or not
    zoomed = Augment(8, zoom=1.25)(picture, np.random.default_rng(0))
    assert zoomed.shape == (3, 8, 8) and zoomed.dtype == np.float32


def test_pictures_are_brought_to_size_without_squashing(tmp_path: Path) -> None:
    x = np.linspace(-1, 1, 40, dtype=np.float32)[None, None].repeat(3, 0).repeat(20, 1)
    images.save_png(tmp_path / "wide.png", x)
    assert reader(10, "cover", 3)(tmp_path / "wide.png").shape == (3, 10, 20)
    assert reader(10, "squash", 3)(tmp_path / "wide.png").shape == (3, 10, 10)
    assert reader(10, "cover", 1)(tmp_path / "wide.png").shape == (1, 10, 20)


def test_transparent_parts_are_laid_on_white(tmp_path: Path) -> None:
    pixels, alpha = np.full((3, 8, 8), -1, np.float32), np.zeros((8, 8), np.float32)
    alpha[:, :4] = 1
    images.write(tmp_path / "half.png", images.Picture(pixels=pixels, alpha=alpha))
    u8 = reader(8, "cover", 3)(tmp_path / "half.png")
    assert (u8[:, :, :4] == 0).all() and (u8[:, :, 4:] == 255).all()


def test_a_broken_file_is_replaced_named_and_counted(tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for path in paths:
        images.save_png(path, np.zeros((3, 8, 8), np.float32))
    paths[1].write_bytes(b"not a picture")
    data = Unpaired(paths, paths, (reader(8, "cover", 3),) * 2, Augment(8))
    for step in range(9):
        data.batch(step)
    assert list(data.stores[0].broken) == [paths[1]]
    for path in paths:
        path.write_bytes(b"")
    empty = Unpaired(paths, paths, (reader(8, "cover", 3),) * 2, Augment(8))
    with pytest.raises(DataError, match="none of the 3 pictures"):
        empty.batch(0)


def test_arrays_show_every_element_once_an_epoch() -> None:
    x = np.arange(7)
    data = Arrays(x, x * 10, batch=3, seed=1)
    shown = [int(v) for step in range(7) for v in data.batch(step)[0]]
    assert sorted(shown[:7]) == sorted(shown[7:14]) == list(range(7)) and shown[:7] != shown[7:14]
    a, b = data.batch(4)
    assert torch.equal(a * 10, b) and torch.equal(Arrays(x, x * 10, batch=3, seed=1).batch(4)[0], a)


def test_a_pair_stays_a_pair_when_one_file_is_broken(tmp_path: Path) -> None:
    a = [tmp_path / f"a{i}.png" for i in range(5)]
    b = [tmp_path / f"b{i}.png" for i in range(5)]
    for i, (p, q) in enumerate(zip(a, b, strict=True)):
        images.save_png(p, np.full((3, 8, 8), i / 4 - 0.5, np.float32))
        images.save_png(q, np.full((3, 8, 8), i / 4 - 0.5, np.float32))
    a[1].write_bytes(b"broken")
    b[3].write_bytes(b"broken")
    data = Paired(a, b, (reader(8, "cover", 3),) * 2, Augment(8, flip=True, zoom=1.0), batch=2)
    shown = [data.batch(step) for step in range(20)]
    assert all(torch.equal(x, y) for x, y in shown)
    assert len({float(v) for x, _ in shown for v in x[:, 0, 0, 0]}) == 3


def test_a_label_follows_its_picture_when_a_file_is_broken(tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.png" for i in range(4)]
    for i, path in enumerate(paths):
        images.save_png(path, np.full((1, 8, 8), i / 2 - 0.9, np.float32))
    paths[2].write_bytes(b"broken")
    data = Labelled(paths, range(4), reader(8, "cover", 1), Augment(8), batch=3)
    for step in range(8):
        x, y = data.batch(step)
        assert ((x[:, 0, 0, 0] + 0.9) * 2).round().long().tolist() == y.tolist()


def test_pairs_that_cannot_be_are_refused(tmp_path: Path) -> None:
    """Without a readable pair there is an error, not an endless search; so for pairs of two shapes."""
    a, b = ([tmp_path / f"{side}{i}.png" for i in range(2)] for side in "ab")
    for path in (*a, *b):
        images.save_png(path, np.zeros((3, 8, 8), np.float32))
    images.save_png(b[1], np.zeros((3, 8, 16), np.float32))
    a[0].write_bytes(b"broken")
    read = (reader(8, "cover", 3),) * 2
    with pytest.raises(DataError, match="a pair of different shapes"):
        Paired(a, b, read, Augment(8)).batch(0)
    b[1].write_bytes(b"broken")
    with pytest.raises(DataError, match=r"none of the 2 pairs in .* can be read whole; the first: .*a0\.png"):
        Paired(a, b, read, Augment(8)).batch(0)
