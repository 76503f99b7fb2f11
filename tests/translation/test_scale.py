"""The scale policy: at which size the network sees an image, and how its change reaches the full image."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from viceversa import images
from viceversa.errors import UsageError
from viceversa.translation.scale import Scale, network_input, parse_scale
from viceversa.translation.translator import Translator


def test_large_image_is_translated_at_training_size_and_keeps_its_detail() -> None:
    """The change is carried over: for a generator that adds a constant, both scales agree exactly."""

    class Lighten(nn.Module):
        sizes: list[torch.Size] = []  # noqa: RUF012

        def forward(self, x: Tensor) -> Tensor:
            self.sizes.append(x.shape[-2:])
            return x + 0.25

    rng = np.random.default_rng(0)
    pixels = rng.uniform(-0.9, 0.7, (3, 300, 200)).astype(np.float32)
    nets = {"A": nn.Identity(), "B": Lighten()}
    outputs = {
        scale: Translator(nets, ("a", "b"), (3, 3), 64, 1, scale=scale).picture(images.Picture(pixels=pixels), "b")
        for scale in ("auto", "native")
    }
    assert [tuple(s) for s in Lighten.sizes] == [(100, 68), (304, 204)]  # 96 x 64 and 300 x 200 with the margin
    np.testing.assert_allclose(outputs["auto"].pixels, pixels + 0.25, atol=1e-5)
    np.testing.assert_allclose(outputs["native"].pixels, pixels + 0.25, atol=1e-5)


@pytest.mark.parametrize(
    ("scale", "shape", "expected"),
    [
        ("auto", (128, 140), (128, 140)),  # at most twice the training size
        ("auto", (129, 258), (64, 128)),
        ("trained", (128, 140), (64, 70)),
        ("trained", (40, 60), (40, 60)),  # never enlarged
        ("native", (300, 200), (300, 200)),
        (96, (300, 200), (144, 96)),
        (512, (300, 200), (300, 200)),
    ],
)
def test_size_of_the_network_input(scale: Scale, shape: tuple[int, int], expected: tuple[int, int]) -> None:
    pixels = np.zeros((3, *shape), np.float32)
    assert network_input(pixels, scale, 64).shape == (3, *expected)


def test_unknown_scale_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="Did you mean 'native'"):
        parse_scale("nativ")


@pytest.mark.parametrize("scale", ["15", 0, "-64", "12.5", ""])
def test_scale_in_pixels_has_a_least_value(scale: Scale) -> None:
    with pytest.raises(UsageError, match="--scale"):
        parse_scale(scale)


def test_scale_in_pixels_may_be_typed_or_a_number() -> None:
    assert parse_scale("512") == parse_scale(512) == 512
    assert parse_scale("trained") == "trained"


@pytest.mark.parametrize("channels", [(1, 1), (1, 3), (3, 1), (3, 3)])
def test_large_images_of_any_depth_keep_depth_and_alpha(channels: tuple[int, int]) -> None:
    class Lighten(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.mean(1, keepdim=True).expand(-1, channels[1], -1, -1) + 0.25

    rng = np.random.default_rng(0)
    grey = rng.uniform(-0.9, 0.7, (1, 200, 300)).astype(np.float32).repeat(channels[0], 0)
    alpha = rng.uniform(0, 1, (200, 300)).astype(np.float32)
    picture = images.Picture(pixels=grey, alpha=alpha, depth="uint16", high=65535.0)
    result = Translator({"A": nn.Identity(), "B": Lighten()}, ("a", "b"), channels, 64, 1).picture(picture, "b")
    assert (result.depth, result.high) == ("uint16", 65535.0) and result.alpha is alpha
    np.testing.assert_allclose(result.pixels, grey[:1].repeat(channels[1], 0) + 0.25, atol=1e-5)
