"""Joint and frozen statistics of instance norm against the network on the whole image."""

import pytest
import torch
from torch import nn

from support.fields import drifting_field, lively_resnet, reader
from viceversa.errors import ModelFileError, ResourceError, UsageError
from viceversa.images.windows import Window
from viceversa.networks.norms import FrozenNorm, InstanceNorm
from viceversa.networks.segments import instance_norms
from viceversa.networks.translation import TranslationModule
from viceversa.networks.unet import UNetGenerator
from viceversa.translation.sampling import PaddedImage
from viceversa.translation.statistics import (
    Moments,
    Part,
    Pool,
    Statistics,
    exact_statistics,
    freeze,
    joint_statistics,
    per_tile,
)
from viceversa.translation.tiles import TiledTranslation

SIZE = (118, 143)  # no multiple of anything


def parts_of(module: TranslationModule, pixels, side: int, halo: int | None = None) -> list[Part]:
    """Tiles that cover an image."""
    image = PaddedImage(module, reader(pixels), pixels.shape[1:], halo)
    return [part_of(image, cell) for cell in image.cells(side)]


def part_of(image: PaddedImage, cell: Window) -> Part:
    region = image.region(cell)
    core = Window(cell.top - region.top, cell.left - region.left, cell.height, cell.width)
    return Part(lambda: torch.from_numpy(image.pixels(region))[None], core)


def assert_near(a: Statistics, b: Statistics, tolerance: float = 1e-4) -> None:
    assert a.keys() == b.keys()
    for name in a:
        torch.testing.assert_close(a[name].mean, b[name].mean, rtol=tolerance, atol=tolerance)
        torch.testing.assert_close(a[name].variance, b[name].variance, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("options", [{}, dict(upsampling="bilinear"), dict(winograd=True, width=16), dict(blocks=0)])
def test_tiles_that_cover_an_image_have_its_statistics(options: dict[str, object]) -> None:
    """Frozen, they give the translation of the whole image, and so does the oracle of one pass for each layer."""
    module, pixels = lively_resnet(**options), drifting_field(*SIZE)
    whole = module(torch.from_numpy(pixels)[None])
    parts = parts_of(module, pixels, side=40)
    joint, oracle = joint_statistics(module.generator, parts), exact_statistics(module.generator, parts)
    assert_near(joint, oracle)
    for statistics in (joint, oracle):
        frozen = TranslationModule(freeze(module.generator, statistics))
        torch.testing.assert_close(frozen(torch.from_numpy(pixels)[None]), whole, rtol=0, atol=1e-4)


def test_frozen_tiles_are_the_frozen_image() -> None:
    module, pixels = lively_resnet(), drifting_field(*SIZE)
    parts = parts_of(module, pixels, side=48)
    frozen = freeze(module.generator, joint_statistics(module.generator, parts[:3]))
    image = PaddedImage(module, reader(pixels), SIZE)
    whole = frozen(torch.from_numpy(image.pixels(Window(0, 0, 124, 148)))[None])
    for cell, part in zip(image.cells(48), parts, strict=True):
        tile = frozen(part.read())[..., part.core.slices[0], part.core.slices[1]]
        torch.testing.assert_close(tile, whole[..., cell.slices[0], cell.slices[1]], rtol=0, atol=1e-4)


def test_statistics_of_each_tile_alone_are_others() -> None:
    """So the tests above compare what differs."""
    module, pixels = lively_resnet(), drifting_field(*SIZE)
    parts = parts_of(module, pixels, side=48)
    first, last = (joint_statistics(module.generator, [part]) for part in (parts[0], parts[-1]))
    assert (first["model.2"].mean - last["model.2"].mean).abs().max() > 0.05


def test_a_halo_that_is_too_narrow_is_noticed() -> None:
    module, pixels = lively_resnet(), drifting_field(*SIZE)
    narrow = joint_statistics(module.generator, parts_of(module, pixels, side=40, halo=8))
    right = joint_statistics(module.generator, parts_of(module, pixels, side=40))
    assert max((narrow[name].mean - right[name].mean).abs().max() for name in right) > 1e-3


def test_maps_in_16_bits_shift_the_translation_by_a_fraction_of_a_level() -> None:
    module, pixels = lively_resnet(), drifting_field(*SIZE)
    parts = parts_of(module, pixels, side=40)
    x = torch.from_numpy(pixels)[None]
    statistics = joint_statistics(module.generator, parts, torch.float16)
    difference = TranslationModule(freeze(module.generator, statistics))(x) - module(x)
    assert 0 < difference.abs().mean() * 127.5 < 0.02
    assert difference.abs().max() * 127.5 < 0.2


def test_maps_beyond_16_bits_are_kept_in_32() -> None:
    module, pixels = lively_resnet(), drifting_field(*SIZE)
    module.generator.model[1].weight.mul_(1e6)
    parts = parts_of(module, pixels, side=40)
    half = joint_statistics(module.generator, parts, torch.float16)
    assert all(moments.variance.isfinite().all() for moments in half.values())
    torch.testing.assert_close(half["model.2"].variance, joint_statistics(module.generator, parts)["model.2"].variance)


def test_freezing_shares_the_weights_and_leaves_the_network_alone() -> None:
    module, pixels = lively_resnet(), drifting_field(*SIZE)
    net = module.generator
    statistics = joint_statistics(net, parts_of(module, pixels, side=80))
    frozen = freeze(net, statistics)
    assert len(instance_norms(net)) == 9 and not instance_norms(frozen)
    assert sum(isinstance(layer, FrozenNorm) for layer in frozen.modules()) == 9
    assert frozen.state_dict().keys() == net.state_dict().keys()
    assert all(a is b for a, b in zip(net.parameters(), frozen.parameters(), strict=True))
    frozen.load_state_dict(net.state_dict())


def test_scale_and_shift_of_a_norm_are_kept() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.InstanceNorm2d(3, affine=True)).requires_grad_(False)
    net[0].weight.normal_()
    net[0].bias.normal_()
    x = torch.randn(1, 3, 8, 8)
    statistics = exact_statistics(net, [Part(lambda: x, Window(0, 0, 8, 8))])
    frozen = freeze(net, statistics)
    torch.testing.assert_close(frozen(x), net(x))
    assert frozen.state_dict().keys() == net.state_dict().keys()


def test_statistics_of_another_network_are_refused() -> None:
    net = lively_resnet().generator
    moments = Moments(torch.zeros(8), torch.ones(8))
    with pytest.raises(ModelFileError, match=r"those of another network, see 'model\.10\.conv_block\.2'"):
        freeze(net, {"model.2": moments})
    with pytest.raises(ModelFileError, match="another network"):
        freeze(nn.Sequential(InstanceNorm(4)), {"0": moments})


def test_pooled_moments_are_those_of_all_pixels_together() -> None:
    torch.manual_seed(0)
    portions = [torch.randn(1, 4, h, 7) * h + 1000 for h in (1, 5, 12)]
    pool = Pool()
    for portion in portions:
        pool.add(portion)
    together = torch.cat(portions, 2).double()
    mean, variance = pool.moments()
    torch.testing.assert_close(mean, together.mean((0, 2, 3)).float())
    torch.testing.assert_close(variance, together.var((0, 2, 3), correction=0).float(), rtol=1e-4, atol=0)


def test_a_network_that_cannot_be_cut_takes_one_pass_for_each_norm() -> None:
    """A U-Net with instance norm; on one tile as large as the image the statistics are those of its own layers."""
    torch.manual_seed(0)
    net = UNetGenerator(size=16, width=4, norm="instance", dropout=0.0).eval()
    x = torch.rand(1, 3, 32, 48) * 2 - 1
    statistics = joint_statistics(net, [Part(lambda: x, Window(0, 0, 32, 48))])
    assert len(statistics) == 5
    torch.testing.assert_close(freeze(net, statistics)(x), net(x), rtol=0, atol=1e-5)


def test_a_unet_with_instance_norm_is_measured_in_tiles() -> None:
    """Of three levels, whose receptive field fits into an image."""
    torch.manual_seed(0)
    net = UNetGenerator(size=8, width=4, norm="instance", dropout=0.0).eval().requires_grad_(False)
    module, pixels = TranslationModule(net), drifting_field(*SIZE)
    statistics = joint_statistics(net, parts_of(module, pixels, side=40))
    x = torch.from_numpy(pixels)[None]
    torch.testing.assert_close(TranslationModule(freeze(net, statistics))(x), module(x), rtol=0, atol=1e-4)


def test_tiles_that_are_normalised_alone_differ_from_the_image() -> None:
    module, pixels = lively_resnet(), drifting_field(*SIZE)
    tiled = TiledTranslation(TranslationModule(per_tile(module.generator)), SIZE, side=48)
    tile = tiled.tile(Window(0, 0, 48, 48), reader(pixels))
    whole = module(torch.from_numpy(pixels)[None])[0, :, :48, :48].numpy()
    assert abs(tile - whole).mean() * 127.5 > 1
    assert len(instance_norms(module.generator)) == 9
    with pytest.raises(UsageError, match="freeze its statistics"):
        TiledTranslation(module, SIZE)


def test_a_full_disk_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viceversa.translation.statistics.UNLIMITED", 10_000)
    module, pixels = lively_resnet(), drifting_field(*SIZE)
    with pytest.raises(ResourceError, match=r"^disk full: the temporary file .* set XDG_CACHE_HOME"):
        joint_statistics(module.generator, parts_of(module, pixels, side=40))
