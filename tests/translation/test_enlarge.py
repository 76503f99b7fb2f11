"""Edge-aware enlargement: known maps of colour, edges, strips, channel counts."""

import numpy as np
import pytest
import torch

from viceversa import images
from viceversa.translation.enlarge import apply_colour_maps, enlarge_change, fit_colour_maps, neighbours, window_means


def picture(channels: int, height: int, width: int, seed: int = 0) -> np.ndarray:
    """Random patches of 8 px and noise, (C, H, W) in [-1, 1]."""
    rng = np.random.default_rng(seed)
    patches = rng.uniform(-0.8, 0.8, (channels, -(-height // 8), -(-width // 8))).repeat(8, 1).repeat(8, 2)
    noise = rng.uniform(-0.1, 0.1, (channels, height, width))
    return (patches[:, :height, :width] + noise).astype(np.float32)


def test_one_affine_map_of_colours_is_found_and_applied_exactly() -> None:
    """Where the change is one affine map of colour, the enlargement is that map, at every pixel of the full image."""
    A = np.array([[-0.4, 0.2, 0.1], [0.0, -0.3, 0.2], [0.1, 0.0, -0.5]], np.float32)
    b = np.array([0.1, -0.05, 0.02], np.float32)

    def mapped(x: np.ndarray) -> np.ndarray:
        return x + np.einsum("dc,chw->dhw", A, x) + b[:, None, None]

    full = picture(3, 256, 320)
    reduced = images.resize(full, (64, 80))
    maps = fit_colour_maps(torch.from_numpy(reduced), torch.from_numpy(mapped(reduced) - reduced), epsilon=1e-9)
    np.testing.assert_allclose(apply_colour_maps(full, maps), np.clip(mapped(full), -1, 1), atol=1e-4)
    np.testing.assert_allclose(enlarge_change(full, reduced, mapped(reduced)), np.clip(mapped(full), -1, 1), atol=0.02)


def test_change_of_one_side_does_not_bleed_over_an_edge() -> None:
    """Only dark pixels are lightened: the bright side of an edge stays as it is, at full resolution."""
    full = np.full((3, 512, 512), 0.6, np.float32)
    full[:, :, :250] = -0.6
    reduced = images.resize(full, (64, 64))
    change = np.where(reduced < 0, np.float32(0.4), 0).astype(np.float32)
    guided = enlarge_change(full, reduced, reduced + change)
    plain = full + 2 * images.resize(change / 2, (512, 512))

    expected = np.where(full < 0, full + 0.4, full)
    near = slice(234, 266)  # eight pixels of the full image on each side of the edge are one of the small image
    error, plain_error = (np.abs(y - expected)[:, :, near].mean() for y in (guided, plain))
    assert error < 0.02 and error < plain_error / 2


@pytest.mark.parametrize(("source", "target"), [(1, 1), (1, 3), (3, 1), (3, 3)])
@pytest.mark.parametrize("size", [(300, 200), (129, 257)])
def test_strips_equal_the_whole(source: int, target: int, size: tuple[int, int]) -> None:
    full = picture(source, *size)
    reduced = images.resize(full, (size[0] // 4, size[1] // 4))
    change = torch.from_numpy(picture(target, *reduced.shape[1:], seed=1))
    maps = fit_colour_maps(torch.from_numpy(reduced), change)
    whole = apply_colour_maps(full, maps, strip_pixels=full[0].size)
    assert whole.shape == (target, *size) and whole.dtype == np.float32 and np.abs(whole).max() <= 1
    for strip_pixels in (1, 1000, 7 * size[1]):
        np.testing.assert_allclose(apply_colour_maps(full, maps, strip_pixels), whole, atol=1e-6)


def test_maps_are_enlarged_bilinearly() -> None:
    coefficients = torch.rand(3, 4, 9, 13)
    full = picture(3, 72, 91)
    enlarged = torch.nn.functional.interpolate(coefficients, (72, 91), mode="bilinear").numpy()
    expected = full + (enlarged[:, :3] * full).sum(1) + enlarged[:, 3]
    np.testing.assert_allclose(apply_colour_maps(full, coefficients), np.clip(expected, -1, 1), atol=1e-5)
    assert neighbours(8, 1)[0].tolist() == [0] * 8


def test_window_means_count_pixels_of_the_image_only() -> None:
    x = torch.rand(2, 1, 6, 7, dtype=torch.float64)
    means = window_means(x, 2)
    torch.testing.assert_close(means[1, 0, 0, 0], x[1, 0, :3, :3].mean())
    torch.testing.assert_close(means[0, 0, 3, 3], x[0, 0, 1:6, 1:6].mean())
    torch.testing.assert_close(window_means(x, 50), x.mean((2, 3), keepdim=True).expand_as(x))


def test_flat_image_gets_the_mean_change() -> None:
    full = np.zeros((3, 128, 128), np.float32)
    reduced = np.zeros((3, 32, 32), np.float32)
    np.testing.assert_allclose(enlarge_change(full, reduced, reduced + np.float32(0.25)), full + 0.25, atol=1e-6)
