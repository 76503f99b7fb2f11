"""Exact tiles: equal to the whole image for any grid and size, reading inside of the image only."""

import threading
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import nn

from support.generators import LOCAL, freeze, local_generator
from viceversa.errors import UsageError
from viceversa.images.arrays import Array
from viceversa.images.windows import Window
from viceversa.networks.receptive_field import receptive_field
from viceversa.networks.resnet import ResNetGenerator
from viceversa.networks.translation import TranslationModule, pad_to_multiple
from viceversa.networks.unet import UNetGenerator
from viceversa.translation.tiles import Read, TiledTranslation, grid

SIZES = [(150, 131), (64, 203), (33, 16), (90, 1), (5, 7), (1, 1)]
TOLERANCE = 1e-5


def random_image(net: nn.Module, size: tuple[int, int], seed: int = 0) -> Array:
    channels = next(layer for layer in net.modules() if isinstance(layer, nn.Conv2d)).in_channels
    return np.random.default_rng(seed).uniform(-1, 1, (channels, *size)).astype(np.float32)


def reader(image: Array) -> Read:
    """Windows of an image; AssertionError for one that is not inside of it."""

    def read(window: Window) -> Array:
        assert min(window.top, window.left) >= 0 and min(window.height, window.width) > 0
        assert window.top + window.height <= image.shape[1] and window.left + window.width <= image.shape[2]
        return image[:, *window.slices]

    return read


def whole(module: TranslationModule, image: Array) -> Array:
    with torch.inference_mode():
        return module(torch.from_numpy(image[None]))[0].numpy()


def assembled(tiling: TiledTranslation, image: Array, windows: Sequence[Window], batch: int = 1) -> Array:
    parts = list(tiling.tiles(windows, reader(image), batch))
    result = np.full((len(parts[0]), *image.shape[1:]), np.nan, np.float32)
    for window, part in zip(windows, parts, strict=True):
        assert part.dtype == np.float32 and part.shape[1:] == (window.height, window.width)
        result[:, *window.slices] = part
    return result


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", LOCAL)
def test_tiles_of_any_grid_are_the_whole_image(name: str, size: tuple[int, int]) -> None:
    module = TranslationModule(local_generator(name))
    image = random_image(module.generator, size)
    expected = whole(module, image)
    assert expected.std() > 0.05 or min(size) == 1  # on a flat image the test could not fail
    for side, shift in ((64, (0, 0)), (41, (17, 3)), (32, (9, 31))):
        tiling = TiledTranslation(module, size)
        tiled = assembled(tiling, image, grid(size, side, shift), batch=3)
        np.testing.assert_allclose(tiled, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", LOCAL)
def test_any_window_is_that_part_of_the_whole_image(name: str) -> None:
    module, size = TranslationModule(local_generator(name)), (97, 110)
    image = random_image(module.generator, size)
    expected, rng = whole(module, image), np.random.default_rng(1)
    for trial in range(24):
        top, left = (int(rng.integers(side)) for side in size)
        height = 1 if trial % 3 == 0 else int(rng.integers(1, size[0] - top + 1))  # lines and points, too
        width = 1 if trial % 4 == 0 else int(rng.integers(1, size[1] - left + 1))
        window = Window(top, left, height, width)
        tiling = TiledTranslation(module, size, side=None if trial % 2 else max(height, width))
        part = tiling.tile(window, reader(image))
        np.testing.assert_allclose(part, expected[:, *window.slices], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("margin", [0, 1, 5])
def test_any_margin_is_padded_as_for_the_whole_image(margin: int) -> None:
    net = local_generator("resnet")
    net.margin = margin
    module = TranslationModule(net)
    for size in ((61, 70), (14, 3)):
        image = random_image(net, size)
        tiled = assembled(TiledTranslation(module, size), image, grid(size, 13, (5, 2)))
        np.testing.assert_allclose(tiled, whole(module, image), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("size", [*SIZES, (18, 400), (14, 15), (61, 62), (255, 1)], ids=str)
def test_positions_of_the_padded_input_are_those_of_its_padding(size: tuple[int, int]) -> None:
    """Pixels that hold their own coordinates tell where padding took them from."""
    for net, margin in ((nn.Identity(), 2), (UNetGenerator(size=64, width=2), 0), (nn.Identity(), 7)):
        net.margin = margin
        module = TranslationModule(net)
        coordinates = torch.stack(torch.meshgrid(*(torch.arange(s).float() for s in size), indexing="ij"))[None]
        if margin:
            coordinates = nn.functional.pad(coordinates, (margin,) * 4, mode="replicate")
        padded = pad_to_multiple(coordinates, module.multiple, module.smallest)[0].numpy()
        np.testing.assert_array_equal(module.padded_rows(size, 0), padded[0, :, 0])
        np.testing.assert_array_equal(module.padded_rows(size, 1), padded[1, 0])


def test_the_published_unet_is_tiled_by_the_same_computation() -> None:
    """Eight halvings: a halo of 765 pixels in steps of 256, so that large tiles only are worth it."""
    torch.manual_seed(0)
    net = freeze(UNetGenerator(size=256, width=2))
    nn.init.normal_(net.head[-1].weight, std=0.3)
    module, size = TranslationModule(net), (2600, 300)
    image = random_image(net, size)
    tiling, window = TiledTranslation(module, size), Window(1200, 0, 90, 300)
    assert tiling.field.halo == 765 and tiling.region(window).height < 2600
    part = tiling.tile(window, reader(image))
    np.testing.assert_allclose(part, whole(module, image)[:, *window.slices], rtol=0, atol=TOLERANCE)


def test_inputs_of_one_shape_give_the_same_bits_on_a_shifted_grid() -> None:
    module, size = TranslationModule(local_generator("painter")), (300, 280)
    image = random_image(module.generator, size)
    tiling = TiledTranslation(module, size, side=64)
    assert len({tiling.region(window)[2:] for window in grid(size, 64, (23, 11))}) == 1
    first, second = (assembled(tiling, image, grid(size, 64, shift)) for shift in ((0, 0), (23, 11)))
    np.testing.assert_array_equal(first, second)


def test_a_halo_that_is_too_narrow_is_noticed() -> None:
    """The tests above can fail: without six pixels of the halo the seams exceed the tolerance."""
    module, size = TranslationModule(local_generator("painter")), (120, 120)
    image = random_image(module.generator, size)
    tiling = TiledTranslation(module, size)
    tiling.field = type(tiling.field)(before=20, after=20, multiple=4, halo=tiling.field.halo - 8)
    tiled = assembled(tiling, image, grid(size, 40))
    assert np.abs(tiled - whole(module, image)).max() > 10 * TOLERANCE


def test_batches_hold_neighbours_of_one_shape_and_keep_the_order() -> None:
    module, size = TranslationModule(local_generator("painter, transposed")), (400, 400)
    tiling, windows = TiledTranslation(module, size), grid(size, 64)
    batches = tiling.batches(windows, 3)
    assert [tile.window for tiles in batches for tile in tiles] == windows
    assert max(map(len, batches)) == 3
    assert all(len({tile.region[2:] for tile in tiles}) == 1 for tiles in batches)
    image = random_image(module.generator, size)
    one, three = (assembled(tiling, image, windows, batch) for batch in (1, 3))
    np.testing.assert_allclose(one, three, rtol=0, atol=TOLERANCE)


def test_results_that_wait_for_a_copy_keep_their_order() -> None:
    """As on a GPU, where the batch behind is computed first."""
    module, size = TranslationModule(local_generator("painter, transposed")), (130, 90)
    image = random_image(module.generator, size)
    tiling, windows = TiledTranslation(module, size), grid(size, 32)
    expected = assembled(tiling, image, windows)
    for tiling.batches_ahead in (1, 2, 100):
        np.testing.assert_array_equal(assembled(tiling, image, windows), expected)
    assert list(tiling.tiles([], reader(image))) == []


def test_regions_are_no_larger_than_the_halo_asks_for() -> None:
    module = TranslationModule(local_generator("painter"))
    tiling = TiledTranslation(module, (10**6, 10**5))
    halo = tiling.field.halo
    region = tiling.region(Window(512_000, 51_200, 512, 256))
    assert (region.height, region.width) <= (512 + 2 * halo + 6, 256 + 2 * halo + 6)
    assert region.top % 4 == region.left % 4 == 0


def test_the_next_batch_is_read_while_the_network_works() -> None:
    module, size = TranslationModule(local_generator("painter, transposed")), (64, 300)
    image = random_image(module.generator, size)
    second_read = threading.Event()
    reads: list[Window] = []

    def read(window: Window) -> Array:
        reads.append(window)
        if len(reads) == 2:
            second_read.set()
        return image[:, *window.slices]

    tiles = TiledTranslation(module, size).tiles(grid(size, 100), read)
    next(tiles)
    assert second_read.wait(10)
    tiles.close()  # ends the thread
    assert "tiles_0" not in {thread.name for thread in threading.enumerate()}


def test_an_error_of_the_reader_reaches_the_caller() -> None:
    module = TranslationModule(local_generator("painter"))

    def read(window: Window) -> Array:
        raise OSError("a tile is damaged")

    with pytest.raises(OSError, match="a tile is damaged"):
        TiledTranslation(module, (50, 50)).tile(Window(0, 0, 50, 50), read)


@pytest.mark.parametrize("window", [Window(0, 0, 51, 5), Window(-1, 0, 5, 5), Window(0, 7, 1, 0), Window(49, 9, 2, 1)])
def test_a_window_outside_of_the_image_is_refused(window: Window) -> None:
    with pytest.raises(ValueError, match="not inside"):
        TiledTranslation(TranslationModule(local_generator("painter")), (50, 10)).region(window)


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        (ResNetGenerator(width=2, blocks=1), "InstanceNorm takes statistics over the whole image"),
        (UNetGenerator(size=8, width=2, noise=True).eval(), "dropout draws random numbers"),
        (nn.Linear(3, 3), "the receptive field of Linear is not known"),
    ],
)
def test_networks_that_see_the_whole_image_are_refused(net: nn.Module, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        TiledTranslation(TranslationModule(net), (50, 50))


def test_with_its_field_given_a_network_sees_each_tile_as_an_image() -> None:
    net = ResNetGenerator(width=4, blocks=1).eval()
    module, size = TranslationModule(net), (120, 80)
    image, window = random_image(net, size), Window(0, 0, 40, 80)
    tiling, m = TiledTranslation(module, size, field=receptive_field(net)), module.margin
    region = tiling.region(window)
    with torch.inference_mode():
        alone = net(torch.from_numpy(tiling.input(region, reader(image))[None]))[0, :, m : m + 40, m : m + 80]
    part = tiling.tile(window, reader(image))
    np.testing.assert_array_equal(part, alone.numpy())
    assert region.height < 120 and np.abs(part - whole(module, image)[:, :40]).max() > 0.01


def test_tiles_in_bfloat16_are_near_those_in_float32() -> None:
    module, size = TranslationModule(local_generator("painter")), (70, 70)
    image = random_image(module.generator, size)
    tiled = assembled(TiledTranslation(module, size, precision="bf16"), image, grid(size, 40))
    error = np.abs(tiled - whole(module, image))
    assert error.max() > 0 and error.mean() < 0.02


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("name", ["painter", "resnet"])
def test_tiles_on_a_gpu_are_the_whole_image_on_a_cpu(name: str) -> None:
    module, size = TranslationModule(local_generator(name)), (150, 131)
    image = random_image(module.generator, size)
    expected = whole(module, image)
    module.to("cuda")
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        tiled = assembled(TiledTranslation(module, size, side=64, device="cuda"), image, grid(size, 64), batch=4)
    np.testing.assert_allclose(tiled, expected, rtol=0, atol=1e-4)
