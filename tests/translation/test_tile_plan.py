"""Tiles by halo and memory, and large images in memory against the whole."""

import numpy as np
import pytest
import torch

from support.generators import local_generator
from viceversa import images
from viceversa.networks.painter import PaintingGenerator
from viceversa.networks.receptive_field import ReceptiveField
from viceversa.networks.resnet import ResNetGenerator
from viceversa.networks.translation import TranslationModule
from viceversa.translation import tile_plan as plans
from viceversa.translation.tile_plan import activation_bytes, overhead, plan_for, tile_side
from viceversa.translation.translator import Translator


def field(halo: int) -> ReceptiveField:
    return ReceptiveField(before=halo, after=halo, multiple=4, halo=halo)


@pytest.mark.parametrize(
    ("halo", "bytes_per_pixel", "preferred", "memory", "side"),
    [
        (46, 640, 512, 2**30, 512),  # the painter on a CPU
        (84, 1400, 512, 2**30, 512),  # nine blocks of width 64
        (84, 1400, 512, 2**29, 256),  # with half of the memory
        (200, 100, 512, 2**30, 1024),  # 512 would cost three times the pixels
        (46, 640, 2048, 2**35, 2048),  # on a GPU
        (765, 640, 512, 2**30, 512),  # nothing fits
    ],
)
def test_side_of_tiles(halo: int, bytes_per_pixel: float, preferred: int, memory: float, side: int) -> None:
    assert tile_side(field(halo), bytes_per_pixel, preferred, memory) == side


def test_overhead_is_the_ratio_of_areas() -> None:
    assert overhead(512, field(0)) == 1
    assert overhead(1024, field(46)) == pytest.approx((1116 / 1024) ** 2)


def test_activations_grow_with_width_and_shrink_with_precision() -> None:
    """The brush of a painter of width w takes 3 + w channels at full size to 2 w: 4 (3 + 3 w) bytes, by hand."""
    for width in (8, 16, 32):
        module = TranslationModule(PaintingGenerator(width=width, blocks=1))
        layers = max(3 + 3 * width, 4 * width)  # brush; its second layer
        assert activation_bytes(module, 3, "cpu") == plans.WORKSPACE * 4 * layers
        assert activation_bytes(module, 3, "cpu", "bf16") == plans.WORKSPACE * 2 * layers
    assert not module.generator.trunk[0]._forward_hooks


def test_small_images_and_networks_that_see_the_whole_image_are_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    painter, resnet = (TranslationModule(net) for net in (local_generator("painter"), ResNetGenerator(width=2)))
    assert plan_for(painter, (1, 3, 1024, 2048), "cpu", "fp32") is None
    assert plan_for(painter, (1, 3, 1024, 2049), "cpu", "fp32") == (512, 1)
    assert plan_for(resnet, (1, 3, 4096, 4096), "cpu", "fp32") is None
    monkeypatch.setattr(plans, "CPU_SIDE", 2048)
    assert plan_for(painter, (1, 3, 1024, 2049), "cpu", "fp32") is None  # a tile would be larger than the image


@pytest.mark.parametrize("kind", ["picture", "tensor"])
def test_large_images_in_memory_are_translated_in_tiles(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    nets = {"A": local_generator("painter"), "B": local_generator("painter")}
    translator = Translator(nets, ("a", "b"), (3, 3), 64, 1, scale="native")
    pixels = np.random.default_rng(0).uniform(-1, 1, (3, 250, 301)).astype(np.float32)
    shapes: list[tuple[int, ...]] = []
    nets["B"].register_forward_pre_hook(lambda net, inputs: shapes.append(tuple(inputs[0].shape)))

    def translated() -> np.ndarray:
        if kind == "tensor":
            return translator.translate(torch.from_numpy(pixels)[None].expand(2, -1, -1, -1), "b")[1].numpy()
        return translator.picture(images.Picture(pixels=pixels), "b").pixels

    whole = translated()
    assert shapes == [(2 if kind == "tensor" else 1, 3, 256, 308)]
    monkeypatch.setattr(plans, "LARGE", 250 * 300)
    monkeypatch.setattr(plans, "SIDES", (64, 128))
    monkeypatch.setattr(plans, "CPU_SIDE", 64)
    monkeypatch.setattr(plans, "MOST_OVERHEAD", 9.0)
    tiled = translated()
    assert all(shape[2] * shape[3] < 200**2 for shape in shapes[2:]) and len(shapes) > 12
    np.testing.assert_allclose(tiled, whole, rtol=0, atol=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_tiles_on_a_gpu_fit_into_its_memory() -> None:
    module = TranslationModule(local_generator("painter").to("cuda"))
    plan = plans.tile_plan(module, 3, "cuda")
    assert plan.side == 2048 and plan.batch >= 1
    assert plan_for(module, (1, 3, 1024, 1024), "cuda", "fp32") is None
