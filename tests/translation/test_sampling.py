"""Cells, padding and the order of a sample."""

import numpy as np
import pytest
import torch

from support.fields import drifting_field, lively_resnet, reader
from viceversa.images.windows import Window
from viceversa.networks.translation import MARGIN, TranslationModule, pad_to_multiple
from viceversa.translation.sampling import PaddedImage, read_thumbnail, spread_order, values_at


@pytest.mark.parametrize("size", [(118, 143), (64, 64), (5, 90), (1, 1), (12, 3)])
def test_padded_image_is_the_input_of_the_generator(size: tuple[int, int]) -> None:
    pixels = drifting_field(*size)
    image = PaddedImage(lively_resnet(), reader(pixels), size, 0)
    m = MARGIN
    x = torch.nn.functional.pad(torch.from_numpy(pixels)[None], (m, m, m, m), mode="replicate")
    expected = pad_to_multiple(x)[0].numpy()
    assert (len(image.rows), len(image.columns)) == expected.shape[1:]
    covered = np.zeros(expected.shape[1:], int)
    for cell in image.cells(30):
        np.testing.assert_array_equal(image.pixels(cell), expected[:, cell.slices[0], cell.slices[1]])
        covered[cell.slices] += 1
    assert (covered == 1).all()


def test_regions_have_a_halo_inside_of_the_image_only() -> None:
    module: TranslationModule = lively_resnet()
    image = PaddedImage(module, reader(drifting_field(100, 200)), (100, 200), 30)
    assert image.halo == 32 and all(n % 4 == 0 for cell in image.cells(50) for n in image.region(cell))
    assert image.region(Window(0, 52, 52, 52)) == Window(0, 20, 84, 116)
    assert image.region(Window(52, 156, 52, 48)) == Window(20, 124, 84, 80)


def test_cells_have_nearly_the_same_size() -> None:
    """No slivers at the far borders, which would stand for as much as whole tiles."""
    image = PaddedImage(lively_resnet(), reader(drifting_field(513, 260)), (513, 260), 0)
    cells = image.cells(64)
    assert len(cells) == 8 * 4
    assert {cell.height for cell in cells} | {cell.width for cell in cells} <= {60, 64, 68}


def cells_of(count: int) -> list[Window]:
    return [Window(8 * (i // 16), 8 * (i % 16), 8, 8) for i in range(count)]


def test_the_first_cells_and_the_next_stand_for_all() -> None:
    """Of 256 cells with a skewed brightness, eight have its mean within a tenth of its deviation of chance."""
    cells = cells_of(256)
    shades = np.random.default_rng(0).gamma(1.0, size=256)
    order = spread_order(cells, shades, seed=0)
    assert sorted(order) == list(range(256))
    by_chance = shades.std() / 8**0.5
    errors = [shades[order[start : start + 8]].mean() - shades.mean() for start in range(0, 256, 8)]
    assert np.std(errors) < by_chance / 2
    ranks = np.argsort(np.argsort(shades))
    assert sorted(ranks[order[:8]] // 32) == list(range(8)) == sorted(ranks[order[8:16]] // 32)


def test_equal_cells_are_spread_over_the_image() -> None:
    cells = cells_of(256)
    first = [cells[i] for i in spread_order(cells, np.zeros(256), seed=0)[:8]]
    assert len({cell.top // 16 for cell in first}) == 8


def test_the_order_depends_on_image_and_seed_only() -> None:
    cells, shades = cells_of(100), np.random.default_rng(1).random(100)
    assert spread_order(cells, shades, 3) == spread_order(cells, shades, 3) != spread_order(cells, shades, 4)
    assert spread_order(cells[:1], shades[:1], 0) == [0]


def test_thumbnail_and_masks_show_the_cells() -> None:
    pixels = drifting_field(200, 300)
    seen: list[Window] = []
    thumbnail = read_thumbnail(reader(pixels, seen), (200, 300))
    assert thumbnail.shape == (3, 13, 19) and len(seen) == 13 * 19
    tall = read_thumbnail(reader(drifting_field(1000, 3)), (1000, 3))
    assert tall.shape == (3, 32, 1)

    mask = np.zeros((4, 6), bool)
    mask[1, 2] = True  # rows 50 to 100, columns 100 to 150
    cells = [Window(0, 0, 52, 52), Window(52, 104, 52, 48), Window(152, 252, 52, 52)]
    assert [part.any() for part in values_at(cells, mask, (200, 300), 2)] == [False, True, False]
