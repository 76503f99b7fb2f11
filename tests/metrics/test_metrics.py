"""Truth and patch statistics at known answers."""

import numpy as np
import pytest

from viceversa.metrics.edges import edge_agreement
from viceversa.metrics.paired import apply_affine_colour, fit_affine_colour, psnr, psnr_of_each, ssim
from viceversa.metrics.patches import checkerboard, sliced_wasserstein

RNG = np.random.default_rng(0)
NOISE = RNG.uniform(-1, 1, (6, 3, 24, 24)).astype(np.float32)


def test_psnr_by_hand() -> None:
    black = np.full((2, 3, 4, 4), -1, np.float32)
    assert psnr(black, -black) == pytest.approx(0)  # as wrong as can be
    assert psnr(black, black + 0.2) == pytest.approx(20)  # a tenth of the range
    assert psnr(black, black) == pytest.approx(10 * np.log10(4e10))


def test_an_affine_colour_map_is_found_again() -> None:
    matrix = RNG.normal(size=(3, 3)) * 0.2
    target = (np.einsum("nchw,cd->ndhw", NOISE, matrix) + 0.1).astype(np.float32)
    found = fit_affine_colour(NOISE, target)
    np.testing.assert_allclose(found, np.vstack([matrix, [0.1] * 3]), atol=1e-6)
    np.testing.assert_allclose(apply_affine_colour(NOISE, found), np.clip(target, -1, 1), atol=1e-5)


def test_no_other_affine_map_is_nearer() -> None:
    target = np.tanh(3 * NOISE[:, ::-1]).astype(np.float32)
    best = fit_affine_colour(NOISE, target)

    def error(colours: np.ndarray) -> float:
        mapped = np.einsum("nchw,cd->ndhw", NOISE, colours[:-1]) + colours[-1][:, None, None]
        return float(np.square(mapped - target).mean())

    assert all(error(best) <= error(best + RNG.normal(size=best.shape) * 0.05) for _ in range(50))


def test_sliced_wasserstein() -> None:
    assert sliced_wasserstein(NOISE, NOISE) < 1e-9
    shift = 0.25  # every patch moves by the same vector v: the mean over directions of |v.u|
    found = sliced_wasserstein(NOISE, NOISE + shift, directions=4000) / 1000
    dimension = 7 * 7 * 3
    expected = shift * np.sqrt(dimension) * np.sqrt(2 / (np.pi * dimension))
    assert found == pytest.approx(expected, rel=0.05)
    blurred = (NOISE + np.roll(NOISE, 1, -1)) / 2
    assert sliced_wasserstein(blurred, NOISE) > 1.5 * sliced_wasserstein(NOISE[:3], NOISE[3:])


def test_checkerboard() -> None:
    smooth = np.cos(np.arange(24) / 24 * 2 * np.pi)[None, None, None].repeat(24, 2).astype(np.float32)
    board = np.fromfunction(lambda n, c, y, x: (-1.0) ** (x + y), (1, 1, 24, 24)).astype(np.float32)
    assert checkerboard(smooth) < 1e-6
    assert checkerboard(board) == pytest.approx(1000)
    assert 0 < checkerboard(smooth + 0.1 * board) < checkerboard(smooth + 0.2 * board)


def test_ssim_is_that_of_scikit_image():
    from skimage.metrics import structural_similarity

    dice = np.random.default_rng(0)
    x = dice.uniform(-1, 1, (3, 3, 40, 33)).astype(np.float32)
    y = np.clip(x + dice.normal(0, [[[[0.05]]], [[[0.3]]], [[[1.0]]]], x.shape), -1, 1).astype(np.float32)
    options = dict(gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1, channel_axis=0)
    expected = [
        structural_similarity((a.astype(float) + 1) / 2, (b.astype(float) + 1) / 2, **options)
        for a, b in zip(x, y, strict=True)
    ]
    np.testing.assert_allclose(ssim(x, y), expected, rtol=1e-6)
    np.testing.assert_allclose(ssim(x, x), 1)
    assert ssim(x, -x).max() < 0


def test_psnr_of_each_is_that_of_each():
    x = np.zeros((2, 3, 8, 8), np.float32)
    y = np.stack([np.full((3, 8, 8), 0.2, np.float32), np.full((3, 8, 8), 2.0, np.float32)])
    np.testing.assert_allclose(psnr_of_each(x, y), [20, 0], atol=1e-5)
    assert psnr(x, y) == pytest.approx(10, abs=1e-5)


def test_edges_survive_a_repaint_and_not_a_shuffle():
    """Colours may change as they like; inverted they still agree, other scenes do not, and a flat picture has none."""
    dice = np.random.default_rng(0)
    coarse = dice.uniform(-1, 1, (12, 3, 8, 8)).astype(np.float32).repeat(8, 2).repeat(8, 3)
    assert edge_agreement(coarse, coarse) == pytest.approx(1)
    assert edge_agreement(coarse, 0.3 - 0.5 * coarse) == pytest.approx(1)
    strangers = np.stack([np.roll(x, (3 * i, 5 * i), (1, 2)) for i, x in enumerate(np.roll(coarse, 1, 0))])
    assert abs(edge_agreement(coarse, strangers)[1:].mean()) < 0.3
    assert edge_agreement(coarse, np.full_like(coarse, 0.5)) == pytest.approx(0)
    softer = (coarse + np.roll(coarse, 4, 3) + np.roll(coarse, 8, 3)) / 3
    assert 0.2 < edge_agreement(coarse, softer).mean() < 0.95
