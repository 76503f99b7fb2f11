"""PSNR, SSIM and the best affine colour map at known answers."""

import numpy as np
import pytest

from viceversa.metrics.paired import apply_affine_colour, fit_affine_colour, psnr, psnr_of_each, ssim

RNG = np.random.default_rng(0)
NOISE = RNG.uniform(-1, 1, (6, 3, 24, 24)).astype(np.float32)


def test_psnr_by_hand() -> None:
    black = np.full((2, 3, 4, 4), -1, np.float32)
    assert psnr(black, -black) == pytest.approx(0)  # the largest error
    assert psnr(black, black + 0.2) == pytest.approx(20)  # an error of a tenth of the range
    assert psnr(black, black) == pytest.approx(10 * np.log10(4e10))


def test_affine_colour_map_is_recovered() -> None:
    matrix = RNG.normal(size=(3, 3)) * 0.2
    target = (np.einsum("nchw,cd->ndhw", NOISE, matrix) + 0.1).astype(np.float32)
    fitted = fit_affine_colour(NOISE, target)
    np.testing.assert_allclose(fitted, np.vstack([matrix, [0.1] * 3]), atol=1e-6)
    np.testing.assert_allclose(apply_affine_colour(NOISE, fitted), np.clip(target, -1, 1), atol=1e-5)


def test_affine_colour_map_has_the_least_error() -> None:
    target = np.tanh(3 * NOISE[:, ::-1]).astype(np.float32)
    best = fit_affine_colour(NOISE, target)

    def error(colours: np.ndarray) -> float:
        mapped = np.einsum("nchw,cd->ndhw", NOISE, colours[:-1]) + colours[-1][:, None, None]
        return float(np.square(mapped - target).mean())

    assert all(error(best) <= error(best + RNG.normal(size=best.shape) * 0.05) for _ in range(50))


def test_ssim_equals_scikit_image():
    from skimage.metrics import structural_similarity

    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (3, 3, 40, 33)).astype(np.float32)
    y = np.clip(x + rng.normal(0, [[[[0.05]]], [[[0.3]]], [[[1.0]]]], x.shape), -1, 1).astype(np.float32)
    options = dict(gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1, channel_axis=0)
    expected = [
        structural_similarity((a.astype(float) + 1) / 2, (b.astype(float) + 1) / 2, **options)
        for a, b in zip(x, y, strict=True)
    ]
    np.testing.assert_allclose(ssim(x, y), expected, rtol=1e-6)
    np.testing.assert_allclose(ssim(x, x), 1)
    assert ssim(x, -x).max() < 0


def test_psnr_of_each_pair():
    x = np.zeros((2, 3, 8, 8), np.float32)
    y = np.stack([np.full((3, 8, 8), 0.2, np.float32), np.full((3, 8, 8), 2.0, np.float32)])
    np.testing.assert_allclose(psnr_of_each(x, y), [20, 0], atol=1e-5)
    assert psnr(x, y) == pytest.approx(10, abs=1e-5)
